/**
 * @file tests/db/test_facts.c  Users, and rooms as each of them sees them
 *
 * The store is filled once, through pchatctl import; tests read it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "tests/db/ask.h"
#include "tests/db/operator.h"
#include "tests/support/store.h"
#include "tests/unit/suite.h"

enum { LIMIT = 100, MEMBER = 1, MANAGER = 2 };

static const char people[] =
"{\"users\":["
" {\"uri\":\"sip:Alice@Example.net\",\"display\":\"Alice A.\"},"
" {\"uri\":\"bob@example.net\"},"            /* Inner, so Outer     */
" {\"uri\":\"carol@example.net\"},"          /* Leads               */
" {\"uri\":\"mal@example.net\"},"            /* Inner, but denied   */
" {\"uri\":\"guest@example.net\"},"          /* nowhere             */
" {\"uri\":\"eve@other.example\"},"
" {\"uri\":\"off@example.net\",\"enabled\":false}],"
"\"groups\":["
" {\"name\":\"Inner\",\"members\":[\"bob@example.net\","
"  \"mal@example.net\"]},"
" {\"name\":\"Outer\",\"members\":[\"group:Inner\"]},"
" {\"name\":\"Leads\",\"members\":[\"carol@example.net\"]}],"
"\"categories\":["
" {\"name\":\"Open\"},"
" {\"name\":\"Narrow\",\"allowed\":[\"group:Outer\","
"  \"alice@example.net\"],\"denied\":[\"mal@example.net\"]},"
" {\"name\":\"Barred\",\"allowed\":[\"any\"],"
"  \"denied\":[\"group:Outer\"]},"
" {\"name\":\"Abroad\",\"allowed\":[\"domain:other.example\"]},"
" {\"name\":\"Nobodys\",\"allowed\":[]}],"
"\"rooms\":["
" {\"name\":\"Plain\",\"category\":\"Open\","
"  \"members\":[\"alice@example.net\",\"group:Outer\"],"
"  \"managers\":[\"group:Leads\"]},"
" {\"name\":\"Hall\",\"category\":\"Open\",\"type\":\"auditorium\","
"  \"members\":[\"alice@example.net\",\"group:Outer\"],"
"  \"presenters\":[\"alice@example.net\",\"group:Inner\"]},"
" {\"name\":\"Secret\",\"category\":\"Open\",\"privacy\":\"secret\","
"  \"members\":[\"group:Outer\"],\"managers\":[\"group:Leads\"]},"
" {\"name\":\"Shut\",\"category\":\"Open\",\"disabled\":true,"
"  \"members\":[\"alice@example.net\"],"
"  \"managers\":[\"carol@example.net\"]},"
" {\"name\":\"Den\",\"category\":\"Narrow\",\"members\":["
"  \"alice@example.net\",\"group:Outer\",\"carol@example.net\"]},"
" {\"name\":\"Bar\",\"category\":\"Barred\",\"members\":["
"  \"alice@example.net\",\"bob@example.net\"]},"
" {\"name\":\"Harbour\",\"category\":\"Abroad\",\"privacy\":\"open\"},"
" {\"name\":\"Void\",\"category\":\"Nobodys\",\"privacy\":\"open\","
"  \"members\":[\"alice@example.net\"]},"
" {\"name\":\"Gone\",\"category\":\"Open\","
"  \"members\":[\"alice@example.net\"]},";

/* Names that a search pattern must tell apart */
static const char names[] =
" {\"name\":\"Net 100% sure\",\"category\":\"Open\"},"
" {\"name\":\"Net 100 sure\",\"category\":\"Open\"},"
" {\"name\":\"snake_case\",\"category\":\"Open\"},"
" {\"name\":\"snakeXcase\",\"category\":\"Open\"},"
" {\"name\":\"back\\\\slash\",\"category\":\"Open\"},"
" {\"name\":\"\\u00dcBER uns\",\"category\":\"Open\","
"  \"description\":\"All about a Needle\"},"
" {\"name\":\"Needle\",\"category\":\"Open\"}]}";


static void import(void)
{
	char *json;

	(void)op_use(ask_store());
	ck_assert_int_ge(asprintf(&json, "%s%s", people, names), 0);
	ck_assert_msg(op_import(json) == TOOL_OK, "%s", op_err());
	free(json);
}


