/**
 * @file webfiles/api_config.c  The API for settings of the pool
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "common/poolconf.h"
#include "webfiles/http.h"
#include "webfiles/session.h"
#include "webfiles/store.h"


static json_t *key_json(const struct poolconf_key *key)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:I}", "key", key->name,
			 "type", key->text ? "text" : "number",
			 "help", key->help, "min", (json_int_t)key->min,
			 "max", (json_int_t)key->max);
}


static void list(struct req *req)
{
	json_t *items = json_array();
	size_t i;

	for (i = 0; i < poolconf_keyc; i++)
		(void)json_array_append_new(items,
					    key_json(&poolconf_keyv[i]));

	req_reply(req, 200, json_pack("{s:o, s:n}", "items", items, "next"));
}


/* Told to the running processes by the statement itself */
static void changed_handler(struct req *req, const struct db_res *res)
{
	(void)res;

	req_empty(req, 204);
}


static const struct poolconf_key *wanted(struct req *req)
{
	const struct poolconf_key *key = poolconf_find(req_param(req, "key"));

	if (!key)
		req_problem(req, 404, "not-found", "there is no such setting");

	return key;
}


static bool good(struct req *req, const struct poolconf_key *key,
		 const char *value)
{
	char problem[512] = "value is missing, or not a text";

	if (value && poolconf_allows(problem, sizeof(problem), key, value))
		return true;

	req_problem(req, 400, "invalid", "%s", problem);

	return false;
}


static void set_handler(struct req *req, const struct db_res *res)
{
	if (db_isnull(res, 0, 0))
		req_empty(req, 204);
	else
		req_problem(req, 400, "invalid", "%s: %s",
			    poolconf_find(req_param(req, "key"))->name,
			    db_get_text(res, 0, 0).p);
}


static void set(struct req *req)
{
	const struct poolconf_key *key = wanted(req);
	const char *value = json_string_value(json_object_get(req_json(req),
							      "value"));
	struct db_args args;

	if (!key || !good(req, key, value))
		return;

	db_args_init(&args);
	db_int8(&args, req_session(req)->principal_id);
	db_text(&args, key->name);
	db_text(&args, value);
	req_db(req, "web_config_set", &args, set_handler);
}


static void forget(struct req *req)
{
	const struct poolconf_key *key = wanted(req);
	struct db_args args;

	if (!key)
		return;

	db_args_init(&args);
	db_int8(&args, req_session(req)->principal_id);
	db_text(&args, key->name);
	req_db(req, "web_config_remove", &args, changed_handler);
}


static const struct route routev[] = {
	{ "GET", "/api/v1/config", ROUTE_ADMIN, list,
	  "Settings that there are", NULL },
	{ "PUT", "/api/v1/config/{key}", ROUTE_ADMIN, set,
	  "Change a setting; running processes obey at once", NULL },
	{ "DELETE", "/api/v1/config/{key}", ROUTE_ADMIN, forget,
	  "Leave a setting to the processes' own files", NULL },
};


static void __attribute__((constructor)) init(void)
{
	route_register(routev, ARRAY_SIZE(routev));
}
