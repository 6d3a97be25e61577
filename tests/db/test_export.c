/**
 * @file tests/db/test_export.c  pchatctl export, and import of what it wrote
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/db/operator.h"
#include "tests/unit/suite.h"


static const char data[] =
"{\"users\":["
" {\"uri\":\"ada@x.net\",\"display\":\"Ada \\\"A\\\" \\\\ B\"},"
" {\"uri\":\"bob@x.net\",\"enabled\":false},"
" {\"uri\":\"eve@a.net\"},"
" {\"uri\":\"gone@x.net\",\"state\":\"deleted\"},"
" {\"uri\":\"plain@x.net\",\"policy\":\"\"}],"
"\"groups\":[{\"name\":\"Staff\",\"members\":[\"ada@x.net\"]},"
" {\"name\":\"All\",\"members\":[\"group:Staff\",\"domain:a.net\"]}],"
"\"addins\":[{\"name\":\"Wiki\",\"url\":\"https://wiki.x.net/\"}],"
"\"categories\":["
" {\"name\":\"Main\",\"description\":\"M\",\"retention\":900},"
" {\"name\":\"Deals\",\"allowed\":[\"group:All\"],"
"  \"denied\":[\"bob@x.net\"],\"creators\":[\"ada@x.net\"],"
"  \"files\":false}],"
"\"rooms\":["
" {\"name\":\"Lobby\",\"category\":\"Main\",\"privacy\":\"open\","
"  \"addin\":\"Wiki\",\"retention\":30,\"managers\":[\"gone@x.net\"]},"
" {\"name\":\"Hall\",\"category\":\"Deals\",\"type\":\"auditorium\","
"  \"members\":[\"group:Staff\"],\"presenters\":[\"ada@x.net\"],"
"  \"invitations\":\"false\"},"
" {\"name\":\"Old <b>\",\"category\":\"Main\",\"disabled\":true},"
" {\"name\":\"Empty\",\"category\":\"Main\"}]}";

/* Ids with a hole, one message that is not kept, ids beyond the last */
#define SAY(room, id, author, ts, flags, chat, rtf) \
	"INSERT INTO message SELECT room_id, " id ", principal_id, '" ts \
	"', 7, " flags ", " chat ", " rtf " FROM room, principal WHERE" \
	" room.name = '" room "' AND key = '" author "';"
static const char said[] =
	SAY("Lobby", "1", "sip:ada@x.net", "2026-01-05 10:00:00.123456+00",
	    "0", "E'tab\\t back\\\\slash \\\\n \"q\" \\u00e4\\nline'",
	    "'{\\rtf1 x}'")
	SAY("Lobby", "2", "sip:gone@x.net", "2026-01-05 10:00:00.123456+00",
	    "3", "''", "NULL")
	SAY("Lobby", "5", "system", "2026-02-05 10:00:00+00", "4", "'r'",
	    "NULL")
	SAY("Lobby", "6", "sip:ada@x.net", "2026-02-05 10:00:01+00", "8",
	    "'off the record'", "NULL")
	SAY("Hall", "1", "sip:ada@x.net", "2026-02-06 10:00:00+00", "0",
	    "'welcome'", "NULL")
	"UPDATE room_head h SET last_id = 9, last_ts = '2026-02-07' FROM"
	" room r WHERE r.room_id = h.room_id AND r.name = 'Lobby';"
	"UPDATE room_head h SET last_id = 1, last_ts = '2026-02-06' FROM"
	" room r WHERE r.room_id = h.room_id AND r.name = 'Hall';"
	"INSERT INTO file SELECT '6ba7b810-9dad-11d1-80b4-00c04fd430c8',"
	" room_id, 'Plan', 'pdf', 7, '\\x0123', principal_id,"
	" '2026-01-06', true FROM room, principal WHERE room.name = 'Lobby'"
	" AND key = 'sip:ada@x.net'";

static char one[160], two[160], page[160];


static void setup(void)
{
	op_setup();
	(void)snprintf(one, sizeof(one), "%s/one",
		       store_dir(op_store()));
	(void)snprintf(two, sizeof(two), "%s/two",
		       store_dir(op_store()));
	(void)snprintf(page, sizeof(page), "%s/page",
		       store_dir(op_store()));
	ck_assert_msg(op_import(data) == TOOL_OK, "%s", op_err());
	ck_assert_int_eq(store_sql(op_store(), said), 0);
}


static void teardown(void)
{
	(void)unlink(one);
	(void)unlink(two);
	(void)unlink(page);
	op_teardown();
}


