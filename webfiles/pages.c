/**
 * @file webfiles/pages.c  The pages: static files out of the program
 *
 * One page and its scripts; what they show comes from the API.  Each has the
 * digest of its text as its tag, so a browser asks but seldom loads.
 */
#include <string.h>
#include <openssl/sha.h>
#include <re.h>
#include "webfiles/http.h"
#include "webfiles/pages.h"

enum { PAGES_MAX = 64, TAG_SIZE = 20 };

static char tagv[PAGES_MAX][TAG_SIZE];

static const struct kind {
	const char *ext;
	const char *type;
} kindv[] = {
	{ ".html", "text/html; charset=utf-8"       },
	{ ".css",  "text/css; charset=utf-8"        },
	{ ".js",   "text/javascript; charset=utf-8" },
	{ ".svg",  "image/svg+xml"                  },
	{ ".json", "application/json"               },
};


static const char *type_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t i;

	for (i = 0; dot && i < ARRAY_SIZE(kindv); i++) {
		if (!strcmp(dot, kindv[i].ext))
			return kindv[i].type;
	}

	return "text/plain; charset=utf-8";
}


static const char *tag_of(size_t i)
{
	uint8_t md[SHA256_DIGEST_LENGTH];

	if (i >= PAGES_MAX)
		return "";

	if (!tagv[i][0]) {
		(void)SHA256((const uint8_t *)pagev[i].text,
			     strlen(pagev[i].text), md);
		(void)re_snprintf(tagv[i], TAG_SIZE, "\"%w\"", md, (size_t)8);
	}

	return tagv[i];
}


static void send_page(struct req *req, size_t i)
{
	const char *known = req_header(req, "If-None-Match");

	req_header_add(req, "Cache-Control", "no-cache");
	req_header_add(req, "ETag", tag_of(i));
	if (known && !strcmp(known, tag_of(i)))
		req_empty(req, 304);
	else
		req_bytes(req, 200, type_of(pagev[i].name), pagev[i].text,
			  strlen(pagev[i].text));
}


static void find(struct req *req, const char *name)
{
	size_t i;

	for (i = 0; i < pagec; i++) {
		if (!strcmp(pagev[i].name, name)) {
			send_page(req, i);
			return;
		}
	}

	req_problem(req, 404, "not-found", "not found");
}


static void root(struct req *req)
{
	find(req, "index.html");
}


static void page(struct req *req)
{
	find(req, req_param(req, "file"));
}


static void openapi(struct req *req)
{
	find(req, "openapi.json");
}


static const struct route routev[] = {
	{ "GET", "/", ROUTE_PUBLIC | ROUTE_TOKEN, root, "The pages", NULL },
	{ "GET", "/pages/{file}", ROUTE_PUBLIC | ROUTE_TOKEN, page,
	  "What the pages are made of", NULL },
	{ "GET", "/api/v1/openapi.json", ROUTE_PUBLIC | ROUTE_TOKEN, openapi,
	  "The description of the API", NULL },
};


static void __attribute__((constructor)) init(void)
{
	route_register(routev, ARRAY_SIZE(routev));
}
