/**
 * @file tests/db/ldapfix.h  A directory to take over into the operator's store
 */
#pragma once

#include <stdbool.h>
#include "tests/db/operator.h"
#include "tests/support/slapd.h"

#define BASE SLAPD_BASE
#define OU(rdn, above) "dn: ou=" rdn "," above "\n" \
	"objectClass: organizationalUnit\nou: " rdn "\n\n"
#define PERSON(uid, ou, display) "dn: uid=" uid ",ou=" ou "," BASE "\n" \
	"objectClass: inetOrgPerson\nuid: " uid "\ncn: " uid "\nsn: x\n" \
	"displayName: " display "\nmail: " uid "@Example.net\n\n"
#define DN(uid, ou) "uid=" uid ",ou=" ou "," BASE
#define GROUP(cn, members) "dn: cn=" cn "," BASE "\n" \
	"objectClass: groupOfNames\ncn: " cn "\n" members "\n"
#define MEMBER(dn) "member: " dn "\n"
#define CHANGE(dn, type) "dn: " dn "\nchangetype: " type "\n"

/* What a sync may touch, but for its own notes */
#define FINGERPRINT \
	"SELECT hashtextextended(string_agg(x, '/' ORDER BY x), 0) FROM (" \
	"SELECT t::text FROM principal t UNION ALL " \
	"SELECT 'm' || t::text FROM principal_member t UNION ALL " \
	"SELECT 'e' || t::text FROM directory_entry t UNION ALL " \
	"SELECT 'd' || t::text FROM directory_member t UNION ALL " \
	"SELECT 'a' || t::text FROM principal_affiliation t) AS y (x)"

#define ADA "sip:ada@example.net"
#define BOB "sip:bob@example.net"
#define EVE "sip:eve@example.net"
#define STAFF "folder:ou=staff," BASE
#define BERLIN "folder:ou=berlin,ou=staff," BASE

/** Of the test that runs */
extern struct slapd *dt_slapd;
extern char dt_conf[128];

/** Three people in three folders; groups Inner (Ada), Outer (Inner, Eve), unix
 *  (Bob) */
extern const char dt_tree[];

/** Fixtures; the second looks like Active Directory */
void dt_setup(void);
void dt_setup_ad(void);
void dt_teardown(void);

/** Write the file of settings, with further lines */
void dt_configure(const char *more);
/** Change the directory */
void dt_change(const char *ldif);

/** pchatctl sync ldap, with more options; its exit status */
int  dt_try_sync(const char *more);
/** The same, which must do its work without a word of error */
void dt_sync_well(void);
/** Whether somebody is in something, at any depth */
bool dt_is_in(const char *who, const char *what);
/** A principal's state and number; -1: there is none of that key */
long long dt_state(const char *key);
long long dt_id_of(const char *key);
