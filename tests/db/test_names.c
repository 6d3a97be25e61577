/**
 * @file tests/db/test_names.c  What a name may be, by every way in
 */
#include <stdio.h>
#include <string.h>
#include "tests/db/operator.h"
#include "tests/db/webproc.h"
#include "tests/unit/suite.h"

#define RLO   "\xe2\x80\xae"       /* U+202E, turns text round        */
#define ZWSP  "\xe2\x80\x8b"       /* U+200B, is not seen             */
#define ZWNJ  "\xe2\x80\x8c"
#define CSI   "\xc2\x9b"           /* U+009B, as good as ESC [        */
#define ACUTE "\xcc\x81"           /* U+0301, combining               */

static const char data[] =
"{\"users\":[{\"uri\":\"ada@x.net\",\"display\":\"Ada\","
"  \"password\":\"ada-pw\"}],"
"\"categories\":[{\"name\":\"Here\"}],"
"\"rooms\":[{\"name\":\"Stra\303\237e 1\",\"category\":\"Here\","
"  \"privacy\":\"secret\"}]}";

static const struct bad {
	const char *name, *problem;
} badv[] = {
	{ "a\tb",            "U+0009 at position 2 is a control character" },
	{ "a\x1b[31mb",      "U+001B at position 2 is a control character" },
	{ "a\x7f",           "U+007F at position 2 is a control character" },
	{ "\xc3\xa9" CSI,    "U+009B at position 2 is a control character" },
	{ "a" RLO "b",       "U+202E at position 2 is a control of writing" },
	{ "a\xe2\x81\xa7",   "U+2067 at position 2 is a control of writing" },
	{ "a\xe2\x80\x8f",   "U+200F at position 2 is a control of writing" },
	{ "a" ZWSP "b",      "U+200B at position 2 is invisible" },
	{ "a" ZWNJ "b",      "U+200C at position 2 is invisible" },
	{ "\xef\xbb\xbf" "a", "U+FEFF at position 1 is invisible" },
	{ "\xe3\x85\xa4",    "U+3164 at position 1 is invisible" },
	{ "a\xf3\xa0\x81\x81", "U+E0041 at position 2 is invisible" },
	{ "a\xef\xbf\xbf",   "U+FFFF at position 2 is not a character" },
	{ "   ",             "is blank" },
	{ "\xe3\x80\x80",    "is blank" },
	{ ACUTE,             "is blank" },
};

static const char *const goodv[] = {
	"Ops", "\xe6\x9d\xb1\xe4\xba\xac", "R\xc3\xa9sum\xc3\xa9s",
	"\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae\xd9\x88\xd8\xa7\xd9\x87\xd9\x85",
	"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb team",
	"\xe2\x9d\xa4\xef\xb8\x8f", "a & b <c> \"d\"",
};

/* All the same as "Strasse 1" for people */
static const char *const twinv[] = {
	"STRASSE 1", "strasse  1", " Stra\303\237e 1 ",
	"\xef\xbc\xb3trasse 1", "stra\341\272\236e\302\2401",
};


static void setup(void)
{
	op_setup();
	ck_assert_msg(op_import(data) == TOOL_OK, "%s", op_err());
}


static void fill(char *buf, size_t size, const char *fmt, const char *name)
{
	(void)snprintf(buf, size, fmt, name);
}


START_TEST(pchatctl_refuses_what_nobody_can_see)
{
	static const char *const linev[] = {
		"room create --name '%s' --category Here",
		"room set 'Stra\303\237e 1' --name '%s'",
		"category create --name '%s'",
		"category set Here --name '%s'",
		"addin create --name '%s' --url https://a.net/",
		"group create '%s'", "policy create '%s' --scope user --enable yes",
		"hold create '%s' --user ada@x.net",
		"user create new@x.net --display '%s'",
		"user set ada@x.net --display '%s'",
		"config set DisplayName '%s'",
	};
	char line[256];
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(badv); i++) {
		for (k = 0; k < ARRAY_SIZE(linev); k++) {
			fill(line, sizeof(line), linev[k], badv[i].name);
			ck_assert_int_eq(op_run("%s", line), TOOL_FAILED);
			ck_assert_msg(strstr(op_err(), badv[i].problem) ||
				      (strstr(line, "hold") &&
				       strstr(op_err(), "needs a name")),
				      "%s: %s", line, op_err());
		}
	}
	ck_assert_int_eq(op_number("SELECT count(*) FROM room"), 1);
}
END_TEST


