/**
 * @file webfiles/signin.h  A sign-in on its way
 */
#pragma once

#include "common/kdf.h"
#include "webfiles/session.h"

struct auth;
struct req;

enum signin_result {
	SIGNIN_WRONG,    /* no such user, or not that password               */
	SIGNIN_GOOD,
	SIGNIN_AWAY,     /* who could tell does not answer                   */
};

/** Kept with its request; the worker's thread reads all but the last members,
 *  and writes these */
struct signin {
	struct le le;              /* of those under way                     */
	const struct auth *auth;
	char *key;                 /* "sip:user@host", canonical             */
	char *password;
	char *user_key;            /* of the throttle                        */
	char *address;
	char *device;              /* hash of the device's token, or NULL    */
	char *kdf;                 /* NULL: none kept yet                    */
	char *ha1, *username, *realm;
	int64_t principal_id;      /* 0: there is none                       */

	char rehash[KDF_TEXT_MAX]; /* "": as it was                          */
	enum signin_result result;
	char why[128];             /* SIGNIN_AWAY: for the log               */
};

/* In the worker's thread: is it this user's password? */
void password_check(struct signin *s);
void ldap_check(struct signin *s);

/**
 * Open a session and answer the request with it
 *
 * @param status   Of the answer
 * @param user_key  Of the throttle: a password was given, and its failures
 *                  are forgotten; the address and the device are known from
 *                  now on.  NULL: no password
 * @param rehash   The password hashed anew, or NULL
 */
void session_open(struct req *req, unsigned status, int64_t principal_id,
		  const char *user_key, const char *rehash);
/** Hash of the token that this browser was given at an earlier sign-in; false:
 *  it has none */
bool session_device(struct req *req, char hash[SESSION_HASH_MAX]);
/** Who is signed in, as the pages want to know it */
void session_tell(struct req *req, unsigned status, const char *uri,
		  const char *display, bool admin, const char *csrf);
/** The cookie goes */
void session_forget(struct req *req);
