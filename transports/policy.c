#include "policy.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "schedule.h"

/* The clients kept in mind: SETS sets of WAYS buckets, 128 KiB where there is a publish rate. */
#define SETS 1024
#define WAYS 4

#define DIGEST_SIZE 32

/* Instants and times in 2^-20 ns, so that no rate's gap loses a fraction that matters. 128 bits
 * hold the largest burst at the longest gap, added to any instant. */
__extension__ typedef unsigned __int128 fine;
#define FINE_PER_NS (1 << 20)
#define GAP_MAX_NS  9e18

/* Keys that are no IPv6 prefix of a peer: ff00::/8 is multicast, which sends nothing (RFC 4291
 * §2.7). */
#define KEY_IPV4  UINT64_C(0xff00000000000000)
#define KEY_OTHER UINT64_C(0xff01000000000000)

/* Each message published takes one gap to refill. The bucket is full again at full_at, and empty
 * when that is burst gaps ahead. One that is full is no different from a client never seen. */
struct bucket {
	fine full_at;
	uint64_t key;
};

struct policy {
	char **origins; /* NULL: any */
	bool has_token, token_in_url;
	/* Comparing digests takes the same time whatever is the token's length. */
	uint8_t token_digest[DIGEST_SIZE];
	fine gap, capacity;
	uint64_t salt;          /* so that nobody can choose addresses that share a set */
	struct bucket *buckets; /* NULL: any number of messages */
};

static int digest(uint8_t out[DIGEST_SIZE], const char *token, size_t size)
{
	return EVP_Digest(token, size, out, NULL, EVP_sha256(), NULL) ? 0 : -ENOMEM;
}

static int copy_origins(struct policy *policy, const char *const *origins)
{
	size_t count = 0;

	while (origins[count])
		count++;
	policy->origins = calloc(count + 1, sizeof *policy->origins);
	if (!policy->origins)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(origins[i]) + 1;

		policy->origins[i] = malloc(size);
		if (!policy->origins[i])
			return -ENOMEM;
		memcpy(policy->origins[i], origins[i], size);
	}
	return 0;
}

static int open_buckets(struct policy *policy, double rate_hz, unsigned burst)
{
	double gap_ns = 1e9 / rate_hz;

	policy->gap = (fine)((gap_ns < GAP_MAX_NS ? gap_ns : GAP_MAX_NS) * FINE_PER_NS);
	policy->capacity = policy->gap * burst;
	policy->buckets = calloc((size_t)SETS * WAYS, sizeof *policy->buckets);
	return policy->buckets ? 0 : -ENOMEM;
}

int policy_open(struct policy **out, const struct policy_config *config)
{
	struct policy *policy = calloc(1, sizeof *policy);

	if (!policy)
		return -ENOMEM;
	policy->has_token = config->token;
	policy->token_in_url = config->token_in_url;
	/* Before there is entropy 0 must do. */
	if (getrandom(&policy->salt, sizeof policy->salt, GRND_NONBLOCK) < 0)
		policy->salt = 0;
	if (config->origins && copy_origins(policy, config->origins))
		goto fail;
	if (config->token && digest(policy->token_digest, config->token, strlen(config->token)))
		goto fail;
	if (config->publish_rate_hz > 0 &&
	    open_buckets(policy, config->publish_rate_hz, config->publish_burst))
		goto fail;
	*out = policy;
	return 0;
fail:
	policy_close(&policy);
	return -ENOMEM;
}

void policy_close(struct policy **policy)
{
	if (!*policy)
		return;
	free((*policy)->buckets);
	for (char **origin = (*policy)->origins; origin && *origin; origin++)
		free(*origin);
	free((*policy)->origins);
	free(*policy);
	*policy = NULL;
}

static bool origin_is_allowed(const struct policy *policy, const char *origin)
{
	if (!origin || !policy->origins)
		return true;
	for (char **allowed = policy->origins; *allowed; allowed++)
		if (!strcmp(*allowed, origin))
			return true;
	return false;
}

static bool token_is_right(const struct policy *policy, const char *token, size_t size)
{
	uint8_t shown[DIGEST_SIZE];

	return size > 0 && !digest(shown, token, size) &&
	       !CRYPTO_memcmp(shown, policy->token_digest, sizeof shown);
}

