/**
 * @file tests/db/test_import.c  pchatctl: import, and what its lists show
 *
 * Whole command lines, as a user would type them.
 */
#include <re.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libpq-fe.h>
#include "common/json.h"
#include "tests/db/operator.h"
#include "tests/unit/suite.h"


enum { BIG_USERS = 4000, BIG_ROOMS = 5000, BIG_MEMBERS = 12 };

/* Everything an import may touch, as one number */
#define FINGERPRINT \
	"SELECT hashtextextended(string_agg(x, '/' ORDER BY x), 0) FROM (" \
	"SELECT t::text FROM principal t UNION ALL " \
	"SELECT t::text FROM credential t UNION ALL " \
	"SELECT 'm' || t::text FROM principal_member t UNION ALL " \
	"SELECT 'a' || t::text FROM principal_affiliation t UNION ALL " \
	"SELECT t::text FROM category t UNION ALL " \
	"SELECT t::text FROM category_scope t UNION ALL " \
	"SELECT t::text FROM category_creator t UNION ALL " \
	"SELECT t::text FROM room t UNION ALL " \
	"SELECT t::text FROM room_role t UNION ALL " \
	"SELECT t::text FROM room_head t UNION ALL " \
	"SELECT t::text FROM store t UNION ALL " \
	"SELECT t::text FROM admin_audit t) AS y (x)"

static const char sample[] =
"{\"users\":["
" {\"uri\":\"sip:Alice@Example.net\",\"display\":\"Alice A.\","
"  \"email\":\"alice@mail.example\",\"password\":\"secret\"},"
" {\"uri\":\"bob@example.net\",\"enabled\":false},"
" {\"uri\":\"sip:eve@other.example\"}],"
"\"groups\":["
" {\"name\":\"Staff\",\"members\":[\"sip:alice@example.net\"]},"
" {\"name\":\"Company\",\"members\":[\"group:staff\","
"  \"domain:other.example\"]}],"
"\"categories\":["
" {\"name\":\"General\"},"
" {\"name\":\"Narrow\",\"allowed\":[\"group:Company\"],"
"  \"denied\":[\"sip:bob@example.net\"],"
"  \"creators\":[\"sip:alice@example.net\"],\"files\":false},"
" {\"name\":\"Nobody\",\"allowed\":[]}],"
"\"rooms\":["
" {\"name\":\"Lobby\",\"category\":\"general\",\"privacy\":\"open\"},"
" {\"name\":\"Hall\",\"category\":\"Narrow\",\"type\":\"auditorium\","
"  \"description\":\"A\\ttab, a \\\\ and a \\u00e4\","
"  \"members\":[\"group:COMPANY\",\"sip:bob@example.net\"],"
"  \"managers\":[\"Alice@example.net\"],"
"  \"presenters\":[\"sip:eve@other.example\"],"
"  \"invitations\":\"false\"},"
" {\"name\":\"Plain\",\"category\":\"General\"}]}";

static char file[128];


static void setup(void)
{
	op_setup();
	(void)snprintf(file, sizeof(file), "%s/data.json",
		       store_dir(op_store()));
}


static void teardown(void)
{
	(void)unlink(file);
	op_teardown();
}


static void file_write(const char *json)
{
	FILE *f = fopen(file, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(json, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}


static int import(const char *json)
{
	file_write(json);

	return op_run("import %s", file);
}


static void import_well(const char *json)
{
	const int status = import(json);

	ck_assert_msg(status == TOOL_OK, "%s", op_err());
	ck_assert_str_eq(op_err(), "");
}


START_TEST(a_file_becomes_users_groups_categories_and_rooms)
{
	import_well(sample);

	ck_assert_int_eq(op_number("SELECT count(*) FROM principal"
				   " WHERE kind = 5"), 3);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal"
				   " WHERE kind = 8"), 2);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal"
				   " WHERE kind = 9"), 2);
	ck_assert_int_eq(op_number("SELECT policy_id FROM principal WHERE"
				   " key = 'sip:alice@example.net' AND"
				   " name = key AND display = 'Alice A.'"), 2);
	ck_assert_int_eq(op_number("SELECT policy_id FROM principal WHERE"
				   " key = 'sip:bob@example.net'"), 3);
	ck_assert_int_eq(op_number("SELECT count(*) FROM category"
				   " WHERE invitations AND history"), 3);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room JOIN room_head"
				   " USING (room_id) WHERE open AND keep"), 3);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room WHERE"
				   " name = 'Plain' AND privacy = 1 AND"
				   " behavior = 0 AND invitations"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room WHERE"
				   " description = E'A\\ttab, a \\\\ and a"
				   " \\u00e4'"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room_role"), 4);
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit WHERE"
				   " action = 'import' AND object = 'data.json'"
				   " AND detail->'rooms'->>'new' = '3'"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM store"
				   " WHERE domain = 'example.net'"), 1);
}
END_TEST


