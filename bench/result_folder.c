#include "result_folder.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "project.h"

static int join(char *path, size_t size, const char *folder, const char *name)
{
	int length = snprintf(path, size, "%s/%s", folder, name);

	return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}

int result_folder_name(char *path, size_t size, const char *name)
{
	char results[PATH_MAX], leaf[128];
	time_t now = time(NULL);
	size_t length;
	struct tm utc;
	int err = project_path(results, sizeof results, "results");

	if (err)
		return err;
	length = (size_t)snprintf(leaf, sizeof leaf, "%.64s-", name);
	strftime(leaf + length, sizeof leaf - length, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
	return join(path, size, results, leaf);
}

static int make_folders(const char *path)
{
	char part[PATH_MAX];

	if (strlen(path) >= sizeof part)
		return -ENAMETOOLONG;
	strcpy(part, path);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(part, 0777); /* one that exists is fine; the last mkdir says what is wrong */
		*slash = '/';
	}
	return mkdir(part, 0777) && errno != EEXIST ? -errno : 0;
}

static int copy(FILE *from, FILE *to)
{
	char block[4096];
	size_t size;

	while ((size = fread(block, 1, sizeof block, from)) > 0)
		if (fwrite(block, 1, size, to) != size)
			return -EIO;
	return ferror(from) ? -EIO : 0;
}

static int copy_experiment(const char *folder, const char *experiment_path)
{
	char path[PATH_MAX];
	FILE *from, *to;
	int err = join(path, sizeof path, folder, "experiment.ini");

	if (err)
		return err;
	from = fopen(experiment_path, "re");
	if (!from)
		return -errno;
	to = fopen(path, "we");
	err = to ? copy(from, to) : -errno;
	if (to && fclose(to) && !err)
		err = -EIO;
	fclose(from);
	return err;
}

int result_folder_make(const char *path, const char *experiment_path, FILE **runs)
{
	char file[PATH_MAX];
	int err = make_folders(path);

	if (!err)
		err = join(file, sizeof file, path, "runs.jsonl");
	if (err)
		return err;
	*runs = fopen(file, "wxe");
	if (!*runs)
		return -errno;
	err = copy_experiment(path, experiment_path);
	if (err)
		fclose(*runs);
	return err;
}
