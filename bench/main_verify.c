/* bench verify: what is claimed, what is found, and whether that is enough. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "main.h"
#include "offer.h"
#include "verify.h"

enum { OPTION_ONLY = 1000, OPTION_LAB };

struct verify_options {
	const char *lab;
	const char *only[WORDS_MAX + 1]; /* claims; NULL ends them */
};

static const struct argp_option verify_argp_options[] = {
        {"only", OPTION_ONLY, "CLAIM", 0, "Only this one (repeatable)", 0},
        {"lab", OPTION_LAB, "MODE", 0, "As of bench run", 0},
        {0},
};

static error_t parse_verify(int key, char *arg, struct argp_state *state)
{
	struct verify_options *options = state->input;

	switch (key) {
	case OPTION_ONLY:
		add_word(options->only, arg);
		return 0;
	case OPTION_LAB:
		options->lab = arg;
		return 0;
	case ARGP_KEY_ARG:
		exit(usage_error("verify: '%s': nothing is expected there", arg));
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct verify_claim *find_claim(const char *name)
{
	const struct verify_claim *claim = verify_claims;

	while (claim->name && strcmp(claim->name, name) != 0)
		claim++;
	return claim->name ? claim : NULL;
}

static void check_claims(const struct verify_options *options)
{
	for (size_t i = 0; options->only[i]; i++) {
		char known[256] = "";

		if (find_claim(options->only[i]))
			continue;
		for (const struct verify_claim *claim = verify_claims; claim->name; claim++)
			snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s",
			         *known ? ", " : "", claim->name);
		exit(usage_error("--only: '%s' is no claim (known: %s)", options->only[i], known));
	}
}

static bool is_chosen(const struct verify_options *options, const char *claim)
{
	for (size_t i = 0; options->only[i]; i++)
		if (strcmp(options->only[i], claim) == 0)
			return true;
	return !options->only[0];
}

struct counts {
	unsigned outcomes[VERIFY_SKIPPED + 1];
};

static void tell_finding(void *user, const struct verify_finding *finding)
{
	static const char *const words[] = {"pass", "FAIL", "skip"};
	struct counts *counts = user;

	counts->outcomes[finding->outcome]++;
	printf("  %s  %s\n        %s\n", words[finding->outcome], finding->asked, finding->found);
	fflush(stdout);
}

/* The modes that this machine has for runs without a link and with one. */
static void choose_verifier_labs(struct verifier *verifier, const char *asked)
{
	struct lab_trouble trouble;
	int err;

	check_lab(asked);
	err = offer_choose(asked, false, &verifier->direct, &trouble);
	if (err || offer_choose(asked, true, &verifier->link, &trouble)) {
		fprintf(stderr, "bench: no private network here: %s: %s (bench probe says more)\n",
		        trouble.step, strerror(trouble.error));
		if (asked)
			exit(EXIT_FAILURE);
		verifier->link = LAB_LOOPBACK;
		verifier->direct = err ? LAB_LOOPBACK : verifier->direct;
	}
	printf("lab mode %s; for runs with a link: %s\n", lab_mode_name(verifier->direct),
	       verifier->link == LAB_LOOPBACK ? "none" : lab_mode_name(verifier->link));
}

static double seconds_of(const struct verify_claim *claim, const struct verify_options *options)
{
	double seconds = 0;

	for (; claim->name; claim++)
		seconds += is_chosen(options, claim->name) ? claim->seconds : 0;
	return seconds;
}

static int verify_all(struct verifier *verifier, const struct verify_options *options)
{
	int err = 0;

	handle_interrupts();
	for (const struct verify_claim *claim = verify_claims; claim->name && !err; claim++) {
		if (!is_chosen(options, claim->name))
			continue;
		printf("%s: %s (about %.0f s left)\n", claim->name, claim->what,
		       seconds_of(claim, options));
		fflush(stdout);
		err = verify_check(verifier, claim);
	}
	return err;
}

int main_verify(int argc, char **argv)
{
	static const struct argp argp = {
	        verify_argp_options,
	        parse_verify,
	        NULL,
	        "Checks the instrument itself against what is known, in three minutes.",
	        NULL,
	        NULL,
	        NULL};
	struct verify_options options = {.lab = NULL};
	struct counts counts = {{0}};
	struct verifier verifier = {.tell = tell_finding, .user = &counts};
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	check_claims(&options);
	choose_verifier_labs(&verifier, options.lab);
	err = verify_all(&verifier, &options);
	if (verifier.invalid)
		printf("%zu runs were disturbed by other work on this machine, and made again\n",
		       verifier.invalid);
	printf("%u passed, %u failed, %u skipped\n", counts.outcomes[VERIFY_PASSED],
	       counts.outcomes[VERIFY_FAILED], counts.outcomes[VERIFY_SKIPPED]);
	if (err == -EINTR)
		return EXIT_INTERRUPTED;
	if (err)
		fprintf(stderr, "bench: verify: %s\n", strerror(-err));
	return err || counts.outcomes[VERIFY_FAILED] ? EXIT_FAILURE : EXIT_SUCCESS;
}
