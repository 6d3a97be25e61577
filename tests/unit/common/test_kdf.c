/**
 * @file tests/unit/common/test_kdf.c  Passwords, hashed
 */
#include <errno.h>
#include <string.h>
#include <check.h>
#include <re.h>
#include "common/kdf.h"
#include "tests/unit/suite.h"


START_TEST(a_password_is_known_again_and_no_other)
{
	char text[KDF_TEXT_MAX];

	ck_assert_int_eq(kdf_hash(text, sizeof(text), "secret"), 0);
	ck_assert_int_eq(kdf_check(text, "secret"), 0);
	ck_assert_int_eq(kdf_check(text, "Secret"), EACCES);
	ck_assert_int_eq(kdf_check(text, ""), EACCES);
}
END_TEST


START_TEST(the_same_password_never_hashes_alike)
{
	char a[KDF_TEXT_MAX], b[KDF_TEXT_MAX];

	ck_assert_int_eq(kdf_hash(a, sizeof(a), "secret"), 0);
	ck_assert_int_eq(kdf_hash(b, sizeof(b), "secret"), 0);
	ck_assert_str_ne(a, b);
}
END_TEST


START_TEST(what_is_no_hash_lets_nobody_in)
{
	static const char *const textv[] = {
		"", "secret", "scrypt$", "scrypt$15$8$1$$",
		"scrypt$15$8$1$AAAA$AAAA", "scrypt$99$8$1$AAAA$AAAA",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(textv); i++)
		ck_assert_int_eq(kdf_check(textv[i], ""), EINVAL);
	ck_assert_int_eq(kdf_check(NULL, ""), EACCES);
}
END_TEST


static Suite *kdf_suite(void)
{
	Suite *suite = suite_create("kdf");
	TCase *tc = tcase_create("scrypt");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_password_is_known_again_and_no_other);
	tcase_add_test(tc, the_same_password_never_hashes_alike);
	tcase_add_test(tc, what_is_no_hash_lets_nobody_in);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(kdf_suite)
