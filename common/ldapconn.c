/**
 * @file common/ldapconn.c  A connection to an LDAP directory
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include "common/ldapconn.h"

enum { URIS_MAX = 1024 };


static int options(LDAP *ld, const struct ldapconn_conf *lc)
{
	const int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND;
	const int client = 0;
	const struct timeval tv = { .tv_sec = (time_t)lc->timeout_s };
	int rc;

	rc = ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	if (!rc)
		rc = ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	if (!rc)
		rc = ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &tv);
	if (!rc)
		rc = ldap_set_option(ld, LDAP_OPT_TIMEOUT, &tv);
	if (!rc)
		rc = ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT,
				     &demand);
	if (!rc && lc->ca)
		rc = ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, lc->ca);
	if (!rc)
		rc = ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client);

	return rc;
}


static bool is_this_host(const char *host)
{
	struct in_addr in;
	struct in6_addr in6;

	if (inet_pton(AF_INET, host, &in) == 1)
		return ntohl(in.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &in6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&in6);

	return !strcasecmp(host, "localhost");
}


bool ldapconn_private(const char *uris, bool start_tls)
{
	char copy[URIS_MAX], *save = NULL, *word;
	LDAPURLDesc *url = NULL;
	bool good;

	good = snprintf(copy, sizeof(copy), "%s", uris) < (int)sizeof(copy);
	word = strtok_r(copy, " ,", &save);
	for (; word && good; word = strtok_r(NULL, " ,", &save)) {
		good = !ldap_url_parse(word, &url) &&
			(start_tls || strcasecmp(url->lud_scheme, "ldap") ||
			 is_this_host(url->lud_host));
		ldap_free_urldesc(url);
		url = NULL;
	}

	return good;
}


int ldapconn_open(LDAP **ldp, const struct ldapconn_conf *lc,
		  const char **whatp)
{
	int rc;

	*ldp = NULL;
	*whatp = lc->uri;
	rc = ldap_initialize(ldp, lc->uri);
	if (rc)
		return rc;

	*whatp = lc->ca ? lc->ca : "options";
	rc = options(*ldp, lc);
	if (!rc && lc->start_tls) {
		*whatp = "StartTLS";
		rc = ldap_start_tls_s(*ldp, NULL, NULL);
	}

	return rc;
}


int ldapconn_bind(LDAP *ld, const char *dn, const char *password)
{
	struct berval cred = { strlen(password), NULL };
	char copy[1025];
	int rc;

	if (!*password || cred.bv_len >= sizeof(copy))
		return LDAP_INVALID_CREDENTIALS;

	memcpy(copy, password, cred.bv_len + 1);
	cred.bv_val = copy;
	rc = ldap_sasl_bind_s(ld, dn, LDAP_SASL_SIMPLE, &cred, NULL, NULL,
			      NULL);
	explicit_bzero(copy, sizeof(copy));

	return rc;
}
