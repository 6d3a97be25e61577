/**
 * @file tests/scenario/test_find.c  Rooms found by what they are
 *
 * Spec: protocol.md 4.10 and 6.1, product.md A.8.  Bob is a member, Ada the
 * manager, Cleo is in scope, Dan is denied one category, Root administers.
 */
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"

#define IN(cat, name, about, rest) "{\"name\":\"" name "\",\"category\":\"" \
	cat "\",\"description\":\"" about "\",\"managers\":[" \
	"\"sip:ada@example.net\"]," rest "}"
#define BOB "\"members\":[\"sip:bob@example.net\"]"

#define ALL_OPEN "Alpha open|Beta hall"

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("cleo") ","
	USER("dan") "," USER("root") "],"
	"\"groups\":[{\"name\":\"crew\",\"members\":["
	"\"sip:cleo@example.net\"]}],"
	"\"categories\":[" MAIN ","
	"{\"name\":\"Walled\",\"allowed\":[\"domain:example.net\"],"
	"\"denied\":[\"sip:dan@example.net\"],\"invitations\":false},"
	"{\"name\":\"Nobody\",\"allowed\":[]}],"
	"\"rooms\":["
	IN("Main", "Alpha open", "green field", "\"privacy\":\"open\"") ","
	IN("Main", "Alpha closed", "blue field", "\"privacy\":\"closed\","
	   BOB) ","
	IN("Main", "Alpha secret", "nothing", "\"privacy\":\"secret\"," BOB)
	","
	IN("Main", "Beta hall", "field of many", "\"privacy\":\"open\","
	   "\"type\":\"auditorium\"") ","
	IN("Main", "Old shed", "was green", "\"privacy\":\"closed\","
	   "\"disabled\":true," BOB) ","
	IN("Walled", "Wall 100%", "", "\"privacy\":\"closed\",\"members\":["
	   "\"group:crew\"]") ","
	IN("Nobody", "Zero", "", "\"privacy\":\"open\"") "]}";


static void up(void)
{
	stage_up(&(struct pool_opts){ .data = data });
	stage_sql("INSERT INTO configuration (key, value) VALUES "
		  "('Administrators', 'sip:root@example.net') RETURNING 1");
	stage_sql("INSERT INTO addin (name, url) VALUES "
		  "('Board', 'https://board.example.net/') RETURNING 1");
	stage_sql("UPDATE room SET addin_id = (SELECT addin_id FROM addin) "
		  "WHERE name = 'Beta hall' RETURNING 1");
	stage_sql("UPDATE room SET topic = 'Who sows a Field' "
		  "WHERE name = 'Alpha secret' RETURNING 1");
}


