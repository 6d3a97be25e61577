/**
 * @file tests/unit/channel/test_access.c  The access table of protocol.md 6.1
 */
#include <errno.h>
#include <check.h>
#include <re.h>
#include "common/store/room.h"
#include "channel/access.h"
#include "tests/unit/suite.h"

enum who { STRANGER, IN_SCOPE, MEMBER, MANAGER, MEMBER_MANAGER, PRESENTER };

struct cell {
	enum room_privacy privacy;
	enum who who;
	int join;                /* errno                                    */
	bool find, post, present, history, manage;
};

/* Every row of the table, for a normal room (post) and an auditorium
   (present) */
static const struct cell cellv[] = {
	/* open rooms: everybody in scope */
	{ ROOM_OPEN,   STRANGER,       EACCES, 0, 0, 0, 0, 0 },
	{ ROOM_OPEN,   IN_SCOPE,       0,      1, 1, 0, 1, 0 },
	{ ROOM_OPEN,   MEMBER,         0,      1, 1, 0, 1, 0 },
	{ ROOM_OPEN,   MANAGER,        0,      1, 1, 0, 1, 1 },
	{ ROOM_OPEN,   PRESENTER,      0,      1, 1, 1, 1, 0 },
	/* closed rooms: seen by all in scope, entered by members */
	{ ROOM_CLOSED, STRANGER,       EACCES, 0, 0, 0, 0, 0 },
	{ ROOM_CLOSED, IN_SCOPE,       EACCES, 1, 0, 0, 0, 0 },
	{ ROOM_CLOSED, MEMBER,         0,      1, 1, 0, 1, 0 },
	{ ROOM_CLOSED, MANAGER,        EACCES, 1, 0, 0, 0, 1 },
	{ ROOM_CLOSED, MEMBER_MANAGER, 0,      1, 1, 0, 1, 1 },
	{ ROOM_CLOSED, PRESENTER,      0,      1, 1, 1, 1, 0 },
	/* secret rooms: strangers must not learn that they exist */
	{ ROOM_SECRET, STRANGER,       ENOENT, 0, 0, 0, 0, 0 },
	{ ROOM_SECRET, IN_SCOPE,       ENOENT, 0, 0, 0, 0, 0 },
	{ ROOM_SECRET, MEMBER,         0,      1, 1, 0, 1, 0 },
	{ ROOM_SECRET, MANAGER,        EACCES, 1, 0, 0, 0, 1 },
	{ ROOM_SECRET, MEMBER_MANAGER, 0,      1, 1, 0, 1, 1 },
	{ ROOM_SECRET, PRESENTER,      0,      1, 1, 1, 1, 0 },
};


static struct room_rec record(enum room_privacy privacy, enum who who)
{
	struct room_rec rec = {
		.privacy = privacy,
		.in_scope = who != STRANGER,
		.member = who == MEMBER || who == MEMBER_MANAGER ||
			  who == PRESENTER,
		.manager = who == MANAGER || who == MEMBER_MANAGER,
		.presenter = who == PRESENTER,
	};

	return rec;
}


START_TEST(every_cell_of_the_table_holds)
{
	const struct cell *cell = &cellv[_i];
	const struct room_rec rec = record(cell->privacy, cell->who);
	const uint32_t mask = access_mask(&rec);

	ck_assert_int_eq(access_join(&rec), cell->join);
	ck_assert_int_eq(!!(mask & ACCESS_VIEW), cell->find);
	ck_assert_int_eq(!!(mask & ACCESS_JOIN), !cell->join);
	ck_assert_int_eq(access_post(mask, false), cell->post);
	ck_assert_int_eq(access_post(mask, true), cell->present);
	ck_assert_int_eq(!!(mask & ACCESS_HISTORY), cell->history);
	ck_assert_int_eq(!!(mask & ACCESS_MANAGE), cell->manage);
}
END_TEST


START_TEST(a_deny_of_the_category_beats_every_role)
{
	struct room_rec rec = record(ROOM_CLOSED, MEMBER_MANAGER);

	rec.in_scope = false;

	ck_assert_uint_eq(access_mask(&rec), 0);
	ck_assert_int_eq(access_join(&rec), EACCES);
}
END_TEST


START_TEST(a_disabled_room_is_entered_by_nobody)
{
	struct room_rec rec = record(ROOM_CLOSED, MEMBER_MANAGER);

	rec.disabled = true;

	ck_assert_int_eq(access_join(&rec), EROFS);
	ck_assert(!access_post(access_mask(&rec), false));
	ck_assert(access_mask(&rec) & ACCESS_MANAGE);
	ck_assert(!(access_mask(&rec) & ACCESS_HISTORY));
}
END_TEST


START_TEST(a_disabled_secret_room_stays_secret)
{
	struct room_rec rec = record(ROOM_SECRET, IN_SCOPE);

	rec.disabled = true;

	ck_assert_int_eq(access_join(&rec), ENOENT);
}
END_TEST


START_TEST(sipe_knows_an_operator_by_exactly_12276)
{
	const struct room_rec member = record(ROOM_CLOSED, MEMBER);
	const struct room_rec manager = record(ROOM_CLOSED, MEMBER_MANAGER);
	const struct room_rec presenter = record(ROOM_CLOSED, PRESENTER);
	struct room_rec both = manager;

	both.presenter = true;

	ck_assert_uint_eq(access_aib(access_mask(&member)), 3456);
	ck_assert_uint_eq(access_aib(access_mask(&manager)), 12276);
	ck_assert_uint_eq(access_aib(access_mask(&presenter)), 3456 + 4096);
	ck_assert_uint_eq(access_aib(access_mask(&both)), 12276);
}
END_TEST


static Suite *access_suite(void)
{
	Suite *suite = suite_create("access");
	TCase *tc = tcase_create("table");

	tcase_add_loop_test(tc, every_cell_of_the_table_holds, 0,
			    ARRAY_SIZE(cellv));
	tcase_add_test(tc, a_deny_of_the_category_beats_every_role);
	tcase_add_test(tc, a_disabled_room_is_entered_by_nobody);
	tcase_add_test(tc, a_disabled_secret_room_stays_secret);
	tcase_add_test(tc, sipe_knows_an_operator_by_exactly_12276);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(access_suite)
