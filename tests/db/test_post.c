/**
 * @file tests/db/test_post.c  Messages: stored in batches, read, forgotten
 */
#include <stdio.h>
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/db.h"
#include "tests/db/ask.h"
#include "tests/support/store.h"
#include "tests/support/wait.h"
#include "tests/unit/suite.h"

enum {
	AUTHOR     = 50,
	BATCH_MAX  = 16,
	INSTANCE   = 7,
	LEASE      = 70,         /* its lease's own number */
	SESSION    = 700,
	ROOMS      = 4,          /* of a test, the last without history */
	BOTH_TIMES = 300,
};

/* Ascending, as post_batch() asks for; the last keeps no history */
static int64_t roomv[ROOMS];
static int64_t batches;

/* What the store says of a room: channel/fence.h */
enum { STORED = 0, CLOSED = 1, STALE = 2, ENDED = 3, CLOCK = 4 };


static void suite_setup(void)
{
	ask_begin();
	ask_do("INSERT INTO principal (principal_id, kind, key, name, display)"
	       " VALUES (%d, 5, 'sip:a@example.net', 'sip:a@example.net',"
	       " 'Ann')", AUTHOR);
	ask_do("INSERT INTO category (category_id, name, history) VALUES"
	       " (1, 'Kept', true), (2, 'Forgotten', false)");
	ask_do("INSERT INTO instance (instance_id, name, bus_endpoint, bus_key,"
	       " state, lease, lease_until) VALUES (%d, 'one', '', '',"
	       " 'ready', %d, 'infinity')", INSTANCE, LEASE);
}


static void setup(void)
{
	int i;

	ask_setup();
	ask_do("DELETE FROM message; DELETE FROM room;"
	       " UPDATE category SET history = category_id = 1");

	for (i = 0; i < ROOMS; i++)
		roomv[i] = ask_number("INSERT INTO room (category_id, name)"
				      " VALUES (%d, 'Room %d')"
				      " RETURNING room_id",
				      i == ROOMS - 1 ? 2 : 1, i);
}


/* The generations that a batch was checked with: those of now, less what a test
   has them stale by */
static int64_t stale_rights[ROOMS], stale_people;


static int64_t rights_of(int room)
{
	return ask_number("SELECT rights FROM room_head WHERE room_id = %lld",
			  (long long)roomv[room]) - stale_rights[room];
}


static int64_t people(void)
{
	return ask_number("SELECT people FROM rights") - stale_people;
}


/* One batch: arrival names a room for each message by its place in roomv,
   "0210"; each says its own place in the batch, "0", "1", ... */
static void batch_args(struct db_args *args, int64_t batch,
		       const char *arrival, int32_t flags)
{
	static char textv[BATCH_MAX][8];
	const size_t n = min(strlen(arrival), (size_t)BATCH_MAX);
	int64_t idv[ROOMS], authorv[BATCH_MAX], sessionv[BATCH_MAX];
	int64_t rightsv[ROOMS], peoplev[ROOMS];
	int32_t countv[ROOMS] = { 0 }, placev[BATCH_MAX], nthv[BATCH_MAX],
		flagv[BATCH_MAX], usedv[ROOMS] = { 0 };
	struct pl chatv[BATCH_MAX], rtfv[BATCH_MAX];
	size_t i, rooms = 0;

	for (i = 0; i < ROOMS; i++) {
		if (!strchr(arrival, '0' + (int)i))
			continue;
		rightsv[rooms] = rights_of((int)i);
		peoplev[rooms] = people();
		idv[rooms++] = roomv[i];
		usedv[i] = (int32_t)rooms;
	}
	for (i = 0; i < n; i++) {
		(void)snprintf(textv[i], sizeof(textv[i]), "%u",
			       (unsigned)i % BATCH_MAX);
		placev[i] = usedv[arrival[i] - '0'];
		nthv[i] = ++countv[placev[i] - 1];
		authorv[i] = AUTHOR;
		sessionv[i] = SESSION;
		flagv[i] = flags;
		pl_set_str(&chatv[i], textv[i]);
		rtfv[i].p = NULL;
		rtfv[i].l = 0;
	}

	db_args_init(args);
	db_int8(args, batch);
	db_int8(args, INSTANCE);
	db_int8(args, LEASE);
	db_int8v(args, idv, rooms);
	db_int4v(args, countv, rooms);
	db_int8v(args, rightsv, rooms);
	db_int8v(args, peoplev, rooms);
	db_int4v(args, placev, n);
	db_int4v(args, nthv, n);
	db_int8v(args, authorv, n);
	db_int8v(args, sessionv, n);
	db_int4v(args, flagv, n);
	db_textv(args, chatv, n);
	db_textv(args, rtfv, n);
}


