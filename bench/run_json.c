#include "run.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, UINT, COUNT, REAL, FLAG, ARRIVALS, FORMAT, HEADERS };

/* One member of a struct and its key; what is said when a line lacks it is spelled out here,
 * because run_read gives static text. */
struct field {
	const char *key;
	enum kind kind;
	size_t offset, size;
	const char *missing, *wrong; /* missing NULL: it may be, and is 0 then */
};

/* One object of the line; without a name its members stand at the top. */
struct section {
	const char *name;
	size_t offset;
	const struct field *fields;
	const char *missing;
	bool in_spec;  /* in struct run_spec, else in struct run_result */
	bool is_later; /* it may be missing: it is 0 then, and not written where it is */
};

#define SECTIONS 14

struct hist_field {
	const char *key;
	bool is_later; /* it may be missing: it is empty then, and not written where it is */
	size_t offset;
	const char *wrong;
};

#define HISTS 6

static const struct section sections[SECTIONS];
static const struct hist_field hists[HISTS];

static json_t *count_to_json(uint64_t value)
{
	return value <= INT64_MAX ? json_integer((json_int_t)value) : NULL;
}

static json_t *real_to_json(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *field_to_json(const struct field *field, const void *base)
{
	const void *at = (const char *)base + field->offset;

	switch (field->kind) {
	case TEXT:
		return json_string(at);
	case UINT:
		return json_integer(*(const unsigned *)at);
	case COUNT:
		return count_to_json(*(const uint64_t *)at);
	case REAL:
		return real_to_json(*(const double *)at);
	case FLAG:
		return json_boolean(*(const bool *)at);
	case ARRIVALS:
		return json_string(arrivals_name(*(const enum arrivals *)at));
	case FORMAT:
		return json_string(message_format_name(*(const enum message_format *)at));
	case HEADERS:
		return json_string(run_headers_name(*(const enum http_headers *)at));
	}
	return NULL;
}

/* Puts value, which may be NULL, under key: -ERANGE where it could not be expressed. */
static int put(json_t *object, const char *key, json_t *value)
{
	if (!value)
		return -ERANGE;
	return json_object_set_new(object, key, value) ? -ENOMEM : 0;
}

/* What was not measured, or never happened: it is read back as 0. */
static bool is_left_out(const struct section *section, const void *base)
{
	static const char nothing[sizeof(uint64_t)];

	if (!section->is_later)
		return false;
	for (const struct field *field = section->fields; field->key; field++)
		if (memcmp((const char *)base + field->offset, nothing, field->size) != 0)
			return false;
	return true;
}

static int put_section(json_t *line, const struct section *section, const void *base)
{
	json_t *object = line;
	int status = 0;

	if (is_left_out(section, base))
		return 0;
	if (section->name) {
		object = json_object();
		status = object ? put(line, section->name, object) : -ENOMEM;
	}
	for (const struct field *field = section->fields; status == 0 && field->key; field++)
		status = put(object, field->key, field_to_json(field, base));
	return status;
}

/* The counts in order. Of empty buckets before one that is not, one is 0, and several are their
 * number below 0: so that a line has two characters for most buckets. */
static json_t *buckets_to_json(const struct hist *hist)
{
	json_t *buckets = json_array();
	json_int_t empty = 0;
	int failed = !buckets;

	for (unsigned i = 0; !failed && i < HIST_BUCKETS; i++) {
		if (hist->buckets[i] == 0) {
			empty++;
			continue;
		}
		if (empty)
			failed = json_array_append_new(buckets,
			                               json_integer(empty == 1 ? 0 : -empty));
		if (!failed)
			failed = json_array_append_new(buckets, count_to_json(hist->buckets[i]));
		empty = 0;
	}
	if (!failed)
		return buckets;
	json_decref(buckets);
	return NULL;
}

static json_t *quantile_to_json(const struct hist *hist, double quantile)
{
	return hist->count ? json_real((double)hist_quantile_ns(hist, quantile) / 1e6)
	                   : json_null();
}

/* p50 and p99 are for people who read the file; run_read passes over them. */
static int put_hist(json_t *line, const char *key, const struct hist *hist)
{
	json_t *object = json_object();
	int status = object ? put(line, key, object) : -ENOMEM;

	if (status == 0)
		status = put(object, "p50_ms", quantile_to_json(hist, 0.5));
	if (status == 0)
		status = put(object, "p99_ms", quantile_to_json(hist, 0.99));
	if (status == 0)
		status = put(object, "count", count_to_json(hist->count));
	if (status == 0)
		status = put(object, "min_ns", count_to_json(hist->min_ns));
	if (status == 0)
		status = put(object, "max_ns", count_to_json(hist->max_ns));
	if (status == 0)
		status = put(object, "sum_ns", real_to_json(hist->sum_ns));
	if (status == 0)
		status = put(object, "sum_squares_ns2", real_to_json(hist->sum_squares_ns2));
	return status ? status : put(object, "buckets", buckets_to_json(hist));
}

static const void *section_base(const struct section *section, const struct run_spec *spec,
                                const struct run_result *result)
{
	return (section->in_spec ? (const char *)spec : (const char *)result) + section->offset;
}

/* The fewest digits that are read back as that number. */
static void put_real(char *out, size_t size, double value)
{
	int digits = DBL_DIG;

	do
		snprintf(out, size, "%.*g", digits, value);
	while (strtod(out, NULL) != value && ++digits <= DBL_DECIMAL_DIG);
}

/* Copies the number of JSON that ends at `end` to where it fits, and gives the end of the copy. */
static char *copy_number(char *to, const char *from, const char *end)
{
	size_t size = (size_t)(end - from);
	char real[32];

	if (strcspn(from, ".e") < size) {
		put_real(real, sizeof(real), strtod(from, NULL));
		if (strlen(real) < size)
			return stpcpy(to, real);
	}
	memmove(to, from, size);
	return to + size;
}

/* jansson writes 17 digits where 15 are the same number: 26.569331000000001. */
static void shorten_reals(char *line)
{
	const char *from = line;
	bool in_text = false;
	char *to = line;

	while (*from) {
		if (!in_text && (isdigit((unsigned char)*from) || *from == '-')) {
			const char *end = from + strspn(from, "0123456789+-.e");

			to = copy_number(to, from, end);
			from = end;
			continue;
		}
		if (in_text && *from == '\\')
			*to++ = *from++;
		else if (*from == '"')
			in_text = !in_text;
		*to++ = *from++;
	}
	*to = '\0';
}

/* In one piece, so that a run that is stopped leaves whole lines behind. */
static int write_line(FILE *out, const json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT);
	int status = 0;

	if (!text)
		return -ENOMEM;
	shorten_reals(text);
	if (fprintf(out, "%s\n", text) < 0 || fflush(out))
		status = errno ? -errno : -EIO;
	free(text);
	return status;
}

