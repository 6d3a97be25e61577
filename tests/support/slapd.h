/**
 * @file tests/support/slapd.h  A private LDAP directory for a test
 *
 * OpenLDAP's slapd on a free port of 127.0.0.1 with its files in a temporary
 * folder, over TCP and TLS, with a certificate of its own.  It knows
 * dc=example,dc=net and two accounts: SLAPD_ADMIN writes, SLAPD_READER may read
 * only SLAPD_PAGE entries of an answer that is not in pages.  It ends with the
 * test.
 */
#pragma once

struct slapd;

#define SLAPD_BASE   "dc=example,dc=net"
#define SLAPD_ADMIN  "cn=admin," SLAPD_BASE
#define SLAPD_READER "cn=reader," SLAPD_BASE
#define SLAPD_SECRET "secret"

enum { SLAPD_PAGE = 5, SLAPD_USN = 100 };

/**
 * @param ad  Look like Active Directory, as far as we look at it: entries of
 *            the auxiliary class adEntry may have objectGUID, uSNChanged,
 *            userAccountControl and msRTCSIP-PrimaryUserAddress, and the
 *            highest number of a change is SLAPD_USN for ever
 *
 * @return 0; on failure what is wrong is on standard error
 */
int  slapd_start(struct slapd **slp, bool ad);
/** Takes it down and removes its files; NULL is fine */
void slapd_stop(struct slapd *sl);

/** "ldap://127.0.0.1:PORT", and one with TLS from the beginning */
const char *slapd_uri(const struct slapd *sl);
const char *slapd_tls_uri(const struct slapd *sl);
/** Its folder, for files of the test's own, and the certificate in it */
const char *slapd_dir(const struct slapd *sl);
const char *slapd_ca(const struct slapd *sl);

/** Change records of LDIF, by the admin; entries without changetype are added.
 *  0, or EPROTO and what is wrong is on standard error */
int  slapd_ldif(const struct slapd *sl, const char *ldif);
