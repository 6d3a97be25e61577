/**
 * @file webfiles/signin.c  Signing in and out: /api/v1/session
 *
 * A wrong password and an unknown user are answered alike and after the same
 * work.  Failures are counted in the store, together with the registrar's, by
 * user and by address; each one beyond a limit doubles the wait.  From an
 * address or a browser by which this user came in before they are counted by
 * that way alone, so that nobody is kept out by what others try elsewhere.
 */
#include <string.h>
#include <openssl/crypto.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/conf.h"
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "webfiles/auth.h"
#include "webfiles/core.h"
#include "webfiles/http.h"
#include "webfiles/session.h"
#include "webfiles/signin.h"
#include "webfiles/store.h"
#include "webfiles/worker.h"

enum { NAME_MAX_BYTES = 256 };

static uint64_t n_wrong, n_blocked, n_away;

static const struct stats_row rowv[] = {
	{ "web_signins_wrong",   &n_wrong,   false,
	  "Sign-ins with an unknown user or a wrong password" },
	{ "web_signins_blocked", &n_blocked, false,
	  "Sign-ins refused because too many had failed" },
	{ "web_signins_away",    &n_away,    false,
	  "Sign-ins refused because the directory did not answer" },
};


static void destructor(void *data)
{
	struct signin *s = data;

	list_unlink(&s->le);
	if (s->password)
		OPENSSL_cleanse(s->password, strlen(s->password));
	mem_deref(s->password);
	mem_deref(s->key);
	mem_deref(s->kdf);
	mem_deref(s->ha1);
	mem_deref(s->username);
	mem_deref(s->realm);
	mem_deref(s->user_key);
	mem_deref(s->address);
	mem_deref(s->device);
}


/* ----------------------------------------------------------- what came of it */

static void away(struct req *req, const char *kind, const char *detail)
{
	req_header_add(req, "Retry-After", "2");
	req_problem(req, 503, kind, "%s", detail);
}


/* Not before the store has counted it: the next try must find that */
static void counted_handler(struct req *req, const struct db_res *res)
{
	(void)res;

	req_problem(req, 401, "credentials",
		    "wrong user or password");
}


static void wrong(struct req *req, const struct signin *s)
{
	const struct web *web = req_web(req);
	const int32_t limitv[] = {
		(int32_t)config_uint(web->conf, "auth.failures_user"),
		(int32_t)config_uint(web->conf, "auth.failures_address"),
	};
	struct db_args args;

	db_args_init(&args);
	if (s->principal_id)
		db_int8(&args, s->principal_id);
	else
		db_null(&args);
	db_text(&args, s->user_key);
	db_text(&args, s->address);
	db_text(&args, s->device);
	db_int4v(&args, limitv, ARRAY_SIZE(limitv));
	db_int4(&args, (int32_t)config_uint(web->conf, "auth.wait_max_s"));

	++n_wrong;
	log_info("web.signin_refused", "from=\"%s\"", s->address);
	req_db(req, "web_login_failed", &args, counted_handler);
}


/* In the worker's thread */
static void check(void *arg)
{
	struct signin *s = req_data(arg);

	if (s->auth->method == AUTH_LDAP)
		ldap_check(s);
	else
		password_check(s);
}


