#include "exercise.h"

#include <stdio.h>
#include <string.h>

#include "../stage/check.h"

size_t write_to(struct member *member, char *bytes, size_t size)
{
	size_t used = 0;

	while (used < size && (member->now || (member->now = next_message(member)))) {
		size_t left = member->now->size - member->sent;
		size_t part = left < size - used ? left : size - used;

		memcpy(bytes + used, member->now->text + member->sent, part);
		used += part;
		member->sent += part;
		if (part == left) { /* the whole of it is written */
			message_release(member->now);
			member->now = NULL;
			member->sent = 0;
		}
	}
	return used;
}

#define MEMBERS 5
#define SLOW    1 /* the member that does not read, when there is one */
#define MANY    1000

static struct room room;

static void begin(enum when_full when_full)
{
	room = (struct room){.when_full = when_full, .size = MEMBERS};
}

/* Says messages from one number to another: "3\n" and so on. */
static void say(unsigned from, unsigned to)
{
	for (unsigned i = from; i <= to; i++) {
		struct message *message = message_new("%u\n", i);

		broadcast(&room, message);
		message_release(message);
	}
}

static char taken[4096];

/* What a member gets when its socket takes `most` bytes. */
static const char *take(size_t member, size_t most)
{
	taken[write_to(&room.members[member], taken, most)] = '\0';
	return taken;
}

static const char *take_all(size_t member)
{
	return take(member, sizeof taken - 1);
}

/* All of it too, but so many bytes at a time. */
static const char *take_in_pieces(size_t member, size_t piece)
{
	size_t used = 0, got;

	while (used + piece < sizeof taken &&
	       (got = write_to(&room.members[member], taken + used, piece)) > 0)
		used += got;
	taken[used] = '\0';
	return taken;
}

/* All but the slow one read what there is, and must get that. */
static void others_get(const char *when, const char *expected, const char *help)
{
	char what[80];

	for (size_t i = 0; i < MEMBERS; i++) {
		if (i == SLOW)
			continue;
		snprintf(what, sizeof what, "%s: member %zu gets", when, i);
		check_text(what, expected, take_all(i), help);
	}
}

static void all_get_all(void)
{
	begin(DROP_OLDEST);
	say(1, 3);
	for (size_t i = 0; i < MEMBERS; i++)
		check_text("what a member gets", "1\n2\n3\n", take_all(i), NULL);
	check_text("the same member, asked again", "", take_all(0), "each message once");
}

static void one_is_slow(void)
{
	static const char help[] = "a queue that is full is the matter of one member: see to it, "
	                           "and go on with the next";
	char when[40], expected[40];

	begin(DROP_OLDEST);
	for (unsigned i = 1; i <= MANY; i++) {
		say(i, i);
		snprintf(when, sizeof when, "message %u of %d", i, MANY);
		snprintf(expected, sizeof expected, "%u\n", i);
		others_get(when, expected, help);
	}
}

static void oldest_is_lost(void)
{
	const struct member *slow = &room.members[SLOW];

	begin(DROP_OLDEST);
	say(1, WAITING_MOST);
	check_number("lost, when 8 wait", 0, slow->lost, "8 have room");
	say(WAITING_MOST + 1, WAITING_MOST + 3);
	check_number("waiting after 11", WAITING_MOST, (long)slow->count, NULL);
	check_text("the oldest that waits after 11", "4\n", slow->waiting[slow->first]->text,
	           "what is new has its place; the oldest make room");
	check_number("lost after 11", 3, slow->lost, "count what you drop");
	for (size_t i = 0; i < MEMBERS; i++)
		take_all(i);
}

static void loss_is_told(void)
{
	begin(DROP_OLDEST);
	say(1, WAITING_MOST + 3);
	check_text("what a member gets that reads after 11", "lost 3\n4\n5\n6\n7\n8\n9\n10\n11\n",
	           take_all(SLOW), "say what is missing, and where: before what comes next");
	for (size_t i = 0; i < MEMBERS; i++)
		take_all(i);
}

