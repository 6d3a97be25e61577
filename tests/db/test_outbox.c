/**
 * @file tests/db/test_outbox.c  What becomes an event, and where events wait
 */
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/event.h"
#include "tests/db/ask.h"
#include "tests/unit/suite.h"

enum { ANN = 1001, BEN = 1002, EP_ANN = 11, EP_BEN = 12, US = 77, OTHER = 78,
       LEASE = 770 };

#define SWITCH "SELECT compliance_enable(%s)"


static void suite_setup(void)
{
	ask_begin();
	ask_do("INSERT INTO principal (principal_id, kind, key, name, display)"
	       " VALUES (%d, 5, 'sip:ann@example.net', 'sip:ann@example.net',"
	       " 'Ann'), (%d, 5, 'sip:ben@else.example',"
	       " 'sip:ben@else.example', 'Ben'),"
	       " (1003, 9, 'group:g', 'g', 'G');"
	       "INSERT INTO category (category_id, name) VALUES (1, 'C');"
	       "INSERT INTO room (room_id, guid, category_id, name) VALUES"
	       " (1, 'a0000000-0000-0000-0000-000000000001', 1, 'One'),"
	       " (2, 'b0000000-0000-0000-0000-000000000002', 1, 'Two')",
	       ANN, BEN);
}


/* On, with nothing in the outbox, and ours what this connection writes */
static void setup(void)
{
	ask_setup();
	ask_do("SELECT compliance_enable(false);"
	       "DELETE FROM endpoint; DELETE FROM instance;"
	       "INSERT INTO instance (instance_id, name, bus_endpoint, bus_key,"
	       " state, lease, lease_until) VALUES (%d, 'us', '', '',"
	       " 'ready', %d, now() + interval '1 h');"
	       "UPDATE room_head SET last_ts = '-infinity';"
	       "DELETE FROM message; SELECT compliance_enable(true);"
	       "DELETE FROM outbox; SET pchat.instance = '%d'", US, LEASE,
	       US);
}


static int64_t events(enum event_kind kind)
{
	return ask_number("SELECT count(*) FROM outbox WHERE kind = %d",
			  kind);
}


static int64_t all_events(void)
{
	return ask_number("SELECT count(*) FROM outbox");
}


/* n messages of Ann in a room, one statement */
static void post(int room, int n)
{
	ask_do("SELECT * FROM post_batch(1, ARRAY[%d], ARRAY[%d],"
	       " (SELECT array_agg(1) FROM generate_series(1, %d)),"
	       " (SELECT array_agg(i) FROM generate_series(1, %d) i),"
	       " (SELECT array_agg(%d) FROM generate_series(1, %d)),"
	       " (SELECT array_agg(0) FROM generate_series(1, %d)),"
	       " (SELECT array_agg('text ' || i) FROM"
	       "  generate_series(1, %d) i),"
	       " (SELECT array_agg(NULL::text) FROM generate_series(1, %d)))",
	       room, n, n, n, ANN, n, n, n, n);
}


static void enter(int64_t ep, int64_t user, int n)
{
	static const int64_t roomv[] = { 1, 2 };
	static const int32_t maskv[] = { 1, 1 };
	int64_t rightsv[2];
	struct db_args args;

	for (int i = 0; i < n; i++)
		rightsv[i] = ask_number("SELECT rights FROM room_head"
					" WHERE room_id = %d", i + 1);
	db_args_init(&args);
	db_int8(&args, ep);
	db_int8(&args, user);
	db_text(&args, "epid");
	db_int8(&args, US);
	db_int8(&args, LEASE);
	db_int8v(&args, roomv, (size_t)n);
	db_int4v(&args, maskv, (size_t)n);
	db_int8v(&args, rightsv, (size_t)n);
	db_int8(&args, ask_number("SELECT people FROM rights"));
	ck_assert_int_eq(ask("roster_add", &args), 0);
}