static int64_t post_flags(const char *arrival, int32_t flags)
{
	struct db_args args;

	batch_args(&args, ++batches, arrival, flags);
	ck_assert_int_eq(ask("post_batch", &args), 0);

	return batches;
}


static int64_t post(const char *arrival)
{
	return post_flags(arrival, 0);
}


/* Ids and texts of a room's messages, "1 0, 2 1" */
static const char *range(int room, int64_t after, int64_t before, int limit)
{
	static char buf[1024];
	struct db_args args;
	uint32_t i;
	int n = 0;

	db_args_init(&args);
	db_int8(&args, roomv[room]);
	db_int8(&args, after);
	db_int8(&args, before);
	db_int4(&args, limit);
	ck_assert_int_eq(ask("message_range", &args), 0);

	buf[0] = '\0';
	for (i = 0; i < db_rows(ask_res()); i++) {
		struct pl chat = db_get_text(ask_res(), i, 6);

		n += re_snprintf(buf + n, sizeof(buf) - (size_t)n,
				 "%s%lld %r", i ? ", " : "",
				 (long long)db_get_int(ask_res(), i, 0),
				 &chat);
	}

	return buf;
}


static const char *stored(int room)
{
	return range(room, 0, INT64_MAX, 1000);
}


static int64_t last_id(int room)
{
	return ask_number("SELECT last_id FROM room_head WHERE room_id = %lld",
			  (long long)roomv[room]);
}


START_TEST(ids_follow_each_other_in_order_of_arrival)
{
	post("000");
	ck_assert_int_eq(db_get_int(ask_res(), 0, 1), 0);
	post("00");
	ck_assert_int_eq(db_get_int(ask_res(), 0, 1), 3);

	ck_assert_str_eq(stored(0), "1 0, 2 1, 3 2, 4 0, 5 1");
	ck_assert_int_eq(last_id(0), 5);
}
END_TEST


START_TEST(each_room_of_a_batch_counts_for_itself)
{
	post("11");
	post("201021");

	ck_assert_uint_eq(db_rows(ask_res()), 3);
	ck_assert_int_eq(db_get_int(ask_res(), 0, 0), roomv[0]);
	ck_assert_int_eq(db_get_int(ask_res(), 0, 1), 0);
	ck_assert_int_eq(db_get_int(ask_res(), 1, 0), roomv[1]);
	ck_assert_int_eq(db_get_int(ask_res(), 1, 1), 2);
	ck_assert_int_eq(db_get_int(ask_res(), 2, 0), roomv[2]);
	ck_assert_int_eq(db_get_int(ask_res(), 2, 1), 0);

	ck_assert_str_eq(stored(0), "1 1, 2 3");
	ck_assert_str_eq(stored(1), "1 0, 2 1, 3 2, 4 5");
	ck_assert_str_eq(stored(2), "1 0, 2 4");
}
END_TEST


static const char *const closedv[] = {
	"UPDATE room SET disabled = true WHERE room_id = %lld",
	"UPDATE room SET deleted_at = now() WHERE room_id = %lld",
	"DELETE FROM room WHERE room_id = %lld",
};


