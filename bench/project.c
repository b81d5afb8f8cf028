#include "project.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int project_path(char *out, size_t size, const char *relative)
{
	char directory[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", directory, sizeof(directory) - 1);
	char *slash;

	if (length < 0)
		return -errno;
	directory[length] = '\0';
	while ((slash = strrchr(directory, '/'))) {
		int written;

		*slash = '\0';
		written = snprintf(out, size, "%s/%s", directory, relative);
		if (written < 0 || (size_t)written >= size)
			return -ENAMETOOLONG;
		if (access(out, F_OK) == 0)
			return 0;
	}
	return -ENOENT;
}
