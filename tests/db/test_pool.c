/**
 * @file tests/db/test_pool.c  Instances, their endpoints and the rosters
 */
#include <stdio.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "tests/db/ask.h"
#include "tests/support/wait.h"
#include "tests/unit/suite.h"

enum { ANN = 51, BEN = 52, LEASE_MS = 60000 };

static unsigned notices;


static void suite_setup(void)
{
	ask_begin();
	ask_do("INSERT INTO principal (principal_id, kind, key, name, display)"
	       " VALUES (%d, 5, 'sip:ann@x', 'sip:ann@x', 'Ann'),"
	       " (%d, 5, 'sip:ben@x', 'sip:ben@x', 'Ben');"
	       "INSERT INTO category (category_id, name) VALUES (1, 'C');"
	       "INSERT INTO room (room_id, guid, category_id, name) VALUES"
	       " (1, 'a0000000-0000-0000-0000-000000000001', 1, 'One'),"
	       " (2, 'b0000000-0000-0000-0000-000000000002', 1, 'Two'),"
	       " (3, 'c0000000-0000-0000-0000-000000000003', 1, 'Three')",
	       ANN, BEN);
}


static void setup(void)
{
	ask_setup();
	ask_do("DELETE FROM endpoint; DELETE FROM instance");
}


static void enroll(int64_t id, const char *name, int32_t lease_ms)
{
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, id);
	db_text(&args, name);
	db_text(&args, "tcp://127.0.0.1:1");
	db_text(&args, name);
	db_int4(&args, lease_ms);
	db_int8(&args, 10 * id);
	db_bool(&args, false);
	ck_assert_int_eq(ask("instance_register", &args), 0);
}


static void beat_args(struct db_args *args, int64_t id, int32_t endpoints,
		      const char *state)
{
	db_args_init(args);
	db_int8(args, id);
	db_int4(args, endpoints);
	db_text(args, state);
	db_int4(args, LEASE_MS);
	db_int8(args, 10 * id);
}


static void beat(int64_t id)
{
	struct db_args args;

	beat_args(&args, id, 0, "ready");
	ck_assert_int_eq(ask("instance_beat", &args), 0);
}


/* Whether one is told to have lapsed: "f", "t", or "-" when not listed */
static const char *lapsed(int64_t id)
{
	for (uint32_t i = 0; i < db_rows(ask_res()); i++) {
		if (db_get_int(ask_res(), i, 0) == id)
			return db_get_bool(ask_res(), i, 4) ? "t" : "f";
	}

	return "-";
}


/* A statement whose only argument is an instance */
static uint32_t of_instance(const char *stmt, int64_t id)
{
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, id);
	ck_assert_int_eq(ask(stmt, &args), 0);

	return db_rows(ask_res());
}


static void lapse(int64_t id)
{
	ask_do("UPDATE instance SET lease_until = now() - interval '1 s'"
	       " WHERE instance_id = %lld", (long long)id);
}


/* An endpoint of a user enters room 1 or, for several, rooms 1..n; the instance
   has its lease in the pool, or in a test that wants none of its own is given
   one.  The rights it was checked with are these less stale */
static void try_enter(int64_t ep, int64_t user, const char *epid,
		      int64_t instance, size_t n, int64_t stale)
{
	static const int64_t roomv[] = { 1, 2, 3 };
	static const int32_t maskv[] = { 10, 20, 30 };
	int64_t rightsv[3];
	struct db_args args;
	size_t i;

	for (i = 0; i < n; i++)
		rightsv[i] = ask_number("SELECT rights FROM room_head"
					" WHERE room_id = %d", (int)i + 1);
	rightsv[0] -= stale;

	db_args_init(&args);
	db_int8(&args, ep);
	db_int8(&args, user);
	db_text(&args, epid);
	db_int8(&args, instance);
	db_int8(&args, 10 * instance);
	db_int8v(&args, roomv, n);
	db_int4v(&args, maskv, n);
	db_int8v(&args, rightsv, n);
	db_int8(&args, ask_number("SELECT people FROM rights"));
	ck_assert_int_eq(ask("roster_add", &args), 0);
	ck_assert_uint_eq(db_rows(ask_res()), n);
}


static void enter(int64_t ep, int64_t user, const char *epid,
		  int64_t instance, size_t n)
{
	char name[16];
	size_t i;

	(void)snprintf(name, sizeof(name), "of %lld", (long long)instance);
	if (!ask_number("SELECT count(*) FROM instance WHERE instance_id ="
			" %lld", (long long)instance))
		enroll(instance, name, LEASE_MS);

	try_enter(ep, user, epid, instance, n, 0);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(db_get_int(ask_res(), (uint32_t)i, 2), 0);
}


