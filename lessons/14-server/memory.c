#include "memory.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

void memory_allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

size_t memory_descriptors(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 1024;
}

/* The number behind a name at a line's start, as in "Anonymous:    132 kB"; -1: there is none. */
static double number_of(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	double number = -1, found;
	char line[256];

	while (file && number < 0 && fgets(line, sizeof line, file))
		if (strncmp(line, name, strlen(name)) == 0 &&
		    sscanf(line + strlen(name), "%lf", &found) == 1)
			number = found;
	if (file)
		fclose(file);
	return number;
}

/* statm is there where smaps_rollup is not. It is less exact: each CPU keeps some pages uncounted
 * for a while. */
double memory_own_kib(pid_t pid)
{
	double resident = 0, of_files = 0, kib;
	char path[64];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	kib = number_of(path, "Anonymous:");
	if (kib >= 0)
		return kib;
	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	file = fopen(path, "re");
	if (file && fscanf(file, "%*s %lf %lf", &resident, &of_files) != 2)
		resident = of_files = 0;
	if (file)
		fclose(file);
	return (resident - of_files) * (double)sysconf(_SC_PAGESIZE) / 1024;
}

double memory_kernel_kib(const char **source)
{
	static const char *const names[] = {"TCP ", "sock_inode_cache ", "filp "};
	FILE *file = fopen("/proc/slabinfo", "re");
	double bytes = 0, count, size;
	char line[512];

	while (file && fgets(line, sizeof line, file))
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (strncmp(line, names[i], strlen(names[i])) == 0 &&
			    sscanf(line, "%*s %lf %*s %lf", &count, &size) == 2)
				bytes += count * size;
	if (file)
		fclose(file);
	*source = bytes > 0 ? "/proc/slabinfo" : "/proc/meminfo";
	return bytes > 0 ? bytes / 1024 : number_of("/proc/meminfo", "Slab:");
}