/* The next events of an instance; their JSON is given to SQL as $$..$$ */
static const char *next(int64_t instance, int32_t most, int64_t bytes)
{
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, instance);
	db_int8(&args, 0);
	db_int8v(&args, NULL, 0);
	db_int4(&args, most);
	db_int8(&args, bytes);
	ck_assert_int_eq(ask("outbox_next", &args), 0);

	return db_get_text(ask_res(), 0, 1).p;
}


/* What an SQL expression over array j makes of the next events */
#define of_next(expr) \
	ask_number("SELECT " expr " FROM (SELECT " WHOLE_EVENTS("b.b")        \
		   " AS j FROM (SELECT $x$%s$x$::jsonb) AS b (b)) AS x",        \
		   next(US, 500, 1 << 20))


START_TEST(while_it_is_off_nothing_is_written)
{
	ask_do(SWITCH, "false");
	ask_do("DELETE FROM outbox");
	enter(EP_ANN, ANN, 2);
	post(1, 3);
	ask_do("UPDATE room SET description = 'x' WHERE room_id = 1;"
	       "SELECT event_emit(2::smallint, 1, NULL, %d, NULL, '{}');"
	       "INSERT INTO admin_audit (actor, action, object)"
	       " VALUES ('me', 'do', 'it'); DELETE FROM endpoint", ANN);
	ck_assert_int_eq(all_events(), 0);
	ck_assert_int_eq(ask_number("SELECT count(*) FROM pg_trigger WHERE "
			"tgname LIKE 'compliance%%' AND tgenabled <> 'D'"),
			0);
}
END_TEST


START_TEST(every_message_is_an_event_with_its_room_and_author)
{
	post(1, 150);
	post(2, 1);
	ck_assert_int_eq(of_next("jsonb_array_length(j)"), 151);
	ck_assert_int_eq(of_next("(SELECT count(DISTINCT e->>'id') FROM "
				 "jsonb_array_elements(j) e)"), 151);
	ck_assert_int_eq(of_next("(SELECT count(*) FROM jsonb_array_elements"
		"(j) e WHERE (e->>'kind')::int = 1 AND e->'user'->>'uri' = "
		"'sip:ann@example.net' AND e->'room'->>'category' = 'C' AND "
		"(e->'user'->>'internal')::boolean AND "
		"e->>'chat' LIKE 'text %%' AND NOT e ? 'rtf')"), 151);
	ck_assert_int_eq(of_next("(SELECT count(*) FROM jsonb_array_elements"
		"(j) e JOIN message m ON m.msg_id = (e->>'msg_id')::bigint "
		"AND timestamptz 'epoch' + (e->>'ts')::bigint * interval "
		"'1 us' = m.ts JOIN room r USING (room_id) "
		"WHERE r.guid::text = e->'room'->>'id')"), 151);
}
END_TEST


START_TEST(a_text_that_changes_before_it_is_pushed_is_told_as_it_was)
{
	post(1, 3);
	ask_do("UPDATE message SET chat = 'gone', flags = flags | 4 "
	       "WHERE msg_id = (SELECT max(msg_id) FROM message);"
	       "DELETE FROM message "
	       "WHERE msg_id = (SELECT min(msg_id) FROM message)");
	ck_assert_int_eq(of_next("(SELECT count(DISTINCT e->>'chat') FROM "
		"jsonb_array_elements(j) e WHERE e->>'chat' IN ('text 1',"
		" 'text 2', 'text 3'))"), 3);
	ck_assert_int_eq(of_next("jsonb_array_length(j)"), 3);
}
END_TEST


START_TEST(what_waits_when_it_is_switched_off_keeps_its_text)
{
	post(1, 3);
	ask_do(SWITCH, "false");
	ask_do("DELETE FROM message");
	ck_assert_int_eq(of_next("(SELECT count(DISTINCT e->>'chat') FROM "
		"jsonb_array_elements(j) e WHERE e->>'chat' LIKE 'text %%')"),
		3);
}
END_TEST