static void end(const int64_t *byev, size_t byec, const int64_t *lostv,
		size_t lostc)
{
	struct db_args args;

	db_args_init(&args);
	db_int8v(&args, byev, byec);
	db_int8v(&args, lostv, lostc);
	ck_assert_int_eq(ask("endpoint_end", &args), 0);
}


static void bye(int64_t ep)
{
	end(&ep, 1, NULL, 0);
}


static void lose(int64_t ep)
{
	end(NULL, 0, &ep, 1);
}


/* -1: unknown, 0: waits for its client, else its instance */
static int64_t where(int64_t ep)
{
	return ask_number("SELECT CASE WHEN instance_id IS NULL THEN CASE WHEN"
			  " abs(extract(epoch FROM now() - detached_on)) < 60"
			  " THEN 0 ELSE -2 END WHEN detached_on IS NULL THEN"
			  " instance_id ELSE -3 END FROM endpoint"
			  " WHERE endpoint_id = %lld", (long long)ep);
}


static int64_t rooms_of(int64_t ep)
{
	return ask_number("SELECT count(*) FROM roster"
			  " WHERE endpoint_id = %lld", (long long)ep);
}


/* Rooms by the first letter of their GUIDs, "ab" */
static const char *waiting(int64_t user, const char *epid,
			   const int64_t *notv, size_t notc)
{
	static char letters[8];
	struct db_args args;
	bool has[16] = { false };
	size_t n = 0, i;

	db_args_init(&args);
	db_int8(&args, user);
	db_text(&args, epid);
	db_int8v(&args, notv, notc);
	ck_assert_int_eq(ask("endpoint_rooms", &args), 0);

	ck_assert_uint_lt(db_rows(ask_res()), sizeof(letters));
	for (i = 0; i < db_rows(ask_res()); i++)
		has[db_get_uuid(ask_res(), (uint32_t)i, 0)[0] >> 4] = true;
	for (i = 0; i < ARRAY_SIZE(has); i++) {
		if (has[i])
			letters[n++] = "0123456789abcdef"[i];
	}
	letters[n] = '\0';
	ck_assert_uint_eq(n, db_rows(ask_res()));

	return letters;
}


START_TEST(an_earlier_process_of_the_same_name_is_over)
{
	enroll(1, "one", LEASE_MS);
	enroll(2, "two", LEASE_MS);
	enter(11, ANN, "e", 1, 2);
	enter(12, BEN, "e", 2, 1);
	enroll(3, "one", LEASE_MS);

	beat(3);
	ck_assert_uint_eq(db_rows(ask_res()), 2);
	ck_assert_str_eq(lapsed(1), "-");
	ck_assert_str_eq(lapsed(2), "f");
	ck_assert_str_eq(lapsed(3), "f");
	ck_assert_int_eq(where(11), 0);
	ck_assert_int_eq(rooms_of(11), 2);
	ck_assert_int_eq(where(12), 2);
}
END_TEST


START_TEST(who_registers_again_keeps_its_endpoints)
{
	enroll(1, "one", LEASE_MS);
	enter(11, ANN, "e", 1, 1);
	ask_do("UPDATE instance SET state = 'draining'");
	enroll(1, "one", LEASE_MS);

	ck_assert_int_eq(where(11), 1);
	ck_assert_int_eq(ask_number("SELECT count(*) FROM instance"
				    " WHERE state = 'ready'"), 1);
}
END_TEST


START_TEST(a_beat_renews_the_lease_and_tells_load_and_state)
{
	struct db_args args;

	enroll(1, "one", LEASE_MS);
	lapse(1);
	beat_args(&args, 1, 7, "draining");
	ck_assert_int_eq(ask("instance_beat", &args), 0);

	ck_assert_str_eq(lapsed(1), "f");
	ck_assert_int_eq(ask_number(
		"SELECT endpoints FROM instance WHERE state = 'draining' AND"
		" abs(extract(epoch FROM lease_until - now()) - 60) < 30"), 7);
}
END_TEST