/* A whole file, to be freed */
static char *slurp(const char *name)
{
	char *text = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *f = fopen(name, "r");

	ck_assert_ptr_nonnull(f);
	n = getdelim(&text, &size, EOF, f);
	(void)fclose(f);
	ck_assert_int_ge(n, 0);

	return text;
}


static void spill(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}


static void ck_same_files(void)
{
	char *a = slurp(one), *b = slurp(two);

	ck_assert_str_eq(a, b);
	free(a);
	free(b);
}


/* A store of its own for the test's second half */
static struct store *other_store(void)
{
	struct store *other;

	ck_assert_int_eq(store_start(&other), 0);

	return op_use(other);
}


static void first_store(struct store *first)
{
	store_stop(op_use(first));
}


START_TEST(what_was_exported_and_imported_is_exported_the_same)
{
	struct store *first;

	op_ok("export %s", one);
	op_said("messages            4");
	op_said("files               1");

	first = other_store();
	op_ok("import %s", one);
	op_said("messages            4        4");
	op_ok("export %s", two);
	ck_same_files();
	ck_assert_int_eq(op_number("SELECT last_id FROM room_head JOIN room"
				    " USING (room_id) WHERE name = 'Lobby'"),
			 9);
	ck_assert_int_eq(op_number("SELECT count(*) FROM message"), 4);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE"
				    " kind = 5 AND policy_id IS NULL"), 1);
	first_store(first);
}
END_TEST


START_TEST(importing_it_again_changes_nothing)
{
	long long before;

	op_ok("export %s", one);
	before = op_number("SELECT count(*) FROM admin_audit");
	op_ok("import %s", one);
	op_said("messages            4        0");
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit"),
			 before);
}
END_TEST


START_TEST(an_export_is_for_its_owner_only)
{
	struct stat sb;

	op_ok("export %s --report %s", one, page);
	ck_assert_int_eq(stat(one, &sb), 0);
	ck_assert_int_eq(sb.st_mode & 077, 0);
	ck_assert_int_eq(stat(page, &sb), 0);
	ck_assert_int_eq(sb.st_mode & 077, 0);
	op_fails("/nowhere/x", "export /nowhere/x");
}
END_TEST


static size_t lines_of(FILE *f)
{
	size_t n = 0;
	int c;

	while ((c = fgetc(f)) != EOF)
		n += c == '\n';

	return n;
}


/* A FIFO is written through, a link's target is written, what could not be
   a file is refused, and all of them stay what they are */
START_TEST(an_export_leaves_links_fifos_and_devices_as_they_are)
{
	char cmd[512];
	struct stat st;
	FILE *f;

	ck_assert_int_eq(mkfifo(one, 0600), 0);
	(void)snprintf(cmd, sizeof(cmd), "cat %s", one);
	f = popen(cmd, "r");
	op_ok("export %s --report %s", one, page);
	ck_assert_uint_gt(lines_of(f), 10);
	(void)pclose(f);
	ck_assert(!lstat(one, &st) && S_ISFIFO(st.st_mode));

	ck_assert_int_eq(symlink("page", two), 0);
	op_ok("export %s --level users", two);
	ck_assert(!lstat(two, &st) && S_ISLNK(st.st_mode));
	ck_assert(!stat(page, &st) && S_ISREG(st.st_mode));
	f = fopen(page, "r");
	ck_assert_uint_gt(lines_of(f), 3);
	(void)fclose(f);

	ck_assert_int_eq(unlink(page), 0);
	op_fails("is a link to nothing", "export %s", two);
	op_fails("is a directory", "export %s", store_dir(op_store()));
	op_ok("export /dev/null --report /dev/null");
	ck_assert(!stat("/dev/null", &st) && S_ISCHR(st.st_mode));
}
END_TEST


START_TEST(levels_and_categories_narrow_it)
{
	char *text;

	op_ok("export %s --level rooms --category deals", one);
	text = slurp(one);
	ck_assert_ptr_nonnull(strstr(text, "Hall"));
	ck_assert_ptr_null(strstr(text, "Lobby"));
	ck_assert_ptr_null(strstr(text, "\"users\" : {"));
	ck_assert_ptr_null(strstr(text, "welcome"));
	free(text);

	op_ok("export %s --level content --level users", one);
	text = slurp(one);
	ck_assert_ptr_nonnull(strstr(text, "welcome"));
	ck_assert_ptr_nonnull(strstr(text, "group:Staff"));
	ck_assert_ptr_null(strstr(text, "\"rooms\" : {"));
	ck_assert_ptr_null(strstr(text, "off the record"));
	free(text);

	op_fails("no such category: Nothing", "export %s --category Nothing",
		 one);
	ck_assert_int_eq(op_run("export %s --level half", one), TOOL_USAGE);
	ck_assert_int_eq(op_run("export %s --from noon", one), TOOL_USAGE);
}
END_TEST


