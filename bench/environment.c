#include "environment.h"

#include <dirent.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <jansson.h>
#include <libwebsockets.h>
#include <limits.h>
#include <microhttpd.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "lab.h"
#include "project.h"

#ifndef PUSHLAB_CFLAGS
#define PUSHLAB_CFLAGS "unknown"
#endif
#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

#define FILE_NAME    "environment.json"
#define TEXT_MAX     4096 /* of what is read from /proc and /sys, except cpuinfo's flags */
#define CPU_WORDS    "/sys/devices/system/cpu/"
#define GOVERNOR     CPU_WORDS "cpu0/cpufreq/scaling_governor"
#define WEAKNESSES   CPU_WORDS "vulnerabilities"
#define CONGESTION   "/proc/sys/net/ipv4/tcp_congestion_control"
#define COMMAND_LINE "/proc/self/cmdline"

/* The first line of a file, or null. */
static json_t *first_line(const char *path)
{
	char line[TEXT_MAX];
	FILE *file = fopen(path, "re");
	bool read = file && fgets(line, sizeof(line), file);

	if (file)
		fclose(file);
	if (!read)
		return json_null();
	line[strcspn(line, "\n")] = '\0';
	return json_string(line);
}

/* What stands behind "name<white space>:" in a file of such lines; null where there is none. */
static json_t *field_of(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	json_t *found = NULL;
	char *line = NULL;
	size_t size = 0;

	while (file && !found && getline(&line, &size, file) > 0) {
		char *colon = strchr(line, ':');

		if (!colon || strncmp(line, name, strlen(name)) != 0 ||
		    line + strlen(name) + strspn(line + strlen(name), " \t") != colon)
			continue;
		line[strcspn(line, "\n")] = '\0';
		found = json_string(colon + 1 + strspn(colon + 1, " \t"));
	}
	free(line);
	if (file)
		fclose(file);
	return found ? found : json_null();
}

static json_t *is_virtual(void)
{
	json_t *flags = field_of("/proc/cpuinfo", "flags");
	json_t *result = json_null();

	if (json_is_string(flags))
		result = json_boolean(strstr(json_string_value(flags), " hypervisor"));
	json_decref(flags);
	return result;
}

/* Of the weaknesses that the kernel knows, those that this CPU has: name and what is done. */
static json_t *mitigations(void)
{
	DIR *directory = opendir(WEAKNESSES);
	json_t *object;

	if (!directory)
		return json_null();
	object = json_object();
	for (const struct dirent *entry; (entry = readdir(directory));) {
		char path[sizeof(WEAKNESSES) + sizeof(entry->d_name) + 1];
		json_t *text;

		snprintf(path, sizeof(path), WEAKNESSES "/%s", entry->d_name);
		text = entry->d_name[0] == '.' ? NULL : first_line(path);
		if (json_is_string(text) && strcmp(json_string_value(text), "Not affected") != 0)
			json_object_set(object, entry->d_name, text);
		json_decref(text);
	}
	closedir(directory);
	return object;
}

static json_t *memory_bytes(void)
{
	return json_integer((json_int_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
}

static json_t *descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return json_null();
	return json_pack("{sIsI}", "soft", (json_int_t)limit.rlim_cur, "hard",
	                 (json_int_t)limit.rlim_max);
}

static json_t *kernel(void)
{
	struct utsname name;

	if (uname(&name))
		return json_null();
	return json_pack("{ssssssss}", "name", name.sysname, "release", name.release, "version",
	                 name.version, "machine", name.machine);
}

/* git looks for the checkout upwards from where the executable is. A result is no change of what
 * made it. */
static json_t *git_commit(void)
{
	static const char *const head[] = {"git", "rev-parse", "HEAD", NULL};
	static const char *const changes[] = {
	        "git", "status", "--porcelain",           "--untracked-files=no",
	        "--",  ":(top)", ":(top,exclude)results", NULL};
	char directory[PATH_MAX], commit[128], changed[128] = "";

	if (project_path(directory, sizeof(directory), ".") ||
	    command_run(head, directory, commit, sizeof(commit)) != 0)
		return json_null();
	commit[strcspn(commit, "\n")] = '\0';
	command_run(changes, directory, changed, sizeof(changed));
	return json_sprintf("%s%s", commit, *changed ? "-dirty" : "");
}

static bool needs_quotes(const char *word)
{
	return *word == '\0' || word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                                          "abcdefghijklmnopqrstuvwxyz"
	                                          "0123456789._-/=,:+@%")] != '\0';
}

/* How many words, from this one on, name the result's folder. */
static unsigned names_folder(const char *word)
{
	if (strcmp(word, "--out") == 0 || strcmp(word, "-o") == 0)
		return 2;
	return strncmp(word, "--out=", 6) == 0;
}

/* The arguments of this process as one would type them to a shell to do the same again: into
 * another folder, since this one is taken. */
static json_t *command_line(void)
{
	unsigned left_out = 0;
	char arguments[TEXT_MAX], line[2 * TEXT_MAX] = "";
	FILE *file = fopen(COMMAND_LINE, "re");
	FILE *out = fmemopen(line, sizeof(line) - 1, "w");
	size_t size = file ? fread(arguments, 1, sizeof(arguments) - 1, file) : 0;

	arguments[size] = '\0';
	for (char *word = arguments; out && word < arguments + size; word += strlen(word) + 1) {
		const char *quote = needs_quotes(word) ? "'" : "";

		if (!left_out)
			left_out = names_folder(word);
		if (left_out) {
			left_out--;
			continue;
		}
		fprintf(out, "%s%s%s%s", word == arguments ? "" : " ", quote, word, quote);
	}
	if (out)
		fclose(out);
	if (file)
		fclose(file);
	return *line ? json_string(line) : json_null();
}