START_TEST(imported_messages_are_no_events)
{
	ask_do("BEGIN; SET LOCAL pchat.import = 'on';"
	       "INSERT INTO message (room_id, msg_id, author_id, ts, origin,"
	       " chat) VALUES (1, 100000, %d, now(), 1, 'old'); COMMIT", ANN);
	ck_assert_int_eq(all_events(), 0);
}
END_TEST


static void forget(void)
{
	struct db_args args;

	db_args_init(&args);
	db_int4(&args, 0);
	ck_assert_int_eq(ask("endpoint_forget", &args), 0);
}


static void part(void)
{
	struct db_args args;

	db_args_init(&args);
	db_int8v(&args, (const int64_t []){ EP_ANN }, 1);
	db_int8v(&args, (const int64_t []){ 1 }, 1);
	ck_assert_int_eq(ask("roster_removed", &args), 0);
}


static void end(bool bye)
{
	const int64_t ep = EP_ANN;
	struct db_args args;

	db_args_init(&args);
	db_int8v(&args, &ep, bye);
	db_int8v(&args, &ep, !bye);
	ck_assert_int_eq(ask("endpoint_end", &args), 0);
}


static void reap(void)
{
	struct db_args args;

	ask_do("UPDATE instance SET lease_until = clock_timestamp()"
	       " - interval '1 s'");
	db_args_init(&args);
	db_int8(&args, US);
	ck_assert_int_eq(ask("instance_reap", &args), 0);
}


/* Everybody's JOIN has a PART of the same room, user and session */
static int64_t unbalanced(void)
{
	return ask_number("SELECT count(*) FROM (SELECT room_id, author_id,"
			  " session FROM outbox WHERE kind IN (20, 21)"
			  " GROUP BY 1, 2, 3 HAVING count(*) FILTER (WHERE"
			  " kind = 20) <> 1 OR count(*) FILTER (WHERE"
			  " kind = 21) <> 1 OR author_id IS NULL) AS x");
}


START_TEST(a_join_has_its_part_however_the_session_ends)
{
	enter(EP_ANN, ANN, 2);
	enter(EP_ANN, ANN, 2);                   /* twice is once          */
	ck_assert_int_eq(events(EVENT_JOIN), 2);
	ck_assert_int_eq(unbalanced(), 2);

	switch (_i) {

	case 0: part(); end(true);   break;      /* part, then BYE         */
	case 1: end(true);           break;
	case 2: end(false); forget(); break;     /* lost, never came back  */
	case 3: reap(); forget();    break;      /* its instance died      */
	case 4: ask_do(SWITCH, "false"); break;
	default:
		ask_do("DELETE FROM roster WHERE room_id = 1;"
		       "DELETE FROM roster WHERE room_id = 2");
		break;
	}

	ck_assert_int_eq(events(EVENT_JOIN), 2);
	ck_assert_int_eq(events(EVENT_PART), 2);
	ck_assert_int_eq(unbalanced(), 0);
}
END_TEST


static int64_t parts_after(const char *moment)
{
	return ask_number("SELECT count(*) FROM outbox WHERE kind = 21 AND"
			  " ts = (SELECT %s)", moment);
}


/* Its place waits for the client for half an hour; it has left all the same */
START_TEST(who_is_lost_has_left_at_once)
{
	enter(EP_ANN, ANN, 2);
	end(false);
	ck_assert_int_eq(events(EVENT_PART), 2);
	ck_assert_int_eq(parts_after("detached_on FROM endpoint"), 2);
	ck_assert_int_eq(ask_number("SELECT count(*) FROM roster"), 2);
	forget();
	ck_assert_int_eq(events(EVENT_PART), 2);
}
END_TEST


START_TEST(who_was_on_a_dead_instance_has_left_when_its_lease_ended)
{
	struct db_args args;
	int64_t until;

	enter(EP_ANN, ANN, 2);
	ask_do("DELETE FROM outbox");
	ask_do("UPDATE instance SET lease_until = clock_timestamp()"
	       " - interval '1 s'");
	until = ask_number("SELECT (extract(epoch FROM lease_until) *"
			   " 1000000)::bigint FROM instance");
	db_args_init(&args);
	db_int8(&args, US);
	ck_assert_int_eq(ask("instance_reap", &args), 0);
	ck_assert_int_eq(ask_number("SELECT count(*) FROM outbox WHERE"
				    " kind = 21 AND (extract(epoch FROM ts) *"
				    " 1000000)::bigint = %lld",
				    (long long)until), 2);
}
END_TEST