static void suite_setup(void)
{
	ask_begin();
	import();
	ask_do("UPDATE room SET deleted_at = now() WHERE name = 'Gone';"
	       "INSERT INTO principal (kind, key, name, state) VALUES"
	       " (5, 'sip:shut@example.net', 'sip:shut@example.net', 1),"
	       " (5, 'sip:left@example.net', 'sip:left@example.net', 2)");
}


/* A user's row; his account and his policy, "t f", or "" for none */
static const char *user(const char *uri)
{
	struct db_args args;

	db_args_init(&args);
	db_text(&args, uri);
	ck_assert_int_eq(ask("user_by_uri", &args), 0);

	return ask_rows(4, 5);
}


static void ask_user(const char *name)
{
	char uri[64];

	(void)snprintf(uri, sizeof(uri), "sip:%s@%s", name,
		       strcmp(name, "eve") ? "example.net" : "other.example");
	ck_assert_str_eq(user(uri), "t t");
}


static void put_ancestors(struct db_args *args)
{
	int64_t *v;
	size_t n;

	ck_assert_int_eq(db_get_int8v(ask_res(), 0, 6, &v, &n), 0);
	db_int8v(args, v, n);
	mem_deref(v);
}


static void room_guid(uint8_t guid[16], const char *room)
{
	for (int i = 0; i < 2; i++) {
		const int64_t half = ask_number(
			"SELECT ('x' || substr(replace(guid::text, '-', ''),"
			" %d, 16))::bit(64)::bigint FROM room"
			" WHERE name = '%s'", 1 + 16 * i, room);

		for (int k = 0; k < 8; k++)
			guid[8 * i + k] = (uint8_t)(half >> (56 - 8 * k));
	}
}


/* In scope, member, manager, presenter: "t t f f"; "" is no row */
static const char *facts(const char *name, const char *room)
{
	uint8_t guid[1][16];
	struct db_args args;

	room_guid(guid[0], room);
	ask_user(name);
	db_args_init(&args);
	put_ancestors(&args);
	db_uuidv(&args, guid, 1);
	ck_assert_int_eq(ask("room_facts", &args), 0);

	return ask_rows(16, 19);
}


/* Names of the rooms that are found; own_role 0: any */
static const char *find(const char *name, const char *pattern, bool extended,
			int own_role, int limit)
{
	struct db_args args;
	struct pl pl;
	unsigned n;

	pl_set_str(&pl, pattern);
	ask_user(name);
	db_args_init(&args);
	db_int8(&args, db_get_int(ask_res(), 0, 0));
	put_ancestors(&args);
	db_textv(&args, &pl, pattern ? 1 : 0);
	db_bool(&args, false);
	db_bool(&args, extended);
	db_int4(&args, own_role);
	db_bool(&args, false);
	for (n = 8; n <= 16; n++)
		db_null(&args);
	db_int4(&args, limit);
	ck_assert_int_eq(ask("room_find", &args), 0);

	return ask_rows(2, 2);
}


static const char *found(const char *name, const char *pattern)
{
	return find(name, pattern, false, 0, LIMIT);
}


static const char *mine(const char *name, int role, int limit)
{
	return find(name, NULL, false, role, limit);
}


START_TEST(a_room_is_told_with_what_it_says_about_itself)
{
	ask_do("UPDATE room SET topic = 'T', description = 'D'"
	       " WHERE name = 'Hall'; UPDATE room_head SET last_id = 7 FROM"
	       " room r WHERE r.room_id = room_head.room_id AND"
	       " r.name = 'Hall'");

	ck_assert_str_eq(facts("guest", "Hall"), "t f f f");
	ck_assert_str_eq(ask_rows(2, 7), "Hall D T 1 1 f");
	ck_assert_str_eq(ask_rows(9, 15), "t t t 7 - - -");
}
END_TEST


START_TEST(a_member_is_one_directly_or_through_a_nested_group)
{
	ck_assert_str_eq(facts("alice", "Plain"), "t t f f");
	ck_assert_str_eq(facts("bob", "Plain"), "t t f f");
	ck_assert_str_eq(facts("guest", "Plain"), "t f f f");
}
END_TEST


