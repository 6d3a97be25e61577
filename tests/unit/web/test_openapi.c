/**
 * @file tests/unit/web/test_openapi.c  The API is what its description says
 *
 * webfiles/openapi.json against the tables of routes, in both directions.
 */
#include <ctype.h>
#include <string.h>
#include <re.h>
#include <check.h>
#include "webfiles/api.h"
#include "webfiles/http.h"
#include "webfiles/pages.h"
#include "tests/unit/suite.h"

static json_t *doc;


static void up(void)
{
	json_error_t e = { .text = "not in the program" };
	size_t i;

	for (i = 0; i < pagec; i++) {
		if (!strcmp(pagev[i].name, "openapi.json"))
			doc = json_loads(pagev[i].text,
					 JSON_REJECT_DUPLICATES, &e);
	}
	ck_assert_msg(doc, "openapi.json: line %d: %s", e.line, e.text);
}


static void down(void)
{
	json_decref(doc);
}


static bool is_api(const struct route *route)
{
	return !strncmp(route->path, "/api/v1/", 8);
}


static const json_t *operation(const char *path, const char *method)
{
	char lower[16];
	size_t i;

	for (i = 0; i < sizeof(lower) - 1 && method[i]; i++)
		lower[i] = (char)tolower((unsigned char)method[i]);
	lower[i] = '\0';

	return json_object_get(json_object_get(json_object_get(doc, "paths"),
					       path), lower);
}


static const struct route *route_of(const char *path, const char *method)
{
	const struct route *route;
	size_t i;

	for (i = 0; (route = route_nth(i)); i++) {
		if (!strcmp(route->path, path) &&
		    !strcasecmp(route->method, method))
			return route;
	}

	return NULL;
}


/* What a "$ref" points to; NULL: nothing */
static const json_t *resolved(const json_t *json)
{
	const char *ref = json_string_value(json_object_get(json, "$ref"));
	char path[256], *save = NULL, *part;

	if (!ref)
		return json;
	if (strncmp(ref, "#/", 2))
		return NULL;

	str_ncpy(path, ref + 2, sizeof(path));
	json = doc;
	for (part = strtok_r(path, "/", &save); part;
	     part = strtok_r(NULL, "/", &save))
		json = json_object_get(json, part);

	return json;
}


static bool takes(const json_t *op, const char *in, const char *name)
{
	const json_t *p;
	size_t i;

	json_array_foreach(json_object_get(op, "parameters"), i, p) {

		const json_t *param = resolved(p);

		if (!strcmp(json_string_value(json_object_get(param, "in")),
			    in) &&
		    !strcmp(json_string_value(json_object_get(param,
							      "name")), name))
			return true;
	}

	return false;
}


/* How many parameters of that place are described */
static unsigned count(const json_t *op, const char *in)
{
	const json_t *p;
	unsigned n = 0;
	size_t i;

	json_array_foreach(json_object_get(op, "parameters"), i, p)
		n += !strcmp(json_string_value(json_object_get(resolved(p),
							       "in")), in);

	return n;
}


START_TEST(every_route_is_described)
{
	const struct route *route;
	size_t i;

	for (i = 0; (route = route_nth(i)); i++) {
		if (is_api(route))
			ck_assert_msg(operation(route->path, route->method),
				      "%s %s", route->method, route->path);
	}
}
END_TEST


START_TEST(what_is_described_is_there)
{
	const json_t *item, *op;
	const char *path, *method;

	json_object_foreach(json_object_get(doc, "paths"), path, item) {
		json_object_foreach((json_t *)item, method, op) {
			ck_assert_msg(route_of(path, method), "%s %s", method,
				      path);
			ck_assert_ptr_nonnull(json_object_get(op, "summary"));
			ck_assert_ptr_nonnull(json_object_get(op,
							      "responses"));
		}
	}
}
END_TEST