START_TEST(who_is_taken_back_has_joined_again)
{
	const int64_t ep = EP_ANN;
	struct db_args args;

	enter(EP_ANN, ANN, 2);
	end(false);
	db_args_init(&args);
	db_int8(&args, US);
	db_int8v(&args, &ep, 1);
	ck_assert_int_eq(ask("endpoint_revive", &args), 0);
	ck_assert_int_eq(events(EVENT_JOIN), 4);
	end(true);
	ck_assert_int_eq(events(EVENT_PART), 4);
}
END_TEST


START_TEST(who_is_lost_when_it_begins_has_not_joined)
{
	enter(EP_ANN, ANN, 2);
	end(false);
	ask_do(SWITCH, "false");
	ask_do("DELETE FROM outbox");
	ask_do(SWITCH, "true");
	ck_assert_int_eq(events(EVENT_JOIN), 0);
	forget();
	ck_assert_int_eq(events(EVENT_PART), 0);
}
END_TEST


/* Also when its text changes before it is pushed */
START_TEST(a_message_tells_the_session_that_it_came_from)
{
	post(1, 3);
	ask_do("UPDATE message SET session = %d", EP_ANN);
	ask_do("DELETE FROM message "
	       "WHERE msg_id = (SELECT min(msg_id) FROM message)");
	ck_assert_int_eq(of_next("(SELECT count(*) FROM jsonb_array_elements"
		"(j) e WHERE e->>'session' = '11' AND e->>'kind' = '1')"),
		3);
}
END_TEST


START_TEST(nobody_leaves_before_what_was_said)
{
	enter(EP_ANN, ANN, 1);
	ask_do("UPDATE room_head SET last_ts = clock_timestamp() + interval"
	       " '1 s' WHERE room_id = 1");
	end(true);
	ck_assert_int_eq(parts_after("last_ts FROM room_head WHERE"
				     " room_id = 1"), 1);
}
END_TEST


START_TEST(who_is_in_a_room_when_it_begins_has_joined)
{
	ask_do(SWITCH, "false");
	enter(EP_BEN, BEN, 2);
	ask_do("DELETE FROM outbox");
	ask_do(SWITCH, "true");
	ck_assert_int_eq(events(EVENT_JOIN), 2);
	ask_do(SWITCH, "true");
	ck_assert_int_eq(events(EVENT_JOIN), 2);
	ask_do("DELETE FROM endpoint");
	ck_assert_int_eq(unbalanced(), 0);
}
END_TEST


struct admin {
	const char *sql;
	enum event_kind kind;
	int64_t n;
	const char *holds;       /* somewhere in its body */
};