START_TEST(a_closed_room_is_refused_and_its_neighbours_are_stored)
{
	char sql[128];

	post("012");
	(void)snprintf(sql, sizeof(sql), closedv[_i], (long long)roomv[1]);
	ask_do("%s", sql);
	post("10120");

	ck_assert_uint_eq(db_rows(ask_res()), 3);
	ck_assert_int_eq(db_get_int(ask_res(), 0, 1), 1);
	ck_assert(db_isnull(ask_res(), 1, 1));
	ck_assert_int_eq(db_get_int(ask_res(), 2, 1), 1);

	ck_assert_str_eq(stored(0), "1 0, 2 1, 3 4");
	ck_assert_str_eq(stored(1), "1 1");
	ck_assert_str_eq(stored(2), "1 2, 2 3");
}
END_TEST


START_TEST(a_room_that_opens_again_goes_on_counting)
{
	post("00");
	ask_do("UPDATE room SET disabled = true");
	post("0");
	ask_do("UPDATE room SET disabled = false");
	post("0");

	ck_assert_str_eq(stored(0), "1 0, 2 1, 3 0");
}
END_TEST


/* Is somebody waiting for a lock? */
static bool waits(PGconn *pg)
{
	PGresult *res = PQexec(pg, "SELECT FROM pg_locks WHERE NOT granted");
	const bool yes = PQntuples(res) > 0;

	PQclear(res);

	return yes;
}


static void refused_handler(int err, const struct db_res *res, void *arg)
{
	ck_assert_int_eq(err, 0);
	*(int *)arg = db_isnull(res, 0, 1) ? 1 : 0;
	wait_poke();
}


static bool is_known(void *arg)
{
	return *(int *)arg >= 0;
}


START_TEST(a_post_that_meets_the_closing_of_its_room_is_refused)
{
	const uint64_t limit = tmr_jiffies() + ASK_LIMIT_MS;
	PGconn *pg = PQconnectdb(store_conninfo(ask_store()));
	struct db_args args;
	int refused = -1;

	PQclear(PQexec(pg, "BEGIN"));
	PQclear(PQexec(pg, "UPDATE room SET disabled = true"));
	batch_args(&args, ++batches, "0", 0);
	ck_assert_int_eq(db_exec(ask_db(), "post_batch", &args,
				 refused_handler, &refused), 0);
	while (!waits(pg))
		ck_assert_uint_lt(tmr_jiffies(), limit);
	PQclear(PQexec(pg, "COMMIT"));
	PQfinish(pg);

	ck_assert_int_eq(wait_for(is_known, &refused, ASK_LIMIT_MS), 0);
	ck_assert_int_eq(refused, 1);
	ck_assert_str_eq(stored(0), "");
}
END_TEST


START_TEST(a_batch_that_fails_takes_no_ids)
{
	struct db_args args;

	ask_do("ALTER TABLE message ADD CONSTRAINT test CHECK (chat <> '2')");
	batch_args(&args, ++batches, "0012", 0);
	ck_assert_int_eq(ask("post_batch", &args), EPERM);
	ask_do("ALTER TABLE message DROP CONSTRAINT test");
	post("01");

	ck_assert_str_eq(stored(0), "1 0");
	ck_assert_str_eq(stored(1), "1 1");
}
END_TEST


START_TEST(time_never_goes_back)
{
	int64_t ahead;

	post("01");
	ask_do("UPDATE room_head SET last_ts = clock_timestamp() + interval"
	       " '1 s' WHERE room_id = %lld", (long long)roomv[0]);
	ahead = ask_number("SELECT (extract(epoch FROM last_ts) * 1000000)"
			   "::bigint FROM room_head WHERE room_id = %lld",
			   (long long)roomv[0]);
	post("0011");

	ck_assert_int_eq(db_get_time(ask_res(), 0, 2), ahead);
	ck_assert_int_eq(db_get_int(ask_res(), 0, 3), STORED);
	ck_assert_int_lt(db_get_time(ask_res(), 1, 2), ahead);
}
END_TEST


