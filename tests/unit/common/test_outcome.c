/**
 * @file tests/unit/common/test_outcome.c  Every statement of the daemons is in
 *                                         the table of outcomes
 */
#include <stdio.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/embedded.h"
#include "common/store/outcome.h"
#include "tests/unit/suite.h"

static const struct sql_set *const setv[] = { &sql_store, &sql_compliance };


static unsigned rows_of(const char *stmt)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(outcomev); i++)
		n += !strcmp(outcomev[i].stmt, stmt);
	for (i = 0; i < ARRAY_SIZE(outcome_readv); i++)
		n += !strcmp(outcome_readv[i], stmt);
	for (i = 0; i < ARRAY_SIZE(outcome_toolv); i++)
		n += !strcmp(outcome_toolv[i], stmt);

	return n;
}


static const struct sql_stmt *find(const char *stmt)
{
	const struct sql_stmt *found = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(setv) && !found; i++)
		found = sql_stmt_find(setv[i], stmt);

	return found;
}


START_TEST(every_statement_of_the_daemons_has_one_row)
{
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(setv); i++) {
		for (k = 0; k < setv[i]->stmtc; k++) {
			const char *name = setv[i]->stmtv[k].name;

			if (!strncmp(name, "ctl_", 4))
				continue;
			ck_assert_msg(rows_of(name) == 1, "statement %s has "
				      "%u rows in common/store/outcome.h: "
				      "say there what happens when it fails",
				      name, rows_of(name));
		}
	}
}
END_TEST


START_TEST(every_row_is_about_a_statement)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(outcomev); i++)
		ck_assert_msg(find(outcomev[i].stmt) != NULL, "%s",
			      outcomev[i].stmt);
	for (i = 0; i < ARRAY_SIZE(outcome_readv); i++)
		ck_assert_msg(find(outcome_readv[i]) != NULL, "%s",
			      outcome_readv[i]);
}
END_TEST


START_TEST(what_is_said_to_read_does_not_write)
{
	static const char *const verbv[] = { "INSERT INTO", "DELETE FROM",
					     "UPDATE " };
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(outcome_readv); i++) {
		const char *text = find(outcome_readv[i])->text;

		for (k = 0; k < ARRAY_SIZE(verbv); k++)
			ck_assert_msg(!strstr(text, verbv[k]), "%s: %s",
				      outcome_readv[i], verbv[k]);
	}
}
END_TEST


START_TEST(what_is_sent_again_may_be_sent_again)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(outcomev); i++) {
		const enum outcome_kind kind = outcomev[i].kind;

		ck_assert_msg(outcomev[i].repeatable ||
			      kind == OUTCOME_ANSWER || kind == OUTCOME_LOOKUP,
			      "%s", outcomev[i].stmt);
	}
}
END_TEST


static bool names(const char *path, const char *stmt)
{
	FILE *f = fopen(path, "r");
	char line[256], quoted[64];
	bool found = false;

	ck_assert_msg(f != NULL, "%s: no such file", path);
	(void)snprintf(quoted, sizeof(quoted), "\"%s\"", stmt);
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, quoted) != NULL;
	(void)fclose(f);

	return found;
}


START_TEST(the_sender_is_where_the_table_says)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(outcomev); i++)
		ck_assert_msg(names(outcomev[i].sender, outcomev[i].stmt),
			      "%s does not name %s", outcomev[i].sender,
			      outcomev[i].stmt);
}
END_TEST


static Suite *outcome_suite(void)
{
	Suite *suite = suite_create("common/outcome");
	TCase *tc = tcase_create("outcome");

	tcase_add_test(tc, every_statement_of_the_daemons_has_one_row);
	tcase_add_test(tc, every_row_is_about_a_statement);
	tcase_add_test(tc, what_is_said_to_read_does_not_write);
	tcase_add_test(tc, what_is_sent_again_may_be_sent_again);
	tcase_add_test(tc, the_sender_is_where_the_table_says);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(outcome_suite)
