/**
 * @file webfiles/store.h  Our connection to the Persistent Chat Store
 */
#pragma once

struct db_args;
struct db_res;
struct req;
struct web;

int  web_store_open(struct web *web);
/** The store has our schema and has answered lately: see store.ready_ms */
bool web_store_answers(const struct web *web);
void web_store_close(struct web *web);

/** Rows for a request that still waits for them */
typedef void (req_db_h)(struct req *req, const struct db_res *res);

/**
 * Run a statement for a request, as db_exec()
 *
 * Whatever goes wrong is answered here: 503 while the store is away or slow,
 * 504 when what is not a GET may have been done, 500 otherwise.  @p h is not called then, nor when the client went away.
 */
void req_db(struct req *req, const char *stmt, struct db_args *args,
	    req_db_h *h);