START_TEST(names_of_all_languages_are_taken)
{
	char line[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(goodv); i++) {
		fill(line, sizeof(line), "room create --name '%s' --category "
		     "Here", goodv[i]);
		op_ok("%s", line);
		fill(line, sizeof(line), "group create '%s'", goodv[i]);
		op_ok("%s", line);
	}
	op_ok("names");
}
END_TEST


START_TEST(names_that_look_the_same_are_one)
{
	char line[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(twinv); i++) {
		fill(line, sizeof(line), "room create --name '%s' --category "
		     "Here", twinv[i]);
		op_fails("there is a room", "%s", line);
		fill(line, sizeof(line), "category create --name '%s'",
		     twinv[i]);
		op_fails("there is a room", "%s", line);
	}
	op_ok("room create --name 'Re" ACUTE "sume" ACUTE "' --category Here");
	op_fails("there is a room", "room create --name 'R\xc3\xa9sum\xc3\xa9'"
		 " --category Here");
	op_ok("room show 'R\xc3\xa9sum\xc3\xa9'");
	op_ok("room show 'RE" ACUTE "SUME" ACUTE "'");
	op_ok("room show ' \xef\xbc\xb3TRASSE 1'");
	op_said("Stra\303\237e 1");
	op_ok("category show '\xef\xbc\xa8" "ere'");
	op_ok("room create --name Resume --category Here");
	op_ok("group create 'Ops Team'");
	op_fails("there is such a group", "group create 'OPS  team'");
}
END_TEST


/* The functions that XCCOS commands call answer with the name of an errno */
START_TEST(commands_over_the_wire_are_refused)
{
	char sql[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(badv); i++) {
		(void)snprintf(sql, sizeof(sql), "SELECT status FROM "
			"room_create((SELECT principal_id FROM principal "
			"WHERE key = 'sip:ada@x.net'), E'%s', NULL, (SELECT "
			"guid FROM category), 1, 0, false, true, NULL, NULL, "
			"NULL, NULL)", badv[i].name);
		ck_assert_int_eq(store_sql(op_store(), "INSERT INTO "
			"category_creator SELECT category_id, 1 FROM category "
			"ON CONFLICT DO NOTHING"), 0);
		ck_assert_msg(!strcmp(op_text(sql), "EINVAL"), "%zu: %s", i,
			      op_text(sql));
	}
	ck_assert_int_eq(op_number("SELECT count(*) FROM room"), 1);
}
END_TEST


/* Of a name that cannot stand in JSON as it is, as the API takes it */
START_TEST(the_api_refuses_them_too)
{
	char body[512];

	op_ok("config set Administrators sip:ada@x.net");
	wp_start(" ");
	ck_assert_int_eq(wp_signin("ada", "ada-pw"), 201);
	(void)snprintf(body, sizeof(body), "{\"name\": \"a\\tb\\u001b\", "
		       "\"category\": \"%s\"}",
		       op_text("SELECT guid::text FROM category"));
	wp_is(400, "POST", "rooms", body);
	wp_said("U+0009 at position 2");
	wp_is(400, "POST", "categories", "{\"name\": \"x\\u202e\"}");
	wp_said("U+202E at position 2");
	wp_is(400, "POST", "addins", "{\"name\": \"x\\u200b\", \"url\": "
	      "\"https://a.net/\"}");
	wp_said("U+200B at position 2");
	wp_is(409, "POST", "categories", "{\"name\": \"STRASSE 1\"}");
	wp_is(400, "PUT", "config/SearchLanguage", "{\"value\": \"klingon\"}");
	wp_said("SearchLanguage");
	wp_said("klingon");
	wp_stop();
}
END_TEST