/* RFC 6750 §2.1, RFC 9110 §11.4: the scheme, one or more blanks, one token68. */
static bool authorization_is_right(const struct policy *policy, const char *field)
{
	static const char scheme[] = "Bearer ", token68[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                                                    "abcdefghijklmnopqrstuvwxyz"
	                                                    "0123456789-._~+/";
	const char *token;
	size_t size;

	if (strncasecmp(field, scheme, sizeof scheme - 1))
		return false;
	token = field + sizeof scheme - 1;
	token += strspn(token, " ");
	size = strspn(token, token68);
	if (size > 0)
		size += strspn(token + size, "=");
	return !token[size] && token_is_right(policy, token, size);
}

unsigned policy_admit(const struct policy *policy, const struct policy_request *request,
                      bool *owes_token, const char **why)
{
	const char *in_url = policy->token_in_url ? request->token : NULL;

	*owes_token = false;
	if (!origin_is_allowed(policy, request->origin)) {
		*why = "pages of this origin are not allowed here";
		return 403;
	}
	if (!policy->has_token)
		return 0;
	if ((request->authorization && !authorization_is_right(policy, request->authorization)) ||
	    (in_url && !token_is_right(policy, in_url, strlen(in_url)))) {
		*why = "that is not the token";
		return 401;
	}
	if (request->authorization || in_url)
		return 0;
	*owes_token = request->websocket;
	*why = "a token is needed: Authorization: Bearer TOKEN";
	return *owes_token ? 0 : 401;
}

bool policy_admit_message(const struct policy *policy, const void *data, size_t size)
{
	json_t *object = json_loadb(data, size, JSON_REJECT_DUPLICATES, NULL);
	const json_t *token = json_object_get(object, "token");
	bool is_right = policy->has_token && json_object_size(object) == 1 &&
	                json_is_string(token) &&
	                token_is_right(policy, json_string_value(token), json_string_length(token));

	json_decref(object);
	return is_right;
}

static uint64_t ipv4_key(uint32_t address)
{
	return KEY_IPV4 | ntohl(address);
}

static uint64_t ipv6_key(const struct in6_addr *address)
{
	uint64_t key = 0;
	uint32_t ipv4;

	if (IN6_IS_ADDR_V4MAPPED(address)) {
		memcpy(&ipv4, address->s6_addr + 12, sizeof ipv4);
		return ipv4_key(ipv4);
	}
	for (size_t i = 0; i < sizeof key; i++)
		key = key << 8 | address->s6_addr[i];
	return key;
}

/* Copies, because an address may stand in a buffer that is not aligned for its type. */
static uint64_t client_key(const struct sockaddr *client)
{
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	if (client && client->sa_family == AF_INET) {
		memcpy(&ipv4, client, sizeof ipv4);
		return ipv4_key(ipv4.sin_addr.s_addr);
	}
	if (client && client->sa_family == AF_INET6) {
		memcpy(&ipv6, client, sizeof ipv6);
		return ipv6_key(&ipv6.sin6_addr);
	}
	return KEY_OTHER;
}

/* The bucket of that key, which takes the place of the fullest one in its set where it has none. */
static struct bucket *find_bucket(struct policy *policy, uint64_t key)
{
	uint64_t state = key ^ policy->salt;
	struct bucket *set = policy->buckets + random_next(&state) % SETS * WAYS;
	struct bucket *fullest = set;

	for (struct bucket *bucket = set; bucket < set + WAYS; bucket++) {
		if (bucket->key == key)
			return bucket;
		if (bucket->full_at < fullest->full_at)
			fullest = bucket;
	}
	*fullest = (struct bucket){.key = key};
	return fullest;
}

uint64_t policy_publish(struct policy *policy, const struct sockaddr *client, uint64_t now_ns)
{
	fine now = (fine)now_ns * FINE_PER_NS, full_at, wait;
	struct bucket *bucket;

	if (!policy->buckets)
		return 0;
	bucket = find_bucket(policy, client_key(client));
	full_at = (bucket->full_at > now ? bucket->full_at : now) + policy->gap;
	if (full_at <= now + policy->capacity) {
		bucket->full_at = full_at;
		return 0;
	}
	wait = (full_at - now - policy->capacity + FINE_PER_NS - 1) / FINE_PER_NS;
	return wait < UINT64_MAX ? (uint64_t)wait : UINT64_MAX;
}
