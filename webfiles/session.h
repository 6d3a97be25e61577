/**
 * @file webfiles/session.h  Who a request is from
 *
 * A session is a row of the store, shared by all web processes; the browser
 * has its random token in a cookie that scripts cannot read, the store only
 * the token's SHA-256.  Every request asks the store: whoever is disabled is
 * out at once.
 */
#pragma once

enum { SESSION_HASH_MAX = 65, SESSION_TOKEN_MAX = 48 };

struct db_res;
struct req;

/** One request's knowledge of it; a libre object */
struct session {
	int64_t principal_id;
	char *uri;                 /* "sip:..."                              */
	char *display;
	char *csrf;
	char hash[SESSION_HASH_MAX];    /* of the token, in hex              */
	bool admin;
};

/** The web_auth_h of the pages and the API */
void session_auth(struct req *req);

/** The cookie's name: __Host-pchat over TLS, pchat behind a proxy */
const char *session_cookie(const struct req *req);
/** Hex SHA-256 of a token */
void session_hash(char hash[SESSION_HASH_MAX], const char *token);
/** A fresh random token */
void session_token(char token[SESSION_TOKEN_MAX]);
/** Is the answer to this request one that the pages of this host asked for?
 *  Asked of all that changes something, before anything else */
bool session_same_origin(const struct req *req);