START_TEST(a_beat_lists_the_others_and_who_has_lapsed)
{
	enroll(1, "one", LEASE_MS);
	enroll(2, "two", LEASE_MS);
	enroll(3, "three", LEASE_MS);
	lapse(3);
	beat(1);

	ck_assert_uint_eq(db_rows(ask_res()), 3);
	ck_assert_str_eq(lapsed(1), "f");
	ck_assert_str_eq(lapsed(2), "f");
	ck_assert_str_eq(lapsed(3), "t");
	for (uint32_t i = 0; i < 3; i++) {
		struct pl key = db_get_text(ask_res(), i, 3);

		if (db_get_int(ask_res(), i, 0) == 2)
			ck_assert_int_eq(pl_strcmp(&key, "two"), 0);
	}
}
END_TEST


START_TEST(a_beat_without_a_registration_does_not_list_itself)
{
	enroll(2, "two", LEASE_MS);
	beat(1);
	ck_assert_uint_eq(db_rows(ask_res()), 1);
	ck_assert_str_eq(lapsed(2), "f");
}
END_TEST


START_TEST(an_instance_is_reaped_when_its_lease_lapsed_and_only_once)
{
	enroll(1, "one", LEASE_MS);
	enroll(2, "two", LEASE_MS);
	enter(11, ANN, "e", 1, 3);
	enter(12, BEN, "e", 2, 1);

	ck_assert_uint_eq(of_instance("instance_reap", 1), 0);
	ck_assert_int_eq(where(11), 1);

	lapse(1);
	ck_assert_uint_eq(of_instance("instance_reap", 1), 1);
	ck_assert_int_eq(db_get_int(ask_res(), 0, 0), 1);
	ck_assert_int_eq(where(11), 0);
	ck_assert_int_eq(rooms_of(11), 3);
	ck_assert_int_eq(where(12), 2);

	ck_assert_uint_eq(of_instance("instance_reap", 1), 0);
}
END_TEST


static void reaped_handler(int err, const struct db_res *res, void *arg)
{
	ck_assert_int_eq(err, 0);
	*(unsigned *)arg += db_rows(res);
	wait_poke();
}


static bool both_idle(void *arg)
{
	struct db **dbv = arg;

	return !db_pending(dbv[0]) && !db_pending(dbv[1]);
}


START_TEST(of_two_that_reap_at_once_one_is_told)
{
	struct db *dbv[2] = { ask_db(), ask_connect() };
	struct db_args args;
	unsigned told = 0, round, i;

	for (round = 0; round < 20; round++) {
		enroll(1, "one", -1000);
		for (i = 0; i < 2; i++) {
			db_args_init(&args);
			db_int8(&args, 1);
			ck_assert_int_eq(db_exec(dbv[i], "instance_reap",
						 &args, reaped_handler,
						 &told), 0);
		}
		ck_assert_int_eq(wait_for(both_idle, dbv, ASK_LIMIT_MS), 0);
		ck_assert_uint_eq(told, round + 1);
	}

	mem_deref(dbv[1]);
}
END_TEST


START_TEST(who_was_taken_for_dead_revives_its_endpoints)
{
	static const int64_t ownv[] = { 11 };
	struct db_args args;

	enroll(1, "one", LEASE_MS);
	enter(11, ANN, "e", 1, 1);
	enter(12, BEN, "e", 1, 1);
	lapse(1);
	(void)of_instance("instance_reap", 1);

	db_args_init(&args);
	db_int8(&args, 1);
	db_int8v(&args, ownv, 1);
	ck_assert_int_eq(ask("endpoint_revive", &args), 0);
	ck_assert_int_eq(where(11), 1);
	ck_assert_int_eq(where(12), 0);
}
END_TEST


START_TEST(who_leaves_leaves_its_endpoints_waiting)
{
	enroll(1, "one", LEASE_MS);
	enroll(2, "two", LEASE_MS);
	enter(11, ANN, "e", 1, 2);
	enter(12, BEN, "e", 2, 1);
	(void)of_instance("instance_leave", 1);

	ck_assert_int_eq(where(11), 0);
	ck_assert_int_eq(rooms_of(11), 2);
	ck_assert_int_eq(where(12), 2);
	ck_assert_int_eq(ask_number("SELECT sum(instance_id)"
				    " FROM instance"), 2);
}
END_TEST


static void notify_handler(const char *channel, const char *payload,
			   void *arg)
{
	(void)channel;

	if (*payload)
		*(bool *)arg = true;
	else
		++notices;
	wait_poke();
}


static bool is_true(void *arg)
{
	return *(const bool *)arg;
}


/* Notices come in the order of commits: how many before one of our own, and
   after the one of the last call? */
