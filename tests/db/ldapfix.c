/**
 * @file tests/db/ldapfix.c  A store and a directory to take over into it
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "tests/db/ldapfix.h"


struct slapd *dt_slapd;
char dt_conf[128];

const char dt_tree[] =
	OU("staff", BASE)
	OU("berlin", "ou=staff," BASE)
	OU("guests", BASE)
	PERSON("ada", "staff", "Ada")
	PERSON("bob", "berlin,ou=staff", "Bob")
	PERSON("eve", "guests", "Eve")
	GROUP("Inner", MEMBER(DN("ada", "staff")))
	GROUP("Outer", MEMBER("cn=Inner," BASE) MEMBER(DN("eve", "guests")))
	"dn: cn=unix," BASE "\nobjectClass: posixGroup\ncn: unix\n"
	"gidNumber: 7\nmemberUid: bob\nmemberUid: nobody\n\n";


void dt_configure(const char *more)
{
	char password[128];
	FILE *f;

	(void)snprintf(password, sizeof(password), "%s/password",
		       slapd_dir(dt_slapd));
	f = fopen(password, "w");
	ck_assert_ptr_nonnull(f);
	(void)fputs(SLAPD_SECRET "\n", f);
	ck_assert_int_eq(fchmod(fileno(f), 0600) | fclose(f), 0);

	(void)snprintf(dt_conf, sizeof(dt_conf), "%s/sync.conf", slapd_dir(dt_slapd));
	f = fopen(dt_conf, "w");
	ck_assert_ptr_nonnull(f);
	(void)fprintf(f, "ldap.uri %s\nldap.bind_dn " SLAPD_READER "\n"
		      "ldap.password_file %s\nldap.page_size 2\n"
		      "user.base " BASE "\n%s%s", slapd_uri(dt_slapd), password,
		      strstr(more, "user.uri") ? "" : "user.uri mail\n",
		      more);
	ck_assert_int_eq(fclose(f), 0);
}


void dt_setup(void)
{
	op_setup();
	ck_assert_int_eq(slapd_start(&dt_slapd, false), 0);
	dt_configure("");
}


void dt_setup_ad(void)
{
	op_setup();
	ck_assert_int_eq(slapd_start(&dt_slapd, true), 0);
}


void dt_teardown(void)
{
	slapd_stop(dt_slapd);
	op_teardown();
}


void dt_change(const char *ldif)
{
	ck_assert_int_eq(slapd_ldif(dt_slapd, ldif), 0);
}


int dt_try_sync(const char *more)
{
	return op_run("sync ldap --config %s %s", dt_conf, more);
}


void dt_sync_well(void)
{
	op_ok("sync ldap --config %s", dt_conf);
}


bool dt_is_in(const char *who, const char *what)
{
	return op_number("SELECT count(*) FROM principal p, "
			 "principal_affiliation a, principal g WHERE "
			 "p.key = '%s' AND g.key = '%s' AND "
			 "a.principal_id = p.principal_id AND "
			 "a.ancestor_id = g.principal_id", who, what) == 1;
}


long long dt_state(const char *key)
{
	return op_number("SELECT state FROM principal WHERE key = '%s'", key);
}


long long dt_id_of(const char *key)
{
	return op_number("SELECT principal_id FROM principal "
			 "WHERE key = '%s'", key);
}
