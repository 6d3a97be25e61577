/**
 * @file tests/db/test_words.c  Words of all scripts: searched, watched
 *
 * Each row is a message, what is looked for, and whether that is in it; a row
 * holds for searches, for watches and for the operator's commands alike.
 */
#include <stdlib.h>
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "tests/support/store.h"
#include "tests/unit/suite.h"

#define ZWJ "\xe2\x80\x8d"

static const struct row {
	const char *said, *sought;
	bool found;
} rowv[] = {
	/* parts of names, and the whole of them */
	{ "see budget.xlsx first",          "budget",            true  },
	{ "see budget.xlsx first",          "xlsx",              true  },
	{ "see budget.xlsx first",          "budget.xlsx",       true  },
	{ "see budget.xls first",           "budget.xlsx",       false },
	{ "ticket OPS-4711 is open",        "4711",              true  },
	{ "ticket OPS-4711 is open",        "ops-4711",          true  },
	{ "ticket OPS-4711 is open",        "471",               false },
	{ "db3.corp.example is down",       "corp",              true  },
	{ "db3.corp.example is down",       "db3",               true  },
	{ "db3.corp.example is down",       "db3.corp.example",  true  },
	{ "ask ada.byron@mail.example",     "byron",             true  },
	{ "ask ada.byron@mail.example",     "ada.byron@mail.example", true },
	{ "in /usr/share/doc/pchat",        "share",             true  },
	{ "at https://x.example/a/b?c=d",   "x.example",         true  },
	{ "C:\\Temp\\trace_1.log",          "trace_1.log",       true  },
	{ "call snake_case_name",           "case",              true  },
	{ "a whole buildings",              "building",          false },
	{ "that's it",                      "that's",            true  },
	{ "-5 + 3",                         "5",                 true  },
	{ "1e5 0x1f 10km",                  "10km",              true  },
	/* scripts without blanks between words */
	{ "明天在东京开会",                 "东京",              true  },
	{ "明天在东京开会",                 "开会",              true  },
	{ "明天在东京开会",                 "京开会",            true  },
	{ "明天在东京开会",                 "京东",              false },
	{ "明天在东京开会",                 "会",                true  },
	{ "明天在东京开会",                 "东",                true  },
	{ "明天在东京开会",                 "明",                true  },
	{ "明天在东京开会",                 "西",                false },
	{ "在GitHub上发布",                 "github",            true  },
	{ "在GitHub上发布",                 "GitHub上",          true  },
	{ "サーバーが落ちました",           "サーバー",          true  },
	{ "ｻｰﾊﾞｰが落ちました",              "サーバー",          true  },
	{ "サーバーが落ちました",           "落ち",              true  },
	{ "서버가 죽었습니다",              "서버",              true  },
	{ "ฐานข้อมูลล่มแล้ว",                 "ข้อมูล",             true  },
	{ "ฐานข้อมูลล่มแล้ว",                 "ฐานข้อมูล",          true  },
	{ "ຖານຂໍ້ມູນ",                          "ຂໍ້ມູນ",             true  },
	{ "មូលដ្ឋានទិន្នន័យ",                    "ទិន្នន័យ",            true  },
	{ "ဒေတာဘေ့စ်",                       "ဘေ့စ်",              true  },
	{ "東京，京都",                     "京京",              false },
	/* scripts with blanks */
	{ "сервер упал",                    "СЕРВЕР",            true  },
	{ "сервер упал",                    "серв",              false },
	{ "Ёлка",                           "елка",              true  },
	{ "мой дом",                        "мои",               false },
	{ "الخادم مُعطَّل",                    "معطل",              true  },
	{ "סֵפֶר טוב",                         "ספר",               true  },
	{ "सर्वर बंद है",                       "सर्वर",              true  },
	{ "सर्वर बंद है",                       "सर्व",               false },
	{ "ΟΔΟΣ ΑΘΗΝΑΣ",                    "οδος",              true  },
	{ "αθήνα",                          "ΑΘΗΝΑ",             true  },
	/* accents, case, width */
	{ "mon résumé",                     "resume",            true  },
	{ "resume here",                    "résumé",            true  },
	{ "mon re\xcc\x81sume\xcc\x81",     "résumé",            true  },
	{ "die Straße",                     "STRASSE",           true  },
	{ "die STRASSE",                    "straße",            true  },
	{ "İstanbul ve Iğdır",              "istanbul",          true  },
	{ "İstanbul ve Iğdır",              "ığdır",             true  },
	{ "Øresund, Łódź",                  "lodz",              true  },
	{ "ＡＢＣ１２３",                   "abc123",            true  },
	{ "abc123",                         "ＡＢＣ１２３",      true  },
	{ "eﬃcient",                        "efficient",         true  },
	/* signs */
	{ "it costs €500",                  "€",                 true  },
	{ "it costs €500",                  "500",               true  },
	{ "it costs €500",                  "€500",              true  },
	{ "it costs $500",                  "€500",              false },
	{ "done 👍",                        "👍",                true  },
	{ "done👍🏽",                        "👍",                true  },
	{ "done 👍",                        "👎",                false },
	{ "we 👩" ZWJ "💻 code",            "👩" ZWJ "💻",       true  },
	{ "love ❤️ it",                      "❤",                 true  },
	{ "Acme™ rules",                    "acme",              true  },
	/* what is invisible does not hide a word */
	{ "sec\xc2\xadret",                 "secret",            true  },
	{ "sec\xe2\x80\x8bret",             "secret",            true  },
	{ "word\xe2\x80\xae other",         "word",              true  },
	{ "nothing at all",                 "?!",                false },
};