static unsigned notices_until_now(bool *ours)
{
	unsigned n;

	*ours = false;
	ask_do("NOTIFY pchat_pool, 'test'");
	ck_assert_int_eq(wait_for(is_true, ours, ASK_LIMIT_MS), 0);

	n = notices;
	notices = 0;

	return n;
}


START_TEST(all_are_told_who_comes_and_goes_but_not_of_beats)
{
	struct db *other = ask_connect();
	bool ours;

	ck_assert_int_eq(db_listen(other, "pchat_pool", notify_handler,
				   &ours), 0);
	/* LISTEN is under way on one connection, what follows on another */
	while (ask_number("SELECT count(*) FROM pg_stat_activity WHERE query"
			  " LIKE 'LISTEN%%' AND state = 'idle'") == 0)
		beat(9);
	(void)notices_until_now(&ours);

	enroll(1, "one", LEASE_MS);
	ck_assert_uint_eq(notices_until_now(&ours), 1);
	enroll(2, "one", LEASE_MS);
	ck_assert_uint_eq(notices_until_now(&ours), 1);
	beat(2);
	ck_assert_uint_eq(notices_until_now(&ours), 0);
	(void)of_instance("instance_leave", 2);
	ck_assert_uint_eq(notices_until_now(&ours), 1);
	mem_deref(other);
}
END_TEST


START_TEST(a_roster_shows_who_is_in_through_other_instances)
{
	static const int64_t roomv[] = { 1, 2 };
	struct db_args args;

	enter(11, ANN, "e", 1, 1);
	enter(12, BEN, "e", 2, 3);
	enter(13, ANN, "lost", 2, 3);
	lose(13);

	db_args_init(&args);
	db_int8v(&args, roomv, 2);
	db_int8(&args, 1);
	ck_assert_int_eq(ask("roster_load", &args), 0);
	ck_assert_uint_eq(db_rows(ask_res()), 2);
	ck_assert_int_eq(db_get_int(ask_res(), 0, 0) +
			 db_get_int(ask_res(), 1, 0), 3);
	ck_assert_str_eq(ask_rows(4, 6), "52 sip:ben@x Ben, 52 sip:ben@x Ben");
	for (uint32_t i = 0; i < 2; i++) {
		ck_assert_int_eq(db_get_int(ask_res(), i, 1), 12);
		ck_assert_int_eq(db_get_int(ask_res(), i, 2), 2);
		ck_assert_int_eq(db_get_int(ask_res(), i, 3),
				 10 * db_get_int(ask_res(), i, 0));
	}
}
END_TEST


START_TEST(a_roster_is_counted_without_our_own_and_the_lost)
{
	static const int64_t roomv[] = { 1, 2, 3 };
	struct db_args args;

	enter(11, ANN, "e", 1, 3);
	enter(12, BEN, "e", 2, 2);
	enter(13, BEN, "f", 3, 1);
	enter(14, ANN, "lost", 2, 3);
	lose(14);

	db_args_init(&args);
	db_int8v(&args, roomv, 3);
	db_int8(&args, 1);
	ck_assert_int_eq(ask("roster_counts", &args), 0);
	ck_assert_str_eq(ask_rows(0, 1), "1 2, 2 1, 3 0");
}
END_TEST


START_TEST(entering_twice_is_entering_once)
{
	enter(11, ANN, "e", 1, 1);
	ask_do("UPDATE roster SET mask = 99");
	enter(11, ANN, "e", 1, 2);
	ck_assert_int_eq(rooms_of(11), 2);
	ck_assert_int_eq(ask_number("SELECT sum(mask) FROM roster"), 30);
}
END_TEST


/* The rights changed between the look at them and the entry */
START_TEST(who_was_checked_with_stale_rights_does_not_enter)
{
	enroll(1, "one", LEASE_MS);
	try_enter(11, ANN, "e", 1, 2, 1);
	ck_assert_str_eq(ask_rows(0, 2), "1 0 2, 2 0 0");
	ck_assert_int_eq(rooms_of(11), 1);

	try_enter(12, ANN, "f", 1, 1, 1);
	ck_assert_int_eq(where(12), -1);
}
END_TEST


