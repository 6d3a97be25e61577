/**
 * @file tests/unit/channel/test_batch.c  Which messages one commit stores
 */
#include <check.h>
#include <re.h>
#include "channel/batch.h"
#include "tests/unit/suite.h"

static struct batch batch;


START_TEST(rooms_are_locked_in_one_order_whatever_came_first)
{
	static const int64_t roomv[] = { 30, 10, 30, 20, 10 };
	uint32_t i;

	batch_group(&batch, roomv, ARRAY_SIZE(roomv));

	ck_assert_uint_eq(batch.rooms, 3);
	for (i = 1; i < batch.rooms; i++)
		ck_assert_int_lt(batch.roomv[i - 1], batch.roomv[i]);
	ck_assert_int_eq(batch.countv[0], 2);
	ck_assert_int_eq(batch.countv[1], 1);
	ck_assert_int_eq(batch.countv[2], 2);
}
END_TEST


START_TEST(messages_of_a_room_keep_their_order)
{
	static const int64_t roomv[] = { 7, 5, 7, 7, 5 };
	static const int32_t placev[] = { 2, 1, 2, 2, 1 };
	static const int32_t nthv[] = { 1, 1, 2, 3, 2 };
	size_t i;

	batch_group(&batch, roomv, ARRAY_SIZE(roomv));

	for (i = 0; i < ARRAY_SIZE(roomv); i++) {
		ck_assert_int_eq(batch.placev[i], placev[i]);
		ck_assert_int_eq(batch.nthv[i], nthv[i]);
	}
}
END_TEST


START_TEST(a_batch_of_one_is_a_batch)
{
	static const int64_t roomv[] = { -3 };

	batch_group(&batch, roomv, 1);

	ck_assert_uint_eq(batch.n, 1);
	ck_assert_uint_eq(batch.rooms, 1);
	ck_assert_int_eq(batch.roomv[0], -3);
	ck_assert_int_eq(batch.nthv[0], 1);
}
END_TEST


static Suite *batch_suite(void)
{
	Suite *suite = suite_create("batch");
	TCase *tc = tcase_create("group");

	tcase_add_test(tc, rooms_are_locked_in_one_order_whatever_came_first);
	tcase_add_test(tc, messages_of_a_room_keep_their_order);
	tcase_add_test(tc, a_batch_of_one_is_a_batch);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(batch_suite)
