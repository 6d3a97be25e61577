/**
 * @file tests/unit/channel/test_order.c  Messages of a room in one row
 */
#include <errno.h>
#include <check.h>
#include <re.h>
#include "channel/message.h"
#include "channel/order.h"
#include "tests/unit/suite.h"

static struct order order;
static int64_t outv[64];
static size_t outc;


static bool failing;


static int out(const struct message *msg, void *arg)
{
	(void)arg;

	if (failing)
		return ENOMEM;
	outv[outc++] = msg->id;

	return 0;
}


static int push(int64_t id)
{
	const struct message from = { .id = id };
	struct message *msg;
	int err;

	ck_assert_int_eq(message_dup(&msg, &from), 0);
	err = order_push(&order, msg, out, NULL);
	mem_deref(msg);

	return err;
}


static void setup(void)
{
	outc = 0;
	failing = false;
	order_init(&order, 10);
}


static void teardown(void)
{
	order_flush(&order);
}


START_TEST(messages_in_order_go_out_at_once)
{
	ck_assert_int_eq(push(11), 0);
	ck_assert_int_eq(push(12), 0);
	ck_assert_uint_eq(outc, 2);
	ck_assert_int_eq(order.last, 12);
}
END_TEST


START_TEST(what_went_out_before_does_not_go_out_again)
{
	ck_assert_int_eq(push(10), EALREADY);
	ck_assert_int_eq(push(11), 0);
	ck_assert_int_eq(push(11), EALREADY);
	ck_assert_uint_eq(outc, 1);
}
END_TEST


START_TEST(early_messages_wait_and_follow_in_order)
{
	ck_assert_int_eq(push(14), EAGAIN);
	ck_assert_int_eq(push(12), EAGAIN);
	ck_assert_int_eq(push(13), EAGAIN);
	ck_assert_int_eq(push(13), EALREADY);
	ck_assert_int_eq(order_held(&order), 12);
	ck_assert_uint_eq(outc, 0);

	ck_assert_int_eq(push(11), 0);
	ck_assert_uint_eq(outc, 4);
	ck_assert_int_eq(outv[0], 11);
	ck_assert_int_eq(outv[3], 14);
	ck_assert_int_eq(order_held(&order), 0);
}
END_TEST


START_TEST(a_gap_that_does_not_exist_any_more_is_skipped)
{
	ck_assert_int_eq(push(15), EAGAIN);
	order_skip(&order, 15, out, NULL);
	ck_assert_uint_eq(outc, 1);
	ck_assert_int_eq(outv[0], 15);
	ck_assert_int_eq(push(12), EALREADY);
}
END_TEST


START_TEST(what_could_not_go_out_is_not_lost)
{
	failing = true;
	ck_assert_int_eq(push(11), EAGAIN);
	ck_assert_int_eq(push(12), EAGAIN);
	ck_assert_int_eq(order.last, 10);
	ck_assert_int_eq(order_held(&order), 11);

	/* nor by a repair that finds nothing before it */
	order_skip(&order, 11, out, NULL);
	ck_assert_int_eq(order_held(&order), 11);

	failing = false;
	if (_i)
		ck_assert_int_eq(push(11), 0);
	else
		order_skip(&order, 11, out, NULL);
	ck_assert_uint_eq(outc, 2);
	ck_assert_int_eq(outv[0], 11);
	ck_assert_int_eq(outv[1], 12);
	ck_assert_uint_eq(order.held, 0);
}
END_TEST


START_TEST(any_arrival_order_ends_in_the_same_row)
{
	static const int64_t permv[][5] = {
		{ 11, 12, 13, 14, 15 }, { 15, 14, 13, 12, 11 },
		{ 13, 11, 15, 12, 14 }, { 12, 15, 11, 14, 13 },
	};
	size_t i;

	for (i = 0; i < 5; i++)
		(void)push(permv[_i][i]);

	ck_assert_uint_eq(outc, 5);
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(outv[i], 11 + (int64_t)i);
}
END_TEST


static Suite *order_suite(void)
{
	Suite *suite = suite_create("order");
	TCase *tc = tcase_create("row");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, messages_in_order_go_out_at_once);
	tcase_add_test(tc, what_went_out_before_does_not_go_out_again);
	tcase_add_test(tc, early_messages_wait_and_follow_in_order);
	tcase_add_test(tc, a_gap_that_does_not_exist_any_more_is_skipped);
	tcase_add_loop_test(tc, what_could_not_go_out_is_not_lost, 0, 2);
	tcase_add_loop_test(tc, any_arrival_order_ends_in_the_same_row, 0, 4);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(order_suite)