int run_write(FILE *out, const struct run_spec *spec, const struct run_result *result)
{
	json_t *line = json_object();
	int status = line ? 0 : -ENOMEM;

	for (size_t i = 0; status == 0 && i < SECTIONS; i++)
		status = put_section(line, &sections[i], section_base(&sections[i], spec, result));
	for (size_t i = 0; status == 0 && i < HISTS; i++) {
		const struct hist *hist = (const void *)((const char *)result + hists[i].offset);

		if (hist->count || !hists[i].is_later)
			status = put_hist(line, hists[i].key, hist);
	}
	if (status == 0)
		status = write_line(out, line);
	json_decref(line);
	return status;
}

static bool read_text(const json_t *value, char *out, size_t size)
{
	size_t length = json_string_length(value);

	if (!json_is_string(value) || length >= size)
		return false;
	memcpy(out, json_string_value(value), length + 1);
	return true;
}

static bool read_count(const json_t *value, uint64_t max, uint64_t *out)
{
	json_int_t integer = json_integer_value(value);

	if (!json_is_integer(value) || integer < 0 || (uint64_t)integer > max)
		return false;
	*out = (uint64_t)integer;
	return true;
}

static bool read_uint(const json_t *value, unsigned *out)
{
	uint64_t count;

	if (!read_count(value, UINT32_MAX, &count))
		return false;
	*out = (unsigned)count;
	return true;
}

static bool read_real(const json_t *value, double *out)
{
	if (!json_is_number(value) && !json_is_null(value))
		return false;
	*out = json_is_null(value) ? NAN : json_number_value(value);
	return true;
}

static bool read_flag(const json_t *value, bool *out)
{
	*out = json_is_true(value);
	return json_is_boolean(value);
}

static bool read_field(const struct field *field, const json_t *value, void *base)
{
	void *at = (char *)base + field->offset;
	const char *word = json_string_value(value);

	switch (field->kind) {
	case TEXT:
		return read_text(value, at, field->size);
	case UINT:
		return read_uint(value, at);
	case COUNT:
		return read_count(value, INT64_MAX, at);
	case REAL:
		return read_real(value, at);
	case FLAG:
		return read_flag(value, at);
	case ARRIVALS:
		return word && arrivals_parse(word, at) == 0;
	case FORMAT:
		return word && message_format_parse(word, at) == 0;
	case HEADERS:
		return word && run_headers_parse(word, at) == 0;
	}
	return false;
}