START_TEST(a_password_becomes_what_digest_needs)
{
	import_well(sample);

	ck_assert_int_eq(op_number("SELECT count(*) FROM credential"), 1);
	ck_assert_int_eq(op_number(
		"SELECT count(*) FROM credential WHERE username = 'alice'"
		" AND realm = 'example.net'"
		" AND ha1 = md5('alice:example.net:secret') AND ha1b ="
		" md5('alice@example.net:example.net:secret')"), 1);

	import_well("{\"users\":[{\"uri\":\"alice@example.net\","
		    "\"display\":\"A\"}]}");
	ck_assert_int_eq(op_number("SELECT count(*) FROM credential"), 1);

	import_well("{\"users\":[{\"uri\":\"alice@example.net\","
		    "\"password\":\"other\"}]}");
	ck_assert_int_eq(op_number(
		"SELECT count(*) FROM credential WHERE"
		" ha1 = md5('alice:example.net:other')"), 1);
}
END_TEST


START_TEST(a_category_is_for_all_unless_it_says_otherwise)
{
	import_well(sample);

	ck_assert_int_eq(op_number("SELECT principal_id FROM category_scope"
				   " JOIN category USING (category_id)"
				   " WHERE name = 'General' AND NOT denied"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM category_scope"
				   " JOIN category USING (category_id)"
				   " WHERE name = 'Nobody'"), 0);
	ck_assert_int_eq(op_number("SELECT count(*) FROM category_scope"
				   " JOIN category USING (category_id)"
				   " WHERE name = 'Narrow'"), 2);
	ck_assert_int_eq(op_number("SELECT count(*) FROM category_creator"), 1);
}
END_TEST


/* How many ancestors, themselves and "any" included */
static long long ancestors(const char *key)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM"
		       " principal_affiliation JOIN principal USING"
		       " (principal_id) WHERE key = '%s'", key);

	return op_number("%s", sql);
}


START_TEST(groups_reach_through_groups_and_domains)
{
	import_well(sample);

	/* self, any, domain, Staff, Company */
	ck_assert_int_eq(ancestors("sip:alice@example.net"), 5);
	/* self, any, domain, Company by its domain */
	ck_assert_int_eq(ancestors("sip:eve@other.example"), 4);
	ck_assert_int_eq(ancestors("sip:bob@example.net"), 3);

	import_well("{\"groups\":[{\"name\":\"World\","
		    "\"members\":[\"group:company\"]}]}");
	ck_assert_int_eq(ancestors("sip:alice@example.net"), 6);
	ck_assert_int_eq(ancestors("sip:eve@other.example"), 5);

	import_well("{\"groups\":[{\"name\":\"Company\",\"members\":"
		    "[\"sip:bob@example.net\"]}]}");
	ck_assert_int_eq(ancestors("sip:alice@example.net"), 4);
	ck_assert_int_eq(ancestors("sip:eve@other.example"), 3);
	ck_assert_int_eq(ancestors("sip:bob@example.net"), 5);

	import_well("{\"users\":[{\"uri\":\"new@other.example\"}]}");
	ck_assert_int_eq(ancestors("sip:new@other.example"), 3);
}
END_TEST