START_TEST(an_import_names_the_place)
{
	ck_assert_int_eq(op_import(
		"{\"users\":[{\"uri\":\"u@x.net\",\"display\":\"A\\u202e\"}],"
		"\"groups\":[{\"name\":\"g\\u0007\",\"members\":[]}],"
		"\"categories\":[{\"name\":\"c\\u200b\"}],"
		"\"addins\":[{\"name\":\" \",\"url\":\"https://a.net/\"}],"
		"\"rooms\":[{\"name\":\"r\\t\",\"category\":\"Here\"},"
		"{\"name\":\"New\",\"category\":\"Here\","
		"\"description\":\"d\\u001b\"}]}"), TOOL_FAILED);
	op_complained("users[0].display: U+202E at position 2");
	op_complained("groups[0].name: U+0007 at position 2");
	op_complained("categories[0].name: U+200B at position 2");
	op_complained("addins[0].name: is blank");
	op_complained("rooms[0].name: U+0009 at position 2");
	op_complained("rooms[1].description: U+001B at position 2");

	ck_assert_int_eq(op_import("{\"rooms\":["
		"{\"name\":\"STRASSE 1\",\"category\":\"Here\"},"
		"{\"name\":\"Twin\",\"category\":\"Here\"},"
		"{\"name\":\"\xef\xbc\xb4win\",\"category\":\"Here\"}]}"),
			 TOOL_FAILED);
	op_complained("rooms[0].name: \"STRASSE 1\" looks the same as");
	op_complained("looks the same as \"Twin\", rooms[1]");

	/* composed or not, it is the same room */
	ck_assert_int_eq(op_import("{\"rooms\":[{\"name\":\"Cafe" ACUTE "\","
		"\"category\":\"Here\"}]}"), TOOL_OK);
	ck_assert_int_eq(op_import("{\"rooms\":[{\"name\":\"Caf\xc3\xa9 \","
		"\"category\":\"Here\"}]}"), TOOL_OK);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room"), 2);
}
END_TEST


/* As a store may have them that was made by an earlier version */
static const char former[] =
	"SET session_replication_role = replica;"
	"INSERT INTO category (name) VALUES (E'Old\\tcat');"
	"INSERT INTO room (category_id, name, name_fold) SELECT category_id, x.n, x.f"
	"  FROM category c, (VALUES (E'a\\tb\\x1b', 'q'), ('STRASSE 1', NULL),"
	"  (U&'\\200B', 'z')) AS x (n, f) WHERE c.name = 'Here';"
	"INSERT INTO room_head (room_id) SELECT room_id FROM room"
	"  WHERE name <> 'Stra\303\237e 1';"
	"RESET session_replication_role";


START_TEST(names_of_former_times_are_shown_and_can_be_moved)
{
	struct store *there, *here;
	char file[160];

	ck_assert_int_eq(store_sql(op_store(), former), 0);
	ck_assert_int_eq(op_run("names"), TOOL_FAILED);
	op_said("a\\x09b\\x1b");
	op_said("U+0009 at position 2");
	op_said("looks the same as another name");
	op_said("U+200B");

	/* they work as before, and other things about them can be changed */
	op_ok("room set 'STRASSE 1' --description Better");

	(void)snprintf(file, sizeof(file), "%s/all", store_dir(op_store()));
	op_ok("export %s", file);
	ck_assert_int_eq(store_start(&there), 0);
	here = op_use(there);
	op_ok("import %s", file);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room"), 4);
	op_ok("names");
	op_ok("room show 'a b'");
	(void)op_use(here);
	store_stop(there);
}
END_TEST


START_TEST(nothing_of_others_reaches_the_terminal_raw)
{
	ck_assert_int_eq(store_sql(op_store(), former), 0);
	ck_assert_int_eq(store_sql(op_store(), "INSERT INTO message SELECT "
		"room_id, 1, 2, now(), 7, 0, E'\\x1b]0;own\\x07 \\r\\n \\u009b"
		"2J \\u202e x' FROM room WHERE name = 'STRASSE 1'; UPDATE "
		"room_head SET last_id = 1, last_ts = now()"), 0);

	op_ok("message list --room 'STRASSE 1'");
	op_said("\\x1b]0;own\\x07 \\u{009b}2J \\u{202e} x");
	op_ok("room list");
	op_said("a\\x09b\\x1b");
	op_silent_on("\x1b");
	op_ok("room list --json");
	op_said("\\u001B");
	op_silent_on("\x1b");
	ck_assert_int_eq(op_run("room show '\x1b[31m" RLO "'"), TOOL_FAILED);
	op_complained("\\x1b[31m\\u{202e}");
	ck_assert_ptr_null(strchr(op_err(), '\x1b'));
	ck_assert_int_eq(op_run("room \x1b[31m"), TOOL_USAGE);
	ck_assert_ptr_null(strchr(op_err(), '\x1b'));
}
END_TEST


