/**
 * @file webfiles/signin.c  Signing in and out: /api/v1/session
 *
 * A wrong password and an unknown user are answered alike and after the same
 * work.  Failures are counted in the store by user and by address; each one
 * beyond a limit doubles the wait.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <re.h>
#include "common/conf.h"
#include "common/db/db.h"
#include "common/kdf.h"
#include "common/log.h"
#include "common/stats.h"
#include "webfiles/core.h"
#include "webfiles/http.h"
#include "webfiles/session.h"
#include "webfiles/store.h"
#include "webfiles/worker.h"

enum { NAME_MAX_BYTES = 256, MD5_TEXT_MAX = 2048 };

/** A sign-in on its way; the worker's thread reads the password and the
 *  hashes, and writes what comes of them */
struct signin {
	struct req *req;
	char *password;
	char *kdf;                 /* NULL: none kept yet                    */
	char *ha1, *username, *realm;
	char *user_key, *address_key;
	char rehash[KDF_TEXT_MAX]; /* "": as it was                          */
	int64_t principal_id;      /* 0: there is none                       */
	bool good;
};

static uint64_t n_ok, n_wrong, n_blocked;

static const struct stats_row rowv[] = {
	{ "web_signins",         &n_ok,      false, "Sign-ins at the pages" },
	{ "web_signins_wrong",   &n_wrong,   false,
	  "Sign-ins with an unknown user or a wrong password" },
	{ "web_signins_blocked", &n_blocked, false,
	  "Sign-ins refused because too many had failed" },
};


static void destructor(void *data)
{
	struct signin *s = data;

	if (s->password)
		OPENSSL_cleanse(s->password, strlen(s->password));
	mem_deref(s->password);
	mem_deref(s->kdf);
	mem_deref(s->ha1);
	mem_deref(s->username);
	mem_deref(s->realm);
	mem_deref(s->user_key);
	mem_deref(s->address_key);
	mem_deref(s->req);
}


/* ------------------------------------------------------------ the session */

