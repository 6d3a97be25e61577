/**
 * @file tests/unit/channel/test_rate.c  Buckets of tokens
 */
#include <string.h>
#include <re.h>
#include "channel/core.h"
#include "channel/rate.h"
#include "tests/unit/suite.h"

/* So slow that nothing comes back while a test runs */
static struct service svc;
static struct rates *rates;
static struct rate_user *ada;


static void up(void)
{
	memset(&svc, 0, sizeof(svc));
	svc.set.rate_endpoint = 50;
	svc.set.rate[RATE_COMMAND] = (struct rate_limit){ 1, 100 };
	svc.set.rate[RATE_SEARCH] = (struct rate_limit){ 1, 4 };
	ck_assert_int_eq(rates_alloc(&rates, &svc), 0);
	ck_assert_int_eq(rate_user_get(&ada, rates, "sip:ada@x"), 0);
}


static void down(void)
{
	mem_deref(ada);
	mem_deref(rates);
}


static uint32_t take(struct rate_buckets *ep, uint32_t commands,
		     uint32_t searches)
{
	const uint32_t cost[RATE_KINDS] = {
		[RATE_COMMAND] = commands, [RATE_SEARCH] = searches,
	};
	enum rate_kind kind;

	return rate_take(rates, ada, ep, cost, &kind);
}


START_TEST(a_bucket_gives_what_is_in_it)
{
	int i;

	for (i = 0; i < 10; i++)
		ck_assert_uint_eq(take(NULL, 10, 0), 0);
	ck_assert_uint_gt(take(NULL, 1, 0), 0);
}
END_TEST


START_TEST(an_endpoint_has_its_part_and_the_user_the_rest)
{
	struct rate_buckets one = { .refused = 0 }, other = { .refused = 0 };

	ck_assert_uint_eq(take(&one, 50, 0), 0);
	ck_assert_uint_gt(take(&one, 1, 0), 0);
	ck_assert_uint_eq(one.refused, 1);
	ck_assert_uint_eq(take(&other, 50, 0), 0);
	ck_assert_uint_gt(take(NULL, 1, 0), 0);
}
END_TEST


START_TEST(all_kinds_are_paid_or_none)
{
	int i;

	for (i = 0; i < 4; i++)
		ck_assert_uint_eq(take(NULL, 10, 1), 0);
	for (i = 0; i < 20; i++)
		ck_assert_uint_gt(take(NULL, 10, 1), 0);
	/* the refused ones took no commands away */
	ck_assert_uint_eq(take(NULL, 60, 0), 0);
}
END_TEST


START_TEST(more_than_a_bucket_holds_is_all_of_it)
{
	ck_assert_uint_eq(take(NULL, 100000, 0), 0);
	ck_assert_uint_gt(take(NULL, 1, 0), 0);
}
END_TEST


START_TEST(a_debt_has_to_be_paid_and_has_an_end)
{
	int i;

	svc.set.rate[RATE_COMMAND] = (struct rate_limit){ 600, 10 };
	for (i = 0; i < 1000; i++)
		rate_charge(rates, ada, NULL, RATE_COMMAND, 50);
	ck_assert_uint_gt(take(NULL, 1, 0), 10);
	ck_assert_uint_lt(take(NULL, 1, 0), 30);
}
END_TEST


START_TEST(without_a_rate_there_is_no_limit)
{
	int i;

	svc.set.rate[RATE_COMMAND].per_min = 0;
	for (i = 0; i < 1000; i++)
		ck_assert_uint_eq(take(NULL, 1000, 0), 0);
}
END_TEST


START_TEST(who_comes_back_finds_what_was_left)
{
	struct rate_user *again;

	ck_assert_uint_eq(take(NULL, 100, 0), 0);
	ada = mem_deref(ada);
	ck_assert_int_eq(rate_user_get(&again, rates, "sip:ada@x"), 0);
	ada = again;
	ck_assert_uint_gt(take(NULL, 1, 0), 0);
}
END_TEST


static Suite *channel_rate_suite(void)
{
	Suite *suite = suite_create("channel_rate");
	TCase *tc = tcase_create("rate");

	tcase_add_checked_fixture(tc, up, down);
	tcase_add_test(tc, a_bucket_gives_what_is_in_it);
	tcase_add_test(tc, an_endpoint_has_its_part_and_the_user_the_rest);
	tcase_add_test(tc, all_kinds_are_paid_or_none);
	tcase_add_test(tc, more_than_a_bucket_holds_is_all_of_it);
	tcase_add_test(tc, a_debt_has_to_be_paid_and_has_an_end);
	tcase_add_test(tc, without_a_rate_there_is_no_limit);
	tcase_add_test(tc, who_comes_back_finds_what_was_left);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(channel_rate_suite)
