#include "exercise.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../stage/check.h"

#define COOKIE  "\x21\x12\xa4\x42"
#define ID      "\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"
#define NOTHING "no address"

/* Of 192.0.2.1, port 32853. */
#define ADDRESS "\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43"

/* An answer with these attributes; its length is a byte. */
#define ANSWER(length, attributes) "\x01\x01\x00" length COOKIE ID attributes

#define CHECK(what, expected, message, help)                                                       \
	check_message(what, expected, message, sizeof(message) - 1, help)

/* What was read, as "192.0.2.1 port 32853" or NOTHING. */
static void check_message(const char *what, const char *expected, const char *message, size_t size,
                          const char *help)
{
	struct mapped_address mapped;
	char got[64] = NOTHING;

	memset(&mapped, 0xa5, sizeof mapped);
	if (read_mapped_address(&mapped, (const uint8_t *)message, size, (const uint8_t *)ID))
		snprintf(got, sizeof got, "%d.%d.%d.%d port %d", mapped.ip[0], mapped.ip[1],
		         mapped.ip[2], mapped.ip[3], mapped.port);
	check_text(what, expected, got, help);
}

static void address_alone(void)
{
	CHECK("an answer with nothing but the address", "192.0.2.1 port 32853",
	      ANSWER("\x0c", ADDRESS),
	      "each byte is exclusive or (^) that of the cookie: a1 ^ 21, 47 ^ 12, e1 ^ 21, ...");
}

static void other_addresses(void)
{
	CHECK("the lesson's answer", "127.0.2.1 port 32853",
	      ANSWER("\x0c", "\x00\x20\x00\x08\x00\x01\xa1\x47\x5e\x12\xa6\x43"), NULL);
	CHECK("the address with all bits 0", "0.0.0.0 port 0",
	      ANSWER("\x0c", "\x00\x20\x00\x08\x00\x01\x21\x12\x21\x12\xa4\x42"), NULL);
	CHECK("the address with all bits 1", "255.255.255.255 port 65535",
	      ANSWER("\x0c", "\x00\x20\x00\x08\x00\x01\xde\xed\xde\xed\x5b\xbd"), NULL);
	CHECK("with something in the byte before the family", "203.0.113.9 port 3478",
	      ANSWER("\x0c", "\x00\x20\x00\x08\xff\x01\x2c\x84\xea\x12\xd5\x4b"),
	      "that byte is to be ignored");
}

/* RFC 5769, 2.2: SOFTWARE, the address, MESSAGE-INTEGRITY, FINGERPRINT. */
static void rfc_sample(void)
{
	CHECK("the sample answer of RFC 5769, 2.2", "192.0.2.1 port 32853",
	      ANSWER("\x3c",
	             "\x80\x22\x00\x0b"
	             "test vector " ADDRESS "\x00\x08\x00\x14\x2b\x91\xf5\x99\xfd\x9e\x90\xc3"
	             "\x8c\x74\x89\xf9\x2a\xf9\xba\x53\xf0\x6b\xe7\xd7"
	             "\x80\x28\x00\x04\xc0\x7d\x4c\x96"),
	      "11 bytes of text stand before it, and 1 byte of padding that their length does not "
	      "count");
}

/* An attribute of each length before it, whose bytes look like the beginning of an address. */
static void others_before(void)
{
	static const char address[] = ADDRESS;

	for (size_t length = 0; length <= 16; length++) {
		char message[64] = "\x01\x01\x00?" COOKIE ID "\x80\x22\x00?";
		size_t size = 24;
		char what[64];

		message[23] = (char)length;
		for (size_t i = 0; i < (length + 3) / 4 * 4; i++)
			message[size++] = "\x00\x20\x00\x08"[i % 4];
		memcpy(message + size, address, sizeof address - 1);
		size += sizeof address - 1;
		message[3] = (char)(size - 20);
		snprintf(what, sizeof what, "behind an attribute of %zu bytes", length);
		check_message(what, "192.0.2.1 port 32853", message, size,
		              "from one attribute to the next it is 4 bytes, the value and its "
		              "padding");
	}
}

static void several_addresses(void)
{
	CHECK("behind a MAPPED-ADDRESS, which is of type 0001", "192.0.2.1 port 32853",
	      ANSWER("\x18", "\x00\x01\x00\x08\x00\x01\x13\x88\x0a\x00\x00\x07" ADDRESS),
	      "only type 0020 is XOR-MAPPED-ADDRESS: look at both bytes");
	CHECK("before a second XOR-MAPPED-ADDRESS", "192.0.2.1 port 32853",
	      ANSWER("\x18", ADDRESS "\x00\x20\x00\x08\x00\x01\x2c\x84\xea\x12\xd5\x4b"),
	      "the first one counts");
}

static void no_address(void)
{
	CHECK("an answer without attributes", NOTHING, ANSWER("\x00", ""), NULL);
	CHECK("an answer with SOFTWARE alone", NOTHING, ANSWER("\x0c", "\x80\x22\x00\x07server!?"),
	      "where no attribute is of type 0020 there is no address");
	CHECK("a type whose second byte alone is 20", NOTHING,
	      ANSWER("\x0c", "\x80\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43"),
	      "a type has two bytes");
	CHECK("the IPv6 sample's address (RFC 5769, 2.3)", NOTHING,
	      ANSWER("\x18", "\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79"
	                     "\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9"),
	      "it is of family 02 and has 16 bytes");
	CHECK("an address of family 02 with 4 bytes", NOTHING,
	      ANSWER("\x0c", "\x00\x20\x00\x08\x00\x02\xa1\x47\xe1\x12\xa6\x43"),
	      "only family 01 is IPv4");
	CHECK("an address of family 03", NOTHING,
	      ANSWER("\x0c", "\x00\x20\x00\x08\x00\x03\xa1\x47\xe1\x12\xa6\x43"),
	      "only family 01 is IPv4");
}

