/**
 * @file webfiles/session.c  Who a request is from
 */
#include <string.h>
#include <strings.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <re.h>
#include "common/conf.h"
#include "common/db/db.h"
#include "common/stats.h"
#include "webfiles/auth.h"
#include "webfiles/core.h"
#include "webfiles/http.h"
#include "webfiles/session.h"
#include "webfiles/store.h"

static uint64_t n_none, n_forged;

static const struct stats_row rowv[] = {
	{ "web_requests_unsigned", &n_none,   false,
	  "Requests refused because nobody is signed in" },
	{ "web_requests_forged",   &n_forged, false,
	  "Requests refused because another site may have made them" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct session *s = data;

	mem_deref(s->uri);
	mem_deref(s->display);
	mem_deref(s->csrf);
}


const char *session_cookie(const struct req *req)
{
	return http_tls(req_web(req)->http) ? "__Host-pchat" : "pchat";
}


void session_hash(char hash[SESSION_HASH_MAX], const char *token)
{
	uint8_t md[SHA256_DIGEST_LENGTH];

	(void)SHA256((const uint8_t *)token, strlen(token), md);
	(void)re_snprintf(hash, SESSION_HASH_MAX, "%w", md, sizeof(md));
}


void session_token(char token[SESSION_TOKEN_MAX])
{
	uint8_t raw[20];

	rand_bytes(raw, sizeof(raw));
	(void)re_snprintf(token, SESSION_TOKEN_MAX, "%w", raw, sizeof(raw));
}


/* -------------------------------------------------------- from another site */

static bool safe(const struct req *req)
{
	const char *method = req_method(req);

	return !strcmp(method, "GET") || !strcmp(method, "HEAD");
}


bool session_same_origin(const struct req *req)
{
	const char *site = req_header(req, "Sec-Fetch-Site");
	const char *origin = req_header(req, "Origin");
	const char *host = req_header(req, "Host");
	const char *p;

	if (site && strcmp(site, "same-origin") && strcmp(site, "none"))
		return false;
	if (!origin)
		return true;

	p = strstr(origin, "://");

	return p && host && !strcmp(p + 3, host);
}


static bool meant(const struct req *req, const struct session *session)
{
	const char *csrf = req_header(req, "X-CSRF-Token");
	const size_t len = strlen(session->csrf);

	return safe(req) ||
		(session_same_origin(req) && csrf && strlen(csrf) == len &&
		 !CRYPTO_memcmp(csrf, session->csrf, len));
}


/* -------------------------------------------------------------- who it is */

static struct session *session_read(const struct db_res *res)
{
	struct session *s = mem_zalloc(sizeof(*s), destructor);
	struct pl name = db_get_text(res, 0, 1);
	struct pl display = db_get_text(res, 0, 2);
	struct pl csrf = db_get_text(res, 0, 3);

	if (!s)
		return NULL;

	s->principal_id = db_get_int(res, 0, 0);
	s->admin        = db_get_bool(res, 0, 4);
	if (pl_strdup(&s->uri, &name) || pl_strdup(&s->display, &display) ||
	    pl_strdup(&s->csrf, &csrf))
		return mem_deref(s);

	return s;
}


static void nobody(struct req *req)
{
	if (req_route(req)->flags & ROUTE_PUBLIC) {
		req_go_on(req, NULL);
		return;
	}

	++n_none;
	req_problem(req, 401, "sign-in", "sign in first");
}


static void enter(struct req *req, struct session *session)
{
	const unsigned flags = req_route(req)->flags;

	session_hash(session->hash, req_cookie(req, session_cookie(req)));

	if (!meant(req, session)) {
		++n_forged;
		req_problem(req, 403, "csrf", "X-CSRF-Token is missing, "
			    "or is not that of this session");
	}
	else if ((flags & ROUTE_ADMIN) && !session->admin) {
		req_problem(req, 403, "not-administrator",
			    "only administrators may do this");
	}
	else {
		req_go_on(req, session);
	}
}


/* Somebody else sits there now, says the proxy */
static bool is_other(const struct req *req, const struct session *session)
{
	const struct auth *auth = req_web(req)->auth;
	const char *named = auth_named(auth, req);
	char key[CHATURI_SIZE];

	return named && (auth_canonical(auth, key, named) ||
			 strcasecmp(key, session->uri));
}


static void session_handler(struct req *req, const struct db_res *res)
{
	struct session *session;

	if (!db_rows(res)) {
		nobody(req);
		return;
	}

	session = session_read(res);
	if (!session)
		req_problem(req, 503, "memory", "no memory");
	else if (is_other(req, session))
		nobody(req);
	else
		enter(req, session);
	mem_deref(session);
}


void session_auth(struct req *req)
{
	const struct config *conf = req_web(req)->conf;
	const char *token = req_cookie(req, session_cookie(req));
	char hash[SESSION_HASH_MAX];
	struct db_args args;

	if (req_route(req)->flags & ROUTE_TOKEN) {
		req_go_on(req, NULL);
		return;
	}
	if (!token) {
		nobody(req);
		return;
	}

	session_hash(hash, token);
	db_args_init(&args);
	db_text(&args, hash);
	db_int4(&args, (int32_t)config_uint(conf, "session.idle_s"));
	db_int4(&args, (int32_t)config_uint(conf, "session.age_s"));
	req_db(req, "web_session", &args, session_handler);
}
