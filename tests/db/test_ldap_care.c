/**
 * @file tests/db/test_ldap_care.c  pchatctl sync ldap: what is not done
 *
 * Dry runs, directories that cannot be read or believed, locks; and how a
 * large one and a foreign one are read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <libpq-fe.h>
#include "tests/db/ldapfix.h"
#include "tests/unit/suite.h"

/* What a sync may touch, but for its own notes */
#define FINGERPRINT \
	"SELECT hashtextextended(string_agg(x, '/' ORDER BY x), 0) FROM (" \
	"SELECT t::text FROM principal t UNION ALL " \
	"SELECT 'm' || t::text FROM principal_member t UNION ALL " \
	"SELECT 'e' || t::text FROM directory_entry t UNION ALL " \
	"SELECT 'd' || t::text FROM directory_member t UNION ALL " \
	"SELECT 'a' || t::text FROM principal_affiliation t) AS y (x)"


START_TEST(a_dry_run_writes_nothing)
{
	long long before = op_number(FINGERPRINT);

	dt_change(dt_tree);
	ck_assert_int_eq(dt_try_sync("--dry-run --json"), 0);
	op_said("\"dry_run\": true");
	op_said("\"new\": 3");
	ck_assert_int_eq(op_number(FINGERPRINT), before);
	ck_assert_int_eq(op_number("SELECT count(*) FROM admin_audit"), 0);
}
END_TEST


/* SLAPD_READER gets no more than SLAPD_PAGE at a time */
static void many(void)
{
	char ldif[300];
	int i;

	dt_change(dt_tree);
	for (i = 0; i < 3 * SLAPD_PAGE; i++) {
		(void)snprintf(ldif, sizeof(ldif), "dn: uid=u%d,ou=guests,"
			       BASE "\nobjectClass: inetOrgPerson\nuid: u%d\n"
			       "cn: u\nsn: x\nmail: u%d@other.example\n", i,
			       i, i);
		dt_change(ldif);
	}
	dt_sync_well();
}


START_TEST(many_come_in_pages)
{
	many();
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "kind = 5"), 3 + 3 * SLAPD_PAGE);
	ck_assert(dt_is_in("sip:u0@other.example", "domain:other.example"));
}
END_TEST


START_TEST(a_directory_suddenly_empty_is_not_believed)
{
	many();
	dt_configure("user.filter (uid=ada)\n");
	ck_assert_int_eq(dt_try_sync(""), 1);
	op_complained("sync.removals_max_percent");
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "state <> 0"), 0);
	dt_configure("user.filter (uid=ada)\nsync.removals_max_percent 100\n");
	dt_sync_well();
	ck_assert_int_eq(dt_state(BOB), 2);
	ck_assert_int_eq(dt_state(ADA), 0);
}
END_TEST


static void tls_from_the_beginning(const char *more)
{
	FILE *f = fopen(dt_conf, "w");

	ck_assert_ptr_nonnull(f);
	(void)fprintf(f, "ldap.uri %s\nuser.uri mail\nuser.base " BASE
		      "\n%s", slapd_tls_uri(dt_slapd), more);
	ck_assert_int_eq(fclose(f), 0);
}


START_TEST(tls_is_checked)
{
	char more[256];

	dt_change(dt_tree);
	dt_configure("ldap.start_tls yes\n");
	ck_assert_int_eq(dt_try_sync(""), 1);
	op_complained("StartTLS");
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "kind = 5"), 0);

	(void)snprintf(more, sizeof(more), "ldap.start_tls yes\nldap.ca %s\n",
		       slapd_ca(dt_slapd));
	dt_configure(more);
	dt_sync_well();
	ck_assert_int_eq(dt_state(ADA), 0);

	tls_from_the_beginning("");
	ck_assert_int_eq(dt_try_sync(""), 1);
	op_complained("Can't contact LDAP server");
	(void)snprintf(more, sizeof(more), "ldap.ca %s\n",
		       slapd_ca(dt_slapd));
	tls_from_the_beginning(more);
	dt_sync_well();
}
END_TEST


START_TEST(what_cannot_be_read_changes_nothing)
{
	char path[128];
	long long before;

	dt_change(dt_tree);
	dt_sync_well();
	before = op_number(FINGERPRINT);

	dt_configure("ldap.id noSuchAttribute\n");
	ck_assert_int_eq(dt_try_sync(""), 1);
	op_complained("ldap.id");
	dt_configure("user.filter (uid=\n");
	ck_assert_int_eq(dt_try_sync(""), 1);
	op_complained("Bad search filter");

	dt_configure("");
	(void)snprintf(path, sizeof(path), "%s/password", slapd_dir(dt_slapd));
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(dt_try_sync(""), 1);
	op_complained("password_file");
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(truncate(path, 3), 0);
	ck_assert_int_eq(dt_try_sync(""), 1);
	op_complained("Invalid credentials");

	(void)snprintf(path, sizeof(path), "%s/other.conf", slapd_dir(dt_slapd));
	ck_assert_int_eq(symlink("/nowhere", path), 0);
	op_fails("other.conf", "sync ldap --config %s", path);
	ck_assert_int_eq(op_number(FINGERPRINT), before);
}
END_TEST


