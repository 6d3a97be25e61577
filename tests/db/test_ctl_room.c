/**
 * @file tests/db/test_ctl_room.c  pchatctl room, eligible, audit
 */
#include <string.h>
#include "tests/db/operator.h"
#include "tests/unit/suite.h"


static const char data[] =
"{\"users\":["
" {\"uri\":\"ada@x.net\",\"display\":\"Ada\",\"email\":\"ada@mail\"},"
" {\"uri\":\"bob@x.net\"},{\"uri\":\"eve@y.net\"}],"
"\"groups\":[{\"name\":\"Staff\",\"members\":[\"ada@x.net\"]},"
" {\"name\":\"Mixed\",\"members\":[\"ada@x.net\",\"eve@y.net\"]}],"
"\"categories\":["
" {\"name\":\"Here\",\"allowed\":[\"domain:x.net\"]},"
" {\"name\":\"All\"}],"
"\"rooms\":["
" {\"name\":\"Lobby\",\"category\":\"Here\",\"privacy\":\"open\","
"  \"description\":\"The way in\"},"
" {\"name\":\"Club\",\"category\":\"Here\",\"members\":[\"group:Staff\"],"
"  \"managers\":[\"bob@x.net\"]},"
" {\"name\":\"World\",\"category\":\"All\",\"privacy\":\"secret\","
"  \"members\":[\"ada@x.net\",\"eve@y.net\"],\"invitations\":\"false\"}]}";


static void setup(void)
{
	op_setup();
	ck_assert_msg(op_import(data) == TOOL_OK, "%s", op_err());
}


#define ROLES(room, role) "SELECT count(*) FROM room_role JOIN room USING" \
	" (room_id) WHERE name = '" room "' AND role = " role


START_TEST(a_room_is_made_with_its_lists)
{
	op_ok("addin create --name Wiki --url https://wiki.x.net/");
	op_ok("room create --name Stage --category here --description Talks "
	      "--privacy open --type auditorium --invitations false --addin "
	      "wiki --retention 30 --add-manager bob@x.net --members "
	      "group:Staff --members sip:bob@X.net --presenters ada@x.net");
	op_said("Stage: created");
	ck_assert_int_eq(op_number(
		"SELECT count(*) FROM room JOIN addin a USING (addin_id)"
		" WHERE room.name = 'Stage' AND privacy = 0 AND behavior = 1"
		" AND NOT invitations AND retention_d = 30 AND NOT disabled"
		" AND a.name = 'Wiki' AND created_by = 'operator'"), 1);
	ck_assert_int_eq(op_number(ROLES("Stage", "1")), 2);
	ck_assert_int_eq(op_number(ROLES("Stage", "2")), 1);
	ck_assert_int_eq(op_number(ROLES("Stage", "3")), 1);

	op_ok("room show stage --json");
	op_said("\"retention\": 30");
	op_said("\"addin\": \"Wiki\"");
	op_said("\"group:Staff\"");
}
END_TEST


START_TEST(what_is_not_said_stays)
{
	op_ok("room set club --add-member bob@x.net --name Clubhouse");
	op_said("Clubhouse: changed");
	ck_assert_int_eq(op_number(ROLES("Clubhouse", "1")), 2);
	ck_assert_int_eq(op_number(ROLES("Clubhouse", "2")), 1);

	op_ok("room set clubhouse --remove-member group:staff --managers ''");
	ck_assert_int_eq(op_number(ROLES("Clubhouse", "1")), 1);
	ck_assert_int_eq(op_number(ROLES("Clubhouse", "2")), 0);

	op_ok("room set clubhouse --retention 9 --disabled yes");
	op_ok("room set clubhouse --retention none");
	ck_assert_int_eq(op_number("SELECT count(*) FROM room WHERE name ="
				    " 'Clubhouse' AND disabled AND"
				    " retention_d IS NULL"), 1);
}
END_TEST