START_TEST(a_manager_through_a_group_is_no_member)
{
	ck_assert_str_eq(facts("carol", "Plain"), "t f t f");
}
END_TEST


START_TEST(a_presenter_is_one_directly_or_through_a_nested_group)
{
	ck_assert_str_eq(facts("alice", "Hall"), "t t f t");
	ck_assert_str_eq(facts("bob", "Hall"), "t t f t");
}
END_TEST


START_TEST(a_domain_is_let_into_a_category_and_others_are_not)
{
	ck_assert_str_eq(facts("eve", "Harbour"), "t f f f");
	ck_assert_str_eq(facts("alice", "Harbour"), "f f f f");
	ck_assert_str_eq(found("eve", "harbour"), "Harbour");
	ck_assert_str_eq(found("alice", "harbour"), "");
}
END_TEST


START_TEST(a_deny_beats_the_allow_of_a_group)
{
	ck_assert_str_eq(facts("bob", "Den"), "t t f f");
	ck_assert_str_eq(facts("mal", "Den"), "f t f f");
	ck_assert_str_eq(found("bob", "den"), "Den");
	ck_assert_str_eq(found("mal", "den"), "");
}
END_TEST


START_TEST(the_deny_of_a_group_beats_the_allow_of_everybody)
{
	ck_assert_str_eq(facts("alice", "Bar"), "t t f f");
	ck_assert_str_eq(facts("bob", "Bar"), "f t f f");
	ck_assert_str_eq(found("alice", "bar"), "Bar");
	ck_assert_str_eq(found("bob", "bar"), "");
}
END_TEST


START_TEST(a_category_that_allows_nobody_hides_its_rooms)
{
	ck_assert_str_eq(facts("alice", "Void"), "f t f f");
	ck_assert_str_eq(found("alice", "void"), "");
}
END_TEST


START_TEST(a_deleted_room_is_gone)
{
	ck_assert_str_eq(facts("alice", "Gone"), "");
	ck_assert_str_eq(found("alice", "gone"), "");
}
END_TEST


START_TEST(facts_of_several_rooms_leave_out_the_unknown)
{
	uint8_t guidv[3][16] = { { 1 } };
	struct db_args args;

	room_guid(guidv[1], "Shut");
	room_guid(guidv[2], "Plain");
	ask_user("alice");
	db_args_init(&args);
	put_ancestors(&args);
	db_uuidv(&args, guidv, 3);
	ck_assert_int_eq(ask("room_facts", &args), 0);

	ck_assert_uint_eq(db_rows(ask_res()), 2);
	for (uint32_t i = 0; i < 2; i++)
		ck_assert_int_eq(memcmp(db_get_uuid(ask_res(), i, 1),
					db_get_bool(ask_res(), i, 7) ?
					guidv[1] : guidv[2], 16), 0);
}
END_TEST


START_TEST(a_disabled_room_is_found_by_its_manager_alone)
{
	ck_assert_str_eq(facts("alice", "Shut"), "t t f f");
	ck_assert_str_eq(ask_rows(7, 7), "t");
	ck_assert_str_eq(found("alice", "shut"), "");
	ck_assert_str_eq(found("carol", "shut"), "Shut");
	ck_assert_str_eq(ask_rows(7, 7), "t");
}
END_TEST


START_TEST(a_secret_room_is_found_by_members_and_managers_alone)
{
	ck_assert_str_eq(found("bob", "secret"), "Secret");
	ck_assert_str_eq(found("carol", "secret"), "Secret");
	ck_assert_str_eq(found("alice", "secret"), "");
	ck_assert_str_eq(facts("alice", "Secret"), "t f f f");
}
END_TEST


START_TEST(a_search_tells_roles_as_the_facts_do)
{
	ck_assert_str_eq((found("bob", "hall"), ask_rows(16, 19)),
			 "t t f t");
	ck_assert_str_eq((found("carol", "plain"), ask_rows(16, 19)),
			 "t f t f");
	ck_assert_str_eq((found("guest", "plain"), ask_rows(16, 19)),
			 "t f f f");
}
END_TEST


