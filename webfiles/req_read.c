/**
 * @file webfiles/req_read.c  What a request says, for its handler
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/utf8.h"
#include "webfiles/core.h"
#include "webfiles/http.h"
#include "webfiles/http_priv.h"

/** A parameter of the query, decoded when it was first asked for */
struct query {
	struct le le;
	const char *name;
	char *value;
};


struct web *req_web(const struct req *req)
{
	return req->http->web;
}


const struct route *req_route(const struct req *req)
{
	return req->route;
}


const char *req_method(const struct req *req)
{
	return req->method;
}


const char *req_path(const struct req *req)
{
	return req->path;
}


const char *req_param(const struct req *req, const char *name)
{
	size_t i;

	for (i = 0; i < req->params.n; i++) {
		if (!pl_strcmp(&req->params.v[i].name, name))
			return req->params.v[i].value;
	}

	return NULL;
}


static void query_destructor(void *data)
{
	struct query *q = data;

	list_unlink(&q->le);
	mem_deref(q->value);
}


static const char *remember(struct req *req, const char *name,
			    const char *value)
{
	struct query *q = mem_zalloc(sizeof(*q), query_destructor);

	if (!q || str_dup(&q->value, value)) {
		mem_deref(q);
		return NULL;
	}

	q->name = name;
	list_append(&req->queryl, &q->le, q);

	return q->value;
}


const char *req_query(struct req *req, const char *name)
{
	char buf[REQ_VALUE_MAX];
	const char *raw;
	struct pl pl;
	struct le *le;

	for (le = req->queryl.head; le; le = le->next) {
		const struct query *q = le->data;

		if (!strcmp(q->name, name))
			return q->value;
	}

	raw = req->mc ? MHD_lookup_connection_value(req->mc,
				MHD_GET_ARGUMENT_KIND, name) : NULL;
	if (!raw)
		return NULL;

	pl_set_str(&pl, raw);

	return route_decode(buf, sizeof(buf), &pl, true) ?
		remember(req, name, buf) : NULL;
}


bool req_query_uint(struct req *req, const char *name, uint64_t min,
		    uint64_t max, uint64_t def, uint64_t *vp)
{
	const char *text = req_query(req, name);
	char *end;

	*vp = def;
	if (!text)
		return true;

	errno = 0;
	*vp = strtoull(text, &end, 10);

	return *text >= '0' && *text <= '9' && !*end && !errno &&
		*vp >= min && *vp <= max;
}


const char *req_header(const struct req *req, const char *name)
{
	const char *value = req->mc ? MHD_lookup_connection_value(req->mc,
					MHD_HEADER_KIND, name) : NULL;

	return value && utf8_xml_valid((const uint8_t *)value, strlen(value)) ?
		value : NULL;
}


const char *req_cookie(const struct req *req, const char *name)
{
	return req->mc ? MHD_lookup_connection_value(req->mc, MHD_COOKIE_KIND,
						     name) : NULL;
}


const struct sa *req_peer(const struct req *req)
{
	return &req->peer;
}


json_t *req_json(const struct req *req)
{
	return req->json;
}


struct pl req_body(const struct req *req)
{
	struct pl pl = PL_INIT;

	if (req->body) {
		pl.p = (const char *)req->body->buf;
		pl.l = req->body->end;
	}

	return pl;
}


void req_set_data(struct req *req, void *data)
{
	mem_deref(req->arg);
	req->arg = mem_ref(data);
}


void *req_data(const struct req *req)
{
	return req->arg;
}


struct session *req_session(const struct req *req)
{
	return req->session;
}


int64_t req_length(const struct req *req)
{
	const char *text = req_header(req, "Content-Length");

	return text ? (int64_t)strtoull(text, NULL, 10) : -1;
}
