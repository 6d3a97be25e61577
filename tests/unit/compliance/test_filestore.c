/**
 * @file tests/unit/compliance/test_filestore.c  Copies of files that people sent
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <re.h>
#include "compliance/filestore.h"
#include "tests/support/proc.h"
#include "tests/support/wait.h"
#include "tests/unit/suite.h"

#define FILE_A "ab345678-1234-4234-8234-123456789012.txt"
#define FILE_B "cd345678-1234-4234-8234-123456789012"
#define ROOM   "ef345678-1234-4234-8234-123456789012"
#define UPLOAD(file) \
	"{\"events\":[{\"id\":\"x\",\"kind\":1,\"chat\":\"\\\"kind\\\":4,\"}," \
	"{\"id\":\"y\",\"kind\":4,\"room\":\"" ROOM "\"," \
	"\"detail\":{\"file\":\"" file "\"}}]}"

static char base[64], from[80], to[80];
static struct filestore *fs;
static int calls, result;


static void setup(void)
{
	str_ncpy(base, "/tmp/pchat-files-XXXXXX", sizeof(base));
	ck_assert_ptr_nonnull(mkdtemp(base));
	(void)snprintf(from, sizeof(from), "%s/from", base);
	(void)snprintf(to, sizeof(to), "%s/to", base);
	ck_assert_int_eq(mkdir(from, 0700), 0);
	ck_assert_int_eq(mkdir(to, 0700), 0);
	ck_assert_int_eq(filestore_alloc(&fs, from, to), 0);
	calls = 0;
	result = -1;
}


static void teardown(void)
{
	fs = mem_deref(fs);
	proc_rmtree(base);
}


static void put(const char *file, const char *text)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/" ROOM, from);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/" ROOM "/%s", from, file);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	(void)fputs(text, f);
	(void)fclose(f);
}


static bool has(const char *file, const char *text)
{
	char buf[64] = "", *path = NULL;
	FILE *f;

	ck_assert_int_eq(filestore_path(&path, to, file), 0);
	f = fopen(path, "r");
	mem_deref(path);
	if (!f)
		return false;
	ck_assert_ptr_nonnull(fgets(buf, sizeof(buf), f));
	(void)fclose(f);

	return !strcmp(buf, text);
}


static void done_handler(int err, void *arg)
{
	(void)arg;
	++calls;
	result = err;
	wait_poke();
}


static bool is_done(void *arg)
{
	(void)arg;

	return calls > 0;
}


static int take(const char *events)
{
	const int err = filestore_take_events(fs, events, done_handler, NULL);

	ck_assert_int_eq(calls, 0);
	if (!err)
		ck_assert_int_eq(wait_for(is_done, NULL, 10000), 0);

	return err;
}


START_TEST(an_upload_is_copied_before_its_event_is_stored)
{
	put(FILE_A, "what was sent");
	ck_assert_int_eq(take(UPLOAD(FILE_A)), 0);
	ck_assert_int_eq(result, 0);
	ck_assert(has(FILE_A, "what was sent"));
}
END_TEST


START_TEST(a_copy_that_is_there_stays)
{
	put(FILE_B, "first");
	ck_assert_int_eq(filestore_copy(from, to, ROOM "/" FILE_B), 0);
	put(FILE_B, "other");
	ck_assert_int_eq(take(UPLOAD(FILE_B)), 0);
	ck_assert(has(FILE_B, "first"));
}
END_TEST


START_TEST(events_without_files_are_not_waited_for)
{
	ck_assert_int_eq(take("{\"events\":[{\"id\":\"x\",\"kind\":1,"
			      "\"chat\":\"\\\"kind\\\":4,\"}]}"), ENOENT);
	ck_assert_int_eq(take("{\"events\":[]}"), ENOENT);
}
END_TEST


START_TEST(a_file_that_is_gone_does_not_stop_the_queue)
{
	ck_assert_int_eq(take(UPLOAD(FILE_A)), 0);
	ck_assert_int_eq(result, 0);
}
END_TEST


START_TEST(a_store_that_cannot_be_written_does)
{
	put(FILE_A, "text");
	ck_assert_int_eq(rmdir(to), 0);
	ck_assert_int_eq(take(UPLOAD(FILE_A)), 0);
	ck_assert_int_ne(result, 0);
}
END_TEST


START_TEST(names_lead_nowhere_else)
{
	static const char *const namev[] = {
		"", "x", "../../etc/passwd", FILE_B "/../x", FILE_B ".a/b",
		"ab345678-1234-4234-8234-12345678901", "ab/cd",
	};
	static const char *const sentv[] = {
		"", FILE_A, "/" FILE_A, "../" FILE_A, ROOM "/..",
		ROOM "/" ROOM "/" FILE_A, "x/" FILE_A,
	};
	char *path = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(namev); i++)
		ck_assert_int_eq(filestore_path(&path, to, namev[i]), EINVAL);
	for (i = 0; i < ARRAY_SIZE(sentv); i++)
		ck_assert_int_eq(filestore_copy(from, to, sentv[i]), EINVAL);
	ck_assert_int_eq(filestore_path(&path, to, FILE_A), 0);
	mem_deref(path);
}
END_TEST


static Suite *filestore_suite(void)
{
	Suite *suite = suite_create("compliance/filestore");
	TCase *tc = tcase_create("filestore");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_upload_is_copied_before_its_event_is_stored);
	tcase_add_test(tc, a_copy_that_is_there_stays);
	tcase_add_test(tc, events_without_files_are_not_waited_for);
	tcase_add_test(tc, a_file_that_is_gone_does_not_stop_the_queue);
	tcase_add_test(tc, a_store_that_cannot_be_written_does);
	tcase_add_test(tc, names_lead_nowhere_else);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(filestore_suite)