START_TEST(a_password_does_not_go_over_the_net_in_clear)
{
	FILE *f;

	dt_configure("");
	f = fopen(dt_conf, "w");
	ck_assert_ptr_nonnull(f);
	(void)fputs("ldap.uri ldap://directory.example.net\n"
		    "ldap.bind_dn cn=x\nuser.base dc=x\n", f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(dt_try_sync(""), 1);
	op_complained("in clear");
}
END_TEST


START_TEST(the_sample_names_every_key)
{
	op_ok("sync ldap --sample");
	op_said("ldap.uri");
	op_said("sync.removals_max_percent");
}
END_TEST


/* While it is being written who people are: none of it is waited for by those
   who sign in, join or post */
START_TEST(nobody_waits_for_a_sync_that_is_under_way)
{
	PGconn *pg;

	dt_change(dt_tree);
	dt_sync_well();
	ck_assert_int_eq(store_sql(op_store(), "INSERT INTO category (category_id, "
				   "name) VALUES (1, 'Main'); INSERT INTO "
				   "room (room_id, category_id, name) VALUES "
				   "(1, 1, 'Hall')"), 0);
	pg = PQconnectdb(store_conninfo(op_store()));
	PQclear(PQexec(pg, "BEGIN; SELECT principals_lock(); UPDATE principal "
		       "SET display = 'x', state = 1 WHERE kind = 5; "
		       "DELETE FROM principal_member; SELECT "
		       "affiliation_follow(ARRAY(SELECT principal_id FROM "
		       "principal WHERE kind = 5)); "
		       "UPDATE directory_entry SET state = 1"));
	ck_assert_int_eq(PQtransactionStatus(pg), PQTRANS_INTRANS);

	ck_assert_int_eq(store_sql(op_store(), "SET lock_timeout = '100ms'; "
		"SELECT user_ancestors(principal_id) FROM principal; "
		"INSERT INTO endpoint (endpoint_id, principal_id, epid) "
		"SELECT principal_id, principal_id, 'e' FROM principal "
		"WHERE kind = 5; "
		"INSERT INTO roster (room_id, endpoint_id, mask) "
		"SELECT 1, endpoint_id, 2 FROM endpoint; "
		"UPDATE room_head SET last_id = last_id + 1; "
		"INSERT INTO message (room_id, msg_id, author_id, ts, origin, "
		"chat) SELECT 1, 1, principal_id, now(), 1, 'x' FROM principal "
		"WHERE key = '" ADA "'; "
		"SELECT room_create(principal_id, 'New', NULL, guid, 0, 0, "
		"false, true, NULL, NULL, NULL, NULL) FROM principal "
		"WHERE key = '" ADA "'"), 0);
	PQfinish(pg);
}
END_TEST


#define AD_PERSON(uid, guid, usn, control) \
	"dn: uid=" uid "," BASE "\nobjectClass: inetOrgPerson\n" \
	"objectClass: adEntry\nuid: " uid "\ncn: " uid "\nsn: x\n" \
	"msRTCSIP-PrimaryUserAddress: sip:" uid "@example.net\n" \
	"objectGUID:: " guid "\nuSNChanged: " usn "\n" \
	"userAccountControl: " control "\n\n"


/* Numbers instead of time stamps, binary ids, flags in a number */
START_TEST(a_server_that_counts_its_changes_is_asked_by_number)
{
	dt_configure("user.uri msRTCSIP-PrimaryUserAddress\n"
		     "ldap.id objectGUID\nuser.disabled_filter "
		     "(userAccountControl:1.2.840.113556.1.4.803:=2)\n");
	dt_change(AD_PERSON("ada", "AAECAwQFBgcICQoLDA0ODw==", "20", "512")
		  AD_PERSON("bob", "EAECAwQFBgcICQoLDA0ODw==", "30", "514"));
	dt_sync_well();
	ck_assert_int_eq(dt_state(ADA), 0);
	ck_assert_int_eq(dt_state(BOB), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "external_id = '000102030405060708090a0b0c0d"
				   "0e0f'"), 1);

	/* one says that it changed, one does not; flags are always read */
	dt_change(CHANGE("uid=ada," BASE, "modify")
		  "replace: displayName\ndisplayName: Seen\n-\n"
		  "replace: uSNChanged\nuSNChanged: 101\n\n"
		  CHANGE("uid=bob," BASE, "modify")
		  "replace: displayName\ndisplayName: Missed\n-\n"
		  "replace: userAccountControl\nuserAccountControl: 512\n");
	dt_sync_well();
	op_said("changes of ldap");
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "display = 'Seen'"), 1);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "display = 'Missed'"), 0);
	ck_assert_int_eq(dt_state(BOB), 0);
	ck_assert_int_eq(dt_try_sync("--full"), 0);
	ck_assert_int_eq(op_number("SELECT count(*) FROM principal WHERE "
				   "display = 'Missed'"), 1);
}
END_TEST


static Suite *ldap_care_suite(void)
{
	Suite *suite = suite_create("ldap/care");
	TCase *tc = tcase_create("care");
	const TTest *const testv[] = {
		a_dry_run_writes_nothing,
		many_come_in_pages,
		a_directory_suddenly_empty_is_not_believed,
		tls_is_checked,
		what_cannot_be_read_changes_nothing,
		a_password_does_not_go_over_the_net_in_clear,
		the_sample_names_every_key,
		nobody_waits_for_a_sync_that_is_under_way,
	};
	size_t i;

	tcase_add_checked_fixture(tc, dt_setup, dt_teardown);
	tcase_set_timeout(tc, 60);
	for (i = 0; i < ARRAY_SIZE(testv); i++)
		tcase_add_test(tc, testv[i]);
	suite_add_tcase(suite, tc);

	tc = tcase_create("ad");
	tcase_add_checked_fixture(tc, dt_setup_ad, dt_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_server_that_counts_its_changes_is_asked_by_number);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(ldap_care_suite)