static void tell(struct req *req, unsigned status, const char *uri,
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


struct opening {
	struct req *req;
	char token[SESSION_TOKEN_MAX];
	char csrf[SESSION_TOKEN_MAX];
};


static void opening_destructor(void *data)
{
	struct opening *op = data;

	OPENSSL_cleanse(op->token, sizeof(op->token));
	mem_deref(op->req);
}


static void opened_handler(int err, const struct db_res *res, void *arg)
{
	struct opening *op = arg;
	char *uri = NULL, *display = NULL;
	struct pl pl;

	if (err || !db_rows(res)) {
		req_problem(op->req, 503, "store-away",
			    "the store does not answer, try again");
		goto out;
	}

	pl = db_get_text(res, 0, 0);
	(void)pl_strdup(&uri, &pl);
	pl = db_get_text(res, 0, 1);
	(void)pl_strdup(&display, &pl);
	++n_ok;
	log_info("web.signin", "user=%s address=%j", uri, req_peer(op->req));
	set_cookie(op->req, op->token, false);
	tell(op->req, 201, uri ? uri : "", display ? display : "",
	     db_get_bool(res, 0, 2), op->csrf);

 out:
	mem_deref(uri);
	mem_deref(display);
	mem_deref(op);
}


static void session_open(struct signin *s)
{
	struct opening *op = mem_zalloc(sizeof(*op), opening_destructor);
	const char *agent = req_header(s->req, "User-Agent");
	char hash[SESSION_HASH_MAX], address[64];
	struct db_args args;

	if (!op) {
		req_problem(s->req, 503, "memory", "no memory");
		return;
	}

	op->req = mem_ref(s->req);
	session_token(op->token);
	session_token(op->csrf);
	session_hash(hash, op->token);
	(void)re_snprintf(address, sizeof(address), "%j", req_peer(s->req));

	db_args_init(&args);
	db_text(&args, hash);
	db_int8(&args, s->principal_id);
	db_text(&args, op->csrf);
	db_text(&args, address);
	db_text(&args, agent ? agent : "");
	db_text(&args, s->user_key);
	db_text(&args, s->rehash[0] ? s->rehash : NULL);
	if (db_exec(req_web(s->req)->db, "web_login_done", &args,
		    opened_handler, op)) {
		req_problem(op->req, 503, "store-away",
			    "the store does not answer, try again");
		mem_deref(op);
	}
}


/* ----------------------------------------------------------- the password */

/* Kept for Digest at the registrar; the pages' own hash follows from the
   first sign-in with it */
static bool ha1_matches(const struct signin *s)
{
	char text[MD5_TEXT_MAX], hex[2 * EVP_MAX_MD_SIZE + 1];
	unsigned char md[EVP_MAX_MD_SIZE];
	size_t len = 0, i;
	bool same = false;

	if (s->ha1 && (size_t)snprintf(text, sizeof(text), "%s:%s:%s",
				       s->username, s->realm, s->password) <
	    sizeof(text) &&
	    EVP_Q_digest(NULL, "MD5", NULL, text, strlen(text), md, &len)) {

		for (i = 0; i < len; i++)
			(void)snprintf(hex + 2 * i, 3, "%02x", md[i]);
		same = strlen(s->ha1) == 2 * len &&
			!CRYPTO_memcmp(hex, s->ha1, 2 * len);
	}

	OPENSSL_cleanse(text, sizeof(text));

	return same;
}


static void check_job(void *arg)
{
	struct signin *s = arg;

	if (s->kdf) {
		s->good = !kdf_check(s->kdf, s->password);
	}
	else if (ha1_matches(s)) {
		s->good = !kdf_hash(s->rehash, sizeof(s->rehash),
				    s->password);
	}
	else {
		(void)kdf_check(NULL, s->password);
	}
}


static void failed(struct signin *s)
{
	const struct web *web = req_web(s->req);
	const int32_t limitv[] = {
		(int32_t)config_uint(web->conf, "auth.failures_user"),
		(int32_t)config_uint(web->conf, "auth.failures_address"),
	};
	struct pl keyv[2];
	struct db_args args;

	pl_set_str(&keyv[0], s->user_key);
	pl_set_str(&keyv[1], s->address_key);
	db_args_init(&args);
	db_textv(&args, keyv, ARRAY_SIZE(keyv));
	db_int4v(&args, limitv, ARRAY_SIZE(limitv));
	db_int4(&args, (int32_t)config_uint(web->conf, "auth.wait_max_s"));
	(void)db_exec(web->db, "web_login_failed", &args, NULL, NULL);

	++n_wrong;
	log_info("web.signin_refused", "address=%j", req_peer(s->req));
	req_problem(s->req, 401, "credentials",
		    "no such user, or not that password");
}


static void check_done(void *arg)
{
	struct signin *s = arg;

	if (s->good && s->principal_id)
		session_open(s);
	else
		failed(s);
}


/* ------------------------------------------------------------ step by step */

static char *text_of(const struct db_res *res, uint32_t col)
{
	struct pl pl = db_get_text(res, 0, col);
	char *text = NULL;

	if (pl_isset(&pl))
		(void)pl_strdup(&text, &pl);

	return text;
}


static void login_row(struct signin *s, const struct db_res *res)
{
	struct req *req = s->req;
	const int64_t wait = db_get_int(res, 0, 0);

	if (wait > 0) {
		++n_blocked;
		req_headerf(req, "Retry-After", "%lld", (long long)wait);
		req_problem(req, 429, "too-many-failures",
			    "too many sign-ins have failed: wait %lld s",
			    (long long)wait);
		return;
	}

	s->principal_id = db_get_int(res, 0, 1);
	s->kdf      = text_of(res, 2);
	s->ha1      = text_of(res, 3);
	s->username = text_of(res, 4);
	s->realm    = text_of(res, 5);
	if (worker_submit(req_web(req)->worker, check_job, check_done, s)) {
		req_header_add(req, "Retry-After", "2");
		req_problem(req, 503, "busy", "too many sign in just now");
	}
}


static void login_handler(int err, const struct db_res *res, void *arg)
{
	struct signin *s = arg;

	if (err || !db_rows(res))
		req_problem(s->req, 503, "store-away",
			    "the store does not answer, try again");
	else
		login_row(s, res);
	mem_deref(s);
}


/* "ada" is sip:ada@DOMAIN */
static int canonical(char **keyp, const struct web *web, const char *name)
{
	char *key = NULL, *p;
	int err;

	if (!strncasecmp(name, "sip:", 4))
		name += 4;
	err = strchr(name, '@') ? re_sdprintf(&key, "sip:%s", name) :
		re_sdprintf(&key, "sip:%s@%s", name, web->domain);
	for (p = key; !err && *p; ++p)
		*p = (char)tolower((unsigned char)*p);
	*keyp = key;

	return err;
}


static int signin_alloc(struct signin **sp, struct req *req,
			const char *key, const char *password)
{
	struct signin *s = mem_zalloc(sizeof(*s), destructor);
	int err;

	if (!s)
		return ENOMEM;

	s->req = mem_ref(req);
	err = str_dup(&s->password, password);
	if (!err)
		err = re_sdprintf(&s->user_key, "user:%s", key);
	if (!err)
		err = re_sdprintf(&s->address_key, "address:%j",
				  req_peer(req));
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}


static int ask(struct req *req, const char *name, const char *password)
{
	struct signin *s = NULL;
	struct db_args args;
	struct pl keyv[2];
	char *key = NULL;
	int err;

	err = canonical(&key, req_web(req), name);
	if (!err)
		err = signin_alloc(&s, req, key, password);
	if (err)
		goto out;

	pl_set_str(&keyv[0], s->user_key);
	pl_set_str(&keyv[1], s->address_key);
	db_args_init(&args);
	db_text(&args, key);
	db_textv(&args, keyv, ARRAY_SIZE(keyv));
	err = db_exec(req_web(req)->db, "web_login", &args, login_handler, s);
	if (err)
		mem_deref(s);

 out:
	mem_deref(key);

	return err;
}


static void signin(struct req *req)
{
	const json_t *body = req_json(req);
	const char *user = json_string_value(json_object_get(body, "user"));
	const char *password = json_string_value(json_object_get(body,
							"password"));

	if (!session_same_origin(req)) {
		req_problem(req, 403, "csrf", "not from another site");
	}
	else if (!user || !password || !*user ||
		 strlen(user) > NAME_MAX_BYTES ||
		 strlen(password) > KDF_PASSWORD_MAX) {
		req_problem(req, 400, "invalid", "user and password are "
			    "wanted, both as text");
	}
	else if (ask(req, user, password)) {
		req_header_add(req, "Retry-After", "2");
		req_problem(req, 503, "store-away",
			    "the store does not answer, try again");
	}
}


static void whoami(struct req *req)
{
	const struct session *s = req_session(req);

	tell(req, 200, s->uri, s->display, s->admin, s->csrf);
}


static void closed_handler(struct req *req, const struct db_res *res)
{
	(void)res;

	set_cookie(req, "", true);
	req_empty(req, 204);
}


static void signout(struct req *req)
{
	struct db_args args;

	db_args_init(&args);
	db_text(&args, req_session(req)->hash);
	req_db(req, "web_session_close", &args, closed_handler);
}


static const struct route routev[] = {
	{ "GET",    "/api/v1/session", 0, whoami,
	  "Who is signed in, and the token for what changes something", NULL },
	{ "POST",   "/api/v1/session", ROUTE_PUBLIC | ROUTE_TOKEN, signin,
	  "Sign in", NULL },
	{ "DELETE", "/api/v1/session", 0, signout, "Sign out", NULL },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
	route_register(routev, ARRAY_SIZE(routev));
}
