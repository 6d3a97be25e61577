/**
 * @file webfiles/auth.h  Ways to sign in: what the configuration says
 */
#pragma once

#include "common/chaturi.h"
#include "common/ldapconn.h"

enum auth_method {
	AUTH_PASSWORD,   /* of the store                                     */
	AUTH_LDAP,       /* a bind at a directory                            */
	AUTH_HEADER,     /* a proxy that we trust names the user             */
};

enum { AUTH_ADDRESS_MAX = 64 };

struct config;
struct req;
struct sa;

/** Does not change while the process runs: the worker's thread reads it */
struct auth {
	enum auth_method method;
	const char *header;
	struct list trustedl;      /* of addresses, with their prefix        */

	const char *domain;        /* of who gives only his name             */
	struct ldapconn_conf ldap;
	const char *user_dn;       /* template, or NULL: base and filter     */
	const char *base, *filter;
	const char *bind_dn;       /* for the search; NULL: nobody           */
	char *password;
};

/**
 * Read auth.* and ldap.* of the configuration
 *
 * @return 0, EINVAL (what is wrong is logged), ENOMEM
 */
int  auth_open(struct auth **authp, const struct config *conf);

/** "ada" is "sip:ada@DOMAIN".  EBADMSG, EOVERFLOW */
int auth_canonical(const struct auth *auth, char key[CHATURI_SIZE],
		   const char *name);
/** Is it the address of a trusted proxy? */
bool auth_trusts(const struct auth *auth, const struct sa *peer);
/** The user that a trusted proxy names, or NULL */
const char *auth_named(const struct auth *auth, const struct req *req);
/** Who asks, as text: the peer, or whom a trusted proxy says it asks for */
void auth_address(const struct auth *auth, const struct req *req,
		  char buf[AUTH_ADDRESS_MAX]);