static struct store *st;
static PGconn *pg;


/* An index that does what the processes do, and a watch of everything */
static const char fill[] =
	"INSERT INTO principal (principal_id, kind, key, name) VALUES "
	"(101, 5, 'sip:ada@x', 'sip:ada@x'), (102, 5, 'sip:bob@x', 'sip:bob@x');"
	"INSERT INTO category (category_id, name) VALUES (1, 'c');"
	"INSERT INTO room (room_id, category_id, name) VALUES (1, 1, 'one');"
	"INSERT INTO presence_category (principal_id, name, instance, container,"
	" version, body, room_id) VALUES (102, 'roomSetting', 1, 1, 1, '', 1);";


static void setup(void)
{
	ck_assert_int_eq(store_start(&st), 0);
	ck_assert_int_eq(store_sql(st, fill), 0);
	pg = PQconnectdb(store_conninfo(st));
	ck_assert_int_eq(PQstatus(pg), CONNECTION_OK);
}


static void teardown(void)
{
	PQfinish(pg);
	store_stop(st);
}


/* First column of the first row with up to two texts given, as a number */
static int ask(const char *sql, const char *a, const char *b)
{
	const char *argv[] = { a, b };
	PGresult *res = PQexecParams(pg, sql, b ? 2 : a ? 1 : 0, NULL, argv,
				     NULL, NULL, 0);
	int n;

	ck_assert_msg(PQresultStatus(res) == PGRES_TUPLES_OK, "%s: %s", sql,
		      PQerrorMessage(pg));
	n = PQntuples(res) ? atoi(PQgetvalue(res, 0, 0)) : -1;
	PQclear(res);

	return n;
}


static void say(const char *text)
{
	(void)ask("SELECT count(*) FROM post_batch(1, '{1}', '{1}', '{1}', "
		  "'{1}', '{101}', '{0}', ARRAY[$1::text], ARRAY[NULL])",
		  text, NULL);
}


static void index_all(void)
{
	ck_assert_int_eq(ask("SELECT next_room FROM search_index_step(0, 100, "
			     "10000)", NULL, NULL), 0);
}


#define FIND(match, matchcase) "SELECT count(*) FROM history_find('{1}', $2," \
	match ", " matchcase ", NULL, '-infinity', 'infinity', NULL, true, " \
	"10000) JOIN message m USING (room_id, msg_id) WHERE m.chat = $1"