START_TEST(importing_twice_changes_nothing)
{
	long long before;

	import_well(sample);
	before = op_number(FINGERPRINT);

	import_well(sample);
	ck_assert_int_eq(op_number(FINGERPRINT), before);
}
END_TEST


START_TEST(a_dry_run_writes_nothing)
{
	const long long before = op_number(FINGERPRINT);

	file_write(sample);
	ck_assert_int_eq(op_run("import %s --dry-run", file), TOOL_OK);
	op_said("nothing was written");
	ck_assert_int_eq(op_number(FINGERPRINT), before);
}
END_TEST


START_TEST(lists_in_the_file_replace_and_absent_keys_leave)
{
	import_well(sample);
	import_well("{\"categories\":[{\"name\":\"narrow\","
		    "\"denied\":[]}],"
		    "\"rooms\":[{\"name\":\"hall\","
		    "\"managers\":[\"sip:bob@example.net\"]}]}");

	ck_assert_int_eq(op_number("SELECT count(*) FROM category_scope"
				   " JOIN category USING (category_id)"
				   " WHERE name = 'narrow' AND NOT denied"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM category_scope"
				   " WHERE denied"), 0);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room WHERE"
				   " name = 'hall' AND behavior = 1 AND"
				   " NOT invitations AND"
				   " length(description) > 0 AND"
				   " updated_on > created_on"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room_role"
				   " WHERE role = 1"), 2);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room_role JOIN"
				   " principal USING (principal_id) WHERE"
				   " role = 2 AND key = 'sip:bob@example.net'"),
			 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room_role"
				   " WHERE role = 2"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room WHERE"
				   " name <> 'hall' AND"
				   " updated_on <> created_on"), 0);
}
END_TEST


START_TEST(everybody_can_be_let_in_again)
{
	import_well(sample);
	import_well("{\"categories\":[{\"name\":\"Nobody\","
		    "\"allowed\":[\"any\"]}]}");
	ck_assert_int_eq(op_number("SELECT principal_id FROM category_scope"
				   " JOIN category USING (category_id)"
				   " WHERE name = 'Nobody'"), 1);
}
END_TEST


START_TEST(the_first_users_domain_is_the_pools_for_good)
{
	import_well("{\"users\":[{\"uri\":\"a@first.example\"},"
		    "{\"uri\":\"b@second.example\"}]}");
	ck_assert_int_eq(op_number("SELECT count(*) FROM store"
				   " WHERE domain = 'first.example'"), 1);

	import_well("{\"users\":[{\"uri\":\"c@third.example\"}]}");
	ck_assert_int_eq(op_number("SELECT count(*) FROM store"
				   " WHERE domain = 'first.example'"), 1);
}
END_TEST


#define U "\"users\":[{\"uri\":\"a@x\"},{\"uri\":\"b@x\"}],"
#define C "\"categories\":[{\"name\":\"C\"}],"

