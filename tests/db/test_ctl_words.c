/**
 * @file tests/db/test_ctl_words.c  pchatctl: help, what it does not know, dry
 * runs and answers for programs
 */
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/json.h"
#include "tests/db/operator.h"
#include "tests/unit/suite.h"


START_TEST(help_is_there_in_every_way_that_people_ask_for_it)
{
	static const char *const linev[] = {
		"-h", "--help", "help", "help room", "room", "room --help",
		"room list -h",
	};

	for (size_t i = 0; i < ARRAY_SIZE(linev); i++) {
		op_ok("%s", linev[i]);
		op_said("room list");
	}

	op_ok("--version");
	op_said("pchatctl ");
	op_ok("help compliance skip");
	op_said("--dry-run");
}
END_TEST


START_TEST(what_it_does_not_know_it_names)
{
	op_misused("unknown command: frob", "frob");
	op_misused("unknown command: room frob; room has:", "room frob");
	op_complained(" list");
	op_misused("unknown option: --nosuch", "room list --nosuch");
	op_misused("option without its value", "room list --filter");
	op_misused("unexpected argument: b", "room show a b");
	op_misused("unknown command: frob", "help frob");
}
END_TEST


static json_t *answer(void)
{
	json_t *obj = json_loads(op_out(), JSON_REJECT_DUPLICATES, NULL);

	ck_assert_msg(obj != NULL, "%s", op_out());

	return obj;
}


static void ck_answer(const char *key, const char *value, bool dry)
{
	json_t *obj = answer();

	ck_assert_str_eq(json_string_value(json_object_get(obj, key)), value);
	ck_assert(json_is_boolean(json_object_get(obj, "dry_run")));
	ck_assert_int_eq(json_is_true(json_object_get(obj, "dry_run")), dry);
	json_decref(obj);
}


START_TEST(a_dry_run_does_not_say_that_it_did_it)
{
	op_ok("category create --name C --json --dry-run");
	ck_answer("done", "would be created", true);
	op_ok("category create --name C --json");
	ck_answer("done", "created", false);
	op_ok("user create sip:ada@example.net");
	op_ok("category set C --add-allowed sip:ada@example.net");
	op_ok("room create --name R --category C --add-manager"
	      " sip:ada@example.net");

	op_ok("room remove R --json --dry-run");
	ck_answer("done", "would be removed", true);
	op_ok("room remove R --dry-run");
	op_said("R: would be removed");
	ck_assert_int_eq(op_number("SELECT count(*) FROM room"
				   " WHERE deleted_at IS NULL"), 1);
	op_ok("room remove R --json --yes");
	ck_answer("done", "removed", false);
	ck_assert_int_eq(op_number("SELECT count(*) FROM room"
				   " WHERE deleted_at IS NULL"), 0);

	op_ok("group create staff --dry-run");
	op_said("would be ");
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal"
				   " WHERE key = 'group:staff'"), 0);
}
END_TEST


static void compliance_setup(void)
{
	op_setup();
	op_ok("migrate --compliance '%s'",
	      store_conninfo_db(op_store(), "empty"));
}


static void compliance_sql(const char *sql)
{
	char there[256];
	PGresult *res;
	PGconn *pg;

	(void)snprintf(there, sizeof(there), "%s",
		       store_conninfo_db(op_store(), "empty"));
	pg = PQconnectdb(there);
	res = PQexec(pg, sql);
	ck_assert_msg(PQresultStatus(res) == PGRES_TUPLES_OK, "%s",
		      PQerrorMessage(pg));
	PQclear(res);
	PQfinish(pg);
}


START_TEST(batches_and_adapters_can_be_tried_dry)
{
#define THERE "--compliance '%s'"
	const char *there = store_conninfo_db(op_store(), "empty");

	compliance_sql("SELECT adapter_enter('{a}', '{jsonl}', '{t}'),"
		       " adapter_enter('{}', '{}', '{}')");
	op_ok("compliance remove a --dry-run --json " THERE, there);
	ck_answer("done", "would be removed", true);
	op_ok("compliance status --json " THERE, there);
	op_said("\"a\"");
	op_fails("has not refused batch 7",
		 "compliance skip a 7 --dry-run " THERE, there);
	op_ok("compliance remove a --yes " THERE, there);
	op_said("a: removed");
}
END_TEST


START_TEST(times_are_of_one_form_and_nothing_is_null)
{
	const char *there = store_conninfo_db(op_store(), "empty");
	json_t *obj, *state, *adapter;
	const char *since;

	compliance_sql("SELECT adapter_enter('{a}', '{jsonl}', '{t}')");
	op_ok("compliance status --json " THERE, there);
	obj = answer();
	state = json_object_get(obj, "state");
	ck_assert(json_is_null(json_object_get(state, "last_run")));
	ck_assert(json_is_null(json_object_get(state, "oldest")));
	adapter = json_array_get(json_object_get(obj, "adapters"), 0);
	since = json_string_value(json_object_get(adapter, "since"));
	ck_assert_ptr_nonnull(since);
	ck_assert_msg(since[10] == 'T' && since[strlen(since) - 1] == 'Z',
		      "%s", since);
	json_decref(obj);
}
END_TEST


START_TEST(a_migration_can_be_tried_dry)
{
	const char *empty = store_conninfo_db(op_store(), "empty");

	op_ok("--store '%s' migrate --dry-run", empty);
	op_said("-- would apply 0001 store");
	op_ok("--store '%s' migrate --dry-run --json", empty);
	ck_answer("store", "store", true);
	op_ok("--store '%s' migrate --yes", empty);
	op_said("0001 store");
	op_ok("--store '%s' migrate --dry-run", empty);
	op_said("nothing to do");
}
END_TEST


START_TEST(a_password_on_the_command_line_is_warned_of)
{
	ck_assert_int_eq(op_run("--store 'host=%s dbname=mgc user=pchat"
				" password=s3cret' room list",
				store_dir(op_store())), TOOL_OK);
	op_complained("PGPASSFILE");
	ck_assert_ptr_null(strstr(op_err(), "s3cret"));
}
END_TEST


static Suite *db_ctl_words_suite(void)
{
	Suite *suite = suite_create("db/ctl_words");
	TCase *tc = tcase_create("words");
	TCase *compliance = tcase_create("compliance");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, op_setup, op_teardown);
	tcase_add_test(tc, help_is_there_in_every_way_that_people_ask_for_it);
	tcase_add_test(tc, what_it_does_not_know_it_names);
	tcase_add_test(tc, a_dry_run_does_not_say_that_it_did_it);
	tcase_add_test(tc, a_migration_can_be_tried_dry);
	tcase_add_test(tc, a_password_on_the_command_line_is_warned_of);
	suite_add_tcase(suite, tc);

	tcase_set_timeout(compliance, 60);
	tcase_add_checked_fixture(compliance, compliance_setup, op_teardown);
	tcase_add_test(compliance, batches_and_adapters_can_be_tried_dry);
	tcase_add_test(compliance, times_are_of_one_form_and_nothing_is_null);
	suite_add_tcase(suite, compliance);

	return suite;
}
TEST_SUITE(db_ctl_words_suite)
