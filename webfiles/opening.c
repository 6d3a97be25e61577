/**
 * @file webfiles/opening.c  A session opened: its row and its cookie
 */
#include <string.h>
#include <openssl/crypto.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "webfiles/auth.h"
#include "webfiles/core.h"
#include "webfiles/http.h"
#include "webfiles/session.h"
#include "webfiles/signin.h"
#include "webfiles/store.h"

struct opening {
	char token[SESSION_TOKEN_MAX];
	char csrf[SESSION_TOKEN_MAX];
	char address[AUTH_ADDRESS_MAX];
	unsigned status;
};

static uint64_t n_ok;

static const struct stats_row rowv[] = {
	{ "web_signins", &n_ok, false, "Sign-ins at the pages" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct opening *op = data;

	OPENSSL_cleanse(op->token, sizeof(op->token));
}


void session_tell(struct req *req, unsigned status, const char *uri,
		  const char *display, bool admin, const char *csrf)
{
	req_reply(req, status, json_pack("{s:{s:s, s:s, s:b}, s:s}", "user",
					 "uri", uri, "display", display,
					 "admin", admin, "csrf", csrf));
}


static void set_cookie(struct req *req, const char *token, bool forget)
{
	req_headerf(req, "Set-Cookie",
		    "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s",
		    session_cookie(req), token,
		    http_tls(req_web(req)->http) ? "; Secure" : "",
		    forget ? "; Max-Age=0" : "");
}


void session_forget(struct req *req)
{
	set_cookie(req, "", true);
}


static void opened_handler(struct req *req, const struct db_res *res)
{
	const struct opening *op = req_data(req);
	const struct pl name = db_get_text(res, 0, 0);
	const struct pl shown = db_get_text(res, 0, 1);
	char *uri = NULL, *display = NULL;

	if (pl_strdup(&uri, &name) || pl_strdup(&display, &shown)) {
		req_problem(req, 503, "memory", "no memory");
	}
	else {
		++n_ok;
		log_info("web.signin", "user=%s address=%s", uri,
			 op->address);
		set_cookie(req, op->token, false);
		session_tell(req, op->status, uri, display,
			     db_get_bool(res, 0, 2), op->csrf);
	}

	mem_deref(uri);
	mem_deref(display);
}


void session_open(struct req *req, unsigned status, int64_t principal_id,
		  const char *forget, const char *rehash)
{
	struct opening *op = mem_zalloc(sizeof(*op), destructor);
	const char *agent = req_header(req, "User-Agent");
	char hash[SESSION_HASH_MAX];
	struct db_args args;

	if (!op) {
		req_problem(req, 503, "memory", "no memory");
		return;
	}

	op->status = status;
	session_token(op->token);
	session_token(op->csrf);
	session_hash(hash, op->token);
	auth_address(req_web(req)->auth, req, op->address);

	db_args_init(&args);
	db_text(&args, hash);
	db_int8(&args, principal_id);
	db_text(&args, op->csrf);
	db_text(&args, op->address);
	db_text(&args, agent ? agent : "");
	db_text(&args, forget);
	db_text(&args, rehash);

	/* what the texts belong to may go now */
	req_set_data(req, op);
	req_db(req, "web_login_done", &args, opened_handler);
	mem_deref(op);
}
