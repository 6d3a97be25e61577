/**
 * @file webfiles/api.h  Routes that are one statement each
 *
 * A row says which parts of the request are the statement's parameters.  The
 * statement answers with a status, JSON text and the object's tag (sql/schema:
 * api_answer); the status becomes an HTTP status, the tag an ETag.
 */
#pragma once

enum { API_PARAM_MAX = 10 };

enum api_kind {
	API_END,
	API_ME,          /* the session's user                               */
	API_GUID,        /* {name} of the path; anything else is not found   */
	API_WORD,        /* {name} of the path, as text                      */
	API_TEXT,        /* ?name=, def or NULL                              */
	API_ID,          /* ?name= as a number, def or NULL                  */
	API_LIMIT,       /* ?name= as a number up to 200, def                */
	API_BOOL,        /* ?name=true                                       */
	API_BODY,        /* the body, as JSON text                           */
	API_TAG,         /* If-Match, which must be there                    */
};

struct api_row {
	const char *stmt;
	unsigned ok;               /* 200, 201 (with Location), 204          */
	struct {
		enum api_kind kind;
		const char *name;
		const char *def;
	} paramv[API_PARAM_MAX];
};

/** Rows and their parameters, for tables of routes */
#define API_ROW(stmt, ok, ...)                                          \
	&(const struct api_row){ stmt, ok,                              \
				 { __VA_ARGS__, { API_END, 0, 0 } } }
#define API_ROW0(stmt, ok)   API_ROW(stmt, ok, { API_END, 0, 0 })
#define ME           { API_ME, 0, 0 }
#define GUID         { API_GUID, "guid", 0 }
#define TEXT(n)      { API_TEXT, n, 0 }
#define TAG          { API_TAG, 0, 0 }
#define BODY         { API_BODY, 0, 0 }
#define LIMIT(n)     { API_LIMIT, "limit", n }

struct req;

/** The route_h of such routes; the route's arg is its row */
void api_run(struct req *req);