static const char *read_section(const json_t *line, const struct section *section, void *base)
{
	const json_t *object = section->name ? json_object_get(line, section->name) : line;

	if (!object && section->is_later)
		return NULL;
	if (!json_is_object(object))
		return section->missing;
	for (const struct field *field = section->fields; field->key; field++) {
		const json_t *value = json_object_get(object, field->key);

		if (!value && field->missing)
			return field->missing;
		if (value && !read_field(field, value, base))
			return field->wrong;
	}
	return NULL;
}

/* Of a line of an earlier version, which has pairs of index and count. */
static bool read_pair(const json_t *pair, struct hist *hist)
{
	uint64_t index;

	return json_array_size(pair) == 2 &&
	       read_count(json_array_get(pair, 0), HIST_BUCKETS - 1, &index) &&
	       read_count(json_array_get(pair, 1), INT64_MAX, &hist->buckets[index]);
}

static bool read_buckets(const json_t *buckets, struct hist *hist)
{
	json_int_t index = 0;
	const json_t *value;
	size_t i;

	json_array_foreach(buckets, i, value)
	{
		json_int_t count = json_integer_value(value);

		if (json_is_array(value)) {
			if (!read_pair(value, hist))
				return false;
		} else if (!json_is_integer(value) || index >= HIST_BUCKETS ||
		           count < index - HIST_BUCKETS) {
			return false;
		} else if (count < 0) {
			index -= count;
		} else {
			hist->buckets[index++] = (uint64_t)count;
		}
	}
	return json_is_array(buckets);
}

static bool read_hist(const json_t *object, struct hist *hist)
{
	return read_buckets(json_object_get(object, "buckets"), hist) &&
	       read_count(json_object_get(object, "count"), INT64_MAX, &hist->count) &&
	       read_count(json_object_get(object, "min_ns"), INT64_MAX, &hist->min_ns) &&
	       read_count(json_object_get(object, "max_ns"), INT64_MAX, &hist->max_ns) &&
	       read_real(json_object_get(object, "sum_ns"), &hist->sum_ns) &&
	       read_real(json_object_get(object, "sum_squares_ns2"), &hist->sum_squares_ns2);
}

static const char *read_line(const json_t *line, struct run_spec *spec, struct run_result *result)
{
	const char *why = NULL;

	for (size_t i = 0; !why && i < SECTIONS; i++) {
		char *base = sections[i].in_spec ? (char *)spec : (char *)result;

		why = read_section(line, &sections[i], base + sections[i].offset);
	}
	for (size_t i = 0; !why && i < HISTS; i++) {
		const json_t *object = json_object_get(line, hists[i].key);

		if (!object && hists[i].is_later)
			continue;
		if (!read_hist(object, (void *)((char *)result + hists[i].offset)))
			why = hists[i].wrong;
	}
	return why;
}

int run_read(const char *line, struct run_spec *spec, struct run_result *result, const char **why)
{
	json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

	memset(spec, 0, sizeof(*spec));
	memset(result, 0, sizeof(*result));
	*why = json ? read_line(json, spec, result) : "not a whole line of JSON";
	json_decref(json);
	return *why ? -EBADMSG : 0;
}

#define FIELD(prefix, structure, member, what)                                                     \
	{                                                                                          \
		.key = #member, .kind = what, .offset = offsetof(struct structure, member),        \
		.size = sizeof(((struct structure *)0)->member),                                   \
		.missing = "'" prefix #member "' is missing",                                      \
		.wrong = "'" prefix #member "' has a wrong value"                                  \
	}

/* One that lines of earlier versions lack. */
#define LATER(prefix, structure, member, what)                                                     \
	{                                                                                          \
		.key = #member, .kind = what, .offset = offsetof(struct structure, member),        \
		.size = sizeof(((struct structure *)0)->member),                                   \
		.wrong = "'" prefix #member "' has a wrong value"                                  \
	}

static const struct field spec_fields[] = {
        FIELD("", run_spec, experiment, TEXT), FIELD("", run_spec, environment, TEXT),
        FIELD("", run_spec, block, UINT),      FIELD("", run_spec, order, UINT),
        FIELD("", run_spec, seed, COUNT),      {0},
};