START_TEST(words_are_searched_in_every_script)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rowv); i++)
		say(rowv[i].said);
	index_all();

	for (i = 0; i < ARRAY_SIZE(rowv); i++) {

		const struct row *row = &rowv[i];
		const bool any = ask(FIND("0", "false"), row->said,
				     row->sought) > 0;
		const bool phrase = ask(FIND("2", "false"), row->said,
					row->sought) > 0;

		ck_assert_msg(any == row->found && phrase == row->found,
			      "%s in %s: any %d, phrase %d", row->sought,
			      row->said, any, phrase);
	}
}
END_TEST


START_TEST(words_are_watched_in_every_script)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rowv); i++) {

		const struct row *row = &rowv[i];
		bool found;
		int id;

		(void)ask("DELETE FROM watch RETURNING 1", NULL, NULL);
		id = ask("SELECT watch_set(102, NULL, 1, $1, 20)",
			 row->sought, NULL);
		ck_assert_msg(id > 0 || !strcmp(row->sought, "?!"), "%s",
			      row->sought);
		say(row->said);
		(void)ask("SELECT passed FROM feed_step(100, 10)", NULL, NULL);
		found = ask("SELECT count(*) FROM feed", NULL, NULL) > 0;
		ck_assert_msg(found == row->found, "%s in %s: %d",
			      row->sought, row->said, found);
	}
}
END_TEST


START_TEST(operators_find_the_same_words)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rowv); i++) {

		const struct row *row = &rowv[i];
		bool found;

		(void)ask("DELETE FROM message RETURNING 1", NULL, NULL);
		say(row->said);
		found = ask("SELECT count(*) FROM message_scan("
			    "message_conditions('list', NULL, NULL, NULL, NULL,"
			    " NULL, $1, NULL, NULL, NULL), 0, 0, 100) WHERE "
			    "hit", row->sought, NULL) > 0;
		ck_assert_msg(found == row->found, "%s in %s: %d",
			      row->sought, row->said, found);
	}
}
END_TEST


#define SOUGHT(words, match, matchcase) \
	ask("SELECT count(*) FROM history_find('{1}', '" words "', " match \
	    ", " matchcase ", NULL, '-infinity', 'infinity', NULL, true, 99)", \
	    NULL, NULL)


START_TEST(all_words_phrases_and_case)
{
	say("Die neue Straße in 東京 ist fertig: plan_v2.pdf");
	say("東京 plan");
	say("die straße");
	index_all();

	ck_assert_int_eq(SOUGHT("東京 plan", "1", "false"), 2);
	ck_assert_int_eq(SOUGHT("東京 strasse", "1", "false"), 1);
	ck_assert_int_eq(SOUGHT("東京　strasse", "0", "false"), 3);
	ck_assert_int_eq(SOUGHT("in 東京 ist", "2", "false"), 1);
	ck_assert_int_eq(SOUGHT("in 東 ist", "2", "false"), 0);
	ck_assert_int_eq(SOUGHT("京 ist", "2", "false"), 1);
	ck_assert_int_eq(SOUGHT("plan in", "2", "false"), 0);
	ck_assert_int_eq(SOUGHT("Die", "0", "true"), 1);
	ck_assert_int_eq(SOUGHT("die", "0", "true"), 1);
	ck_assert_int_eq(SOUGHT("Strasse Die", "1", "true"), 1);
	ck_assert_int_eq(SOUGHT("京", "0", "true"), 2);
	ck_assert_int_eq(SOUGHT("Plan", "1", "true"), 0);
}
END_TEST


