/**
 * @file common/ldapconn.h  A connection to an LDAP directory
 *
 * Only over TLS with a certificate that is checked, or to this host.  Blocks,
 * within the time limit for each step; any thread, no libre objects, no log.
 * What includes this links with libldap.
 */
#pragma once

#include <ldap.h>

struct ldapconn_conf {
	const char *uri;         /* "ldaps://HOST ldap://HOST", in turn      */
	bool start_tls;
	const char *ca;          /* PEM file; NULL: the system's             */
	uint32_t timeout_s;
};

/** Whether nobody else can listen to what goes to these servers */
bool ldapconn_private(const char *uris, bool start_tls);

/**
 * Connect, without a bind
 *
 * @param ldp    Set in any case; ldap_unbind_ext_s() it when not NULL
 * @param whatp  On failure what was tried, for people
 *
 * @return LDAP_SUCCESS, or what the library says
 */
int  ldapconn_open(LDAP **ldp, const struct ldapconn_conf *lc,
		   const char **whatp);
/** A simple bind; an empty password, which servers take for nobody's, is
 *  refused with LDAP_INVALID_CREDENTIALS */
int  ldapconn_bind(LDAP *ld, const char *dn, const char *password);
