#include "svg.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define STYLE                                                                                      \
	"fill=\"none\" color=\"black\" stroke=\"currentColor\" stroke-width=\"1.00\" "             \
	"stroke-linecap=\"butt\" stroke-linejoin=\"miter\""
#define FONT   "font-family=\"DejaVu Sans\" font-size=\"13.00\""
#define HEAD   "<svg>\n\n<g id=\"gnuplot_canvas\">\n\n<rect x=\"0\" y=\"0\" fill=\"#ffffff\"/>\n"
#define POINTS "<defs>\n\n\t<path id='gpPt0' d='M-1,0 h2'/>\n</defs>\n"

static char path[] = "/tmp/pushlab-svg-XXXXXX";

static int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

/* What becomes of it; good until the next call. */
static const char *compacted(const char *svg)
{
	static char text[4096];
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(svg, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(svg_compact(path), 0);
	file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static void test_a_style_that_is_repeated_is_said_once_around_all(void **state)
{
	(void)state;
	assert_string_equal(
	        compacted(HEAD POINTS "<g " STYLE ">\n\t<path stroke='rgb(119, 119, 119)'  "
	                              "d='M1,2 L3,4  '/></g>\n<g " STYLE ">\n</g>\n"
	                              "<g stroke=\"none\" fill=\"rgb(34,34,34)\" " FONT "  "
	                              "text-anchor=\"end\">\n\t\t<text>a  b</text>\n\t</g>\n"
	                              "</g>\n</svg>\n"),
	        "<svg>\n<g id=\"gnuplot_canvas\">\n<rect x=\"0\" y=\"0\" fill=\"#ffffff\"/>\n"
	        "<g " STYLE " " FONT " >\n"
	        "<g>\n<path stroke='#777'  d='M1,2 L3,4'/></g>\n"
	        "<g stroke=\"none\" fill=\"#222\"  text-anchor=\"end\">\n<text>a  b</text></g>"
	        "</g>\n</g>\n</svg>\n");
}

/* Level, with a tenth of a pixel of noise, up, and back. */
static void test_points_of_a_curve_that_are_on_a_line_are_left_out(void **state)
{
	const char *text = compacted(
	        HEAD POINTS
	        "<g " STYLE ">\n<path d='M0.00,10.00 L7.00,10.00 L14.00,10.10 L21.00,9.90 "
	        "L28.00,10.00 L35.00,4.00 L42.00,4.00 L42.00,2.00 \nL42.00,1.00 L30.00,1.00 "
	        "L20.00,1.00 M1.00,1.00 L1.00,2.00  '/></g>\n<use xlink:href='#gpPt0'/>\n"
	        "</g>\n</svg>\n");

	(void)state;
	assert_non_null(strstr(text, " d='M0.00,10.00 L28.00,10.00 L35.00,4.00 L42.00,4.00 "
	                             "L42.00,2.00 \nL42.00,1.00 L30.00,1.00 L20.00,1.00 "
	                             "M1.00,1.00 L1.00,2.00'/>"));
	assert_non_null(strstr(text, "d='M-1,0 h2'"));
}

/* A point that is left out lies beside the line, however many are. */
static void test_a_gentle_curve_keeps_its_shape(void **state)
{
	char svg[4096] = HEAD POINTS "<g " STYLE ">\n<path d='";
	const char *text;
	double y = 0, x = 0;
	int kept = 0, bytes;

	(void)state;
	for (int i = 0; i <= 100; i++)
		sprintf(svg + strlen(svg), "%c%d.00,%.2f ", i ? 'L' : 'M', i, i * i / 100.);
	strcat(svg, "'/></g>\n</g>\n</svg>\n");
	text = strstr(compacted(svg), "d='M") + strlen("d='");
	for (; sscanf(text, "%*1[ML]%lf,%lf %n", &x, &y, &bytes) == 2; text += bytes) {
		double next_x, next_y;

		kept++;
		if (sscanf(text + bytes, "L%lf,%lf", &next_x, &next_y) != 2)
			break;
		for (int at = (int)x; at <= (int)next_x; at++)
			assert_true(fabs(y + (next_y - y) * (at - x) / (next_x - x) -
			                 at * at / 100.) <= 0.26); /* two decimals */
	}
	assert_true(x == 100 && y == 100);
	assert_in_range(kept, 8, 20);
}

static void test_points_that_are_used_stay_defined(void **state)
{
	const char *text = compacted(HEAD POINTS "<g " STYLE ">\n<use xlink:href='#gpPt0'/></g>\n"
	                                         "</g>\n</svg>\n");

	(void)state;
	assert_non_null(strstr(text, "<path id='gpPt0'"));
	assert_non_null(strstr(text, "</defs>\n<g " STYLE));
}

static void test_what_is_not_gnuplot_s_stays_as_it_is(void **state)
{
	static const char *const others[] = {"<svg>\n\n</svg>\n",
	                                     HEAD POINTS "<g>\n\t<path/>\n</g>\n</g>\n</svg>\n",
	                                     HEAD "<g " STYLE ">\n\t<path/>\n</g>\n</g>\n</svg>\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_string_equal(compacted(others[i]), others[i]);
}

static void test_a_file_that_is_not_there_is_reported(void **state)
{
	(void)state;
	assert_int_equal(svg_compact("/no/such.svg"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(
	                test_a_style_that_is_repeated_is_said_once_around_all, setup, teardown),
	        cmocka_unit_test_setup_teardown(
	                test_points_of_a_curve_that_are_on_a_line_are_left_out, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_gentle_curve_keeps_its_shape, setup,
	                                        teardown),
	        cmocka_unit_test_setup_teardown(test_points_that_are_used_stay_defined, setup,
	                                        teardown),
	        cmocka_unit_test_setup_teardown(test_what_is_not_gnuplot_s_stays_as_it_is, setup,
	                                        teardown),
	        cmocka_unit_test(test_a_file_that_is_not_there_is_reported),
	};

	return cmocka_run_group_tests_name("svg", tests, NULL, NULL);
}