/* The store's clock was an hour ahead, and is right again */
START_TEST(a_room_does_not_stay_in_the_future)
{
	post("01");
	ask_do("UPDATE room_head SET last_ts = clock_timestamp() + interval"
	       " '1 h' WHERE room_id = %lld", (long long)roomv[0]);
	post("0011");
	ck_assert_int_eq(db_get_int(ask_res(), 0, 3), CLOCK);
	ck_assert_int_eq(db_get_int(ask_res(), 1, 3), STORED);
	post("0");
	ck_assert_int_eq(db_get_int(ask_res(), 0, 3), STORED);

	ck_assert_int_eq(ask_number(
		"SELECT count(*) FROM message WHERE"
		" abs(extract(epoch FROM clock_timestamp() - ts)) < 60"), 7);
	ck_assert_int_eq(ask_number(
		"SELECT count(*) FROM message a JOIN message b ON b.room_id ="
		" a.room_id AND b.msg_id = a.msg_id + 1 WHERE b.ts < a.ts"),
			 0);
}
END_TEST


START_TEST(the_time_that_is_answered_is_the_time_that_is_stored)
{
	post("0011");

	for (uint32_t i = 0; i < 2; i++)
		ck_assert_int_eq(ask_number(
			"SELECT count(*) FROM message WHERE room_id = %lld"
			" AND (extract(epoch FROM ts) * 1000000)::bigint ="
			" %lld", (long long)roomv[i],
			(long long)db_get_time(ask_res(), i, 2)), 2);
}
END_TEST


static int64_t flags(int room)
{
	return ask_number("SELECT flags FROM message WHERE room_id = %lld"
			  " ORDER BY msg_id DESC", (long long)roomv[room]);
}


START_TEST(messages_of_a_room_without_history_are_flagged_8)
{
	post("03");
	ck_assert_int_eq(flags(0), 0);
	ck_assert_int_eq(flags(3), 8);

	post_flags("03", 1);
	ck_assert_int_eq(flags(0), 1);
	ck_assert_int_eq(flags(3), 8 | 1);
}
END_TEST


START_TEST(a_room_follows_its_category_into_history_and_out)
{
	ask_do("UPDATE category SET history = NOT history");
	post("03");
	ck_assert_int_eq(flags(0), 8);
	ck_assert_int_eq(flags(3), 0);

	ask_do("UPDATE room SET category_id = 2 WHERE room_id = %lld",
	       (long long)roomv[0]);
	post("0");
	ck_assert_int_eq(flags(0), 0);
}
END_TEST


static void forget(void)
{
	struct db_args args;

	db_args_init(&args);
	db_int4(&args, 300);
	ck_assert_int_eq(ask("message_forget", &args), 0);
}


START_TEST(only_what_is_not_kept_is_forgotten_and_only_after_its_time)
{
	post("0303");
	ask_do("UPDATE message SET ts = now() - interval '301 s'"
	       " WHERE msg_id = 1");
	ask_do("UPDATE message SET ts = now() - interval '200 s'"
	       " WHERE msg_id = 2");
	forget();

	ck_assert_str_eq(stored(0), "1 0, 2 2");
	ck_assert_str_eq(stored(3), "2 3");
}
END_TEST


START_TEST(what_is_not_kept_is_kept_while_a_hold_says_so)
{
	post("3");
	ask_do("UPDATE message SET ts = now() - interval '301 s'"
	       " WHERE room_id = %lld", (long long)roomv[3]);
	ask_do("INSERT INTO hold (name, room_id, set_by)"
	       " VALUES ('forget', %lld, 'x')", (long long)roomv[3]);
	forget();
	ck_assert_str_eq(stored(3), "1 0");

	ask_do("DELETE FROM hold");
	forget();
	ck_assert_str_eq(stored(3), "");
}
END_TEST


