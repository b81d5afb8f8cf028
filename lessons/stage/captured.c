#include "captured.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "child.h"

static int make_file(void)
{
	int fd = memfd_create("captured", MFD_CLOEXEC);

	if (fd < 0)
		child_give_up("make a file in memory");
	return fd;
}

static void take(int fd, char *text, size_t size)
{
	ssize_t got = pread(fd, text, size - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	close(fd);
}

/* Runs it in a child with these for stdin, stdout and stderr. */
static pid_t begin(const int standard[3], int (*run)(void *user), void *user)
{
	pid_t pid = child_fork();

	if (pid == 0) {
		for (int fd = 0; fd < 3; fd++)
			dup2(standard[fd], fd);
		exit(run(user));
	}
	return pid;
}

static void end(struct captured *captured, pid_t pid, int err)
{
	int status = 0;

	waitpid(pid, &status, 0);
	captured->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	take(err, captured->err, sizeof(captured->err));
}

void captured_run(struct captured *captured, int (*run)(void *user), void *user)
{
	const int standard[] = {open("/dev/null", O_RDONLY | O_CLOEXEC), make_file(), make_file()};
	pid_t pid = begin(standard, run, user);

	close(standard[0]);
	end(captured, pid, standard[2]);
	take(standard[1], captured->out, sizeof(captured->out));
}

/* Both ends of a terminal that passes bytes as they are. */
static void open_terminal(unsigned short columns, int *outer, int *inner)
{
	const struct winsize size = {.ws_row = 24, .ws_col = columns};
	struct termios how;

	*outer = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*outer < 0 || grantpt(*outer) < 0 || unlockpt(*outer) < 0)
		child_give_up("open a terminal");
	*inner = open(ptsname(*outer), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*inner < 0 || tcgetattr(*inner, &how) < 0)
		child_give_up("open a terminal");
	cfmakeraw(&how);
	if (tcsetattr(*inner, TCSANOW, &how) < 0 || ioctl(*inner, TIOCSWINSZ, &size) < 0)
		child_give_up("set up a terminal");
}

void captured_run_on_terminal(struct captured *captured, unsigned short columns,
                              int (*run)(void *user), void *user)
{
	static const char enters[] = "\n\n\n\n";
	int outer, inner, err = make_file();
	size_t used = 0;
	ssize_t got;
	pid_t pid;

	open_terminal(columns, &outer, &inner);
	if (write(outer, enters, sizeof(enters) - 1) < 0)
		child_give_up("type Enter");
	pid = begin((const int[]){inner, inner, err}, run, user);
	close(inner);
	while (used < sizeof(captured->out) - 1 &&
	       (got = read(outer, captured->out + used, sizeof(captured->out) - 1 - used)) > 0)
		used += (size_t)got;
	captured->out[used] = '\0';
	close(outer);
	end(captured, pid, err);
}
