/**
 * @file tests/unit/common/test_clock.c  Time stamps as they go over the wire
 */
#include <string.h>
#include <re.h>
#include "common/clock.h"
#include "tests/unit/suite.h"


static const struct {
	const char *ts;
	int64_t us;
} tsv[] = {
	{ "1970-01-01T00:00:00.0000000Z", 0 },
	{ "2013-05-14T14:26:17.6206350Z", 1368541577620635LL },
	{ "2024-02-29T23:59:59.9999990Z", 1709251199999999LL },
	{ "1969-12-31T23:59:59.5000000Z", -500000LL },
	{ "0001-01-01T00:00:00.0000000Z", -62135596800000000LL },
	{ "9999-12-31T23:59:59.9999990Z", 253402300799999999LL },
};


static int decode(int64_t *us, const char *text)
{
	struct pl pl;

	pl_set_str(&pl, text);

	return clock_ts_decode(us, &pl);
}


START_TEST(a_stamp_has_seven_digits_and_z)
{
	char buf[CLOCK_TS_SIZE];

	ck_assert_str_eq(clock_ts(buf, tsv[_i].us), tsv[_i].ts);
}
END_TEST


START_TEST(what_was_printed_can_be_read)
{
	int64_t us = 1;

	ck_assert_int_eq(decode(&us, tsv[_i].ts), 0);
	ck_assert_int_eq(us, tsv[_i].us);
}
END_TEST


START_TEST(years_of_five_digits_are_held_at_9999)
{
	char buf[CLOCK_TS_SIZE];

	ck_assert_str_eq(clock_ts(buf, INT64_MAX),
			 "9999-12-31T23:59:59.9999990Z");
	ck_assert_str_eq(clock_ts(buf, INT64_MIN),
			 "0001-01-01T00:00:00.0000000Z");
}
END_TEST


START_TEST(fractions_and_z_are_optional)
{
	const int64_t s = 1368541577LL * 1000000;
	int64_t us;

	ck_assert_int_eq(decode(&us, "2013-05-14T14:26:17Z"), 0);
	ck_assert_int_eq(us, s);
	ck_assert_int_eq(decode(&us, "2013-05-14T14:26:17"), 0);
	ck_assert_int_eq(us, s);
	ck_assert_int_eq(decode(&us, "2013-05-14T14:26:17.6"), 0);
	ck_assert_int_eq(us, s + 600000);
	ck_assert_int_eq(decode(&us, "2013-05-14T14:26:17.6206359Z"), 0);
	ck_assert_int_eq(us, s + 620635);
	ck_assert_int_eq(decode(&us, "2013-05-14T14:26:17.Z"), 0);
	ck_assert_int_eq(us, s);
}
END_TEST


static const char *const badv[] = {
	"", "2013", "2013-05-14", "2013-05-14 14:26:17Z",
	"2013-13-14T14:26:17Z", "2013-04-31T14:26:17Z",
	"2023-02-29T00:00:00Z", "2013-05-14T24:00:00Z",
	"2013-05-14T14:60:00Z", "2013-05-14T14:26:60Z",
	"0000-01-01T00:00:00Z", "2013-05-14T14:26:17.62063501Z",
	"2013-05-14T14:26:17ZZ", "2013-05-14T14:26:17+02:00",
	"-013-05-14T14:26:17Z", "2013-05-14T14:26:1xZ",
};


START_TEST(what_is_no_stamp_is_refused)
{
	int64_t us = 77;

	ck_assert_int_eq(decode(&us, badv[_i]), EBADMSG);
	ck_assert_int_eq(us, 77);
}
END_TEST


START_TEST(a_stamp_is_read_up_to_its_length_only)
{
	struct pl pl = PL("2013-05-14T14:26:17.6206350Z");
	int64_t us;

	pl.l = 20;
	ck_assert_int_eq(clock_ts_decode(&us, &pl), 0);
	ck_assert_int_eq(us, 1368541577000000LL);
	pl.l = 18;
	ck_assert_int_eq(clock_ts_decode(&us, &pl), EBADMSG);
}
END_TEST


START_TEST(the_clock_can_be_frozen)
{
	const int64_t now = clock_us();

	ck_assert_int_gt(now, 1700000000LL * 1000000);
	clock_set(4711);
	ck_assert_int_eq(clock_us(), 4711);
	clock_set(0);
	ck_assert_int_ge(clock_us(), now);
}
END_TEST


static Suite *clock_suite(void)
{
	Suite *suite = suite_create("clock");
	TCase *tc = tcase_create("clock");

	tcase_add_loop_test(tc, a_stamp_has_seven_digits_and_z,
			    0, ARRAY_SIZE(tsv));
	tcase_add_loop_test(tc, what_was_printed_can_be_read,
			    0, ARRAY_SIZE(tsv));
	tcase_add_test(tc, years_of_five_digits_are_held_at_9999);
	tcase_add_test(tc, fractions_and_z_are_optional);
	tcase_add_loop_test(tc, what_is_no_stamp_is_refused,
			    0, ARRAY_SIZE(badv));
	tcase_add_test(tc, a_stamp_is_read_up_to_its_length_only);
	tcase_add_test(tc, the_clock_can_be_frozen);
	suite_add_tcase(suite, tc);

	return suite;
}


TEST_SUITE(clock_suite)