static const struct {
	const char *key, *value, *problem;
} settingv[] = {
	{ "SearchLanguage", "klingon", "no text search configuration" },
	{ "SearchLanguage", "English", "no text search configuration" },
	{ "DefaultChatHistory", "0", "0 is not between 1 and 500" },
	{ "DefaultChatHistory", "ten", "not a number: ten" },
	{ "DefaultChatHistory", "10x", "not a number: 10x" },
	{ "ParticipantUpdateLimit", "99999999999999999999999",
	  "is not between" },
	{ "MessageSizeLimit", "1", "1 is not between" },
	{ "StorySizeLimit", "1", "1 is not between" },
	{ "SearchLimit", "0", "0 is not between" },
	{ "InvitationLimit", "many", "not a number" },
	{ "InvitationWarning", "0x10", "not a number" },
	{ "AccessEntryLimit", "0", "is not between" },
	{ "RoomFileQuotaKB", "1 GB", "not a number" },
	{ "MaxFileSizeKB", "0", "is not between" },
	{ "ComplianceRunInterval", "1", "is not between" },
	{ "ComplianceLagAlarm", "1h", "not a number" },
	{ "ComplianceFailClosed", "yes", "not a number" },
	{ "DisplayName", "a\x1b", "U+001B at position 2" },
	{ "DisplayName", "  ", "is blank" },
	{ "DisplayName", "a\xff", "must be UTF-8" },
	{ "Site", "x\t", "U+0009" },
	{ "RemovedMessageText", " ", "is blank" },
	{ "RemovedMessageText", "x" RLO, "U+202E" },
	{ "RoomManagementUrl", "javascript:alert(1)", "must be https://" },
	{ "RoomManagementUrl", "https://", "must be https://" },
	{ "RoomManagementUrl", "https://a b", "no URL has" },
	{ "FileServiceUrl", "ftp://x.net/", "must be https://" },
	{ "FileServiceUrl", "https://x.net/\"", "no URL has" },
	{ "Administrators", "ada", "must be sip:" },
	{ "Administrators", "sip:ada@x.net, group:nobody",
	  "there is no group:nobody" },
};


START_TEST(settings_say_what_is_wrong_with_a_value)
{
	char line[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settingv); i++) {
		(void)snprintf(line, sizeof(line), "config set %s '%s'",
			       settingv[i].key, settingv[i].value);
		ck_assert_msg(op_run("%s", line) == TOOL_FAILED, "%s", line);
		ck_assert_msg(strstr(op_err(), settingv[i].key) &&
			      strstr(op_err(), settingv[i].problem),
			      "%s: %s", line, op_err());
	}
	ck_assert_int_eq(op_number("SELECT count(*) FROM configuration"), 0);

	op_ok("config set SearchLanguage german");
	op_ok("config set Administrators ' sip:ada@x.net,domain:x.net'");
	op_ok("config set RoomManagementUrl https://r.x.net/");
}
END_TEST


static Suite *names_suite(void)
{
	Suite *suite = suite_create("db/names");
	TCase *tc = tcase_create("names");

	tcase_add_checked_fixture(tc, setup, op_teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, pchatctl_refuses_what_nobody_can_see);
	tcase_add_test(tc, names_of_all_languages_are_taken);
	tcase_add_test(tc, names_that_look_the_same_are_one);
	tcase_add_test(tc, commands_over_the_wire_are_refused);
	tcase_add_test(tc, the_api_refuses_them_too);
	tcase_add_test(tc, an_import_names_the_place);
	tcase_add_test(tc, names_of_former_times_are_shown_and_can_be_moved);
	tcase_add_test(tc, nothing_of_others_reaches_the_terminal_raw);
	tcase_add_test(tc, settings_say_what_is_wrong_with_a_value);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(names_suite)
