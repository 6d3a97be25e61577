/**
 * @file tests/unit/common/test_guid.c  GUIDs, and the random bytes under them
 */
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
#include <re.h>
#include "common/guid.h"
#include "tests/unit/suite.h"


static const uint8_t bytes[GUID_SIZE] = {
	0x2f, 0x6d, 0x0c, 0x1e, 0x58, 0xb7, 0x4a, 0x42,
	0x9a, 0x53, 0x0a, 0x7c, 0x8f, 0x1d, 0x2b, 0x10,
};

static const char text[] = "2f6d0c1e-58b7-4a42-9a53-0a7c8f1d2b10";


static int decode(uint8_t *guid, const char *str)
{
	struct pl pl;

	pl_set_str(&pl, str);

	return guid_decode(guid, &pl);
}


START_TEST(a_guid_is_printed_in_lower_case)
{
	char buf[GUID_STRSIZE];

	ck_assert_str_eq(guid_str(buf, bytes), text);
}
END_TEST


START_TEST(a_guid_is_read_in_any_case_with_or_without_braces)
{
	static const char *const goodv[] = {
		text, "{2f6d0c1e-58b7-4a42-9a53-0a7c8f1d2b10}",
		"2F6D0C1E-58B7-4A42-9A53-0A7C8F1D2B10",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(goodv); i++) {
		uint8_t guid[GUID_SIZE] = {0};

		ck_assert_int_eq(decode(guid, goodv[i]), 0);
		ck_assert_mem_eq(guid, bytes, GUID_SIZE);
	}
}
END_TEST


static const char *const badv[] = {
	"", "4711", "2f6d0c1e58b74a429a530a7c8f1d2b10",
	"2f6d0c1e-58b7-4a42-9a53-0a7c8f1d2b1",
	"2f6d0c1e-58b7-4a42-9a53-0a7c8f1d2b100",
	"2f6d0c1e-58b7-4a42-9a53-0a7c8f1d2b1g",
	"2f6d0c1e-58b74-a42-9a53-0a7c8f1d2b10",
	"{2f6d0c1e-58b7-4a42-9a53-0a7c8f1d2b10",
	"{2f6d0c1e-58b7-4a42-9a53-0a7c8f1d2b1}",
	"{2f6d0c1e-58b7-4a42-9a53-0a7c8f1d2b10)",
};


START_TEST(what_is_no_guid_is_refused)
{
	uint8_t guid[GUID_SIZE] = { 42 };

	ck_assert_int_eq(decode(guid, badv[_i]), EBADMSG);
	ck_assert_int_eq(guid[0], 42);
}
END_TEST


START_TEST(new_guids_are_random_and_say_so)
{
	uint8_t a[GUID_SIZE], b[GUID_SIZE];

	guid_new(a);
	guid_new(b);
	ck_assert_mem_ne(a, b, GUID_SIZE);
	ck_assert_int_eq(a[6] >> 4, 4);
	ck_assert_int_eq(a[8] >> 6, 2);
}
END_TEST


START_TEST(libre_uses_our_random_functions)
{
	ck_assert_ptr_eq(dlsym(RTLD_DEFAULT, "rand_u64"), (void *)rand_u64);
	ck_assert_ptr_ne(dlsym(RTLD_NEXT, "rand_u64"), NULL);
	ck_assert_ptr_ne(dlsym(RTLD_NEXT, "rand_u64"), (void *)rand_u64);
}
END_TEST


/* Every bit of 20,000 numbers is set about half of the time */
START_TEST(random_numbers_have_no_fixed_bits)
{
	unsigned onev[64] = {0}, i, bit;

	for (i = 0; i < 20000; i++) {
		const uint64_t v = rand_u64();

		for (bit = 0; bit < 64; bit++)
			onev[bit] += (v >> bit) & 1;
	}

	for (bit = 0; bit < 64; bit++) {
		ck_assert_uint_gt(onev[bit], 9500);
		ck_assert_uint_lt(onev[bit], 10500);
	}
}
END_TEST


START_TEST(random_bytes_of_any_length_stay_in_their_buffer)
{
	static uint8_t buf[10002], zero[32];
	size_t len;

	for (len = 64; len <= 10000; len += 1242) {
		memset(buf, 0, sizeof(buf));
		rand_bytes(buf + 1, len);
		ck_assert_int_eq(buf[0], 0);
		ck_assert_int_eq(buf[len + 1], 0);
		ck_assert_mem_ne(buf + 1, zero, sizeof(zero));
		ck_assert_mem_ne(buf + 1 + len - 32, zero, sizeof(zero));
	}

	rand_bytes(NULL, 0);
}
END_TEST


START_TEST(random_strings_are_alphanumeric)
{
	char buf[64];

	rand_str(buf, sizeof(buf));
	ck_assert_uint_eq(strlen(buf), sizeof(buf) - 1);
	ck_assert_uint_eq(strspn(buf, "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
			  sizeof(buf) - 1);
	rand_str(buf, 1);
	ck_assert_str_eq(buf, "");
}
END_TEST


START_TEST(a_child_process_draws_other_numbers)
{
	uint64_t mine[4], theirs[4];
	int fdv[2];
	pid_t pid;

	(void)rand_u64();
	ck_assert_int_eq(pipe(fdv), 0);

	pid = fork();
	ck_assert_int_ge(pid, 0);
	rand_bytes((uint8_t *)mine, sizeof(mine));
	if (!pid) {
		ssize_t n = write(fdv[1], mine, sizeof(mine));
		_exit(n != sizeof(mine));
	}

	ck_assert_int_eq(read(fdv[0], theirs, sizeof(theirs)),
			 sizeof(theirs));
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_mem_ne(mine, theirs, sizeof(mine));
}
END_TEST


static Suite *guid_suite(void)
{
	Suite *suite = suite_create("guid");
	TCase *tc = tcase_create("guid");

	tcase_add_test(tc, a_guid_is_printed_in_lower_case);
	tcase_add_test(tc, a_guid_is_read_in_any_case_with_or_without_braces);
	tcase_add_loop_test(tc, what_is_no_guid_is_refused,
			    0, ARRAY_SIZE(badv));
	tcase_add_test(tc, new_guids_are_random_and_say_so);
	suite_add_tcase(suite, tc);

	tc = tcase_create("random");
	tcase_add_test(tc, libre_uses_our_random_functions);
	tcase_add_test(tc, random_numbers_have_no_fixed_bits);
	tcase_add_test(tc, random_bytes_of_any_length_stay_in_their_buffer);
	tcase_add_test(tc, random_strings_are_alphanumeric);
	tcase_add_test(tc, a_child_process_draws_other_numbers);
	suite_add_tcase(suite, tc);

	return suite;
}


TEST_SUITE(guid_suite)