static void told_once(void)
{
	begin(DROP_OLDEST);
	say(1, WAITING_MOST + 1);
	take_all(SLOW);
	say(10, 10);
	check_text("the next message, after it was told", "10\n", take_all(SLOW),
	           "it has been told: begin to count anew");
	say(11, 11 + WAITING_MOST + 1);
	check_text("when two more were lost", "lost 2\n13\n14\n15\n16\n17\n18\n19\n20\n",
	           take_all(SLOW), "these two, and not those before");
	for (size_t i = 0; i < MEMBERS; i++)
		take_all(i);
}

static void in_pieces(void)
{
	begin(DROP_OLDEST);
	say(1001, 1001);
	check_text("3 bytes", "100", take(SLOW, 3), NULL);
	say(1002, 1011);
	check_text("the rest, in pieces of 3 bytes",
	           "1\nlost 2\n1004\n1005\n1006\n1007\n1008\n1009\n1010\n1011\n",
	           take_in_pieces(SLOW, 3),
	           "what was begun is in `now`, and is written to its end");
	for (size_t i = 0; i < MEMBERS; i++)
		take_all(i);
}

static void memory_is_bounded(void)
{
	begin(DROP_OLDEST);
	for (unsigned i = 1; i <= MANY; i++) {
		say(i, i);
		for (size_t k = 0; k < MEMBERS; k++) {
			if (k != SLOW)
				take_all(k);
		}
	}
	check_number("messages in memory, after 1000 of which one member read none", WAITING_MOST,
	             (long)messages_alive(), "what is dropped must be released");
	take_all(SLOW);
	check_number("messages in memory when all was read", 0, (long)messages_alive(),
	             "each queue holds a message once, and whoever takes it out releases it");
}

static void cut_off_when_full(void)
{
	begin(CUT_OFF);
	say(1, WAITING_MOST);
	check_that(!room.members[SLOW].gone, "with 8 waiting it is still there", "8 have room");
	others_get("after 8", "1\n2\n3\n4\n5\n6\n7\n8\n", NULL);
	say(9, 9);
	check_that(room.members[SLOW].gone, "with the ninth it is gone",
	           "there is no room for the ninth");
	others_get("after the ninth", "9\n", "only the slow one is cut off");
	check_number("messages in memory then", 0, (long)messages_alive(),
	             "whoever is gone must not hold what waited for it");
}

static void cut_off_in_the_middle(void)
{
	begin(CUT_OFF);
	say(1001, 1001);
	take(SLOW, 3);
	say(1002, 1010);
	check_that(room.members[SLOW].gone, "8 wait and one is half written: it is gone", NULL);
	for (size_t i = 0; i < MEMBERS; i++) {
		if (i != SLOW)
			take_all(i);
	}
	check_number("messages in memory then", 0, (long)messages_alive(),
	             "what it had in `now` must be released as well");
	check_text("the rest of the half, for a member that is gone", "", take_all(SLOW),
	           "its connection ends; `now` is NULL");
}

static void gone_for_good(void)
{
	begin(CUT_OFF);
	say(1, WAITING_MOST);
	others_get("before", "1\n2\n3\n4\n5\n6\n7\n8\n", NULL);
	say(9, 12);
	others_get("afterwards", "9\n10\n11\n12\n", "only the slow one is cut off");
	check_text("what a member gets that is gone", "", take_all(SLOW),
	           "it comes back by a new connection, and asks for what it missed");
	check_number("messages in memory then", 0, (long)messages_alive(), NULL);
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
	        {"everybody gets everything, once", all_get_all},
	        {"one does not read, and the others get everything", one_is_slow},
	        {"a full queue loses its oldest", oldest_is_lost},
	        {"a loss is told, where it is", loss_is_told},
	        {"a loss is told once", told_once},
	        {"a message that was begun is not lost", in_pieces},
	        {"memory does not grow with what is said", memory_is_bounded},
	        {"the other rule: who is slow is cut off", cut_off_when_full},
	        {"cut off in the middle of a message", cut_off_in_the_middle},
	        {"cut off for good", gone_for_good},
	        {NULL, NULL}};

	return check_main(argc, argv, checks);
}