/* "One|Two": the rooms that a search tells of, in its order */
static const char *find(struct client *c, const char *qib)
{
	static char buf[1024];
	struct xd *x = NULL;
	size_t i, n, pos = 0;

	ck_assert_uint_eq(ask(c, &x, "chansrch", "<qib %s/>", qib), 200);
	n = xd_count(x, "/xccos/rpl/data/chanib");
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/*"), n);
	ck_assert_uint_eq(xd_count(x, "//aib"), 0);

	buf[0] = '\0';
	for (i = 1; i <= n; i++) {
		char path[64];

		(void)re_snprintf(path, sizeof(path), "//chanib[%zu]/@name",
				  i);
		pos += (size_t)re_snprintf(buf + pos, sizeof(buf) - pos,
					   "%s%s", i > 1 ? "|" : "",
					   xd_str(x, path));
	}
	mem_deref(x);

	return buf;
}


static const char *named(struct client *c, const char *criteria)
{
	char qib[512];

	(void)re_snprintf(qib, sizeof(qib), "qtype=\"BYNAME\" criteria=\"%s\" "
			  "extended=\"false\"", criteria);

	return find(c, qib);
}


/* A search whose criteria are in the store */
static const char *with(struct client *c, const char *fmt, const char *query)
{
	char *value = pool_sql(pool, query, NULL), qib[512];

	ck_assert_ptr_nonnull(value);
	(void)re_snprintf(qib, sizeof(qib), fmt, value);
	mem_deref(value);

	return find(c, qib);
}


/* ---------------------------------------------------------------- matching */

START_TEST(a_name_is_found_by_any_part_of_it)
{
	struct client *bob;

	ck_open(bob, pool, 0, "bob");
	ck_assert_str_eq(named(bob, "ALPHA"),
			 "Alpha closed|Alpha open|Alpha secret");
	ck_assert_str_eq(named(bob, "a o"), "Alpha open");
	ck_assert_str_eq(named(bob, "alpha beta"), "");
	ck_assert_str_eq(named(bob, "100%"), "Wall 100%");
	ck_assert_str_eq(named(bob, "1%"), "");
	ck_assert_str_eq(find(bob, "qtype=\"SOMETHING\" criteria=\"hall\""),
			 "Beta hall");
	ck_assert_str_eq(find(bob, "criteria=\"hall\""), "Beta hall");
}
END_TEST


START_TEST(descriptions_and_words_count_when_asked_for)
{
	struct client *bob;

	ck_open(bob, pool, 0, "bob");
	ck_assert_str_eq(named(bob, "field"), "");
	ck_assert_str_eq(find(bob, "criteria=\"FIELD\" extended=\"true\""),
			 "Alpha closed|Alpha open|Alpha secret|Beta hall");
	ck_assert_str_eq(find(bob, "criteria=\"open alpha\" matchall=\"true\""),
			 "Alpha open");
	ck_assert_str_eq(find(bob, "criteria=\"  field alpha \" "
			      "matchall=\"true\" extended=\"true\""),
			 "Alpha closed|Alpha open|Alpha secret");
	ck_assert_str_eq(find(bob, "criteria=\"hall secret\" "
			      "matchall=\"false\""),
			 "Alpha secret|Beta hall");
	ck_assert_str_eq(find(bob, "criteria=\"open alpha\" matchall=\"true\" "
			      "matchexactphrase=\"true\""), "");
	ck_assert_str_eq(find(bob, "criteria=\"alpha open\" matchall=\"true\" "
			      "matchexactphrase=\"true\""), "Alpha open");
}
END_TEST


static bool two_told(void *arg)
{
	return !strcmp(named(arg, ""), "Alpha closed|Alpha open");
}


START_TEST(a_search_tells_of_the_first_by_name)
{
	struct client *bob;

	ck_open(bob, pool, 1, "bob");
	ck_assert_str_eq(find(bob, "criteria=\"\" maxresults=\"3\""),
			 "Alpha closed|Alpha open|Alpha secret");
	ck_assert_str_eq(find(bob, "criteria=\"\" maxresults=\"-1\""),
			 "Alpha closed|Alpha open|Alpha secret|Beta hall|"
			 "Wall 100%");
	stage_sql("INSERT INTO configuration (key, value) VALUES ('SearchLimit', "
		  "'2') RETURNING pg_notify('pchat_config', '')");
	while (!two_told(bob))
		;
	ck_assert_str_eq(find(bob, "criteria=\"\" maxresults=\"3\""),
			 "Alpha closed|Alpha open");
	stage_sql("DELETE FROM configuration WHERE key = 'SearchLimit' "
		  "RETURNING pg_notify('pchat_config', '')");
	while (two_told(bob))
		;
}
END_TEST


/* -------------------------------------------------------------- visibility */

/* protocol.md 6.1, first column, whatever the kind of search */
START_TEST(each_sees_what_he_may)
{
	static const struct {
		const char *who, *all, *secret;
	} seev[] = {
		{ "ada", "Alpha closed|Alpha open|Alpha secret|Beta hall|"
			 "Old shed|Wall 100%", "Alpha secret" },
		{ "bob", "Alpha closed|Alpha open|Alpha secret|Beta hall|"
			 "Wall 100%", "Alpha secret" },
		{ "cleo", "Alpha closed|Alpha open|Beta hall|Wall 100%", "" },
		{ "dan", "Alpha closed|Alpha open|Beta hall", "" },
		{ "root", "Alpha closed|Alpha open|Alpha secret|Beta hall|"
			  "Old shed|Wall 100%|Zero", "Alpha secret" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(seev); i++) {
		struct client *c;

		ck_open(c, pool, i % 2, seev[i].who);
		ck_assert_str_eq(named(c, ""), seev[i].all);
		ck_assert_str_eq(find(c, "qtype=\"BYFILTER\" "
				      "privacy=\"PRIVATE\""), seev[i].secret);
		(void)client_close(c);
	}
}
END_TEST


/* ------------------------------------------------------------------- kinds */

START_TEST(rooms_of_a_category_are_found)
{
	static const char fmt[] = "qtype=\"BYCATEGORY\" criteria=\"ma-cat://"
		"example.net/%s\"";
	struct client *cleo, *dan;

	ck_open(cleo, pool, 0, "cleo");
	ck_open(dan, pool, 1, "dan");
	ck_assert_str_eq(with(cleo, fmt, "SELECT guid FROM category "
			      "WHERE name = 'Main'"),
			 "Alpha closed|Alpha open|Beta hall");
	ck_assert_str_eq(with(cleo, fmt, "SELECT guid FROM category "
			      "WHERE name = 'Walled'"), "Wall 100%");
	/* what he may not see is as if it were not there */
	ck_assert_str_eq(with(dan, fmt, "SELECT guid FROM category "
			      "WHERE name = 'Walled'"), "");
	ck_assert_str_eq(with(dan, fmt, "SELECT gen_random_uuid()"), "");
	ck_assert_uint_eq(ask(dan, NULL, "chansrch", "<qib qtype=\"BYCATEGORY"
			      "\" criteria=\"Main\"/>"), 400);
	ck_assert_uint_eq(ask(dan, NULL, "chansrch", "<qib qtype=\"BYCATEGORY"
			      "\" criteria=\"\"/>"), 400);
}
END_TEST


#define JOINED "qtype=\"BYJOINEDUSER\" criteria=\"sip:Bob@Example.net\""

/* Who is in a room is for those who may ask for its participants */
START_TEST(rooms_that_somebody_is_in_are_found)
{
	struct client *ada, *bob, *cleo;
	char *open, *closed;

	ck_room(open, pool, "Alpha open");
	ck_room(closed, pool, "Alpha closed");
	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 1, "bob");
	ck_open(cleo, pool, 0, "cleo");
	ck_assert_str_eq(find(ada, JOINED), "");
	ck_assert_uint_eq(chat_join(bob, open, NULL), 200);
	ck_assert_uint_eq(chat_join(bob, closed, NULL), 200);
	ck_assert_str_eq(find(ada, JOINED), "Alpha closed|Alpha open");
	ck_assert_str_eq(find(bob, JOINED), "Alpha closed|Alpha open");
	ck_assert_str_eq(find(cleo, JOINED), "Alpha open");
	ck_assert_str_eq(find(ada, "qtype=\"BYJOINEDUSER\" "
			      "criteria=\"sip:nobody@example.net\""), "");
	ck_assert_uint_eq(chat_part(bob, open, NULL), 200);
	while (*find(cleo, JOINED))
		;
	ck_assert_uint_eq(ask(ada, NULL, "chansrch",
			      "<qib qtype=\"BYJOINEDUSER\"/>"), 400);
	ck_assert_uint_eq(ask(ada, NULL, "chansrch", "<qib qtype="
			      "\"BYJOINEDUSER\" criteria=\"sip:@\"/>"), 400);
}
END_TEST


#define FILTER(what) "qtype=\"BYFILTER\" " what

START_TEST(a_filter_has_many_conditions)
{
	static const struct {
		const char *qib, *rooms;
	} adav[] = {
		{ FILTER("member=\"sip:bob@example.net\""),
		  "Alpha closed|Alpha secret|Old shed" },
		{ FILTER("member=\"sip:cleo@example.net\""), "Wall 100%" },
		{ FILTER("member=\"group:crew\""), "Wall 100%" },
		{ FILTER("member=\"sip:nobody@example.net\""), "" },
		{ FILTER("manager=\"sip:ada@example.net\" privacy=\"open\""),
		  ALL_OPEN },
		{ FILTER("manager=\"sip:bob@example.net\""), "" },
		{ FILTER("disabled=\"true\""), "Old shed" },
		{ FILTER("disabled=\"false\" privacy=\"closed\""),
		  "Alpha closed|Wall 100%" },
		{ FILTER("behavior=\"AUDITORIUM\""), "Beta hall" },
		{ FILTER("behaviour=\"normal\" visibilty=\"OPEN\""),
		  "Alpha open" },
		{ FILTER("invitations=\"false\""), "Wall 100%" },
		{ FILTER("invitations=\"inherit\" criteria=\"alpha\" "
			 "member=\"\""),
		  "Alpha closed|Alpha open|Alpha secret" },
	};
	struct client *ada, *cleo;
	size_t i;

	ck_open(ada, pool, 0, "ada");
	ck_open(cleo, pool, 1, "cleo");
	for (i = 0; i < ARRAY_SIZE(adav); i++)
		ck_assert_str_eq(find(ada, adav[i].qib), adav[i].rooms);

	ck_assert_str_eq(with(ada, FILTER("addin=\"%s\""),
			      "SELECT guid FROM addin"), "Beta hall");
	ck_assert_str_eq(with(ada, FILTER("addin=\"%s\""),
			      "SELECT gen_random_uuid()"), "");
	ck_assert_str_eq(with(ada, FILTER("category=\"ma-cat://example.net/"
			      "%s\" privacy=\"secret\""), "SELECT guid FROM "
			      "category WHERE name = 'Main'"), "Alpha secret");
	ck_assert_str_eq(with(ada, FILTER("member=\"ma-grp:%s@u.g\""),
			      "SELECT guid FROM principal "
			      "WHERE key = 'group:crew'"), "Wall 100%");

	/* Cleo may not ask who is on the list of a room that is not hers */
	ck_assert_str_eq(find(cleo, FILTER("member=\"sip:bob@example.net\"")),
			 "");
	ck_assert_str_eq(find(cleo, FILTER("member=\"sip:cleo@example.net\"")),
			 "Wall 100%");
	ck_assert_str_eq(find(cleo, FILTER("disabled=\"true\"")), "");
}
END_TEST


static bool invited(void *arg)
{
	char *n = pool_sql(arg, "SELECT count(*) FROM invitation", NULL);
	const bool done = n && atoi(n) == 2;

	mem_deref(n);

	return done;
}


START_TEST(rooms_of_ones_own_are_found)
{
	struct client *ada, *bob, *cleo;
	struct xd *x;

	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 1, "bob");
	ck_open(cleo, pool, 1, "cleo");
	while (!invited(pool))
		;
	ck_assert_str_eq(find(bob, "qtype=\"BYINVITE\""),
			 "Alpha closed|Alpha secret");
	ck_assert_str_eq(find(bob, "qtype=\"BYINVITE\" criteria=\"secret\""),
			 "Alpha secret");
	ck_assert_str_eq(find(cleo, "qtype=\"BYINVITE\""), "");
	ck_assert_str_eq(find(bob, "qtype=\"MYROOMS\""),
			 "Alpha closed|Alpha secret");
	ck_assert_str_eq(find(cleo, "qtype=\"myrooms\""), "Wall 100%");
	ck_assert_str_eq(find(bob, "qtype=\"MYMANAGEDROOMS\""), "");
	ck_assert_str_eq(find(ada, "qtype=\"MYMANAGEDROOMS\" criteria=\"d\""),
			 "Alpha closed|Old shed");

	ck_assert_uint_eq(ask(bob, &x, "getassociations", "<association "
			      "domain=\"example.net\" type=\"MEMBER\" "
			      "maxResults=\"1\"/>"), 200);
	ck_assert_uint_eq(xd_count(x, "//chanib"), 1);
	ck_assert_str_eq(xd_str(x, "//chanib/aib/@key"), "3456");
	mem_deref(x);
}
END_TEST


