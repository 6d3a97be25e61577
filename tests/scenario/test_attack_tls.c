/**
 * @file tests/scenario/test_attack_tls.c  Certificates as front ends have them
 *
 * Every certificate of the pool says that it is for servers alone: peers that
 * are named and have a chain to our authority are taken for what they are.
 */
#include <string.h>
#include "tests/scenario/attack.h"
#include "tests/unit/suite.h"


static void up(void)
{
	static const char *const setv[] = {
		"registrar.auth=digest", "registrar.transport=tls",
		"registrar.usage=server", NULL
	};

	attack_up_with(setv);
}


START_TEST(a_certificate_for_servers_is_enough_at_both_ends)
{
	struct reg *ada = attack_sign_in("ada", NULL);

	ck_assert_ptr_nonnull(strstr(reg_target(ada), "transport=tls"));
	ck_assert(attack_works(ada, "Vault"));
	mem_deref(ada);
}
END_TEST


static Suite *attack_tls_suite(void)
{
	Suite *suite = suite_create("attack_tls");
	TCase *tc = tcase_create("tls");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_certificate_for_servers_is_enough_at_both_ends);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(attack_tls_suite)