START_TEST(a_refusal_names_what_is_wrong)
{
	const long long before = op_number("SELECT count(*) FROM"
					    " admin_audit");

	op_fails("no such room: Nowhere", "room set Nowhere --disabled yes");
	op_fails("not in the scope of category Here: sip:eve@y.net",
		 "room set Lobby --add-member eve@y.net");
	op_fails("group:Mixed", "room set Lobby --add-member group:mixed");
	op_fails("sip:who@x.net", "room set Lobby --add-member who@x.net");
	op_fails("not on the list: sip:ada@x.net",
		 "room set Lobby --remove-member ada@x.net");
	op_fails("or of one that looks the same: CLUB",
		 "room set Lobby --name CLUB");
	op_fails("or of one that looks the same: all",
		 "room create --name all --category Here");
	op_fails("no such category: There",
		 "room create --name New --category There");
	op_fails("no such add-in: Wiki", "room set Lobby --addin Wiki");
	op_fails("only an auditorium has presenters: sip:bob@x.net",
		 "room set Lobby --add-presenter bob@x.net");
	op_fails("presenters that are not members: sip:bob@x.net",
		 "room set Club --type auditorium --add-presenter bob@x.net");
	op_fails("--privacy hidden: must be",
		 "room set Lobby --privacy hidden");
	op_fails("--retention 0: must be days",
		 "room set Lobby --retention 0");
	op_fails("--disabled maybe: must be yes or no",
		 "room set Lobby --disabled maybe");
	op_fails("neither", "room set Lobby --members nobody");
	op_fails("all of the list is given, too",
		 "room set Lobby --members ada@x.net --add-member bob@x.net");
	ck_assert_int_eq(op_run("room set Lobby"), TOOL_USAGE);
	ck_assert_int_eq(op_run("room create --name X"), TOOL_USAGE);

	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit"),
			 before);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room"), 3);
}
END_TEST


START_TEST(a_move_drops_who_is_not_in_scope_there)
{
	op_ok("room set World --category Here");
	ck_assert_int_eq(op_number(ROLES("World", "1")), 1);
	op_fails("not in the scope of category Here: sip:eve@y.net",
		 "room set World --add-member eve@y.net");
}
END_TEST


START_TEST(a_removed_room_frees_its_name)
{
	op_ok("room remove Lobby --dry-run");
	op_said("nothing was written");
	op_ok("room remove Lobby");
	op_said("Lobby: removed");
	op_fails("no such room: Lobby", "room show Lobby");
	op_ok("room create --name lobby --category All");
	ck_assert_int_eq(op_number("SELECT count(*) FROM room"
				    " WHERE name_key = 'lobby'"), 2);
}
END_TEST


static const struct {
	const char *opt, *value;
	const char *rooms;             /* in order */
} filterv[] = {
	{ "--category",    "here",      "Club Lobby" },
	{ "--disabled",    "no",        "Club Lobby" },
	{ "--disabled",    "yes",       "World" },
	{ "--filter",      "B",         "Club Lobby" },
	{ "--invitations", "false",     "World" },
	{ "--manager",     "bob@x.net", "Club" },
	{ "--member",      "ada@x.net", "Club World" },
	{ "--member",      "group:staff", "Club" },
	{ "--privacy",     "open",      "Lobby" },
	{ "--type",        "auditorium", "" },
	{ "--description", "WAY",       "Lobby" },
	{ "--larger-than", "1",         "World" },
	{ "--addin",       "Wiki",      "Club" },
	{ "--limit",       "2",         "Club Lobby" },
};


