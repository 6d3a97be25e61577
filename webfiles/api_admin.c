/**
 * @file webfiles/api_admin.c  The API for administrators
 */
#include <re.h>
#include "webfiles/api.h"
#include "webfiles/http.h"

static const struct route routev[] = {

	{ "POST", "/api/v1/categories", ROUTE_ADMIN, api_run,
	  "Make a category", API_ROW("api_category_create", 201, ME, BODY) },
	{ "GET", "/api/v1/categories/{guid}", ROUTE_ADMIN, api_run,
	  "A category", API_ROW("api_category", 200, ME, GUID) },
	{ "PATCH", "/api/v1/categories/{guid}", ROUTE_ADMIN, api_run,
	  "Change a category",
	  API_ROW("api_category_modify", 200, ME, GUID, TAG, BODY) },
	{ "DELETE", "/api/v1/categories/{guid}", ROUTE_ADMIN, api_run,
	  "Remove a category that holds no rooms",
	  API_ROW("api_category_remove", 204, ME, GUID, TAG) },

	{ "POST", "/api/v1/addins", ROUTE_ADMIN, api_run, "Make an add-in",
	  API_ROW("api_addin_create", 201, ME, BODY) },
	{ "GET", "/api/v1/addins/{guid}", ROUTE_ADMIN, api_run, "An add-in",
	  API_ROW("api_addin", 200, ME, GUID) },
	{ "PATCH", "/api/v1/addins/{guid}", ROUTE_ADMIN, api_run,
	  "Change an add-in",
	  API_ROW("api_addin_modify", 200, ME, GUID, TAG, BODY) },
	{ "DELETE", "/api/v1/addins/{guid}", ROUTE_ADMIN, api_run,
	  "Remove an add-in that no room shows",
	  API_ROW("api_addin_remove", 204, ME, GUID, TAG) },

	{ "GET", "/api/v1/users", ROUTE_ADMIN, api_run,
	  "Users, by address",
	  API_ROW("api_users", 200, TEXT("q"), TEXT("after"), LIMIT("50")) },
	{ "PATCH", "/api/v1/users/{guid}", ROUTE_ADMIN, api_run,
	  "Enable or disable a user, grant a policy",
	  API_ROW("api_user_modify", 200, ME, GUID, BODY) },
	{ "GET", "/api/v1/policies", ROUTE_ADMIN, api_run,
	  "Who may use Persistent Chat", API_ROW0("api_policies", 200) },
	{ "PATCH", "/api/v1/policies/{name}", ROUTE_ADMIN, api_run,
	  "Change a policy",
	  API_ROW("api_policy_modify", 200, ME, { API_WORD, "name", 0 },
		  BODY) },
	{ "GET", "/api/v1/principals/all", ROUTE_ADMIN, api_run,
	  "Everybody who can be on a list of a category",
	  API_ROW("api_principals_all", 200, TEXT("q"), LIMIT("50")) },

	{ "GET", "/api/v1/pool", ROUTE_ADMIN, api_run,
	  "The pool: its size, processes and settings",
	  API_ROW0("api_pool", 200) },
	{ "GET", "/api/v1/compliance", ROUTE_ADMIN, api_run,
	  "How far the archive is", API_ROW0("api_compliance", 200) },
	{ "GET", "/api/v1/holds", ROUTE_ADMIN, api_run,
	  "What no retention and nobody may remove",
	  API_ROW0("api_holds", 200) },
	{ "GET", "/api/v1/audit", ROUTE_ADMIN, api_run,
	  "What administrators did, the newest first",
	  API_ROW("api_audit", 200, { API_ID, "before", 0 }, TEXT("q"),
		  LIMIT("50")) },
};


static void __attribute__((constructor)) init(void)
{
	route_register(routev, ARRAY_SIZE(routev));
}