START_TEST(wildcards_are_text_when_escaped)
{
	ck_assert_str_eq(found("guest", "%100\\%%"), "Net 100% sure");
	ck_assert_str_eq(found("guest", "%100%"),
			 "Net 100 sure, Net 100% sure");
	ck_assert_str_eq(found("guest", "%snake\\_case%"), "snake_case");
	ck_assert_str_eq(found("guest", "%snake_case%"),
			 "snake_case, snakeXcase");
	ck_assert_str_eq(found("guest", "%back\\\\slash%"), "back\\slash");
	ck_assert_str_eq(found("guest", "100\\%"), "");
}
END_TEST


START_TEST(a_search_minds_no_case)
{
	ck_assert_str_eq(found("guest", "%SNAKEx%"), "snakeXcase");
	ck_assert_str_eq(found("guest", "%\xc3\xbc" "ber%"),
			 "\xc3\x9c" "BER uns");
	ck_assert_str_eq(found("guest", "%\xc3\x9c" "Ber%"),
			 "\xc3\x9c" "BER uns");
}
END_TEST


START_TEST(descriptions_are_searched_when_asked_for)
{
	ck_assert_str_eq(found("guest", "%NEEDLE%"), "Needle");
	ck_assert_str_eq(find("guest", "%NEEDLE%", true, 0, LIMIT),
			 "Needle, \xc3\x9c" "BER uns");
}
END_TEST


START_TEST(a_limit_leaves_the_first_by_name)
{
	ck_assert_str_eq(find("guest", "%", false, 0, 3),
			 "back\\slash, Bar, Hall");
	ck_assert_str_eq(mine("alice", MEMBER, 2), "Bar, Den");
}
END_TEST


START_TEST(a_users_own_rooms_are_those_he_can_enter)
{
	ck_assert_str_eq(mine("alice", MEMBER, LIMIT),
			 "Bar, Den, Hall, Plain");
	ck_assert_str_eq(mine("bob", MEMBER, LIMIT),
			 "Den, Hall, Plain, Secret");
	ck_assert_str_eq(mine("mal", MEMBER, LIMIT), "Hall, Plain, Secret");
	ck_assert_str_eq(mine("carol", MEMBER, LIMIT), "");
	ck_assert_str_eq(mine("guest", MEMBER, LIMIT), "");
}
END_TEST


START_TEST(a_managers_rooms_include_the_disabled)
{
	ck_assert_str_eq(mine("carol", MANAGER, LIMIT),
			 "Plain, Secret, Shut");
	ck_assert_str_eq(ask_rows(16, 19), "t f t f, t f t f, t f t f");
	ck_assert_str_eq(mine("alice", MANAGER, LIMIT), "");
}
END_TEST


START_TEST(participants_are_people_not_clients)
{
	ask_do("INSERT INTO endpoint (endpoint_id, principal_id, epid,"
	       " instance_id) SELECT n, principal_id, n, CASE WHEN n < 4 THEN"
	       " 1 END FROM principal, generate_series(1, 4) AS n WHERE key ="
	       " CASE n WHEN 3 THEN 'sip:alice@example.net' WHEN 4 THEN"
	       " 'sip:mal@example.net' ELSE 'sip:bob@example.net' END;"
	       "INSERT INTO roster (room_id, endpoint_id, mask) SELECT"
	       " room_id, n, 0 FROM room, generate_series(1, 4) AS n"
	       " WHERE name = 'Plain'");

	ck_assert_str_eq((found("alice", "plain"), ask_rows(20, 20)), "2");
	ck_assert_str_eq((mine("alice", MEMBER, LIMIT), ask_rows(20, 20)),
			 "0, 0, 0, 2");
}
END_TEST


START_TEST(a_user_is_found_by_his_uri_in_any_case)
{
	ck_assert_str_eq(user("SIP:aLICE@example.NET"), "t t");
	ck_assert_str_eq(ask_rows(1, 2), "sip:alice@example.net Alice A.");
	ck_assert_int_eq(db_get_int(ask_res(), 0, 0), ask_number(
		"SELECT principal_id FROM principal"
		" WHERE key = 'sip:alice@example.net'"));
}
END_TEST