static const struct {
	const char *json;
	const char *error;          /* after "FILE: " */
} errorv[] = {
	{ "{\n \"users\": [\n  {\"uri\" 5}]}", "line 3, column 10: " },
	{ "{\"users\":[],\n\"users\":[]}", "line 2, column " },
	{ "[]", "must be an object" },
	{ "{\"people\":[]}", "people: unknown key" },
	{ "{\"users\":{}}", "users: must be a list" },
	{ "{\"users\":[{\"uri\":\"a@x\"},7]}", "users[1]: must be an object" },
	{ "{\"users\":[{\"display\":\"A\"}]}", "users[0].uri: missing" },
	{ "{\"users\":[{\"uri\":\"a@x\"},{\"uri\":\"nobody\"}]}",
	  "users[1].uri: not a SIP URI" },
	{ "{\"users\":[{\"uri\":5}]}", "users[0].uri: must be a string" },
	{ "{\"users\":[{\"uri\":\"a@x\",\"colour\":1}]}",
	  "users[0].colour: unknown key" },
	{ "{\"users\":[{\"uri\":\"a@x\",\"enabled\":\"no\"}]}",
	  "users[0].enabled: must be true or false" },
	{ "{\"users\":[{\"uri\":\"a@x\",\"password\":\"\"}]}",
	  "users[0].password: empty" },
	{ "{\"users\":[{\"uri\":\"a@x\"},{\"uri\":\"sip:A@X;transport=tcp\"}"
	  "]}", "users[1].uri: sip:a@x is there already: users[0]" },
	{ "{\"groups\":[{\"name\":\"\"}]}", "groups[0].name: empty" },
	{ "{\"groups\":[{\"name\":\"G\"},{\"name\":\"g\"}]}",
	  "groups[1].name: \"g\" is there already: groups[0]" },
	{ "{\"groups\":[{\"name\":\"G\",\"members\":[\"a@x\"]}]}",
	  "groups[0].members[0]: no such user: sip:a@x" },
	{ "{" U "\"groups\":[{\"name\":\"G\",\"members\":[\"a@x\","
	  "\"group:H\"]}]}", "groups[0].members[1]: no such group: H" },
	{ "{\"groups\":[{\"name\":\"G\",\"members\":[\"group:\"]}]}",
	  "groups[0].members[0]: a group without a name" },
	{ "{\"groups\":[{\"name\":\"G\",\"members\":[\"domain:a b\"]}]}",
	  "groups[0].members[0]: not a domain" },
	{ "{\"groups\":[{\"name\":\"G\",\"members\":[\"any\"]}]}",
	  "groups[0].members[0]: neither" },
	{ "{\"groups\":[{\"name\":\"Z\"},"
	  "{\"name\":\"A\",\"members\":[\"group:b\"]},"
	  "{\"name\":\"B\",\"members\":[\"group:c\",\"group:z\"]},"
	  "{\"name\":\"C\",\"members\":[\"group:a\"]}]}",
	  "groups[1].members: the group contains itself: A > B > C > A" },
	{ "{" C "\"groups\":[{\"name\":\"A\",\"members\":[\"group:a\"]}]}",
	  "groups[0].members: the group contains itself: A > A" },
	{ "{\"categories\":[{\"name\":\"C\",\"allowed\":\"all\"}]}",
	  "categories[0].allowed: must be a list" },
	{ "{\"categories\":[{\"name\":\"C\",\"history\":1}]}",
	  "categories[0].history: must be true or false" },
	{ "{" C "\"rooms\":[{\"name\":\"c\",\"category\":\"C\"}]}",
	  "rooms[0].name: \"c\" is the name of a category" },
	{ "{" C "\"rooms\":[{\"name\":\"R\",\"category\":\"C\"},"
	  "{\"name\":\"r\",\"category\":\"C\"}]}",
	  "rooms[1].name: \"r\" is there already: rooms[0]" },
	{ "{" C "\"rooms\":[{\"name\":\"R\"}]}",
	  "rooms[0].category: missing" },
	{ "{" C "\"rooms\":[{\"name\":\"R\",\"category\":\"D\"}]}",
	  "rooms[0].category: no such category: D" },
	{ "{" C "\"rooms\":[{\"name\":\"R\",\"category\":\"C\","
	  "\"privacy\":\"Open\"}]}", "rooms[0].privacy: must be " },
	{ "{" C "\"rooms\":[{\"name\":\"R\",\"category\":\"C\","
	  "\"type\":3}]}", "rooms[0].type: must be " },
	{ "{" C "\"rooms\":[{\"name\":\"R\",\"category\":\"C\","
	  "\"invitations\":\"true\"}]}", "rooms[0].invitations: must be " },
	{ "{" U C "\"rooms\":[{\"name\":\"R\",\"category\":\"C\","
	  "\"members\":[\"a@x\"],\"presenters\":[\"a@x\"]}]}",
	  "rooms[0].presenters[0]: only an auditorium has presenters" },
	{ "{" U C "\"rooms\":[{\"name\":\"R\",\"category\":\"C\"},"
	  "{\"name\":\"S\",\"category\":\"C\",\"type\":\"auditorium\","
	  "\"members\":[\"a@x\"],\"presenters\":[\"a@x\",\"b@x\"]}]}",
	  "rooms[1].presenters[1]: sip:b@x is not among the members" },
};