START_TEST(who_is_on_an_instance_without_a_lease_does_not_enter)
{
	enroll(1, "one", LEASE_MS);
	lapse(1);
	try_enter(11, ANN, "e", 1, 1, 0);
	ck_assert_str_eq(ask_rows(2, 2), "3");
	enroll(1, "one", LEASE_MS);
	ask_do("UPDATE instance SET lease = 99");
	try_enter(11, ANN, "e", 1, 1, 0);
	ck_assert_str_eq(ask_rows(2, 2), "3");
	ask_do("DELETE FROM instance");
	try_enter(11, ANN, "e", 1, 1, 0);
	ck_assert_str_eq(ask_rows(2, 2), "3");
	ck_assert_int_eq(where(11), -1);
}
END_TEST


START_TEST(who_enters_learns_which_message_is_the_newest)
{
	ask_do("UPDATE room_head SET last_id = 41 WHERE room_id = 1");
	enter(11, ANN, "e", 1, 2);
	ck_assert_str_eq(ask_rows(0, 2), "1 41 0, 2 0 0");
	ask_do("UPDATE room_head SET last_id = 0");
}
END_TEST


static uint32_t enroll_again(int64_t id, const char *name)
{
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, id);
	db_text(&args, name);
	db_text(&args, "tcp://127.0.0.1:1");
	db_text(&args, name);
	db_int4(&args, LEASE_MS);
	db_int8(&args, 10 * id + 1);
	db_bool(&args, true);
	ck_assert_int_eq(ask("instance_register", &args), 0);

	return db_rows(ask_res());
}


/* Two processes of one name would put each other out for ever */
START_TEST(who_comes_back_gives_way_to_a_living_process_of_its_name)
{
	enroll(2, "one", LEASE_MS);
	enter(12, BEN, "e", 2, 1);
	ck_assert_uint_eq(enroll_again(1, "one"), 0);
	ck_assert_int_eq(where(12), 2);

	lapse(2);
	ck_assert_uint_eq(enroll_again(1, "one"), 1);
	ck_assert_int_eq(where(12), 0);
	ck_assert_int_eq(ask_number("SELECT lease FROM instance"), 11);
}
END_TEST


START_TEST(leaving_a_room_leaves_the_others)
{
	struct db_args args;

	enter(11, ANN, "e", 1, 3);
	enter(12, BEN, "e", 1, 3);
	db_args_init(&args);
	db_int8v(&args, (const int64_t []){ 11 }, 1);
	db_int8v(&args, (const int64_t []){ 2 }, 1);
	ck_assert_int_eq(ask("roster_removed", &args), 0);

	ck_assert_int_eq(rooms_of(11), 2);
	ck_assert_int_eq(rooms_of(12), 3);
	ck_assert_str_eq(waiting(ANN, "e", NULL, 0), "ac");
}
END_TEST


START_TEST(a_bye_forgets_the_endpoint_and_what_waits_for_its_client)
{
	enter(11, ANN, "e", 1, 1);
	lose(11);
	enter(12, ANN, "e", 1, 1);
	enter(13, ANN, "e", 2, 1);
	enter(14, ANN, "other", 1, 1);
	lose(14);
	enter(15, BEN, "e", 1, 1);
	lose(15);
	bye(12);

	ck_assert_int_eq(where(11), -1);
	ck_assert_int_eq(where(12), -1);
	ck_assert_int_eq(rooms_of(12), 0);
	ck_assert_int_eq(where(13), 2);
	ck_assert_int_eq(where(14), 0);
	ck_assert_int_eq(where(15), 0);
}
END_TEST


START_TEST(a_lost_endpoints_rooms_wait)
{
	enter(11, ANN, "e", 1, 2);
	enter(12, BEN, "e", 1, 2);
	lose(11);

	ck_assert_int_eq(where(11), 0);
	ck_assert_int_eq(rooms_of(11), 2);
	ck_assert_int_eq(where(12), 1);
}
END_TEST


START_TEST(byes_and_losses_of_different_clients_go_together)
{
	static const int64_t byev[] = { 11, 12, 99 }, lostv[] = { 13, 14, 98 };

	enter(11, ANN, "e", 1, 1);
	enter(12, BEN, "e", 1, 1);
	enter(13, ANN, "f", 1, 1);
	enter(14, BEN, "f", 1, 1);
	end(byev, 3, lostv, 3);

	ck_assert_int_eq(where(11), -1);
	ck_assert_int_eq(where(12), -1);
	ck_assert_int_eq(where(13), 0);
	ck_assert_int_eq(where(14), 0);
}
END_TEST


