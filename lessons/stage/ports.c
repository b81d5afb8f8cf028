#include "ports.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LISTENING 0x0a

static bool has_socket(pid_t pid, unsigned long inode)
{
	char path[320], link[64], wanted[64];
	DIR *folder;
	struct dirent *entry;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	folder = opendir(path);
	while (folder != NULL && !found && (entry = readdir(folder)) != NULL) {
		ssize_t size = readlinkat(dirfd(folder), entry->d_name, link, sizeof(link) - 1);

		link[size > 0 ? size : 0] = '\0';
		found = strcmp(link, wanted) == 0;
	}
	if (folder != NULL)
		closedir(folder);
	return found;
}

static size_t add(uint16_t *ports, size_t count, size_t most, unsigned port)
{
	for (size_t i = 0; i < count; i++)
		if (ports[i] == port)
			return count;
	if (count < most)
		ports[count++] = (uint16_t)port;
	return count;
}

/* Adds what a table of the kernel's shows. */
static size_t read_table(pid_t pid, const char *table, uint16_t *ports, size_t count, size_t most)
{
	char path[64], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", pid, table);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		unsigned port, state;
		unsigned long inode;

		if (sscanf(line, "%*s %*[^:]:%x %*s %x %*s %*s %*s %*s %*s %lu", &port, &state,
		           &inode) == 3 &&
		    state == LISTENING && has_socket(pid, inode))
			count = add(ports, count, most, port);
	}
	if (file != NULL)
		fclose(file);
	return count;
}

size_t ports_listened_on(pid_t pid, uint16_t *ports, size_t most)
{
	return read_table(pid, "tcp6", ports, read_table(pid, "tcp", ports, 0, most), most);
}
