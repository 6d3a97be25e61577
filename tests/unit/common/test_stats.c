/**
 * @file tests/unit/common/test_stats.c  Counters, by table
 */
#include <signal.h>
#include <string.h>
#include <re.h>
#include "common/stats.h"
#include "tests/unit/suite.h"


static uint64_t posts = 7, rooms = 3, dialogs = 1;

static const struct stats_row roomv[] = {
	{ "test_posts", &posts, false, "Posts stored" },
	{ "test_rooms", &rooms, true,  "Rooms open"   },
};

static const struct stats_row sipv[] = {
	{ "test_dialogs", &dialogs, true, "Dialogs" },
};

struct seen {
	char names[128];
	uint64_t sum;
	unsigned gauges;
};


static void row_handler(const struct stats_row *row, void *arg)
{
	struct seen *seen = arg;

	/* the modules of the program have tables of their own */
	if (strncmp(row->name, "test_", 5))
		return;

	strcat(seen->names, row->name);
	strcat(seen->names, " ");
	seen->sum += *row->value;
	seen->gauges += row->gauge;
}


START_TEST(all_tables_are_walked_in_order)
{
	struct seen seen = {0};

	stats_register(roomv, ARRAY_SIZE(roomv));
	stats_register(sipv, ARRAY_SIZE(sipv));
	stats_apply(row_handler, &seen);

	ck_assert_str_eq(seen.names, "test_posts test_rooms test_dialogs ");
	ck_assert_uint_eq(seen.sum, 11);
	ck_assert_uint_eq(seen.gauges, 2);
}
END_TEST


START_TEST(a_table_registered_twice_counts_once)
{
	struct seen seen = {0};

	stats_register(sipv, ARRAY_SIZE(sipv));
	stats_register(sipv, ARRAY_SIZE(sipv));
	++dialogs;
	stats_apply(row_handler, &seen);

	ck_assert_str_eq(seen.names, "test_dialogs ");
	ck_assert_uint_eq(seen.sum, 2);
}
END_TEST


START_TEST(a_table_too_many_is_a_bug)
{
	static const struct stats_row manyv[65];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(manyv); i++)
		stats_register(&manyv[i], 1);
}
END_TEST


static Suite *stats_suite(void)
{
	Suite *suite = suite_create("stats");
	TCase *tc = tcase_create("stats");

	tcase_add_test(tc, all_tables_are_walked_in_order);
	tcase_add_test(tc, a_table_registered_twice_counts_once);
	tcase_add_test_raise_signal(tc, a_table_too_many_is_a_bug, SIGABRT);
	suite_add_tcase(suite, tc);

	return suite;
}


TEST_SUITE(stats_suite)
