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

enum { DEVICE_S = 365 * 86400 };

struct opening {
	char token[SESSION_TOKEN_MAX];
	char csrf[SESSION_TOKEN_MAX];
	char device[SESSION_TOKEN_MAX];     /* "": it has one already         */
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
	OPENSSL_cleanse(op->device, sizeof(op->device));
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


static const char *device_cookie(const struct req *req)
{
	return http_tls(req_web(req)->http) ? "__Host-pchat-device"
		: "pchat-device";
}


/* Stays when the session ends: it opens nothing, but whoever has it need not
   wait for what others have tried */
static void set_device(struct req *req, const char *token)
{
	req_headerf(req, "Set-Cookie", "%s=%s; Path=/; HttpOnly; "
		    "SameSite=Strict%s; Max-Age=%u", device_cookie(req), token,
		    http_tls(req_web(req)->http) ? "; Secure" : "",
		    (unsigned)DEVICE_S);
}


bool session_device(struct req *req, char hash[SESSION_HASH_MAX])
{
	const char *token = req_cookie(req, device_cookie(req));

	if (!token)
		return false;

	session_hash(hash, token);
	return true;
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
		if (op->device[0])
			set_device(req, op->device);
		session_tell(req, op->status, uri, display,
			     db_get_bool(res, 0, 2), op->csrf);
	}

	mem_deref(uri);
	mem_deref(display);
}


void session_open(struct req *req, unsigned status, int64_t principal_id,
		  const char *user_key, const char *rehash)
{
	struct opening *op = mem_zalloc(sizeof(*op), destructor);
	const char *agent = req_header(req, "User-Agent");
	char hash[SESSION_HASH_MAX], device[SESSION_HASH_MAX];
	struct db_args args;

	if (!op) {
		req_problem(req, 503, "memory", "no memory");
		return;
	}

	op->status = status;
	session_token(op->token);
	session_token(op->csrf);
	session_hash(hash, op->token);
	if (user_key && !session_device(req, device)) {
		session_token(op->device);
		session_hash(device, op->device);
	}
	auth_address(req_web(req)->auth, req, op->address);

	db_args_init(&args);
	db_text(&args, hash);
	db_int8(&args, principal_id);
	db_text(&args, op->csrf);
	db_text(&args, op->address);
	db_text(&args, agent ? agent : "");
	db_text(&args, user_key);
	db_text(&args, rehash);
	db_text(&args, user_key ? device : NULL);

	/* what the texts belong to may go now */
	req_set_data(req, op);
	req_db(req, "web_login_done", &args, opened_handler);
	mem_deref(op);
}