START_TEST(rooms_are_found_by_what_they_are)
{
	static const char *const roomv[] = { "Club", "Lobby", "World" };
	size_t i, k;

	op_ok("addin create --name Wiki --url https://w");
	op_ok("room set Club --addin Wiki");
	op_ok("room set World --disabled yes");
	ck_assert_int_eq(store_sql(op_store(),
		"INSERT INTO message SELECT room_id, 1, 1, now(), 0, 0,"
		" repeat('x', 1000001) FROM room WHERE name = 'World'"), 0);

	for (i = 0; i < ARRAY_SIZE(filterv); i++) {
		op_ok("room list %s '%s'", filterv[i].opt,
		      filterv[i].value);
		for (k = 0; k < ARRAY_SIZE(roomv); k++)
			ck_assert_msg(!strstr(op_out(), roomv[k]) ==
				      !strstr(filterv[i].rooms, roomv[k]),
				      "%s %s: %s", filterv[i].opt,
				      filterv[i].value, op_out());
	}

	op_fails("no such user, group or domain: sip:zoe@x.net",
		 "room list --member zoe@x.net");
	ck_assert_int_eq(op_run("room list --limit many"), TOOL_USAGE);
	ck_assert_int_eq(op_run("room list --privacy shut"), TOOL_USAGE);
}
END_TEST


START_TEST(who_could_be_on_a_list_is_told)
{
	op_ok("eligible Lobby");
	op_said("sip:ada@x.net");
	op_said("group:Staff");
	op_said("domain:x.net");
	op_silent_on("eve");
	op_silent_on("Mixed");

	op_ok("eligible All --filter EVE");
	op_said("sip:eve@y.net");
	op_silent_on("ada");
	op_ok("eligible All --filter 100%%");
	op_silent_on("ada");
	op_ok("eligible All --limit 1 --json");
	op_silent_on("eve");

	op_fails("only an auditorium", "eligible Club --presenter");
	op_ok("room set Club --type auditorium");
	op_ok("eligible Club --presenter");
	op_said("sip:ada@x.net");
	op_silent_on("bob");
	op_fails("no such room: Nothing", "eligible Nothing");
}
END_TEST


START_TEST(every_change_is_in_the_audit)
{
	op_ok("room set Lobby --description 'Front door'");
	op_ok("room remove Club");

	op_ok("audit list --action room");
	op_said("operator");
	op_said("room.modify");
	op_said("room.delete");
	op_silent_on("import");

	op_ok("audit list --object lobby --json");
	op_said("\"change\": {\"description\": \"Front door\"}");
	op_said("\"was\": {\"description\": \"The way in\"}");
	op_silent_on("Club");

	op_ok("room set World --members ''");
	op_ok("audit list --object world --json");
	op_said("\"was\": {\"members\": [\"sip:ada@x.net\","
		" \"sip:eve@y.net\"]}");
	ck_assert_int_eq(op_number(
		"SELECT count(*) FROM change_brief(jsonb_build_object("
		"'members', (SELECT jsonb_agg(n) FROM generate_series(1, 300)"
		" AS n))) AS c WHERE c->>'members' = '300 principals'"), 1);

	op_ok("audit list --actor Nobody");
	op_silent_on("room");
	op_ok("audit list --limit 1");
	op_said("World");
	op_silent_on("room.delete");
	op_ok("audit list --to 2020-01-01");
	op_silent_on("room");
	op_ok("audit list --from 2020-01-01T00:00:00Z");
	op_said("room.delete");
	ck_assert_int_eq(op_run("audit list --from today"), TOOL_USAGE);
}
END_TEST


static Suite *ctl_room_suite(void)
{
	Suite *suite = suite_create("ctl_room");
	TCase *tc = tcase_create("room");

	tcase_add_checked_fixture(tc, setup, op_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_room_is_made_with_its_lists);
	tcase_add_test(tc, what_is_not_said_stays);
	tcase_add_test(tc, a_refusal_names_what_is_wrong);
	tcase_add_test(tc, a_move_drops_who_is_not_in_scope_there);
	tcase_add_test(tc, a_removed_room_frees_its_name);
	tcase_add_test(tc, rooms_are_found_by_what_they_are);
	tcase_add_test(tc, who_could_be_on_a_list_is_told);
	tcase_add_test(tc, every_change_is_in_the_audit);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(ctl_room_suite)