/* All of it stands in memory, but only a part has come. */
static void too_short(void)
{
	static const char whole[] = ANSWER("\x0c", ADDRESS);

	for (size_t size = 0; size < sizeof whole - 1; size++) {
		char what[64];

		snprintf(what, sizeof what, "the first %zu bytes of an answer of 32", size);
		check_message(what, NOTHING, whole, size,
		              "a datagram may have any size: compare it with what the header says");
	}
}

static void not_ours(void)
{
	CHECK("another transaction id, in its last byte", NOTHING,
	      "\x01\x01\x00\x0c" COOKIE "\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xaf" ADDRESS,
	      "anybody can send us an answer; ours has the 12 bytes that only we and the server "
	      "know");
	CHECK("another transaction id, in its first byte", NOTHING,
	      "\x01\x01\x00\x0c" COOKIE "\xb6\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae" ADDRESS,
	      "compare all 12 bytes");
}

static void foreign(void)
{
	CHECK("another cookie", NOTHING, "\x01\x01\x00\x0c\x21\x12\xa4\x43" ID ADDRESS,
	      "without the cookie it is another protocol, or STUN from before 2008");
	CHECK("a request", NOTHING, "\x00\x01\x00\x0c" COOKIE ID ADDRESS, "its type is 0001");
	CHECK("an answer that says no", NOTHING, "\x01\x11\x00\x0c" COOKIE ID ADDRESS,
	      "its type is 0111");
	CHECK("a message that begins with 81", NOTHING, "\x81\x01\x00\x0c" COOKIE ID ADDRESS,
	      "STUN's first two bits are 0; with 10 a packet of audio or video begins");
	CHECK("a datagram of something else", NOTHING, "GET / HTTP/1.1\r\nHost: example.com\r\n",
	      NULL);
}

static void lengths_of_messages(void)
{
	static const char help[] = "the length is that of all behind the header, here 12";

	CHECK("a message that says 16 and has 12", NOTHING, ANSWER("\x10", ADDRESS), help);
	CHECK("a message that says 8 and has 12", NOTHING, ANSWER("\x08", ADDRESS), help);
	CHECK("a message that says 65,292 and has 12", NOTHING,
	      "\x01\x01\xff\x0c" COOKIE ID ADDRESS, "both bytes are the length");
	CHECK("a length of 13, with 13 bytes behind the header", NOTHING,
	      ANSWER("\x0d", ADDRESS "?"), "what is no multiple of 4 is refused");
}

static void lengths_of_attributes(void)
{
	static const char help[] = "4 bytes of it are its header; what is left must hold the rest";

	CHECK("an attribute that says 65,535", NOTHING,
	      ANSWER("\x0c", "\x80\x22\xff\xff\x00\x01\xa1\x47\xe1\x12\xa6\x43"), help);
	CHECK("an attribute that says 9 and has 8", NOTHING,
	      ANSWER("\x0c", "\x80\x22\x00\x09\x00\x01\xa1\x47\xe1\x12\xa6\x43"), help);
	CHECK("an address that has only 4 bytes", NOTHING,
	      ANSWER("\x0c", "\x00\x20\x00\x04\x00\x01\xa1\x47\x80\x22\x00\x00"),
	      "the length of an IPv4 address is 8: family, port and 4 bytes");
	CHECK("an address of family 01 with length 12", NOTHING,
	      ANSWER("\x10", "\x00\x20\x00\x0c\x00\x01\xa1\x47\xe1\x12\xa6\x43????"),
	      "the length of an IPv4 address is 8, no less and no more");
	CHECK("an address that says 8 and has 4", NOTHING,
	      ANSWER("\x08", "\x00\x20\x00\x08\x00\x01\xa1\x47"), help);
	CHECK("an address that says 8 and has nothing", NOTHING, ANSWER("\x04", "\x00\x20\x00\x08"),
	      help);
}

/* The byte behind what has come is in a page that may not be read. */
static void nothing_beyond(void)
{
	static const char *const ends[] = {ANSWER("\x0c", ADDRESS),
	                                   ANSWER("\x0c", "\x80\x22\x00\x09\x00\x01????\x00\x20"),
	                                   ANSWER("\x0c", "\x80\x22\xff\xff\x00\x01??????"),
	                                   ANSWER("\x0c", "\x80\x22\x00\x04????\x00\x20\x00\x08")};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory =
	        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check_that(memory != MAP_FAILED && !mprotect(memory + page, page, PROT_NONE),
	           "two pages of memory", NULL);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		for (size_t size = 0; size <= 32; size++) {
			bool whole = i == 0 && size == 32;

			memcpy(memory + page - size, ends[i], size);
			check_message("a message at the end of memory",
			              whole ? "192.0.2.1 port 32853" : NOTHING,
			              memory + page - size, size, NULL);
		}
	}
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
	        {"an address and nothing else", address_alone},
	        {"other addresses", other_addresses},
	        {"the sample of RFC 5769", rfc_sample},
	        {"attributes of every length before it", others_before},
	        {"another address before or behind it", several_addresses},
	        {"no address", no_address},
	        {"messages that are cut", too_short},
	        {"answers to somebody else", not_ours},
	        {"messages that are no answer", foreign},
	        {"lengths of messages that are wrong", lengths_of_messages},
	        {"lengths of attributes that are wrong", lengths_of_attributes},
	        {"nothing is read behind what has come", nothing_beyond},
	        {NULL, NULL}};

	return check_main(argc, argv, checks);
}
