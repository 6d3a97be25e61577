/**
 * @file tests/unit/compliance/test_outdir.c  A directory of one writer
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/outdir.h"
#include "tests/unit/compliance/fixture.h"
#include "tests/unit/suite.h"

static struct outdir *od;
static struct mbuf *errmb;


static void setup(void)
{
	fx_setup();
	errmb = mbuf_alloc(256);
	ck_assert_int_eq(outdir_open(&od, fx_path("."), errmb), 0);
}


static void teardown(void)
{
	od = mem_deref(od);
	mem_deref(errmb);
	fx_teardown();
}


/* Another daemon's process, whatever it takes the directory for */
START_TEST(a_second_process_is_refused)
{
	struct outdir *other = NULL;
	int status = -1;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(outdir_open(&other, fx_path("."), errmb) == EBUSY &&
		      errmb->end ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST


START_TEST(what_is_there_is_never_replaced)
{
	fx_write("a.txt", "old", 0600);
	ck_assert_int_eq(outdir_begin(od), 0);
	fx_write(".try/a.txt", "new", 0600);
	fx_write(".try/manifest-000000000001.json", "{}", 0600);
	ck_assert_int_eq(outdir_publish(od, errmb), EEXIST);
	ck_assert_str_eq(fx_read("a.txt"), "old");
	ck_assert_ptr_null(fx_read("manifest-000000000001.json"));

	/* out of the way, the rest follows */
	ck_assert_int_eq(unlink(fx_path("a.txt")), 0);
	ck_assert_int_eq(outdir_finish(od, errmb), 0);
	ck_assert_str_eq(fx_read("a.txt"), "new");
	ck_assert_str_eq(fx_read("manifest-000000000001.json"), "{}");
}
END_TEST


START_TEST(only_what_the_try_wrote_is_removed)
{
	fx_write("x-000000000001.txt", "another's", 0600);
	ck_assert_int_eq(outdir_begin(od), 0);
	ck_assert_int_eq(mkdir(fx_path(".try/sub"), 0700), 0);
	fx_write(".try/sub/y", "half", 0600);
	ck_assert_int_eq(symlink("../x-000000000001.txt",
				 fx_path(".try/link")), 0);
	ck_assert_int_eq(outdir_begin(od), 0);
	ck_assert_int_ne(access(fx_path(".try/sub"), F_OK), 0);
	ck_assert_str_eq(fx_read("x-000000000001.txt"), "another's");
}
END_TEST


static Suite *outdir_suite(void)
{
	Suite *suite = suite_create("compliance/outdir");
	TCase *tc = tcase_create("outdir");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_second_process_is_refused);
	tcase_add_test(tc, what_is_there_is_never_replaced);
	tcase_add_test(tc, only_what_the_try_wrote_is_removed);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(outdir_suite)