static void check_path(const struct route *route, const json_t *op)
{
	const char *p = route->path;
	unsigned n = 0;
	char name[64];

	while ((p = strchr(p, '{'))) {

		const size_t len = strcspn(++p, "}");

		(void)snprintf(name, sizeof(name), "%.*s", (int)len, p);
		ck_assert_msg(takes(op, "path", name), "%s: %s", route->path,
			      name);
		++n;
	}
	ck_assert_uint_eq(count(op, "path"), n);
}


START_TEST(who_may_and_how_is_described)
{
	const struct route *route;
	size_t i;

	for (i = 0; (route = route_nth(i)); i++) {

		const json_t *op = operation(route->path, route->method);
		const bool safe = !strcmp(route->method, "GET");
		const bool open = route->flags & ROUTE_TOKEN;

		if (!is_api(route))
			continue;

		check_path(route, op);
		ck_assert_msg(takes(op, "header", "X-CSRF-Token") ==
			      (!safe && !open), "%s %s: X-CSRF-Token",
			      route->method, route->path);
		ck_assert_msg(!!json_object_get(op, "security") == open,
			      "%s %s: security", route->method, route->path);
		ck_assert_msg(!!json_object_get(json_object_get(op,
				"responses"), "403") ||
			      !(route->flags & ROUTE_ADMIN),
			      "%s %s: 403", route->method, route->path);
	}
}
END_TEST


static void check_row(const struct route *route, const json_t *op)
{
	const struct api_row *row = route->arg;
	bool tag = false, body = false;
	unsigned n = 0;
	char status[8];
	size_t i;

	for (i = 0; i < API_PARAM_MAX && row->paramv[i].kind; i++) {

		const enum api_kind kind = row->paramv[i].kind;

		tag  |= kind == API_TAG;
		body |= kind == API_BODY;
		if (kind == API_TEXT || kind == API_ID || kind == API_LIMIT ||
		    kind == API_BOOL) {
			ck_assert_msg(takes(op, "query", row->paramv[i].name),
				      "%s %s: %s", route->method, route->path,
				      row->paramv[i].name);
			++n;
		}
	}

	(void)snprintf(status, sizeof(status), "%u", row->ok);
	ck_assert_msg(count(op, "query") == n, "%s %s: query", route->method,
		      route->path);
	ck_assert_msg(takes(op, "header", "If-Match") == tag,
		      "%s %s: If-Match", route->method, route->path);
	ck_assert_msg(!!json_object_get(op, "requestBody") == body,
		      "%s %s: body", route->method, route->path);
	ck_assert_msg(json_object_get(json_object_get(op, "responses"),
				      status), "%s %s: %s", route->method,
		      route->path, status);
}


START_TEST(parameters_are_those_of_the_statement)
{
	const struct route *route;
	unsigned n = 0;
	size_t i;

	for (i = 0; (route = route_nth(i)); i++) {
		if (route->h != api_run)
			continue;
		check_row(route, operation(route->path, route->method));
		++n;
	}
	ck_assert_uint_gt(n, 20);
}
END_TEST


static void check_refs(const json_t *json)
{
	const json_t *value;
	const char *key;
	size_t i;

	ck_assert_msg(resolved(json), "%s",
		      json_string_value(json_object_get(json, "$ref")));
	json_object_foreach((json_t *)json, key, value)
		check_refs(value);
	json_array_foreach(json, i, value)
		check_refs(value);
}

START_TEST(references_lead_somewhere)
{
	check_refs(doc);
}
END_TEST


static Suite *openapi_suite(void)
{
	Suite *suite = suite_create("openapi");
	TCase *tc = tcase_create("openapi");

	tcase_add_checked_fixture(tc, up, down);
	tcase_add_test(tc, every_route_is_described);
	tcase_add_test(tc, what_is_described_is_there);
	tcase_add_test(tc, who_may_and_how_is_described);
	tcase_add_test(tc, parameters_are_those_of_the_statement);
	tcase_add_test(tc, references_lead_somewhere);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(openapi_suite)
