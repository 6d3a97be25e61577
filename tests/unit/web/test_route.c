/**
 * @file tests/unit/web/test_route.c  Paths of strangers, and what they match
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include <check.h>
#include "webfiles/http.h"
#include "webfiles/route.h"
#include "tests/unit/suite.h"

static struct route_params params;
static const struct route *route;
static char allowed[64];


static int find(const char *method, const char *path)
{
	route = NULL;

	return route_find(&route, &params, method, path, allowed,
			  sizeof(allowed));
}


START_TEST(a_path_is_found_with_what_stands_in_its_place)
{
	ck_assert_int_eq(find("PUT", "/files/room%2d1/a%20plan.txt"), 0);
	ck_assert_str_eq(route->path, "/files/{room}/{name}");
	ck_assert_uint_eq(params.n, 2);
	ck_assert_str_eq(params.v[0].value, "room-1");
	ck_assert_str_eq(params.v[1].value, "a plan.txt");
}
END_TEST


START_TEST(head_is_get)
{
	ck_assert_int_eq(find("HEAD", "/healthz"), 0);
	ck_assert_str_eq(route->method, "GET");
}
END_TEST


START_TEST(another_method_is_told_which_there_are)
{
	ck_assert_int_eq(find("POST", "/files/r/f"), EPERM);
	ck_assert_ptr_nonnull(strstr(allowed, "PUT"));
	ck_assert_ptr_nonnull(strstr(allowed, "GET"));
}
END_TEST


static const char *const trickv[] = {
	"/files/r/..", "/files/r/.", "/files/r/%2e%2e", "/files/r/a%2fb",
	"/files/r/a%2Fb", "/files/../healthz", "/files/r/", "/files//f",
	"/files/r/%00", "/files/r/a%00b", "/files/r/%", "/files/r/%4",
	"/files/r/%zz", "/files/r/%c0%ae", "/files/r/%ff", "/files/r/f/g",
	"/FILES/r/f", "//files/r/f", "", "files/r/f", "/healthz/",
	"/healthz%00", "/health%7a/x",
};

START_TEST(tricks_in_paths_find_nothing)
{
	ck_assert_msg(find("GET", trickv[_i]) == ENOENT, "%s is something",
		      trickv[_i]);
}
END_TEST


START_TEST(a_long_name_is_no_name)
{
	char path[2048] = "/files/r/";

	memset(path + 9, 'a', ROUTE_VALUE_MAX);
	ck_assert_int_eq(find("GET", path), ENOENT);
	path[9 + ROUTE_VALUE_MAX - 1] = '\0';
	ck_assert_int_eq(find("GET", path), 0);
}
END_TEST


static Suite *web_route_suite(void)
{
	Suite *suite = suite_create("web_route");
	TCase *tc = tcase_create("paths");

	tcase_add_test(tc, a_path_is_found_with_what_stands_in_its_place);
	tcase_add_test(tc, head_is_get);
	tcase_add_test(tc, another_method_is_told_which_there_are);
	tcase_add_loop_test(tc, tricks_in_paths_find_nothing, 0,
			    ARRAY_SIZE(trickv));
	tcase_add_test(tc, a_long_name_is_no_name);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(web_route_suite)