/* The base id that post_outcome() tells for the first rooms; -1: NULL */
static void outcome(int64_t basev[2], int64_t batch, int64_t after)
{
	const int64_t afterv[2] = { after, after };
	struct db_args args;
	uint32_t i;

	db_args_init(&args);
	db_int8(&args, batch);
	db_int8v(&args, roomv, 2);
	db_int8v(&args, afterv, 2);
	ck_assert_int_eq(ask("post_outcome", &args), 0);

	ck_assert_uint_eq(db_rows(ask_res()), 2);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(db_get_int(ask_res(), i, 0), roomv[i]);
		basev[i] = db_isnull(ask_res(), i, 1) ? -1 :
			   db_get_int(ask_res(), i, 1);
	}
}


START_TEST(the_outcome_of_a_stored_batch_is_what_it_answered)
{
	int64_t batch, tsv[2], basev[2];

	post("0001");
	batch = post("1001");
	tsv[0] = db_get_time(ask_res(), 0, 2);
	tsv[1] = db_get_time(ask_res(), 1, 2);
	post("01");

	outcome(basev, batch, 0);
	ck_assert_int_eq(basev[0], 3);
	ck_assert_int_eq(basev[1], 1);
	ck_assert_int_eq(db_get_time(ask_res(), 0, 2), tsv[0]);
	ck_assert_int_eq(db_get_time(ask_res(), 1, 2), tsv[1]);

	outcome(basev, batch, 1);
	ck_assert_int_eq(basev[0], 3);
}
END_TEST


START_TEST(the_outcome_of_a_batch_that_was_not_stored_is_null)
{
	int64_t basev[2];

	post("01");
	outcome(basev, batches + 1, 0);
	ck_assert_int_eq(basev[0], -1);
	ck_assert_int_eq(basev[1], -1);
}
END_TEST


static void lost_handler(int err, const struct db_res *res, void *arg)
{
	int *told = arg;

	*told = err;
}


/* As a process that lost its connection does: end what may still be at work,
   look, and send it again */
START_TEST(a_batch_whose_backend_still_waited_is_stored_once)
{
	const uint64_t limit = tmr_jiffies() + ASK_LIMIT_MS;
	PGconn *pg = PQconnectdb(store_conninfo(ask_store()));
	struct db *lost = ask_connect();
	const int32_t pid = db_backend(lost);
	const int64_t batch = ++batches;
	struct db_args args;
	int64_t basev[2];
	int told = 0;

	PQclear(PQexec(pg, "BEGIN"));
	PQclear(PQexec(pg, "UPDATE room_head SET open = open"));
	batch_args(&args, batch, "01", 0);
	ck_assert_int_eq(db_exec(lost, "post_batch", &args, lost_handler,
				 &told), 0);
	while (!waits(pg))
		ck_assert_uint_lt(tmr_jiffies(), limit);
	mem_deref(lost);
	ck_assert_int_eq(told, ECANCELED);

	db_args_init(&args);
	db_int4(&args, pid);
	db_text(&args, "ask");
	ck_assert_int_eq(ask("post_abort", &args), 0);
	ck_assert(db_get_bool(ask_res(), 0, 0));
	PQclear(PQexec(pg, "COMMIT"));
	PQfinish(pg);

	outcome(basev, batch, 0);
	ck_assert_int_eq(basev[0], -1);
	batch_args(&args, batch, "01", 0);
	ck_assert_int_eq(ask("post_batch", &args), 0);
	ck_assert_int_eq(ask_number("SELECT count(*) FROM message WHERE "
				    "origin = %lld", (long long)batch), 2);
}
END_TEST


