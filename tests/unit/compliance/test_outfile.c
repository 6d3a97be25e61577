/**
 * @file tests/unit/compliance/test_outfile.c  Whole or not at all
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/outfile.h"
#include "tests/unit/compliance/fixture.h"
#include "tests/unit/suite.h"


static struct outfile *of;


static void teardown(void)
{
	of = mem_deref(of);
	fx_teardown();
}


START_TEST(a_file_has_its_name_when_it_is_complete)
{
	ck_assert_int_eq(outfile_open(&of, fx_path("a")), 0);
	outfile_puts(of, "one ");
	outfile_printf(of, "%u", 2);
	ck_assert_ptr_null(fx_read("a"));

	ck_assert_int_eq(outfile_commit(of), 0);
	ck_assert_str_eq(fx_read("a"), "one 2");
	ck_assert_uint_eq(outfile_size(of), 5);
	ck_assert_uint_eq(fx_files(), 1);
}
END_TEST


START_TEST(a_file_given_up_leaves_the_old_one)
{
	fx_write("a", "old", 0600);
	ck_assert_int_eq(outfile_open(&of, fx_path("a")), 0);
	outfile_puts(of, "new");
	of = mem_deref(of);

	ck_assert_str_eq(fx_read("a"), "old");
	ck_assert_uint_eq(fx_files(), 1);
}
END_TEST


START_TEST(what_a_crash_left_is_written_over)
{
	fx_write(".a.tmp", "a longer text from before", 0600);
	ck_assert_int_eq(outfile_open(&of, fx_path("a")), 0);
	outfile_puts(of, "new");
	ck_assert_int_eq(outfile_commit(of), 0);

	ck_assert_str_eq(fx_read("a"), "new");
	ck_assert_uint_eq(fx_files(), 1);
}
END_TEST


START_TEST(what_has_the_name_keeps_it)
{
	fx_write("a", "old", 0600);
	ck_assert_int_eq(outfile_open(&of, fx_path("a")), 0);
	outfile_puts(of, "new");
	ck_assert_int_eq(outfile_commit(of), EEXIST);
	of = mem_deref(of);

	ck_assert_str_eq(fx_read("a"), "old");
	ck_assert_uint_eq(fx_files(), 1);

	ck_assert_int_eq(outfile_open(&of, fx_path("a")), 0);
	outfile_puts(of, "new");
	ck_assert_int_eq(outfile_replace(of), 0);
	ck_assert_str_eq(fx_read("a"), "new");
}
END_TEST


/* Two daemons that copy one file at the same time */
START_TEST(only_one_writes_a_file_at_a_time)
{
	struct outfile *other = NULL;

	ck_assert_int_eq(outfile_open(&of, fx_path("a")), 0);
	ck_assert_int_eq(outfile_open(&other, fx_path("a")), EBUSY);
	outfile_puts(of, "one");
	ck_assert_int_eq(outfile_commit(of), 0);
	ck_assert_str_eq(fx_read("a"), "one");
}
END_TEST


START_TEST(a_large_file_goes_through_a_small_buffer)
{
	static char block[100000];

	memset(block, 'x', sizeof(block));
	ck_assert_int_eq(outfile_open(&of, fx_path("a")), 0);
	outfile_write(of, "y", 1);
	outfile_write(of, block, sizeof(block));
	for (size_t i = 0; i < sizeof(block); i++)
		outfile_write(of, "z", 1);
	ck_assert_int_eq(outfile_commit(of), 0);

	ck_assert_uint_eq(strlen(fx_read("a")), 2 * sizeof(block) + 1);
	ck_assert_int_eq(strspn(fx_read("a") + 1, "x"), sizeof(block));
}
END_TEST


START_TEST(the_first_error_is_told_at_the_end)
{
	const struct rlimit limit = { 70000, 70000 };

	ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(outfile_open(&of, fx_path("a")), 0);
	for (size_t i = 0; i < 200000; i++)
		outfile_write(of, "z", 1);

	ck_assert_int_eq(outfile_error(of), EFBIG);
	ck_assert_int_eq(outfile_commit(of), EFBIG);
	of = mem_deref(of);
	ck_assert_uint_eq(fx_files(), 0);
}
END_TEST


START_TEST(a_file_needs_a_folder_and_a_name)
{
	ck_assert_int_eq(outfile_open(&of, fx_path("no/such")), ENOENT);
	ck_assert_int_eq(outfile_open(&of, fx_path("")), EINVAL);
	ck_assert_int_eq(outfile_temp(&of, fx_path("no")), ENOENT);
}
END_TEST


START_TEST(a_nameless_file_can_be_read_again)
{
	char buf[8] = "";
	int fd;

	ck_assert_int_eq(outfile_temp(&of, fx_path(".")), 0);
	outfile_puts(of, "again");
	ck_assert_int_eq(outfile_rewind(of, &fd), 0);
	ck_assert_int_eq(read(fd, buf, sizeof(buf)), 5);
	ck_assert_str_eq(buf, "again");
	ck_assert_uint_eq(fx_files(), 0);
	ck_assert_int_eq(outfile_commit(of), EINVAL);
}
END_TEST


static Suite *outfile_suite(void)
{
	Suite *suite = suite_create("outfile");
	TCase *tc = tcase_create("outfile");

	tcase_add_checked_fixture(tc, fx_setup, teardown);
	tcase_add_test(tc, a_file_has_its_name_when_it_is_complete);
	tcase_add_test(tc, a_file_given_up_leaves_the_old_one);
	tcase_add_test(tc, what_a_crash_left_is_written_over);
	tcase_add_test(tc, what_has_the_name_keeps_it);
	tcase_add_test(tc, only_one_writes_a_file_at_a_time);
	tcase_add_test(tc, a_large_file_goes_through_a_small_buffer);
	tcase_add_test(tc, the_first_error_is_told_at_the_end);
	tcase_add_test(tc, a_file_needs_a_folder_and_a_name);
	tcase_add_test(tc, a_nameless_file_can_be_read_again);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(outfile_suite)