START_TEST(a_limit_counts_characters_in_any_script)
{
	static const struct {
		const char *text;
		unsigned n, chars;
	} v[] = {
		{ "\xc3\xa9",         256, 1 },      /* two bytes each */
		{ "\xe6\xbc\xa2",     256, 1 },
		{ "\xf0\x9f\x99\x82", 256, 1 },
		{ "e\xcc\x81",        128, 2 },      /* a combining accent */
	};
	struct client *bob;
	size_t i;

	ck_open(bob, pool, 0, "bob");
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		struct mbuf *mb = mbuf_alloc(2048);
		struct xd *x = NULL;
		char *name, *json;
		unsigned k;

		for (k = 0; k < v[i].n; k++)
			(void)mbuf_write_str(mb, v[i].text);
		mb->pos = 0;
		ck_assert_int_eq(mbuf_strdup(mb, &name, mb->end), 0);
		(void)re_sdprintf(&json, "{\"rooms\":[{\"name\":\"%s\","
				  "\"category\":\"Main\",\"description\":"
				  "\"%s\",\"privacy\":\"open\"}]}", name,
				  name);
		scene_import(pool, json);
		ck_assert_uint_eq(ask(bob, &x, "chansrch",
				      "<qib criteria=\"%s\"/>", name), 200);
		ck_assert_uint_eq(xd_count(x, "//chanib"), 1);
		x = mem_deref(x);
		/* as words, each for itself */
		ck_assert_uint_eq(ask(bob, &x, "chansrch", "<qib criteria="
				      "\"%s\" matchall=\"true\"/>", name), 200);
		ck_assert_uint_eq(xd_count(x, "//chanib"), 1);
		/* one more is too many */
		ck_assert_uint_eq(ask(bob, NULL, "chansrch", "<qib criteria="
				      "\"x%s\"/>", name), 400);
		ck_assert_uint_eq(ask(bob, NULL, "usersrch", "<qib criteria="
				      "\"x%s\"/>", name), 400);
		ck_assert_uint_eq(ask(bob, NULL, "usersrch", "<qib criteria="
				      "\"%s\"/>", name), 200);
		mem_deref(x);
		mem_deref(name);
		mem_deref(json);
		mem_deref(mb);
	}
}
END_TEST