START_TEST(who_may_not_sign_in_is_told_from_who_is_unknown)
{
	ck_assert_str_eq(user("sip:off@example.net"), "t f");
	(void)user("sip:shut@example.net");
	ck_assert_str_eq(ask_rows(4, 4), "f");
	ck_assert_str_eq(user("sip:nobody@example.net"), "");
	ck_assert_str_eq(user("sip:left@example.net"), "");
	ck_assert_str_eq(user("group:inner"), "");
	ck_assert_str_eq(user("any"), "");
}
END_TEST


START_TEST(the_narrowest_policy_decides)
{
	static const char uri[] = "sip:guest@example.net";

	ask_do("UPDATE principal SET policy_id = NULL WHERE key = '%s'", uri);
	ck_assert_str_eq(user(uri), "t f");
	ask_do("INSERT INTO policy (name, scope, enable_chat)"
	       " VALUES ('Berlin', 'site', true), ('Rome', 'site', false)");
	ck_assert_str_eq(user(uri), "t f");
	ask_do("INSERT INTO configuration (key, value)"
	       " VALUES ('Site', 'berlin')");
	ck_assert_str_eq(user(uri), "t t");
	ask_do("INSERT INTO policy (name, scope, enable_chat)"
	       " VALUES ('p', 'pool', false)");
	ck_assert_str_eq(user(uri), "t f");
	ask_do("UPDATE principal SET policy_id = 2 WHERE key = '%s'", uri);
	ck_assert_str_eq(user(uri), "t t");
}
END_TEST


START_TEST(ancestors_are_the_user_everybody_the_domain_and_all_groups)
{
	int64_t *v;
	size_t n, i, known = 0;

	ck_assert_str_eq(user("sip:bob@example.net"), "t t");
	ck_assert_int_eq(db_get_int8v(ask_res(), 0, 6, &v, &n), 0);
	for (i = 0; i < n; i++)
		known += (size_t)ask_number(
			"SELECT count(*) FROM principal WHERE principal_id ="
			" %lld AND key IN ('any', 'sip:bob@example.net',"
			" 'group:inner', 'group:outer')", (long long)v[i]);
	mem_deref(v);
	ck_assert_uint_eq(known, 4);

	ck_assert_str_eq(user("sip:eve@other.example"), "t t");
	ck_assert_int_eq(db_get_int8v(ask_res(), 0, 6, &v, &n), 0);
	mem_deref(v);
	ck_assert_uint_eq(n, 3);
}
END_TEST


static Suite *db_facts_suite(void)
{
	const TTest *const testv[] = {
		a_room_is_told_with_what_it_says_about_itself,
		a_member_is_one_directly_or_through_a_nested_group,
		a_manager_through_a_group_is_no_member,
		a_presenter_is_one_directly_or_through_a_nested_group,
		a_domain_is_let_into_a_category_and_others_are_not,
		a_deny_beats_the_allow_of_a_group,
		the_deny_of_a_group_beats_the_allow_of_everybody,
		a_category_that_allows_nobody_hides_its_rooms,
		a_deleted_room_is_gone,
		facts_of_several_rooms_leave_out_the_unknown,
		a_disabled_room_is_found_by_its_manager_alone,
		a_secret_room_is_found_by_members_and_managers_alone,
		a_search_tells_roles_as_the_facts_do,
		wildcards_are_text_when_escaped,
		a_search_minds_no_case,
		descriptions_are_searched_when_asked_for,
		a_limit_leaves_the_first_by_name,
		a_users_own_rooms_are_those_he_can_enter,
		a_managers_rooms_include_the_disabled,
		participants_are_people_not_clients,
		a_user_is_found_by_his_uri_in_any_case,
		who_may_not_sign_in_is_told_from_who_is_unknown,
		the_narrowest_policy_decides,
		ancestors_are_the_user_everybody_the_domain_and_all_groups,
	};
	Suite *suite = suite_create("db/facts");
	TCase *tc = tcase_create("facts");
	size_t i;

	tcase_add_unchecked_fixture(tc, suite_setup, ask_end);
	tcase_add_checked_fixture(tc, ask_setup, ask_teardown);
	tcase_set_timeout(tc, 30);
	for (i = 0; i < ARRAY_SIZE(testv); i++)
		tcase_add_test(tc, testv[i]);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(db_facts_suite)
