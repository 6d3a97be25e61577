/**
 * @file tests/scenario/test_access.c  Every cell of the access table, walked
 *
 * Seven people, each signed in on one of two instances, try everything in
 * rooms of each privacy and type: find, read without joining, join, post,
 * change.  The table is that of protocol.md 6.1, as codes on the wire.
 */
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"

#define LISTS "\"members\":[\"sip:member@example.net\"," \
	"\"sip:both@example.net\",\"sip:speaker@example.net\"]," \
	"\"managers\":[\"sip:manager@example.net\",\"sip:both@example.net\"]"
#define NORMAL(privacy) "{\"name\":\"" privacy " normal\"," \
	"\"category\":\"Main\",\"privacy\":\"" privacy "\"," LISTS "}"
#define STAGE(privacy) "{\"name\":\"" privacy " stage\"," \
	"\"category\":\"Main\",\"privacy\":\"" privacy "\"," LISTS "," \
	"\"type\":\"auditorium\"," \
	"\"presenters\":[\"sip:speaker@example.net\"]}"

static const char data[] =
	"{\"users\":[{\"uri\":\"sip:stranger@example.net\","
	"\"enabled\":true}," USER("scope") "," USER("member") ","
	USER("manager") "," USER("both") "," USER("speaker") ","
	USER("admin") "],\"categories\":[{\"name\":\"Main\",\"allowed\":["
	"\"domain:example.net\"],\"denied\":[\"sip:stranger@example.net\"]}],"
	"\"rooms\":[" NORMAL("open") "," NORMAL("closed") "," NORMAL("secret")
	"," STAGE("open") "," STAGE("closed") "," STAGE("secret") "]}";

/* What somebody gets; find: is the room in the search's reply */
struct cell {
	const char *privacy, *who;
	bool find;
	unsigned history, join;
	unsigned post, present;          /* normal room, auditorium       */
	unsigned manage;
};

static const struct cell cellv[] = {
	{ "open",   "stranger", 0, 403, 403, 403, 403, 403 },
	{ "open",   "scope",    1, 200, 200, 200, 403, 403 },
	{ "open",   "member",   1, 200, 200, 200, 403, 403 },
	{ "open",   "manager",  1, 200, 200, 200, 403, 200 },
	{ "open",   "both",     1, 200, 200, 200, 403, 200 },
	{ "open",   "speaker",  1, 200, 200, 200, 200, 403 },
	{ "open",   "admin",    1, 200, 200, 200, 403, 200 },

	{ "closed", "stranger", 0, 403, 403, 403, 403, 403 },
	{ "closed", "scope",    1, 403, 403, 403, 403, 403 },
	{ "closed", "member",   1, 200, 200, 200, 403, 403 },
	{ "closed", "manager",  1, 403, 403, 403, 403, 200 },
	{ "closed", "both",     1, 200, 200, 200, 403, 200 },
	{ "closed", "speaker",  1, 200, 200, 200, 200, 403 },
	{ "closed", "admin",    1, 403, 403, 403, 403, 200 },

	{ "secret", "stranger", 0, 404, 404, 403, 403, 404 },
	{ "secret", "scope",    0, 404, 404, 403, 403, 404 },
	{ "secret", "member",   1, 200, 200, 200, 403, 403 },
	{ "secret", "manager",  1, 403, 403, 403, 403, 200 },
	{ "secret", "both",     1, 200, 200, 200, 403, 200 },
	{ "secret", "speaker",  1, 200, 200, 200, 200, 403 },
	{ "secret", "admin",    1, 404, 404, 403, 403, 200 },
};


static void up(void)
{
	stage_up(&(struct pool_opts){ .data = data });
	stage_sql("INSERT INTO configuration (key, value) "
		  "VALUES ('Administrators', "
		  "'sip:admin@example.net') RETURNING key");
}


static bool finds(struct client *c, const char *room)
{
	struct xd *x = NULL;
	char path[160];
	bool found;

	ck_assert_int_eq(chat_search(c, "", &x), 0);
	(void)re_snprintf(path, sizeof(path), "//chanib[@uri='%s']", room);
	found = xd_count(x, path) > 0;
	mem_deref(x);

	return found;
}


static unsigned changes(struct client *c, const char *room)
{
	struct xd *x = NULL;
	unsigned code;

	ck_assert_int_eq(chat_ask(c, "chanmodify", &x, "<chanib uri=\"%s\" "
				  "description=\"changed\"/>", room), 0);
	code = (unsigned)xd_num(x, "/xccos/rpl/resp/@code");
	mem_deref(x);

	return code;
}


static void walk(const struct cell *cell, bool stage, size_t instance)
{
	struct client *c;
	char name[32], *room;

	(void)re_snprintf(name, sizeof(name), "%s %s", cell->privacy,
			  stage ? "stage" : "normal");
	ck_room(room, pool, name);
	ck_open(c, pool, instance, cell->who);

#define ck_cell(got, wanted) ck_assert_msg((got) == (wanted), \
	"%s: %s gets %u for %s, not %u", name, cell->who, \
	(unsigned)(got), #wanted, (unsigned)(wanted))

	ck_cell(finds(c, room), cell->find);
	ck_cell(chat_history(c, room, 5, NULL), cell->history);
	ck_cell(chat_post(c, room, "outside"), 403);
	ck_cell(chat_join(c, room, NULL), cell->join);
	if (stage)
		ck_cell(chat_post(c, room, "hello"), cell->present);
	else
		ck_cell(chat_post(c, room, "hello"), cell->post);
	ck_cell(changes(c, room), cell->manage);

	mem_deref(room);
	(void)client_close(c);
}


START_TEST(every_cell_of_the_table_holds_on_the_wire)
{
	walk(&cellv[_i], false, (size_t)_i % 2);
	walk(&cellv[_i], true, (size_t)(_i + 1) % 2);
}
END_TEST


static Suite *access_table_suite(void)
{
	Suite *suite = suite_create("access table");
	TCase *tc = tcase_create("cells");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, every_cell_of_the_table_holds_on_the_wire, 0,
			    ARRAY_SIZE(cellv));
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(access_table_suite)
