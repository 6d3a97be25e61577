/**
 * @file webfiles/health.c  Is this process any use?  For load balancers
 */
#include <re.h>
#include "webfiles/core.h"
#include "webfiles/http.h"
#include "webfiles/store.h"


static void health(struct req *req)
{
	const struct web *web = req_web(req);

	if (web_store_answers(web))
		req_reply(req, 200, json_pack("{s:s}", "state", "ready"));
	else
		req_problem(req, 503, "store-away", "the store does not "
			    "answer");
}


static const struct route routev[] = {
	{ "GET", "/healthz", ROUTE_PUBLIC | ROUTE_TOKEN, health,
	  "Whether this process can work", NULL },
};


static void __attribute__((constructor)) init(void)
{
	route_register(routev, ARRAY_SIZE(routev));
}