static const struct field parameters_fields[] = {
        FIELD("parameters.", run_parameters, transport, TEXT),
        FIELD("parameters.", run_parameters, stack, TEXT),
        FIELD("parameters.", run_parameters, subscribers, UINT),
        FIELD("parameters.", run_parameters, rate_hz, REAL),
        FIELD("parameters.", run_parameters, arrivals, ARRIVALS),
        FIELD("parameters.", run_parameters, payload_bytes, UINT),
        FIELD("parameters.", run_parameters, format, FORMAT),
        FIELD("parameters.", run_parameters, poll_interval_ms, REAL),
        FIELD("parameters.", run_parameters, batch, FLAG),
        FIELD("parameters.", run_parameters, headers, HEADERS),
        FIELD("parameters.", run_parameters, warmup_s, REAL),
        FIELD("parameters.", run_parameters, main_s, REAL),
        LATER("parameters.", run_parameters, tls, FLAG),
        LATER("parameters.", run_parameters, rate_up_hz, REAL),
        LATER("parameters.", run_parameters, cuts, UINT),
        LATER("parameters.", run_parameters, link_profile, TEXT),
        LATER("parameters.", run_parameters, slow_readers, UINT),
        LATER("parameters.", run_parameters, connections_max, UINT),
        {0},
};

static const struct field link_fields[] = {
        FIELD("link.", link_settings, delay_ms, REAL),
        FIELD("link.", link_settings, jitter_ms, REAL),
        FIELD("link.", link_settings, loss, REAL),
        FIELD("link.", link_settings, loss_burst, REAL),
        FIELD("link.", link_settings, rate_mbit, REAL),
        FIELD("link.", link_settings, queue, UINT),
        LATER("link.", link_settings, rate_up_mbit, REAL),
        {0},
};

static const struct field verdict_fields[] = {
        FIELD("", run_result, valid, FLAG),
        FIELD("", run_result, reason, TEXT),
        FIELD("", run_result, lab_mode, TEXT),
        FIELD("", run_result, wire_counts, TEXT),
        FIELD("", run_result, pinning, TEXT),
        LATER("", run_result, captured, FLAG),
        {0},
};

static const struct field phases_fields[] = {
        FIELD("phases.", run_result, connect_ms, REAL),
        FIELD("phases.", run_result, warmup_ms, REAL),
        FIELD("phases.", run_result, main_ms, REAL),
        FIELD("phases.", run_result, drain_ms, REAL),
        {0},
};

static const struct field deliveries_fields[] = {
        FIELD("deliveries.", run_result, published, COUNT),
        FIELD("deliveries.", run_result, expected, COUNT),
        FIELD("deliveries.", run_result, delivered, COUNT),
        FIELD("deliveries.", run_result, duplicates, COUNT),
        FIELD("deliveries.", run_result, reordered, COUNT),
        FIELD("deliveries.", run_result, missed, COUNT),
        FIELD("deliveries.", run_result, reconnects, COUNT),
        LATER("deliveries.", run_result, packets_dropped, COUNT),
        LATER("deliveries.", run_result, link_lost, COUNT),
        LATER("deliveries.", run_result, link_queue_full, COUNT),
        LATER("deliveries.", run_result, link_late_p99_ms, REAL),
        LATER("deliveries.", run_result, link_cpu_ms, REAL),
        LATER("deliveries.", run_result, link_wait_ns, COUNT),
        LATER("deliveries.", run_result, kept_out, COUNT),
        {0},
};

static const struct field connecting_fields[] = {
        FIELD("connecting.", run_connecting, connections, COUNT),
        FIELD("connecting.", run_connecting, tcp_bytes_down, COUNT),
        FIELD("connecting.", run_connecting, tcp_bytes_up, COUNT),
        FIELD("connecting.", run_connecting, segments_down, COUNT),
        FIELD("connecting.", run_connecting, segments_up, COUNT),
        {0},
};

static const struct field traffic_fields[] = {
        FIELD("traffic.", run_traffic, messages, COUNT),
        FIELD("traffic.", run_traffic, payload_bytes, COUNT),
        FIELD("traffic.", run_traffic, responses, COUNT),
        FIELD("traffic.", run_traffic, empty_responses, COUNT),
        FIELD("traffic.", run_traffic, app_bytes_down, COUNT),
        FIELD("traffic.", run_traffic, app_bytes_up, COUNT),
        FIELD("traffic.", run_traffic, tcp_bytes_down, COUNT),
        FIELD("traffic.", run_traffic, tcp_bytes_up, COUNT),
        FIELD("traffic.", run_traffic, segments_down, COUNT),
        FIELD("traffic.", run_traffic, segments_up, COUNT),
        FIELD("traffic.", run_traffic, retransmitted, COUNT),
        LATER("traffic.", run_traffic, payload_bytes_up, COUNT),
        {0},
};

static const struct field wire_fields[] = {
        FIELD("wire.", run_wire, bytes_down, COUNT),
        FIELD("wire.", run_wire, bytes_up, COUNT),
        FIELD("wire.", run_wire, packets_down, COUNT),
        FIELD("wire.", run_wire, packets_up, COUNT),
        {0},
};

