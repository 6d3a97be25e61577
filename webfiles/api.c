/**
 * @file webfiles/api.c  Routes that are one statement each
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/guid.h"
#include "common/store/status.h"
#include "webfiles/api.h"
#include "webfiles/http.h"
#include "webfiles/session.h"
#include "webfiles/store.h"

enum { LIMIT_MAX = 200, TAG_MAX = 80 };

static const struct refusal {
	int err;
	unsigned status;
	const char *kind;
	const char *detail;
} refusalv[] = {
	{ EINVAL,    400, "invalid",      "the request is not understood"     },
	{ EACCES,    403, "not-allowed",  "you may not do that"               },
	{ EPERM,     409, "refused",      "that cannot be done"               },
	{ EROFS,     403, "disabled",     "the room is disabled"              },
	{ ENOENT,    404, "not-found",    "there is no such thing"            },
	{ EEXIST,    409, "exists",       "there is one of that name"         },
	{ ENOTEMPTY, 409, "not-empty",    "it is not empty"                   },
	{ ESTALE,    412, "stale",        "it was changed since"              },
	{ EDOM,      422, "presenter",    "a presenter must be a member"      },
	{ ESRCH,     422, "unknown-name", "a name on a list is unknown"       },
	{ EXDEV,     422, "scope",        "the category does not allow that"  },
	{ ENOTDIR,   422, "category",     "a room needs a category"           },
	{ EMSGSIZE,  413, "too-large",    "the message is too large"          },
	{ EAGAIN,    503, "closed",       "nothing is taken now"              },
	{ EDQUOT,    429, "limit",        "a limit is reached"                },
};


/* ------------------------------------------------------------- the answer */

static void refuse(struct req *req, int err, const struct pl *detail)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refusalv); i++) {

		const struct refusal *r = &refusalv[i];

		if (r->err != err)
			continue;
		if (pl_isset(detail))
			req_problem(req, r->status, r->kind, "%r", detail);
		else
			req_problem(req, r->status, r->kind, "%s", r->detail);
		return;
	}

	req_problem(req, 500, "store", "%m", err);
}


/* Where what was made can be found: the route's path and its GUID */
static void location(struct req *req, const struct pl *body)
{
	json_t *json = json_loadb(body->p, body->l, 0, NULL);
	const char *guid = json_string_value(json_object_get(json, "guid"));

	if (guid)
		req_headerf(req, "Location", "%s/%s", req_path(req), guid);
	json_decref(json);
}


static void answer(struct req *req, const struct db_res *res)
{
	const struct api_row *row = req_route(req)->arg;
	const int err = store_status(res, 0);
	const struct pl body = db_get_text(res, 0, 1);
	const struct pl tag = db_get_text(res, 0, 2);

	if (err) {
		refuse(req, err, &body);
		return;
	}

	if (pl_isset(&tag))
		req_headerf(req, "ETag", "\"%r\"", &tag);
	if (row->ok == 201)
		location(req, &body);
	if (row->ok == 204)
		req_empty(req, 204);
	else
		req_bytes(req, row->ok, "application/json", body.p, body.l);
}


/* ------------------------------------------------------------ the parameters */

static int put_guid(struct db_args *args, struct req *req, const char *name)
{
	uint8_t guid[GUID_SIZE];
	struct pl pl;

	pl_set_str(&pl, req_param(req, name));
	if (guid_decode(guid, &pl))
		return ENOENT;
	db_uuid(args, guid);

	return 0;
}


static int put_number(struct db_args *args, struct req *req, const char *name,
		      const char *def, bool limit)
{
	uint64_t n;

	if (!def && !req_query(req, name)) {
		db_null(args);
		return 0;
	}

	if (!req_query_uint(req, name, limit ? 1 : 0,
			    limit ? LIMIT_MAX : INT64_MAX,
			    def ? strtoull(def, NULL, 10) : 0, &n))
		return EDOM;

	if (limit)
		db_int4(args, (int32_t)n);
	else
		db_int8(args, (int64_t)n);

	return 0;
}


static int put_body(struct db_args *args, const struct req *req)
{
	const json_t *json = req_json(req);
	char *text;

	if (!json)
		return EBADMSG;

	text = json_dumps(json, JSON_COMPACT);
	db_text(args, text);
	free(text);

	return 0;
}


/* "TAG", as it was told; a weak one is not ours */
static int put_tag(struct db_args *args, const struct req *req)
{
	const char *match = req_header(req, "If-Match");
	const size_t len = match ? strlen(match) : 0;

	if (!match)
		return ENOKEY;
	if (len < 3 || len > TAG_MAX || match[0] != '"' ||
	    match[len - 1] != '"')
		return EDOM;
	db_textn(args, match + 1, len - 2);

	return 0;
}


static int put(struct db_args *args, struct req *req, const struct api_row *row,
	       size_t i)
{
	const char *name = row->paramv[i].name, *def = row->paramv[i].def;
	const char *text;

	switch (row->paramv[i].kind) {

	case API_ME:
		db_int8(args, req_session(req)->principal_id);
		return 0;

	case API_GUID:
		return put_guid(args, req, name);

	case API_WORD:
		db_text(args, req_param(req, name));
		return 0;

	case API_TEXT:
		text = req_query(req, name);
		db_text(args, text ? text : def);
		return 0;

	case API_ID:
		return put_number(args, req, name, def, false);

	case API_LIMIT:
		return put_number(args, req, name, def, true);

	case API_BOOL:
		text = req_query(req, name);
		db_bool(args, text && !strcmp(text, "true"));
		return 0;

	case API_BODY:
		return put_body(args, req);

	case API_TAG:
		return put_tag(args, req);

	default:
		return EINVAL;
	}
}


static void misused(struct req *req, int err, const char *name)
{
	switch (err) {

	case ENOENT:
		req_problem(req, 404, "not-found", "not found");
		break;

	case ENOKEY:
		req_problem(req, 428, "if-match", "If-Match is required, with "
			    "the ETag of what was read");
		break;

	case EBADMSG:
		req_problem(req, 400, "invalid", "a JSON object is required");
		break;

	default:
		req_problem(req, 400, "invalid", "%s is out of range",
			    name ? name : "If-Match");
		break;
	}
}


void api_run(struct req *req)
{
	const struct api_row *row = req_route(req)->arg;
	struct db_args args;
	size_t i;
	int err;

	db_args_init(&args);
	for (i = 0; i < API_PARAM_MAX && row->paramv[i].kind; i++) {

		err = put(&args, req, row, i);
		if (err) {
			db_args_reset(&args);
			misused(req, err, row->paramv[i].name);
			return;
		}
	}

	req_db(req, row->stmt, &args, answer);
}
