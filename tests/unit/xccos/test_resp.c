/**
 * @file tests/unit/xccos/test_resp.c  Every error has a code and a text
 */
#include <string.h>
#include <re.h>
#include "channel/xccos/xccos.h"
#include "tests/unit/suite.h"


static void ck_resp(int err, unsigned code, const char *text)
{
	const struct xccos_resp resp = xccos_resp(err);

	ck_assert_uint_eq(resp.code, code);
	ck_assert_str_eq(resp.text, text);
}


START_TEST(success_is_what_clients_look_for)
{
	ck_resp(0, 200, "SUCCESS_OK");
}
END_TEST


START_TEST(refusals_have_their_own_codes)
{
	ck_resp(EINVAL, 400, "ERROR_INVALID_ARGUMENT");
	ck_resp(EBADMSG, 400, "ERROR_INVALID_ARGUMENT");
	ck_resp(EACCES, 403, "ERROR_PERMISSION");
	ck_resp(ENOENT, 404, "ERROR_NO_SUCH_NODE");
	ck_resp(ESRCH, 404, "ERROR_NO_SUCH_PRINCIPAL");
	ck_resp(EEXIST, 409, "ERROR_DUPLICATE_ROOM_NAME");
	ck_resp(ESTALE, 409, "ERROR_DATA_COLLISION");
	ck_resp(EROFS, 410, "ERROR_NODE_DISABLED");
	ck_resp(ENOTCONN, 412, "ERROR_USER_NOT_JOINED");
	ck_resp(EMSGSIZE, 413, "ERROR_LIMIT_EXCEEDED");
	ck_resp(E2BIG, 413, "ERROR_LIMIT_EXCEEDED");
	ck_resp(EXDEV, 422, "ERROR_PRINCIPALS_NOT_IN_SCOPE");
	ck_resp(ENOSYS, 501, "ERROR_MSG_NOT_SUPPORTED");
}
END_TEST


START_TEST(a_slow_or_lost_store_is_said_to_be_the_reason)
{
	ck_resp(EBUSY, 503, "ERROR_DATABASE_CONNECTION");
	ck_resp(EAGAIN, 503, "ERROR_DATABASE_CONNECTION");
	ck_resp(ETIMEDOUT, 503, "ERROR_DATABASE_CONNECTION");
}
END_TEST


START_TEST(anything_else_is_our_failure)
{
	ck_resp(ENOMEM, 500, "ERROR_SERVER");
	ck_resp(-1, 500, "ERROR_SERVER");
	ck_resp(12345, 500, "ERROR_SERVER");
}
END_TEST


START_TEST(only_success_is_200)
{
	int err;

	for (err = 1; err < 256; err++) {
		const struct xccos_resp resp = xccos_resp(err);

		ck_assert_uint_ge(resp.code, 400);
		ck_assert_uint_le(resp.code, 503);
		ck_assert_ptr_nonnull(resp.text);
		ck_assert_uint_gt(strlen(resp.text), 0);
	}
}
END_TEST


static Suite *xccos_resp_suite(void)
{
	Suite *s = suite_create("xccos_resp");
	TCase *tc = tcase_create("resp");

	tcase_add_test(tc, success_is_what_clients_look_for);
	tcase_add_test(tc, refusals_have_their_own_codes);
	tcase_add_test(tc, a_slow_or_lost_store_is_said_to_be_the_reason);
	tcase_add_test(tc, anything_else_is_our_failure);
	tcase_add_test(tc, only_success_is_200);
	suite_add_tcase(s, tc);

	return s;
}
TEST_SUITE(xccos_resp_suite)