START_TEST(an_error_names_its_place_and_imports_nothing)
{
	const long long before = op_number(FINGERPRINT);
	const size_t n = strlen(file);

	ck_assert_int_eq(import(errorv[_i].json), TOOL_FAILED);

	ck_assert_msg(!strncmp(op_err(), file, n) &&
		      !strncmp(op_err() + n, ": ", 2) &&
		      !strncmp(op_err() + n + 2, errorv[_i].error,
			       strlen(errorv[_i].error)),
		      "%s", op_err());
	ck_assert_str_eq(op_out(), "");
	ck_assert_int_eq(op_number(FINGERPRINT), before);
}
END_TEST


START_TEST(a_file_is_checked_against_what_is_stored)
{
	long long before;

	import_well(sample);
	before = op_number(FINGERPRINT);

	ck_assert_int_eq(import("{\"categories\":[{\"name\":\"lobby\"}]}"),
			 TOOL_FAILED);
	op_complained("categories[0].name: \"lobby\" is"
		      " the name of a room");
	ck_assert_int_eq(import("{\"rooms\":[{\"name\":\"nobody\","
				"\"category\":\"General\"}]}"), TOOL_FAILED);
	op_complained("rooms[0].name: ");
	ck_assert_int_eq(import("{\"groups\":[{\"name\":\"staff\","
				"\"members\":[\"group:Company\"]}]}"),
			 TOOL_FAILED);
	op_complained("Staff > Company > Staff");
	ck_assert_int_eq(import("{\"rooms\":[{\"name\":\"Hall\","
				"\"type\":\"normal\"}]}"), TOOL_FAILED);
	op_complained("rooms[0].presenters: only");

	/* The group that covered the presenter no longer does */
	ck_assert_int_eq(import("{\"rooms\":[{\"name\":\"Hall\","
				"\"members\":[\"group:staff\"]}]}"),
			 TOOL_FAILED);
	op_complained("rooms[0].presenters: "
		      "sip:eve@other.example is not among");

	ck_assert_int_eq(op_number(FINGERPRINT), before);
}
END_TEST


START_TEST(many_errors_are_cut_short)
{
	char json[4096] = "{\"users\":[";
	unsigned lines = 0;

	for (int i = 0; i < 100; i++)
		strcat(json, "1,");
	strcat(json, "1]}");

	ck_assert_int_eq(import(json), TOOL_FAILED);

	for (const char *p = op_err(); *p; p++)
		lines += *p == '\n';
	ck_assert_uint_eq(lines, 21);
}
END_TEST


START_TEST(a_file_that_is_not_there_is_named)
{
	ck_assert_int_eq(op_run("import %s", file), TOOL_FAILED);
	op_complained(file);
	op_complained("No such file");
}
END_TEST


START_TEST(running_processes_hear_of_a_change_once)
{
	PGconn *pg = PQconnectdb(store_conninfo(op_store()));
	PGnotify *note;
	unsigned n = 0;

	PQclear(PQexec(pg, "LISTEN pchat_changed"));
	import_well(sample);
	import_well(sample);

	/* What was notified before this arrives with its answer */
	PQclear(PQexec(pg, "SELECT 1"));
	while ((note = PQnotifies(pg))) {
		ck_assert_str_eq(note->extra, "");
		PQfreemem(note);
		++n;
	}
	PQfinish(pg);

	ck_assert_uint_eq(n, 1);
}
END_TEST


static json_t *answer(const char *line)
{
	json_t *v;

	op_ok("%s --json", line);
	v = json_loads(op_out(), 0, NULL);
	ck_assert_msg(v != NULL, "%s", op_out());

	return v;
}


