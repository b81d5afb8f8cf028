#include "offer.h"

#include <string.h>

#include "link_process.h"

int offer_try(enum lab_mode mode, struct lab_trouble *trouble)
{
	const struct link_settings no_delay = {.queue = 1};
	struct link_process link = {.helper = HELPER_NONE};
	struct lab lab;
	int err = lab_open(&lab, mode, trouble);

	if (!err && lab_has_link_process(mode)) {
		*trouble = (struct lab_trouble){"a process to carry its packets", 0};
		err = link_process_start(&link, &lab, &no_delay, 1, -1);
		trouble->error = -err;
	}
	if (!err)
		err = lab_try(&lab, trouble);
	link_process_free(&link);
	lab_close(&lab);
	return err;
}

/* Modes with a link and without, the better first. */
static const struct word {
	const char *name;
	enum lab_mode linked[2], direct;
} words[] = {
        {"private", {LAB_LINK, LAB_PACKET}, LAB_DIRECT},
        {"packet", {LAB_PACKET, LAB_PACKET}, LAB_DIRECT},
        {"netem", {LAB_NETEM, LAB_NETEM}, LAB_DIRECT},
        {"loopback", {LAB_LOOPBACK, LAB_LOOPBACK}, LAB_LOOPBACK},
};

static const struct word *find_word(const char *asked)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!asked || strcmp(words[i].name, asked) == 0)
			return &words[i];
	return NULL;
}

bool offer_knows(const char *asked)
{
	return find_word(asked);
}

int offer_choose(const char *asked, bool linked, enum lab_mode *mode, struct lab_trouble *trouble)
{
	const struct word *word = find_word(asked);
	struct lab_trouble second;
	int err;

	*mode = linked ? word->linked[0] : word->direct;
	err = offer_try(*mode, trouble);
	if (!err || !linked || word->linked[1] == word->linked[0])
		return err;
	*mode = word->linked[1];
	return offer_try(*mode, &second) ? err : 0;
}
