#include "capture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>
#include <cmocka.h>

static struct lab lab;
static struct capture capture;

static int open_lab(void **state)
{
	struct lab_trouble trouble;

	(void)state;
	capture = (struct capture){.helper = HELPER_NONE};
	lab_open(&lab, LAB_DIRECT, &trouble);
	return 0;
}

static int close_lab(void **state)
{
	(void)state;
	capture_free(&capture);
	lab_close(&lab);
	return 0;
}

#define NEEDS_LAB()                                                                                \
	do {                                                                                       \
		if (lab.net_fd[LAB_SERVER] < 0)                                                    \
			skip();                                                                    \
	} while (0)

static void exchange(void)
{
	struct lab_trouble trouble;

	assert_int_equal(lab_try(&lab, &trouble), 0);
}

static uint64_t sum(const uint64_t *counts)
{
	uint64_t all = 0;

	for (size_t i = 0; i < PACKET_KINDS; i++)
		all += counts[i];
	return all;
}

static void test_it_sees_what_the_device_counts(void **state)
{
	struct lab_counts counts;

	(void)state;
	NEEDS_LAB();
	assert_int_equal(capture_start(&capture, &lab, NULL), 0);
	exchange();
	capture_end(&capture);
	assert_int_equal(lab_count(&lab, &counts), 0);
	assert_int_equal(sum(capture.shared->down.packets), counts.packets_down);
	assert_int_equal(sum(capture.shared->down.bytes), counts.bytes_down);
	assert_int_equal(sum(capture.shared->up.packets), counts.packets_up);
	assert_int_equal(sum(capture.shared->up.bytes), counts.bytes_up);
	assert_int_equal(capture.shared->missed, 0);
	assert_string_equal(capture.shared->error, "");
	assert_int_equal(capture.shared->down.packets[PACKET_DATA], 1);
}

/* The file, read by the library that others read it with. */
static size_t packets_in(const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *head;
	const u_char *frame;
	size_t count = 0;
	pcap_t *file = pcap_open_offline(path, why);

	assert_non_null(file);
	while (pcap_next_ex(file, &head, &frame) == 1) {
		assert_int_equal(head->caplen, head->len);
		count++;
	}
	pcap_close(file);
	return count;
}

static void test_the_file_has_every_packet_whole(void **state)
{
	char path[] = "/tmp/capture_test.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	NEEDS_LAB();
	assert_true(fd >= 0);
	assert_int_equal(capture_start(&capture, &lab, path), 0);
	exchange();
	capture_end(&capture);
	assert_int_equal(packets_in(path),
	                 sum(capture.shared->down.packets) + sum(capture.shared->up.packets));
	close(fd);
	unlink(path);
}

static void test_a_file_that_cannot_be_made_is_said(void **state)
{
	(void)state;
	NEEDS_LAB();
	assert_int_equal(capture_start(&capture, &lab, "/nowhere/file.pcap"), -EIO);
	assert_non_null(strstr(capture.shared->error, "/nowhere/file.pcap"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_lab, close_lab)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_it_sees_what_the_device_counts),
	        TEST(test_the_file_has_every_packet_whole),
	        TEST(test_a_file_that_cannot_be_made_is_said),
	};

	return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
