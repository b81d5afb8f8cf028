/* The memory that connections take, and how many there may be. */
#ifndef LESSONS_14_SERVER_MEMORY_H
#define LESSONS_14_SERVER_MEMORY_H

#include <stddef.h>
#include <sys/types.h>

/* Takes as many descriptors as this process may have without asking anybody: children inherit it.
 */
void memory_allow_descriptors(void);

/* The number of files and connections that this process may have open. */
size_t memory_descriptors(void);

/* Memory of the process's own in KiB: pages that it has written to, not what it has asked for.
 * Neither its program nor the kernel's part is in it. */
double memory_own_kib(pid_t pid);

/*
 * Memory of the kernel in KiB that sockets are made of, of the whole machine, and the file that
 * says so. /proc/slabinfo counts TCP sockets, their inodes and open files one by one, and only root
 * may read it. Else it is all small objects of the kernel, in /proc/meminfo, with whatever else
 * goes on.
 */
double memory_kernel_kib(const char **source);

#endif