START_TEST(months_follow_one_another_into_a_disabled_room)
{
	struct store *first;

	op_ok("export %s --to 2026-02-01", one);
	op_said("messages            2");
	op_ok("export %s --level content --from 2026-02-01", two);
	op_said("messages            2");

	first = other_store();
	op_ok("import %s", one);
	op_fails("content of \"Lobby\": the room is there already: it must"
		 " be disabled",
		 "import %s", two);
	op_ok("room set Lobby --disabled yes");
	op_ok("room set Hall --disabled yes");
	op_ok("import %s", two);
	ck_assert_int_eq(op_number("SELECT count(*) FROM message"), 4);
	ck_assert_int_eq(op_number("SELECT max(last_id) FROM room_head"), 9);
	first_store(first);
}
END_TEST


START_TEST(a_room_that_went_on_is_left_alone)
{
	struct store *first;

	op_ok("export %s", one);
	first = other_store();
	ck_assert_int_eq(op_import(data), TOOL_OK);
	ck_assert_int_eq(store_sql(op_store(),
		"INSERT INTO message SELECT room_id, 1, 1, now(), 0, 0, 'hi'"
		" FROM room WHERE name = 'Hall';"
		"UPDATE room_head SET last_id = 1 FROM room WHERE"
		" room.room_id = room_head.room_id AND name = 'Hall';"
		"UPDATE room SET disabled = true"), 0);
	op_fails("content of \"Hall\", message 1: the room has another one",
		 "import %s", one);
	ck_assert_int_eq(op_number("SELECT count(*) FROM message"), 1);
	first_store(first);
}
END_TEST


START_TEST(exported_rooms_can_be_shut)
{
	struct store *first;

	op_ok("export %s --category Main --disable-exported", one);
	op_said("disabled            2");
	ck_assert_int_eq(op_number("SELECT count(*) FROM room"
				    " WHERE disabled"), 3);
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit WHERE"
				    " action = 'room.modify' AND"
				    " actor = 'operator'"), 2);

	first = other_store();
	op_ok("import %s", one);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room"
				    " WHERE disabled"), 1);
	first_store(first);
}
END_TEST


START_TEST(an_export_that_fails_leaves_rooms_and_files_as_they_were)
{
	op_ok("export %s --level users", one);
	ck_assert_int_eq(store_sql(op_store(), "ALTER TABLE file"
				   " RENAME TO elsewhere"), 0);
	op_fails("ctl_export_files",
		 "export %s --disable-exported --report %s", one, page);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room"
				    " WHERE disabled"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit WHERE"
				    " action = 'export'"), 1);
	ck_assert_int_ne(access(page, F_OK), 0);
	ck_assert_int_eq(store_sql(op_store(), "ALTER TABLE elsewhere"
				   " RENAME TO file"), 0);
	op_ok("import %s", one);
}
END_TEST


START_TEST(a_report_is_made_for_people)
{
	char *text;

	op_ok("export %s --report %s", one, page);
	text = slurp(page);
	ck_assert_ptr_nonnull(strstr(text, "<td><bdi>Lobby</bdi></td>"
				     "<td><bdi>Main</bdi></td>"
				     "<td><bdi>3</bdi></td>"));
	ck_assert_ptr_nonnull(strstr(text, "Old &lt;b&gt;"));
	ck_assert_ptr_null(strstr(text, "welcome"));
	free(text);

	op_ok("import %s --report %s --dry-run", one, page);
	text = slurp(page);
	ck_assert_ptr_nonnull(strstr(text, "<td><bdi>Lobby</bdi></td>"
				     "<td><bdi>3</bdi></td>"
				     "<td><bdi>0</bdi></td>"));
	free(text);
}
END_TEST