START_TEST(nonsense_is_refused)
{
	static const char *const badv[] = {
		FILTER("privacy=\"half\""), FILTER("behavior=\"odd\""),
		FILTER("disabled=\"maybe\""), FILTER("addin=\"board\""),
		FILTER("category=\"Main\""), FILTER("member=\"sip:\""),
		"matchall=\"true\" criteria=\"1 2 3 4 5 6 7 8 9 10 11 12 13 "
		"14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 "
		"33\"",
	};
	struct client *bob;
	char large[300];
	size_t i;

	ck_open(bob, pool, 0, "bob");
	for (i = 0; i < ARRAY_SIZE(badv); i++)
		ck_assert_uint_eq(ask(bob, NULL, "chansrch", "<qib %s/>",
				      badv[i]), 400);
	(void)memset(large, 'x', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	ck_assert_uint_eq(ask(bob, NULL, "chansrch", "<qib criteria=\"%s\"/>",
			      large), 400);
}
END_TEST


static Suite *find_suite(void)
{
	Suite *suite = suite_create("find");
	TCase *tc = tcase_create("find");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_name_is_found_by_any_part_of_it);
	tcase_add_test(tc, descriptions_and_words_count_when_asked_for);
	tcase_add_test(tc, a_search_tells_of_the_first_by_name);
	tcase_add_test(tc, each_sees_what_he_may);
	tcase_add_test(tc, rooms_of_a_category_are_found);
	tcase_add_test(tc, rooms_that_somebody_is_in_are_found);
	tcase_add_test(tc, a_filter_has_many_conditions);
	tcase_add_test(tc, rooms_of_ones_own_are_found);
	tcase_add_test(tc, a_limit_counts_characters_in_any_script);
	tcase_add_test(tc, nonsense_is_refused);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(find_suite)
