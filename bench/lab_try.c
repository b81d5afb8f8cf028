/* An echo across the lab: lab_try. */
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"
#include "lab_build.h"

#define PATIENCE_S 5

static int listen_there(const struct lab *lab, struct sockaddr_in *address, int *fd)
{
	socklen_t size = sizeof *address;

	if (setns(lab->net_fd[LAB_SERVER], CLONE_NEWNET))
		return -errno;
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0 || bind(*fd, (struct sockaddr *)address, sizeof *address) || listen(*fd, 1) ||
	    getsockname(*fd, (struct sockaddr *)address, &size))
		return -errno;
	return 0;
}

/* From the last address of the clients' range, for it shows most. */
static int connect_there(const struct lab *lab, const struct sockaddr_in *server, int *fd)
{
	const struct sockaddr_in source = {.sin_family = AF_INET,
	                                   .sin_addr.s_addr = htonl(LAB_CLIENTS_ADDRESS | 0xfffe)};

	if (setns(lab->net_fd[LAB_CLIENTS], CLONE_NEWNET))
		return -errno;
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0 || bind(*fd, (const struct sockaddr *)&source, sizeof source) ||
	    connect(*fd, (const struct sockaddr *)server, sizeof *server))
		return -errno;
	return 0;
}

/* One process has both ends: a socket stays in the namespace in which it was made. */
static int echo(const struct lab *lab)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(LAB_SERVER_ADDRESS)};
	int listener = -1, client = -1, server, err;
	char byte = 'x';

	if (lab->user_fd >= 0 && setns(lab->user_fd, CLONE_NEWUSER))
		return -errno;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	err = listen_there(lab, &address, &listener);
	if (!err)
		err = connect_there(lab, &address, &client);
	if (err)
		return err;
	errno = 0;
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (server < 0 || write(client, &byte, 1) != 1 || read(server, &byte, 1) != 1 ||
	    write(server, &byte, 1) != 1 || read(client, &byte, 1) != 1)
		return errno ? -errno : -EPIPE;
	return 0;
}

int lab_try(const struct lab *lab, struct lab_trouble *trouble)
{
	int status = 0;
	pid_t child;

	*trouble = (struct lab_trouble){"an echo across", 0};
	if (lab->mode == LAB_LOOPBACK)
		return 0;
	child = fork();
	if (child == 0) {
		alarm(PATIENCE_S); /* the kernel would go on for minutes */
		_exit(-echo(lab));
	}
	if (child > 0)
		TEMP_FAILURE_RETRY(waitpid(child, &status, 0));
	else
		return -(trouble->error = errno);
	trouble->error = WIFEXITED(status) ? WEXITSTATUS(status) : ETIMEDOUT;
	return -trouble->error;
}