/* A line of an export is replaced; NULL: the file ends before it */
static const struct {
	const char *line, *by, *error;
} brokenv[] = {
	{ "{\"pchat_export\"", "{\"pchat_export\": 9}\n",
	  "another version" },
	{ "{\"end\"", NULL, "cut off" },
	{ "[1, ", NULL, "cut off" },
	{ "[2, ", "", "other messages than the end tells of" },
	{ "[2, ", "[1, \"2026-01-05T10:00:00.123456Z\", \"system\", 0, \"\","
	  " null]\n", "ids of messages must rise" },
	{ "[2, ", "[2, \"2026-01-04T10:00:00.123456Z\", \"system\", 0, \"\","
	  " null]\n", "earlier than the message before" },
	{ "[2, ", "[2, \"2026-01-05\", \"system\", 0, \"\", null]\n",
	  "not a time" },
	{ "[2, ", "[2, \"2026-01-06T10:00:00.123456Z\", \"system\", 8, \"\","
	  " null]\n", "unknown flags" },
	{ "[2, ", "[2]\n", "not a message" },
	{ "[2, ", "[2, \"2026-01-06T10:00:00.123456Z\", \"sip:no@x\", 0,"
	  " \"\", null]\n", "no such user: sip:no@x" },
	{ "[2, ", "[2, \"2026-\n", "line 20" },
	{ "{\"content\" : {\"room\" : \"Hall\"",
	  "{\"content\": {\"room\": \"Nix\", \"last_id\": 1}}\n",
	  "content of \"Nix\": no such room" },
	{ "{\"content\" : {\"room\" : \"Hall\"", "",
	  "a message before its room" },
	{ "{\"files\"", "{\"files\": {}}\n", "neither" },
	{ "{\"files\"", "{\"users\": {}}\n", "not in its place" },
};


static void broken(const char *text, size_t i)
{
	const char *at = strstr(text, brokenv[i].line);
	const char *next = at ? strchr(at, '\n') : NULL;
	char *made;

	ck_assert_msg(next, "%s is not in %s", brokenv[i].line, text);
	ck_assert_int_ge(asprintf(&made, "%.*s%s%s", (int)(at - text), text,
				  brokenv[i].by ? brokenv[i].by : "",
				  brokenv[i].by ? next + 1 : ""), 0);
	spill(two, made);
	free(made);

	ck_assert_int_eq(op_run("import %s", two), TOOL_FAILED);
	ck_assert_msg(strstr(op_err(), brokenv[i].error), "%zu: %s", i,
		      op_err());
}


START_TEST(a_damaged_export_imports_nothing)
{
	struct store *first;
	char *text;
	size_t i;

	op_ok("export %s", one);
	text = slurp(one);
	first = other_store();
	for (i = 0; i < ARRAY_SIZE(brokenv); i++)
		broken(text, i);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room"), 0);
	free(text);
	first_store(first);
}
END_TEST


/* The URI of somebody who is gone is another's; each keeps their own */
START_TEST(two_users_of_one_uri_stay_two)
{
	struct store *first;
	char *text;

	op_ok("room set Lobby --add-member ada@x.net");
	op_ok("user remove ada@x.net");
	op_ok("user create ada@x.net --display 'New Ada'");
	op_ok("export %s", one);
	text = slurp(one);
	ck_assert_ptr_nonnull(strstr(text, ":sip:ada@x.net\""));
	free(text);

	first = other_store();
	op_ok("import %s", one);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room_role x JOIN "
		"principal p USING (principal_id) WHERE p.key = "
		"'sip:ada@x.net'"), 0);
	ck_assert_int_eq(op_number("SELECT count(*) FROM message m JOIN "
		"principal p ON p.principal_id = m.author_id WHERE p.state = 2 "
		"AND p.key LIKE 'former:%%:sip:ada@x.net' AND "
		"p.name = 'sip:ada@x.net'"), 2);
	op_ok("export %s", two);
	ck_same_files();
	first_store(first);
}
END_TEST


static Suite *export_suite(void)
{
	Suite *suite = suite_create("export");
	TCase *tc = tcase_create("export");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc,
		       what_was_exported_and_imported_is_exported_the_same);
	tcase_add_test(tc, two_users_of_one_uri_stay_two);
	tcase_add_test(tc, importing_it_again_changes_nothing);
	tcase_add_test(tc, an_export_is_for_its_owner_only);
	tcase_add_test(tc,
		       an_export_leaves_links_fifos_and_devices_as_they_are);
	tcase_add_test(tc, levels_and_categories_narrow_it);
	tcase_add_test(tc, months_follow_one_another_into_a_disabled_room);
	tcase_add_test(tc, a_room_that_went_on_is_left_alone);
	tcase_add_test(tc, exported_rooms_can_be_shut);
	tcase_add_test(tc,
		an_export_that_fails_leaves_rooms_and_files_as_they_were);
	tcase_add_test(tc, a_report_is_made_for_people);
	tcase_add_test(tc, a_damaged_export_imports_nothing);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(export_suite)