#define KIND(name, index)                                                                          \
	{.key = name "_packets",                                                                   \
	 .kind = COUNT,                                                                            \
	 .offset = offsetof(struct packet_counts, packets[index]),                                 \
	 .size = sizeof(uint64_t),                                                                 \
	 .wrong = "'" name "_packets' has a wrong value"},                                         \
	{                                                                                          \
		.key = name "_bytes", .kind = COUNT,                                               \
		.offset = offsetof(struct packet_counts, bytes[index]), .size = sizeof(uint64_t),  \
		.wrong = "'" name "_bytes' has a wrong value"                                      \
	}

static const struct field kinds_fields[] = {
        KIND("syn_fin", PACKET_SYN_FIN), KIND("pure_ack", PACKET_PURE_ACK),
        KIND("data", PACKET_DATA),       KIND("retransmission", PACKET_RETRANSMISSION),
        KIND("other", PACKET_OTHER),     {0},
};

static const struct field server_fields[] = {
        FIELD("server.", run_server, cpu_ns, COUNT),
        FIELD("server.", run_server, wait_ns, COUNT),
        FIELD("server.", run_server, context_switches, COUNT),
        FIELD("server.", run_server, memory_before_bytes, COUNT),
        FIELD("server.", run_server, memory_bytes, COUNT),
        FIELD("server.", run_server, cpu_share, REAL),
        LATER("server.", run_server, memory_half_bytes, COUNT),
        LATER("server.", run_server, kernel_before_bytes, COUNT),
        LATER("server.", run_server, kernel_bytes, COUNT),
        LATER("server.", run_server, connect_cpu_ns, COUNT),
        LATER("server.", run_server, slab_before_bytes, COUNT),
        LATER("server.", run_server, slab_bytes, COUNT),
        LATER("server.", run_server, memory_end_bytes, COUNT),
        LATER("server.", run_server, slow_disconnected, COUNT),
        {0},
};

static const struct field load_fields[] = {
        FIELD("load.", run_load, cpu_ns, COUNT),
        FIELD("load.", run_load, wait_ns, COUNT),
        FIELD("load.", run_load, cpu_share, REAL),
        FIELD("load.", run_load, lateness_p99_ms, REAL),
        FIELD("load.", run_load, publish_p99_ms, REAL),
        FIELD("load.", run_load, publish_max_ms, REAL),
        {0},
};

/* Both ways go through this table, so that what is written is what is read. */
static const struct section sections[SECTIONS] = {
        {NULL, 0, spec_fields, "not a JSON object", true, false},
        {"parameters", offsetof(struct run_spec, parameters), parameters_fields,
         "'parameters' is missing or not an object", true, false},
        {"link", offsetof(struct run_spec, parameters.link), link_fields, "'link' is not an object",
         true, true},
        {NULL, 0, verdict_fields, "not a JSON object", false, false},
        {"phases", 0, phases_fields, "'phases' is missing or not an object", false, false},
        {"deliveries", 0, deliveries_fields, "'deliveries' is missing or not an object", false,
         false},
        {"connecting", offsetof(struct run_result, connecting), connecting_fields,
         "'connecting' is not an object", false, true},
        {"traffic", offsetof(struct run_result, traffic), traffic_fields,
         "'traffic' is missing or not an object", false, false},
        {"wire_connecting", offsetof(struct run_result, wire_connecting), wire_fields,
         "'wire_connecting' is not an object", false, true},
        {"wire", offsetof(struct run_result, wire), wire_fields, "'wire' is not an object", false,
         true},
        {"kinds_down", offsetof(struct run_result, kinds_down), kinds_fields,
         "'kinds_down' is not an object", false, true},
        {"kinds_up", offsetof(struct run_result, kinds_up), kinds_fields,
         "'kinds_up' is not an object", false, true},
        {"server", offsetof(struct run_result, server), server_fields,
         "'server' is missing or not an object", false, false},
        {"load", offsetof(struct run_result, load), load_fields,
         "'load' is missing or not an object", false, false},
};

#define HIST(member, later)                                                                        \
	{                                                                                          \
		.key = #member, .is_later = (later),                                               \
		.offset = offsetof(struct run_result, member),                                     \
		.wrong = "'" #member "' is missing or not a histogram"                             \
	}

static const struct hist_field hists[HISTS] = {
        HIST(latency, false), HIST(unscheduled, false), HIST(round_trip, true),
        HIST(connect, true),  HIST(handshake, true),    HIST(ready, true),
};
