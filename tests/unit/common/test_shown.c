/**
 * @file tests/unit/common/test_shown.c  Text of others, as people see it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/shown.h"
#include "tests/unit/suite.h"

static const struct {
	const char *given, *seen;
} rowv[] = {
	{ "plain",                     "plain"              },
	{ "",                          ""                   },
	{ "a\x1b[31mb",                "a\\x1b[31mb"        },
	{ "bell\x07 cr\r",             "bell\\x07 cr\\x0d"  },
	{ "\x7f",                      "\\x7f"              },
	{ "csi \xc2\x9b" "2J",         "csi \\u{009b}2J"    },
	{ "\xe2\x80\xae" "abc",        "\\u{202e}abc"       },
	{ "\xe2\x81\xa6x\xe2\x81\xa9", "\\u{2066}x\\u{2069}" },
	{ "a\xe2\x80\x8b" "b",         "a\\u{200b}b"        },
	{ "\xef\xbb\xbf",              "\\u{feff}"          },
	{ "\xf3\xa0\x81\x81",          "\\u{e0041}"         },
	/* not UTF-8: overlong, cut short, alone */
	{ "\xc0\x9b",                  "\\xc0\\x9b"         },
	{ "\x9b" "2J",                 "\\x9b2J"            },
	{ "x\xe2\x80",                 "x\\xe2\\x80"        },
	{ "\xed\xa0\x80",              "\\u{d800}"          },
	/* what people write */
	{ "R\xc3\xa9sum\xc3\xa9 \xe6\x9d\xb1 \xf0\x9f\x91\x8d",
	  "R\xc3\xa9sum\xc3\xa9 \xe6\x9d\xb1 \xf0\x9f\x91\x8d" },
	{ "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae",
	  "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae" },
};


static void ck_line(const char *given, const char *seen)
{
	char *line = shown_line(given);

	ck_assert_str_eq(line, seen);
	mem_deref(line);
}


START_TEST(a_line_shows_what_would_move_or_hide)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rowv); i++)
		ck_line(rowv[i].given, rowv[i].seen);

	ck_line("a\nb\tc", "a\\x0ab\\x09c");
}
END_TEST


/* However the text is cut on its way */
START_TEST(a_stream_shows_the_same_in_pieces)
{
	size_t i, k, len, n;
	char *seen;

	for (i = 0; i < ARRAY_SIZE(rowv); i++) {

		for (k = 1; k <= 3; k++) {
			FILE *to = open_memstream(&seen, &n);
			FILE *f = shown_stream(to);
			const char *p = rowv[i].given;

			ck_assert_ptr_nonnull(f);
			for (; *p; p += len) {
				len = min(k, strlen(p));
				ck_assert_uint_eq(fwrite(p, 1, len, f), len);
				(void)fflush(f);
			}
			ck_assert_int_eq(fclose(f), 0);
			(void)fclose(to);
			ck_assert_str_eq(seen, rowv[i].seen);
			free(seen);
		}
	}
}
END_TEST


START_TEST(a_stream_that_cannot_write_says_so)
{
	FILE *to = fopen("/dev/full", "w");
	FILE *f = shown_stream(to);

	(void)fputs("text\n", f);
	ck_assert_int_ne(fclose(f), 0);
	(void)fclose(to);
}
END_TEST


static Suite *shown_suite(void)
{
	Suite *suite = suite_create("common/shown");
	TCase *tc = tcase_create("shown");

	tcase_add_test(tc, a_line_shows_what_would_move_or_hide);
	tcase_add_test(tc, a_stream_shows_the_same_in_pieces);
	tcase_add_test(tc, a_stream_that_cannot_write_says_so);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(shown_suite)