START_TEST(a_room_shows_what_was_imported)
{
	const char *name, *uri, *category, *privacy, *type, *invitations,
		*guid;
	json_t *v, *members, *last;
	int disabled, messages, participants;

	import_well(sample);

	v = answer("room show HALL");
	ck_assert_int_eq(json_unpack(
		v, "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o, s:i, s:o,"
		" s:i}", "name", &name, "uri", &uri, "guid", &guid,
		"category", &category, "privacy", &privacy, "type", &type,
		"invitations", &invitations, "disabled", &disabled,
		"members", &members, "messages", &messages,
		"last_message", &last, "participants", &participants), 0);

	ck_assert_str_eq(name, "Hall");
	ck_assert_str_eq(category, "Narrow");
	ck_assert_str_eq(privacy, "closed");
	ck_assert_str_eq(type, "auditorium");
	ck_assert_str_eq(invitations, "false");
	ck_assert_int_eq(strncmp(uri, "ma-chan://example.net/", 22), 0);
	ck_assert_str_eq(uri + 22, guid);
	ck_assert(!disabled && !messages && !participants);
	ck_assert(json_is_null(last));
	ck_assert_str_eq(json_string_value(json_array_get(members, 0)),
			 "sip:bob@example.net");
	ck_assert_str_eq(json_string_value(json_array_get(members, 1)),
			 "group:Company");
	json_decref(v);
}
END_TEST


START_TEST(messages_are_counted)
{
	json_t *v;

	import_well(sample);
	ck_assert_int_eq(store_sql(op_store(),
		"INSERT INTO message (room_id, msg_id, author_id, ts, origin,"
		" flags, chat) SELECT room_id, n, 1,"
		" '2020-01-02 03:04:05.25+00', 0, CASE n WHEN 4 THEN 8 ELSE 0"
		" END, 'x' FROM room, generate_series(1, 4) AS n"
		" WHERE name = 'Lobby'"), 0);

	v = answer("room show Lobby");
	ck_assert_int_eq(json_integer_value(json_object_get(v, "messages")),
			 3);
	ck_assert_str_eq(json_string_value(
				 json_object_get(v, "last_message")),
			 "2020-01-02T03:04:05.250000Z");
	json_decref(v);

	v = answer("room list");
	ck_assert_uint_eq(json_array_size(v), 3);
	ck_assert_str_eq(json_string_value(json_object_get(
				 json_array_get(v, 1), "name")), "Lobby");
	ck_assert_int_eq(json_integer_value(json_object_get(
				 json_array_get(v, 1), "messages")), 3);
	json_decref(v);
}
END_TEST


START_TEST(users_and_categories_are_listed)
{
	json_t *v;

	import_well(sample);

	v = answer("user list");
	ck_assert_uint_eq(json_array_size(v), 3);
	ck_assert(json_is_true(json_object_get(json_array_get(v, 0),
					       "enabled")));
	ck_assert(json_is_false(json_object_get(json_array_get(v, 1),
						"enabled")));
	json_decref(v);

	v = answer("category list");
	ck_assert_uint_eq(json_array_size(v), 3);
	json_decref(v);

	ck_assert_int_eq(op_run("user list"), TOOL_OK);
	op_said("sip:eve@other.example");
}
END_TEST


START_TEST(an_unknown_room_is_said_to_be)
{
	ck_assert_int_eq(op_run("room show Attic"), TOOL_FAILED);
	op_complained("no such room: Attic");
}
END_TEST


START_TEST(wrong_command_lines_are_refused)
{
	ck_assert_int_eq(op_run("room paint"), TOOL_USAGE);
	ck_assert_int_eq(op_run("room show"), TOOL_USAGE);
	ck_assert_int_eq(op_run("room list --dry-run"), TOOL_USAGE);
	ck_assert_int_eq(op_run("room list --frob"), TOOL_USAGE);
	ck_assert_int_eq(op_run("import a b"), TOOL_USAGE);
	ck_assert_int_eq(op_run(" "), TOOL_USAGE);

	ck_assert_int_eq(op_run("room --help"), TOOL_OK);
	op_said("room show ROOM");
	op_silent_on("user list");
}
END_TEST


