#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int add_schedstat(pid_t pid, const char *thread, struct process_usage *usage)
{
	uint64_t cpu_ns, wait_ns;
	char path[64];
	FILE *file;
	int read;

	snprintf(path, sizeof path, "/proc/%d/task/%.12s/schedstat", (int)pid, thread);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	read = fscanf(file, "%" SCNu64 " %" SCNu64, &cpu_ns, &wait_ns);
	fclose(file);
	if (read != 2)
		return -EIO;
	usage->cpu_ns += cpu_ns;
	usage->wait_ns += wait_ns;
	return 0;
}

static int add_switches(pid_t pid, const char *thread, struct process_usage *usage)
{
	char path[64], line[128];
	uint64_t count;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/task/%.12s/status", (int)pid, thread);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof line, file))
		if (sscanf(line, "voluntary_ctxt_switches: %" SCNu64, &count) == 1 ||
		    sscanf(line, "nonvoluntary_ctxt_switches: %" SCNu64, &count) == 1)
			usage->context_switches += count;
	fclose(file);
	return 0;
}

int process_usage(pid_t pid, struct process_usage *usage)
{
	struct dirent *entry;
	char path[32];
	int err = 0;
	DIR *threads;

	*usage = (struct process_usage){0};
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	threads = opendir(path);
	if (!threads)
		return -errno;
	while (!err && (entry = readdir(threads))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		err = add_schedstat(pid, entry->d_name, usage);
		if (!err)
			err = add_switches(pid, entry->d_name, usage);
	}
	closedir(threads);
	return err;
}

int process_private_memory(pid_t pid, uint64_t *bytes)
{
	char path[40], line[128];
	uint64_t kib;
	int err = -ENOENT;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (err && fgets(line, sizeof line, file))
		if (sscanf(line, "Pss_Anon: %" SCNu64, &kib) == 1) {
			*bytes = kib * 1024;
			err = 0;
		}
	fclose(file);
	return err;
}

int process_socket_memory(pid_t pid, uint64_t *bytes)
{
	char path[40], line[256];
	uint64_t object_bytes, sockets;
	int err = -ENOENT;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/net/protocols", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (err && fgets(line, sizeof line, file))
		if (sscanf(line, "TCP %" SCNu64 " %" SCNu64, &object_bytes, &sockets) == 2) {
			*bytes = object_bytes * sockets;
			err = 0;
		}
	fclose(file);
	return err;
}

int process_slab_memory(uint64_t *bytes)
{
	uint64_t kibibytes = 0;
	int err = -ENOENT;
	char line[256];
	FILE *file = fopen("/proc/meminfo", "re");

	if (!file)
		return -errno;
	while (err && fgets(line, sizeof line, file))
		if (sscanf(line, "Slab: %" SCNu64 " kB", &kibibytes) == 1)
			err = 0;
	fclose(file);
	*bytes = kibibytes * 1024;
	return err;
}

bool process_prepare_child(pid_t parent, int cpu)
{
	cpu_set_t set;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return false;
	setpgid(0, 0); /* Ctrl-C goes to the parent alone, which ends us in good order */
	if (cpu >= 0) {
		CPU_ZERO(&set);
		CPU_SET((size_t)cpu, &set);
		sched_setaffinity(0, sizeof set, &set);
	}
	return true;
}

/* Whether both are threads of one core, as the kernel lists them: "0,4" or "0-1". */
static bool share_a_core(int cpu, int other)
{
	char path[96], separator = ',';
	int low, high;
	bool found = false;
	FILE *list;

	snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
	         cpu);
	list = fopen(path, "re");
	while (list && separator == ',' && fscanf(list, "%d", &low) == 1) {
		high = low;
		if (fscanf(list, "-%d", &high) < 0 || fscanf(list, "%c", &separator) < 1)
			separator = '\0';
		found = found || (low <= other && other <= high);
	}
	if (list)
		fclose(list);
	return found;
}

void process_choose_cpus(int *server_cpu, int *load_cpu)
{
	int first = -1, second = -1;
	cpu_set_t set;

	*server_cpu = *load_cpu = -1;
	if (sched_getaffinity(0, sizeof set, &set))
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET((size_t)cpu, &set))
			continue;
		if (first < 0)
			first = cpu;
		else if (second < 0 || (share_a_core(first, second) && !share_a_core(first, cpu)))
			second = cpu;
	}
	if (second < 0)
		return;
	*server_cpu = first;
	*load_cpu = second;
}

size_t process_raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 1024;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return (size_t)limit.rlim_cur;
}

void process_describe_end(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "was killed by signal %d (%s)", WTERMSIG(status),
		         strsignal(WTERMSIG(status)));
	else
		snprintf(text, size, "exited with status %d", WEXITSTATUS(status));
}