START_TEST(a_client_that_returns_finds_the_rooms_of_its_other_dialogs)
{
	static const int64_t notv[] = { 12, 13 };

	enter(11, ANN, "e", 1, 2);
	lose(11);
	enter(12, ANN, "e", 1, 3);
	enter(14, ANN, "f", 1, 3);
	enter(15, BEN, "e", 1, 3);

	ck_assert_str_eq(waiting(ANN, "e", notv, 2), "ab");
	/* an old dialog may still be there; each room once */
	ck_assert_str_eq(waiting(ANN, "e", notv + 1, 1), "abc");
	ck_assert_str_eq(waiting(ANN, "g", notv, 2), "");
}
END_TEST


START_TEST(what_waited_goes_when_its_client_is_back)
{
	struct db_args args;

	enter(11, ANN, "e", 1, 1);
	enter(12, ANN, "f", 1, 1);
	enter(13, BEN, "e", 1, 1);
	end(NULL, 0, (const int64_t[]){ 11, 12, 13 }, 3);
	enter(14, ANN, "e", 2, 1);

	db_args_init(&args);
	db_int8(&args, ANN);
	db_text(&args, "e");
	db_int8(&args, 3600000);
	ck_assert_int_eq(ask("endpoint_superseded", &args), 0);
	ck_assert_int_eq(rooms_of(11), 1);      /* lost since then */

	db_args_init(&args);
	db_int8(&args, ANN);
	db_text(&args, "e");
	db_int8(&args, 0);
	ck_assert_int_eq(ask("endpoint_superseded", &args), 0);

	ck_assert_int_eq(where(11), -1);
	ck_assert_int_eq(rooms_of(11), 0);
	ck_assert_int_eq(where(12), 0);
	ck_assert_int_eq(where(13), 0);
	ck_assert_int_eq(where(14), 2);
}
END_TEST


START_TEST(who_does_not_come_back_in_time_is_forgotten)
{
	struct db_args args;

	enter(11, ANN, "e", 1, 1);
	enter(12, ANN, "f", 1, 1);
	enter(13, BEN, "e", 1, 1);
	end(NULL, 0, (const int64_t[]){ 11, 12 }, 2);
	ask_do("UPDATE endpoint SET detached_on = now() - CASE endpoint_id"
	       " WHEN 11 THEN interval '301 s' ELSE interval '40 s' END"
	       " WHERE instance_id IS NULL");

	db_args_init(&args);
	db_int4(&args, 300);
	ck_assert_int_eq(ask("endpoint_forget", &args), 0);

	ck_assert_int_eq(where(11), -1);
	ck_assert_int_eq(rooms_of(11), 0);
	ck_assert_int_eq(where(12), 0);
	ck_assert_int_eq(where(13), 1);
}
END_TEST


static Suite *db_pool_suite(void)
{
	const TTest *const testv[] = {
		an_earlier_process_of_the_same_name_is_over,
		who_registers_again_keeps_its_endpoints,
		a_beat_renews_the_lease_and_tells_load_and_state,
		a_beat_lists_the_others_and_who_has_lapsed,
		a_beat_without_a_registration_does_not_list_itself,
		an_instance_is_reaped_when_its_lease_lapsed_and_only_once,
		of_two_that_reap_at_once_one_is_told,
		who_was_taken_for_dead_revives_its_endpoints,
		who_leaves_leaves_its_endpoints_waiting,
		all_are_told_who_comes_and_goes_but_not_of_beats,
		a_roster_shows_who_is_in_through_other_instances,
		a_roster_is_counted_without_our_own_and_the_lost,
		entering_twice_is_entering_once,
		who_was_checked_with_stale_rights_does_not_enter,
		who_is_on_an_instance_without_a_lease_does_not_enter,
		who_enters_learns_which_message_is_the_newest,
		who_comes_back_gives_way_to_a_living_process_of_its_name,
		leaving_a_room_leaves_the_others,
		a_bye_forgets_the_endpoint_and_what_waits_for_its_client,
		a_lost_endpoints_rooms_wait,
		byes_and_losses_of_different_clients_go_together,
		a_client_that_returns_finds_the_rooms_of_its_other_dialogs,
		what_waited_goes_when_its_client_is_back,
		who_does_not_come_back_in_time_is_forgotten,
	};
	Suite *suite = suite_create("db/pool");
	TCase *tc = tcase_create("pool");
	size_t i;

	tcase_add_unchecked_fixture(tc, suite_setup, ask_end);
	tcase_add_checked_fixture(tc, setup, ask_teardown);
	tcase_set_timeout(tc, 30);
	for (i = 0; i < ARRAY_SIZE(testv); i++)
		tcase_add_test(tc, testv[i]);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(db_pool_suite)