static json_t *now_utc(void)
{
	time_t now = time(NULL);
	struct tm utc;
	char text[32];

	gmtime_r(&now, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return json_string(text);
}

static json_t *libraries(void)
{
	return json_pack("{ssssssss}", "libmicrohttpd", MHD_get_version(), "libwebsockets",
	                 lws_get_library_version(), "jansson", jansson_version_str(), "glibc",
	                 gnu_get_libc_version());
}

/* A private network has its own, whatever this machine's is. */
static json_t *congestion_control(const char *lab_mode)
{
	return strcmp(lab_mode, lab_mode_name(LAB_LOOPBACK)) == 0 ? first_line(CONGESTION)
	                                                          : json_string(LAB_CONGESTION);
}

static json_t *describe(const char *lab_mode)
{
	return json_pack("{so so ss s{so si so so so so} so so so so so s{ss ss} so}", "date_utc",
	                 now_utc(), "command", command_line(), "lab_mode", lab_mode, "cpu", "model",
	                 field_of("/proc/cpuinfo", "model name"), "count",
	                 (int)sysconf(_SC_NPROCESSORS_ONLN), "allowed",
	                 field_of("/proc/self/status", "Cpus_allowed_list"), "virtual",
	                 is_virtual(), "governor", first_line(GOVERNOR), "mitigations",
	                 mitigations(), "memory_bytes", memory_bytes(), "kernel", kernel(),
	                 "congestion_control", congestion_control(lab_mode), "descriptor_limit",
	                 descriptor_limit(), "libraries", libraries(), "compiler", "version",
	                 COMPILER, "flags", PUSHLAB_CFLAGS, "git_commit", git_commit());
}

static int file_path(char *path, const char *dir)
{
	int length = snprintf(path, PATH_MAX, "%s/" FILE_NAME, dir);

	return length >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int write_json(const char *path, const json_t *json)
{
	FILE *out = fopen(path, "we");
	int status;

	if (!out)
		return -errno;
	status = json_dumpf(json, out, JSON_INDENT(2)) || fputc('\n', out) == EOF ? -EIO : 0;
	if (fclose(out) && status == 0)
		status = -errno;
	return status;
}

int environment_write(const char *dir, const char *lab_mode)
{
	char path[PATH_MAX];
	int status = file_path(path, dir);
	json_t *json;

	if (status)
		return status;
	json = describe(lab_mode);
	status = json ? write_json(path, json) : -ENOMEM;
	json_decref(json);
	return status;
}

json_t *environment_read(const char *dir, int *status)
{
	char path[PATH_MAX];
	FILE *file;
	json_t *json;

	*status = file_path(path, dir);
	if (*status)
		return NULL;
	file = fopen(path, "re");
	if (!file) {
		*status = -errno;
		return NULL;
	}
	json = json_loadf(file, 0, NULL);
	fclose(file);
	if (!json)
		*status = -EBADMSG;
	return json;
}

int environment_caption(const char *dir, char *caption, size_t size)
{
	const char *model = NULL, *release = NULL, *lab_mode = NULL, *date = NULL;
	int status, count = 0, is_guest = 0, digits = 0;
	json_t *json = environment_read(dir, &status);

	if (!json)
		return status;
	/* What is null or missing stays as it is above. */
	json_unpack(json, "{s:{s:i}}", "cpu", "count", &count);
	json_unpack(json, "{s:{s:s}}", "cpu", "model", &model);
	json_unpack(json, "{s:{s:b}}", "cpu", "virtual", &is_guest);
	json_unpack(json, "{s:{s:s}}", "kernel", "release", &release);
	json_unpack(json, "{s:s}", "lab_mode", &lab_mode);
	json_unpack(json, "{s:s}", "date_utc", &date);
	if (release && sscanf(release, "%*u.%*u%n", &digits) == EOF)
		digits = 0;
	snprintf(caption, size, "%d × %s%s, Linux %.*s, %s, %.10s", count,
	         model ? model : "CPU of unknown model", is_guest ? " (virtual)" : "", digits,
	         release ? release : "", lab_mode ? lab_mode : "lab mode unknown",
	         date ? date : "date unknown");
	json_decref(json);
	return 0;
}

int environment_command(const char *dir, char *command, size_t size)
{
	const char *text = "";
	int status;
	json_t *json = environment_read(dir, &status);

	if (!json)
		return status;
	json_unpack(json, "{s:s}", "command", &text);
	snprintf(command, size, "%s", text);
	json_decref(json);
	return 0;
}

int environment_hash(const char *dir, char hash[ENVIRONMENT_HASH_SIZE])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	int status;
	json_t *json = environment_read(dir, &status);
	char *text = json ? json_dumps(json, JSON_SORT_KEYS | JSON_COMPACT) : NULL;

	json_decref(json);
	if (!text)
		return status ? status : -ENOMEM;
	SHA256((const unsigned char *)text, strlen(text), digest);
	free(text);
	for (size_t i = 0; i < ENVIRONMENT_HASH_SIZE / 2; i++)
		snprintf(hash + 2 * i, 3, "%02x", digest[i]);
	return 0;
}