START_TEST(a_message_without_end_is_indexed_like_any_other)
{
	(void)ask("SELECT count(*) FROM post_batch(1, '{1}', '{3}', '{1,1,1}', "
		  "'{1,2,3}', '{101,101,101}', '{0,0,0}', ARRAY["
		  "(SELECT string_agg(chr(19968 + i % 20000) || chr(131072 + "
		  " i % 40000), '') FROM generate_series(1, 300000) i), "
		  "repeat('x', 1000000), repeat('a''b\\c ', 100000)], "
		  "ARRAY[NULL, NULL, NULL])", NULL, NULL);
	say("the last");
	index_all();
	ck_assert_int_eq(SOUGHT("last", "0", "false"), 1);
	ck_assert_int_eq(ask("SELECT count(*) FROM message_fts", NULL, NULL),
			 4);
}
END_TEST


/* Found among the newest, further back, or by the index of words: the same as
   when every message is looked at */
static void ck_same_found(const char *rooms, const char *word, bool backwards,
			  int limit, const char *author, const char *since)
{
	char sql[1024];
	const char *const dir = backwards ? "DESC" : "ASC";

	(void)re_snprintf(sql, sizeof(sql), "WITH a AS (SELECT array_agg("
		"(f.room_id, f.msg_id) ORDER BY f.n) AS found FROM "
		"history_find('%s', '%s', 1, false, %s, '%s', 'infinity', "
		"NULL, %s, %d) WITH ORDINALITY AS f (room_id, msg_id, more, n)"
		" WHERE f.msg_id IS NOT NULL), b AS (SELECT array_agg((x.room_id,"
		" x.msg_id)) AS found FROM (SELECT m.room_id, m.msg_id FROM "
		"message m JOIN principal p ON p.principal_id = m.author_id "
		"WHERE m.chat ~ '\\m%s\\M' AND m.room_id = ANY ('%s') AND "
		"m.ts >= '%s' AND p.key = ANY (coalesce(%s, ARRAY[p.key])) "
		"ORDER BY m.ts %s, m.room_id %s, m.msg_id %s LIMIT %d) AS x) "
		"SELECT (a.found IS NOT DISTINCT FROM b.found)::integer FROM "
		"a, b", rooms, word, author, since,
		backwards ? "true" : "false", limit, word, rooms, since,
		author, dir, dir, dir, limit);

	ck_assert_msg(ask(sql, NULL, NULL) == 1, "%s in %s, %s, %d, %s, %s",
		      word, rooms, dir, limit, author, since);
}


START_TEST(often_or_rarely_said_the_same_is_found)
{
	static const char *const wordv[] = { "every", "ten", "hundred",
					     "thousand", "old", "never" };
	static const char *const roomv[] = { "{1}", "{2,3}", "{1,2,3}" };
	size_t i, k;

	ck_assert_int_eq(store_sql(st, "INSERT INTO room (room_id, category_id,"
		" name) VALUES (2, 1, 'two'), (3, 1, 'three');"
		"INSERT INTO message (room_id, msg_id, author_id, ts, origin, "
		"flags, chat) SELECT 1 + g % 3, (g - 1) / 3 + 1, 101 + (g % 7 "
		"= 0)::integer, timestamptz '2026-01-01Z' + g * interval '1 s',"
		" 0, 0, concat_ws(' ', 'every', CASE WHEN g % 10 = 0 THEN 'ten'"
		" END, CASE WHEN g % 101 = 0 THEN 'hundred' END, CASE WHEN g % "
		"1009 = 0 THEN 'thousand' END, CASE WHEN g < 9 THEN 'old' END) "
		"FROM generate_series(1, 30000) AS g; UPDATE room_head h SET "
		"last_id = x.n, last_ts = x.t FROM (SELECT room_id, max(msg_id)"
		" AS n, max(ts) AS t FROM message GROUP BY room_id) AS x WHERE "
		"x.room_id = h.room_id"), 0);
	while (ask("SELECT passed FROM search_index_step(0, 100, 30000)",
		   NULL, NULL) > 0)
		;

	for (i = 0; i < ARRAY_SIZE(wordv); i++) {
		for (k = 0; k < ARRAY_SIZE(roomv); k++) {
			ck_same_found(roomv[k], wordv[i], true, 25, "NULL",
				      "-infinity");
			ck_same_found(roomv[k], wordv[i], false, 25, "NULL",
				      "-infinity");
			ck_same_found(roomv[k], wordv[i], true, 500,
				      "'{sip:bob@x}'::text[]", "-infinity");
			ck_same_found(roomv[k], wordv[i], false, 25, "NULL",
				      "2026-01-01 05:00Z");
		}
	}
}
END_TEST