static const struct admin adminv[] = {
	{ "INSERT INTO room (room_id, category_id, name, created_by) VALUES"
	  " (3, 1, 'New', 'sip:ann@example.net')", EVENT_ROOM, 1, "created" },
	{ "UPDATE room SET disabled = true WHERE room_id IN (1, 2)",
	  EVENT_ROOM, 2, "\"disabled\": [false, true]" },
	{ "UPDATE room SET disabled = false, updated_on = now()"
	  " WHERE room_id IN (1, 2)", EVENT_ROOM, 2, "enabled" },
	{ "UPDATE room SET updated_on = now()", EVENT_ROOM, 0, NULL },
	{ "UPDATE room SET deleted_at = now() WHERE name = 'New'",
	  EVENT_ROOM, 1, "deleted" },
	{ "INSERT INTO room_role VALUES (1, 1, 1001), (1, 2, 1002),"
	  " (2, 1, 1001)", EVENT_ROLE, 2, "\"list\": \"members\"" },
	{ "DELETE FROM room_role", EVENT_ROLE, 2, "removed" },
	{ "UPDATE category SET files = false", EVENT_CATEGORY, 1, "changed" },
	{ "INSERT INTO category_scope VALUES (1, 1001, true)",
	  EVENT_CATEGORY, 1, "denied" },
	{ "INSERT INTO category_creator VALUES (1, 1001)",
	  EVENT_CATEGORY, 1, "creators" },
	{ "DELETE FROM category_scope", EVENT_CATEGORY, 1, "removed" },
	{ "UPDATE policy SET enable_chat = true WHERE name = 'global'",
	  EVENT_POLICY, 1, "global" },
	{ "UPDATE principal SET state = 1 WHERE principal_id = 1002",
	  EVENT_PRINCIPAL, 1, "sip:ben@else.example" },
	{ "UPDATE principal SET updated_on = now()", EVENT_PRINCIPAL, 0,
	  NULL },
	{ "INSERT INTO principal_member VALUES (1003, 1001)",
	  EVENT_PRINCIPAL, 1, "sip:ann@example.net" },
	{ "INSERT INTO admin_audit (actor, action, object, detail) VALUES"
	  " ('root', 'config.set', 'X', '{\"value\": 1}')",
	  EVENT_ADMIN, 1, "config.set" },
	{ "SELECT event_emit(10::smallint, 1, 5, 1001, NULL,"
	  " '{\"why\": \"asked\"}')", EVENT_REPLACED, 1, "asked" },
};


START_TEST(what_administrators_do_is_told)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(adminv); i++) {
		const struct admin *a = &adminv[i];

		ask_do("DELETE FROM outbox");
		ask_do("%s", a->sql);
		ck_assert_msg(events(a->kind) == a->n && all_events() == a->n,
			      "%s: %lld of its kind", a->sql,
			      (long long)events(a->kind));
		if (!a->holds)
			continue;
		ck_assert_msg(ask_number("SELECT count(*) FROM outbox WHERE"
					 " strpos(body::text, $x$%s$x$) > 0",
					 a->holds) == a->n, "%s", a->sql);
		ck_assert_int_eq(of_next("jsonb_array_length(j)"), a->n);
	}
}
END_TEST


START_TEST(events_wait_for_the_instance_that_wrote_them)
{
	struct db_args args;
	int64_t *idv;
	size_t idc;

	post(1, 3);
	ask_do("SET pchat.instance = '%d'", OTHER);
	post(2, 2);
	(void)next(US, 500, 1 << 20);
	ck_assert_int_eq(db_get_int(ask_res(), 0, 2), 3);
	ck_assert_int_eq(db_get_int8v(ask_res(), 0, 0, &idv, &idc), 0);
	ck_assert_uint_gt(idc, 0);

	db_args_init(&args);
	db_int8(&args, US);
	db_int8v(&args, idv, idc);
	mem_deref(idv);
	ck_assert_int_eq(ask("outbox_done", &args), 0);
	(void)next(US, 500, 1 << 20);
	ck_assert_int_eq(db_get_int(ask_res(), 0, 2), 0);
	(void)next(OTHER, 500, 1 << 20);
	ck_assert_int_eq(db_get_int(ask_res(), 0, 2), 2);
}
END_TEST


START_TEST(a_batch_has_its_limits_but_never_nothing)
{
	post(1, 64);
	post(2, 64);
	post(1, 64);
	(void)next(US, 10, 1 << 20);
	ck_assert_int_ge(db_get_int(ask_res(), 0, 2), 1);
	ck_assert_int_le(db_get_int(ask_res(), 0, 2), 64);
	ck_assert(db_get_bool(ask_res(), 0, 3));
	(void)next(US, 500, 1);
	ck_assert_int_ge(db_get_int(ask_res(), 0, 2), 1);
	ck_assert_int_le(db_get_int(ask_res(), 0, 2), 64);
	ck_assert(db_get_bool(ask_res(), 0, 3));
	(void)next(US, 500, 1 << 20);
	ck_assert_int_eq(db_get_int(ask_res(), 0, 2), 192);
	ck_assert(!db_get_bool(ask_res(), 0, 3));
}
END_TEST