START_TEST(the_outcome_tells_a_closed_room_from_its_neighbour)
{
	int64_t batch, basev[2];

	ask_do("UPDATE room SET disabled = true WHERE room_id = %lld",
	       (long long)roomv[0]);
	post("1");
	batch = post("0101");

	outcome(basev, batch, 0);
	ck_assert_int_eq(basev[0], -1);
	ck_assert_int_eq(basev[1], 1);
}
END_TEST


START_TEST(the_last_messages_are_those_that_are_kept_newest_first)
{
	struct db_args args;

	post("00");
	ask_do("UPDATE category SET history = false");
	post("0");
	ask_do("UPDATE category SET history = true");
	post_flags("0", 1);
	ask_do("UPDATE message SET rtf = '{}' WHERE msg_id = 4");

	db_args_init(&args);
	db_int8(&args, roomv[0]);
	db_int4(&args, 2);
	ck_assert_int_eq(ask("message_last", &args), 0);

	ck_assert_uint_eq(db_rows(ask_res()), 2);
	ck_assert_int_eq(db_get_int(ask_res(), 0, 0), 4);
	ck_assert_int_eq(db_get_int(ask_res(), 1, 0), 2);
	ck_assert_str_eq(ask_rows(2, 7),
			 "1 50 sip:a@example.net Ann 0 {}, "
			 "0 50 sip:a@example.net Ann 1 -");
}
END_TEST


START_TEST(a_range_excludes_its_ends_and_begins_with_the_oldest)
{
	post("301010301");
	ck_assert_str_eq(range(0, 1, 4, 10), "2 3, 3 5");
	ck_assert_str_eq(range(0, 0, 4, 2), "1 1, 2 3");
	ck_assert_str_eq(range(0, 3, 4, 10), "");
	ck_assert_str_eq(range(3, 0, 10, 10), "1 0, 2 6");

	ck_assert_str_eq((range(3, 1, 3, 10), ask_rows(2, 7)),
			 "8 50 sip:a@example.net Ann 6 -");
}
END_TEST


START_TEST(a_message_keeps_every_character)
{
	static const char text[] = "\xf0\x9f\x90\x98 'a' \"b\" {c,d} \\ NULL\n";
	const int32_t one = 1, none = 0;
	const int64_t author = AUTHOR, session = SESSION;
	const int64_t rights = rights_of(0), all = people();
	struct pl chat, got;
	struct db_args args;

	pl_set_str(&chat, text);
	db_args_init(&args);
	db_int8(&args, ++batches);
	db_int8(&args, INSTANCE);
	db_int8(&args, LEASE);
	db_int8v(&args, roomv, 1);
	db_int4v(&args, &one, 1);
	db_int8v(&args, &rights, 1);
	db_int8v(&args, &all, 1);
	db_int4v(&args, &one, 1);
	db_int4v(&args, &one, 1);
	db_int8v(&args, &author, 1);
	db_int8v(&args, &session, 1);
	db_int4v(&args, &none, 1);
	db_textv(&args, &chat, 1);
	db_textv(&args, &chat, 1);
	ck_assert_int_eq(ask("post_batch", &args), 0);

	(void)range(0, 0, 2, 1);
	got = db_get_text(ask_res(), 0, 6);
	ck_assert_int_eq(pl_strcmp(&got, text), 0);
	got = db_get_text(ask_res(), 0, 7);
	ck_assert_int_eq(pl_strcmp(&got, text), 0);
}
END_TEST


static void stored_handler(int err, const struct db_res *res, void *arg)
{
	unsigned *good = arg;

	*good += !err && db_rows(res) == ROOMS && !db_isnull(res, 0, 1);
	wait_poke();
}


static bool both_idle(void *arg)
{
	struct db **dbv = arg;

	return !db_pending(dbv[0]) && !db_pending(dbv[1]);
}