/* What is cheap for plain sentences gives what is right for all: short texts of
   the characters that such sentences may have, in all orders */
START_TEST(plain_sentences_have_the_same_words)
{
	(void)ask("SELECT setseed(0.5)", NULL, NULL);
	ck_assert_int_eq(ask("WITH t AS MATERIALIZED (SELECT (SELECT "
		"string_agg(substr(E'abEeZxt059 59 ,;!?()\"''.:-\\n .:- ww"
		"whttpa', 1 + floor(random() * 39)::integer, 1), '') FROM "
		"generate_series(1, 3 + g % 12) WHERE g = g) AS t FROM "
		"generate_series(1, 100000) AS g) SELECT CASE WHEN count(*) "
		"< 10000 THEN -1 ELSE sum((to_tsvector('simple', t) <> "
		"text_vector('simple', text_words(t)))::integer) END FROM t "
		"WHERE text_plain(t)", NULL, NULL), 0);
}
END_TEST


/* As a store has it that was indexed by former rules */
START_TEST(what_was_indexed_before_is_renewed_in_slices)
{
	int i;

	for (i = 0; i < 5; i++)
		say("in 東京");
	say("new words");
	index_all();
	(void)ask("UPDATE message_fts SET tsv = 'in' WHERE msg_id <= 5 "
		  "RETURNING 1", NULL, NULL);
	(void)ask("UPDATE room_indexed SET stale_to = 5 RETURNING 1", NULL,
		  NULL);

	ck_assert_int_eq(SOUGHT("東京", "0", "false"), 0);
	ck_assert_int_eq(SOUGHT("in", "0", "false"), 5);
	ck_assert_int_eq(ask("SELECT passed FROM search_index_step(0, 100, 2)",
			     NULL, NULL), 2);
	ck_assert_int_eq(SOUGHT("東京", "0", "false"), 2);
	ck_assert_int_eq(SOUGHT("in", "0", "false"), 5);
	index_all();
	ck_assert_int_eq(SOUGHT("東京", "0", "false"), 5);
	ck_assert_int_eq(ask("SELECT passed FROM search_index_step(0, 100, 2)",
			     NULL, NULL), 0);
}
END_TEST


START_TEST(stems_stand_beside_the_words)
{
	(void)ask("SELECT config_set(NULL, 'SearchLanguage', 'english')", NULL,
		  NULL);
	say("the builds were green");
	say("building");
	index_all();

	ck_assert_int_eq(SOUGHT("build", "0", "false"), 2);
	ck_assert_int_eq(SOUGHT("built", "0", "false"), 0);
	ck_assert_int_eq(SOUGHT("builds", "2", "false"), 1);
	ck_assert_int_eq(SOUGHT("the", "0", "false"), 1);
	ck_assert_int_eq(SOUGHT("building were", "1", "false"), 1);
}
END_TEST


static Suite *words_suite(void)
{
	Suite *suite = suite_create("db/words");
	TCase *tc = tcase_create("words");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, words_are_searched_in_every_script);
	tcase_add_test(tc, words_are_watched_in_every_script);
	tcase_add_test(tc, operators_find_the_same_words);
	tcase_add_test(tc, all_words_phrases_and_case);
	tcase_add_test(tc, a_message_without_end_is_indexed_like_any_other);
	tcase_add_test(tc, often_or_rarely_said_the_same_is_found);
	tcase_add_test(tc, plain_sentences_have_the_same_words);
	tcase_add_test(tc, what_was_indexed_before_is_renewed_in_slices);
	tcase_add_test(tc, stems_stand_beside_the_words);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(words_suite)