START_TEST(what_has_no_living_owner_is_adopted)
{
	ask_do("DELETE FROM instance;"
	       "INSERT INTO instance (instance_id, name, bus_endpoint, "
	       "bus_key, state, lease_until) VALUES (%d, 'us', 'x', 'x', "
	       "'ready', now() + interval '1 h')", US);
	post(1, 1);
	ask_do("SET pchat.instance = '%d'", OTHER);
	post(1, 1);
	ask_do("RESET pchat.instance");
	post(1, 1);
	ck_assert_int_eq(ask_number("SELECT outbox_adopt(%d, 1)", US), 1);
	ck_assert_int_eq(ask_number("SELECT outbox_adopt(%d, 100)", US), 1);
	ck_assert_int_eq(ask_number("SELECT outbox_adopt(%d, 100)", US), 0);
	ck_assert_int_eq(ask_number("SELECT count(*) FROM outbox"
				    " WHERE instance_id = %d", US), 3);
}
END_TEST


static int64_t closed(void)
{
	return ask_number("SELECT compliance_closed()::int");
}


START_TEST(posts_are_refused_only_when_that_is_wanted_and_something_waits)
{
	post(1, 1);
	ask_do("UPDATE outbox SET ts = now() - interval '1 h'");
	ck_assert_int_eq(closed(), 0);
	ask_do("INSERT INTO configuration (key, value) VALUES"
	       " ('ComplianceFailClosed', '7200')");
	ck_assert_int_eq(closed(), 0);
	ask_do("UPDATE configuration SET value = '600'"
	       " WHERE key = 'ComplianceFailClosed'");
	ck_assert_int_eq(closed(), 1);
	ask_do("DELETE FROM outbox");
	ck_assert_int_eq(closed(), 0);
	ask_do("UPDATE compliance_state SET closed = true");
	ck_assert_int_eq(closed(), 1);
	ask_do(SWITCH, "false");
	ck_assert_int_eq(closed(), 0);
	ask_do("DELETE FROM configuration;"
	       "UPDATE compliance_state SET closed = false");
}
END_TEST


static Suite *db_outbox_suite(void)
{
	Suite *suite = suite_create("db/outbox");
	TCase *tc = tcase_create("outbox");

	tcase_add_unchecked_fixture(tc, suite_setup, ask_end);
	tcase_add_checked_fixture(tc, setup, ask_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, while_it_is_off_nothing_is_written);
	tcase_add_test(tc, every_message_is_an_event_with_its_room_and_author);
	tcase_add_test(tc,
		a_text_that_changes_before_it_is_pushed_is_told_as_it_was);
	tcase_add_test(tc, what_waits_when_it_is_switched_off_keeps_its_text);
	tcase_add_test(tc, imported_messages_are_no_events);
	tcase_add_loop_test(tc, a_join_has_its_part_however_the_session_ends,
			    0, 6);
	tcase_add_test(tc, who_is_lost_has_left_at_once);
	tcase_add_test(tc, who_is_taken_back_has_joined_again);
	tcase_add_test(tc, who_is_lost_when_it_begins_has_not_joined);
	tcase_add_test(tc, a_message_tells_the_session_that_it_came_from);
	tcase_add_test(tc, nobody_leaves_before_what_was_said);
	tcase_add_test(
		tc, who_was_on_a_dead_instance_has_left_when_its_lease_ended);
	tcase_add_test(tc, who_is_in_a_room_when_it_begins_has_joined);
	tcase_add_test(tc, what_administrators_do_is_told);
	tcase_add_test(tc, events_wait_for_the_instance_that_wrote_them);
	tcase_add_test(tc, a_batch_has_its_limits_but_never_nothing);
	tcase_add_test(tc, what_has_no_living_owner_is_adopted);
	tcase_add_test(tc,
		posts_are_refused_only_when_that_is_wanted_and_something_waits);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(db_outbox_suite)