START_TEST(two_connections_over_the_same_rooms_lose_and_repeat_no_id)
{
	static const char *const arrivalv[2] = { "01230123", "32103210" };
	struct db *dbv[2] = { ask_db(), ask_connect() };
	struct db_args args;
	unsigned good = 0, i;

	for (i = 0; i < 2 * BOTH_TIMES; i++) {
		batch_args(&args, ++batches, arrivalv[i % 2], 0);
		ck_assert_int_eq(db_exec(dbv[i % 2], "post_batch", &args,
					 stored_handler, &good), 0);
	}
	ck_assert_int_eq(wait_for(both_idle, dbv, ASK_LIMIT_MS), 0);
	mem_deref(dbv[1]);

	/* None was given up for a deadlock */
	ck_assert_uint_eq(good, 2 * BOTH_TIMES);
	for (i = 0; i < ROOMS; i++)
		ck_assert_int_eq(last_id((int)i), 2 * 2 * BOTH_TIMES);
	ck_assert_int_eq(ask_number(
		"SELECT count(*) FROM (SELECT room_id FROM message GROUP BY"
		" room_id HAVING count(*) = %d AND min(msg_id) = 1 AND"
		" max(msg_id) = %d) AS r", 4 * BOTH_TIMES, 4 * BOTH_TIMES),
			 ROOMS);
	/* A batch stays together, in its order, and time goes with the ids */
	ck_assert_int_eq(ask_number(
		"SELECT count(*) FROM message a JOIN message b ON b.room_id ="
		" a.room_id AND b.msg_id = a.msg_id + 1 WHERE b.ts < a.ts OR"
		" a.msg_id %% 2 = 1 AND (a.origin <> b.origin OR"
		" a.chat::int + %d <> b.chat::int)", ROOMS), 0);
}
END_TEST


static Suite *db_post_suite(void)
{
	Suite *suite = suite_create("db/post");
	TCase *tc = tcase_create("post");

	tcase_add_unchecked_fixture(tc, suite_setup, ask_end);
	tcase_add_checked_fixture(tc, setup, ask_teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, ids_follow_each_other_in_order_of_arrival);
	tcase_add_test(tc, each_room_of_a_batch_counts_for_itself);
	tcase_add_loop_test(
		tc, a_closed_room_is_refused_and_its_neighbours_are_stored,
		0, ARRAY_SIZE(closedv));
	tcase_add_test(tc, a_room_that_opens_again_goes_on_counting);
	tcase_add_test(tc,
		       a_post_that_meets_the_closing_of_its_room_is_refused);
	tcase_add_test(tc, a_batch_that_fails_takes_no_ids);
	tcase_add_test(tc, time_never_goes_back);
	tcase_add_test(tc, a_room_does_not_stay_in_the_future);
	tcase_add_test(tc,
		       the_time_that_is_answered_is_the_time_that_is_stored);
	tcase_add_test(tc, messages_of_a_room_without_history_are_flagged_8);
	tcase_add_test(tc, a_room_follows_its_category_into_history_and_out);
	tcase_add_test(
		tc, only_what_is_not_kept_is_forgotten_and_only_after_its_time);
	tcase_add_test(tc, what_is_not_kept_is_kept_while_a_hold_says_so);
	tcase_add_test(tc, the_outcome_of_a_stored_batch_is_what_it_answered);
	tcase_add_test(tc, a_batch_whose_backend_still_waited_is_stored_once);
	tcase_add_test(tc,
		       the_outcome_of_a_batch_that_was_not_stored_is_null);
	tcase_add_test(tc,
		       the_outcome_tells_a_closed_room_from_its_neighbour);
	tcase_add_test(tc,
		       the_last_messages_are_those_that_are_kept_newest_first);
	tcase_add_test(tc,
		       a_range_excludes_its_ends_and_begins_with_the_oldest);
	tcase_add_test(tc, a_message_keeps_every_character);
	tcase_add_test(
		tc, two_connections_over_the_same_rooms_lose_and_repeat_no_id);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(db_post_suite)