static void big_write(void)
{
	FILE *f = fopen(file, "w");

	ck_assert_ptr_nonnull(f);
	(void)fputs("{\"users\":[", f);
	for (int i = 0; i < BIG_USERS; i++)
		(void)fprintf(f, "%s{\"uri\":\"sip:u%d@example.net\"}",
			      i ? "," : "", i);

	(void)fputs("],\"categories\":[{\"name\":\"All\"}],\"rooms\":[", f);
	for (int i = 0; i < BIG_ROOMS; i++) {
		(void)fprintf(f, "%s{\"name\":\"Room %d\",\"category\":"
			      "\"All\",\"members\":[", i ? "," : "", i);
		for (int k = 0; k < BIG_MEMBERS; k++)
			(void)fprintf(f, "%s\"u%d@example.net\"",
				      k ? "," : "", (i * 7 + k) % BIG_USERS);
		(void)fputs("]}", f);
	}
	(void)fputs("]}", f);
	ck_assert_int_eq(fclose(f), 0);
}


static void big_check(void)
{
	ck_assert_msg(op_run("import %s", file) == TOOL_OK, "%s", op_err());
	ck_assert_int_eq(op_number("SELECT count(*) FROM room_role"),
			 BIG_ROOMS * BIG_MEMBERS);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal_affiliation"),
			 3 * BIG_USERS + 2);
	ck_assert_int_eq(op_number("SELECT count(*) FROM pg_constraint WHERE"
				   " contype IN ('p', 'f') AND conrelid IN"
				   " ('room_role'::regclass,"
				   " 'principal_member'::regclass,"
				   " 'principal_affiliation'::regclass)"), 9);
	ck_assert_int_eq(op_number("SELECT count(*) FROM pg_index WHERE"
				   " indrelid IN ('room_role'::regclass,"
				   " 'principal_member'::regclass,"
				   " 'principal_affiliation'::regclass)"), 6);
}


START_TEST(five_thousand_rooms_come_in_whole)
{
	long long before;

	big_write();
	big_check();

	before = op_number(FINGERPRINT);
	big_check();
	ck_assert_int_eq(op_number(FINGERPRINT), before);
}
END_TEST


START_TEST(a_large_import_gets_along_with_a_table_in_use)
{
	PGconn *pg = PQconnectdb(store_conninfo(op_store()));

	PQclear(PQexec(pg, "BEGIN"));
	PQclear(PQexec(pg, "SELECT count(*) FROM room_role"));

	big_write();
	big_check();
	PQfinish(pg);
}
END_TEST


static Suite *import_suite(void)
{
	Suite *suite = suite_create("import");
	TCase *tc = tcase_create("import");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_file_becomes_users_groups_categories_and_rooms);
	tcase_add_test(tc, a_password_becomes_what_digest_needs);
	tcase_add_test(tc, a_category_is_for_all_unless_it_says_otherwise);
	tcase_add_test(tc, groups_reach_through_groups_and_domains);
	tcase_add_test(tc, importing_twice_changes_nothing);
	tcase_add_test(tc, a_dry_run_writes_nothing);
	tcase_add_test(tc, lists_in_the_file_replace_and_absent_keys_leave);
	tcase_add_test(tc, everybody_can_be_let_in_again);
	tcase_add_test(tc, the_first_users_domain_is_the_pools_for_good);
	tcase_add_loop_test(tc, an_error_names_its_place_and_imports_nothing,
			    0, ARRAY_SIZE(errorv));
	tcase_add_test(tc, a_file_is_checked_against_what_is_stored);
	tcase_add_test(tc, many_errors_are_cut_short);
	tcase_add_test(tc, a_file_that_is_not_there_is_named);
	tcase_add_test(tc, running_processes_hear_of_a_change_once);
	tcase_add_test(tc, a_room_shows_what_was_imported);
	tcase_add_test(tc, messages_are_counted);
	tcase_add_test(tc, users_and_categories_are_listed);
	tcase_add_test(tc, an_unknown_room_is_said_to_be);
	tcase_add_test(tc, wrong_command_lines_are_refused);
	tcase_add_test(tc, five_thousand_rooms_come_in_whole);
	tcase_add_test(tc, a_large_import_gets_along_with_a_table_in_use);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(import_suite)