static void checked(void *arg)
{
	struct req *req = arg;
	const struct signin *s = req_data(req);

	if (s->result == SIGNIN_AWAY) {
		++n_away;
		log_warn("web.directory", "error=\"%s\"", s->why);
		away(req, "directory-away",
		     "the directory does not answer, try again");
	}
	else if (s->result == SIGNIN_GOOD && s->principal_id) {
		session_open(req, 201, s->principal_id, s->user_key,
			     s->rehash[0] ? s->rehash : NULL);
	}
	else {
		wrong(req, s);
	}
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


static void blocked(struct req *req, int64_t wait)
{
	++n_blocked;
	req_headerf(req, "Retry-After", "%lld", (long long)wait);
	req_problem(req, 429, "too-many-failures",
		    "too many sign-ins have failed: wait %lld s",
		    (long long)wait);
}


/* Of guesses at one user that are made at the same time, before the first of
   them is counted: is this one behind too many? */
static bool too_many(const struct web *web, const struct signin *s)
{
	const uint64_t most = config_uint(web->conf, "auth.failures_user");
	const struct le *le;
	uint64_t n = 0;

	for (le = web->signinl.head; le && le->data != s; le = le->next) {
		const struct signin *other = le->data;

		n += !strcmp(other->user_key, s->user_key);
	}

	return n > most;
}


static void login_handler(struct req *req, const struct db_res *res)
{
	struct signin *s = req_data(req);
	const int64_t wait = db_get_int(res, 0, 0);

	if (wait > 0 || too_many(req_web(req), s)) {
		blocked(req, wait > 0 ? wait : 1);
		return;
	}

	s->principal_id = db_get_int(res, 0, 1);
	s->kdf      = text_of(res, 2);
	s->ha1      = text_of(res, 3);
	s->username = text_of(res, 4);
	s->realm    = text_of(res, 5);
	if (worker_submit(req_web(req)->doors, check, checked, req))
		away(req, "busy", "too many sign in just now");
}


/* s is NULL when no password is asked for: no throttle then */
static void login_ask(struct req *req, const char *key,
		      const struct signin *s, req_db_h *h)
{
	struct db_args args;

	db_args_init(&args);
	db_text(&args, key);
	db_text(&args, s ? s->user_key : NULL);
	db_text(&args, s ? s->address : NULL);
	db_text(&args, s ? s->device : NULL);
	req_db(req, "web_login", &args, h);
}


static int signin_alloc(struct signin **sp, struct req *req, const char *key,
			const char *password)
{
	struct signin *s = mem_zalloc(sizeof(*s), destructor);
	char address[AUTH_ADDRESS_MAX], device[SESSION_HASH_MAX];
	int err;

	if (!s)
		return ENOMEM;

	s->auth = req_web(req)->auth;
	auth_address(s->auth, req, address);
	err = str_dup(&s->password, password);
	if (!err)
		err = str_dup(&s->key, key);
	if (!err)
		err = re_sdprintf(&s->user_key, "user:%s", key);
	if (!err)
		err = str_dup(&s->address, address);
	if (!err && session_device(req, device))
		err = str_dup(&s->device, device);
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}


static void by_password(struct req *req, const char *name,
			const char *password)
{
	char key[CHATURI_SIZE];
	struct signin *s;

	if (auth_canonical(req_web(req)->auth, key, name)) {
		req_problem(req, 400, "invalid", "user must be an address as "
			    "in your chat client");
		return;
	}
	if (signin_alloc(&s, req, key, password)) {
		req_problem(req, 503, "memory", "no memory");
		return;
	}

	req_set_data(req, s);
	list_append(&req_web(req)->signinl, &s->le, s);
	mem_deref(s);
	login_ask(req, key, s, login_handler);
}


/* ---------------------------------------------------- named by the proxy */

static void named_handler(struct req *req, const struct db_res *res)
{
	const int64_t id = db_get_int(res, 0, 1);

	if (id)
		session_open(req, strcmp(req_method(req), "POST") ? 200 : 201,
			     id, NULL, NULL);
	else
		req_problem(req, 403, "unknown-user", "you are not a user of "
			    "Persistent Chat");
}


static void by_header(struct req *req, const char *name)
{
	char key[CHATURI_SIZE];

	if (auth_canonical(req_web(req)->auth, key, name))
		req_problem(req, 403, "unknown-user", "you are not a user of "
			    "Persistent Chat");
	else
		login_ask(req, key, NULL, named_handler);
}


static void unnamed(struct req *req)
{
	if (req_web(req)->auth->method == AUTH_HEADER)
		req_problem(req, 401, "sign-in-proxy", "the proxy in front "
			    "of this service signs people in");
	else
		req_problem(req, 401, "sign-in", "sign in first");
}


/* ---------------------------------------------------------------- routes */

static void signin(struct req *req)
{
	const struct auth *auth = req_web(req)->auth;
	const json_t *body = req_json(req);
	const char *user = json_string_value(json_object_get(body, "user"));
	const char *password = json_string_value(json_object_get(body,
							"password"));
	const char *named = auth_named(auth, req);

	if (!session_same_origin(req))
		req_problem(req, 403, "csrf", "not from another site");
	else if (named)
		by_header(req, named);
	else if (auth->method == AUTH_HEADER)
		unnamed(req);
	else if (!user || !password || !*user ||
		 strlen(user) > NAME_MAX_BYTES ||
		 strlen(password) > KDF_PASSWORD_MAX)
		req_problem(req, 400, "invalid", "user and password are "
			    "required, both as text");
	else
		by_password(req, user, password);
}


/* Whom a proxy names need not ask for a session */
static void whoami(struct req *req)
{
	const struct session *s = req_session(req);
	const char *named = auth_named(req_web(req)->auth, req);

	if (s)
		session_tell(req, 200, s->uri, s->display, s->admin, s->csrf);
	else if (named && session_same_origin(req))
		by_header(req, named);
	else
		unnamed(req);
}


static void closed_handler(struct req *req, const struct db_res *res)
{
	(void)res;

	session_forget(req);
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
	{ "GET",    "/api/v1/session", ROUTE_PUBLIC, whoami,
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
