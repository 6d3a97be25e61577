/**
 * @file tests/db/test_ldap.c  pchatctl sync ldap, against a real directory
 */
#include <re.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <libpq-fe.h>
#include <check.h>
#include "tests/db/ctl.h"
#include "tests/support/slapd.h"
#include "tests/support/store.h"
#include "tests/unit/suite.h"

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

static const char tree[] =
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

static struct store *st;
static struct slapd *sl;
static char conf[128];


/* The file, with further lines */
static void configure(const char *more)
{
	char password[128];
	FILE *f;

	(void)snprintf(password, sizeof(password), "%s/password",
		       slapd_dir(sl));
	f = fopen(password, "w");
	ck_assert_ptr_nonnull(f);
	(void)fputs(SLAPD_SECRET "\n", f);
	ck_assert_int_eq(fchmod(fileno(f), 0600) | fclose(f), 0);

	(void)snprintf(conf, sizeof(conf), "%s/sync.conf", slapd_dir(sl));
	f = fopen(conf, "w");
	ck_assert_ptr_nonnull(f);
	(void)fprintf(f, "ldap.uri %s\nldap.bind_dn " SLAPD_READER "\n"
		      "ldap.password_file %s\nldap.page_size 2\n"
		      "user.base " BASE "\n%s%s", slapd_uri(sl), password,
		      strstr(more, "user.uri") ? "" : "user.uri mail\n",
		      more);
	ck_assert_int_eq(fclose(f), 0);
}


static void setup(void)
{
	ck_assert_int_eq(store_start(&st), 0);
	ck_assert_int_eq(slapd_start(&sl, false), 0);
	configure("");
}


static void setup_ad(void)
{
	ck_assert_int_eq(store_start(&st), 0);
	ck_assert_int_eq(slapd_start(&sl, true), 0);
}


static void teardown(void)
{
	slapd_stop(sl);
	store_stop(st);
}


static void change(const char *ldif)
{
	ck_assert_int_eq(slapd_ldif(sl, ldif), 0);
}


static int try_sync(const char *more)
{
	char line[256];

	(void)snprintf(line, sizeof(line), "sync ldap --config %s %s", conf,
		       more);

	return ctl_run(st, line);
}


static void sync_well(void)
{
	const int status = try_sync("");

	ck_assert_msg(!status, "%s", ctl_err());
	ck_assert_str_eq(ctl_err(), "");
}


static void failed(const char *words)
{
	ck_assert_msg(strstr(ctl_err(), words) != NULL, "%s", ctl_err());
}


static long long number(const char *sql)
{
	return store_number(st, sql);
}


/* Whether somebody is in something, at any depth */
static bool is_in(const char *who, const char *what)
{
	char sql[512];

	(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM principal p, "
		       "principal_affiliation a, principal g WHERE "
		       "p.key = '%s' AND g.key = '%s' AND "
		       "a.principal_id = p.principal_id AND "
		       "a.ancestor_id = g.principal_id", who, what);

	return number(sql) == 1;
}


static long long state(const char *key)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql), "SELECT state FROM principal "
		       "WHERE key = '%s'", key);

	return number(sql);
}


static long long id_of(const char *key)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql), "SELECT principal_id FROM principal "
		       "WHERE key = '%s'", key);

	return number(sql);
}


#define ADA "sip:ada@example.net"
#define BOB "sip:bob@example.net"
#define EVE "sip:eve@example.net"
#define STAFF "folder:ou=staff," BASE
#define BERLIN "folder:ou=berlin,ou=staff," BASE


START_TEST(users_groups_and_folders_are_taken_over)
{
	change(tree);
	sync_well();
	ck_assert_int_eq(number("SELECT count(*) FROM principal WHERE kind = 5"
				" AND state = 0"), 3);
	ck_assert_int_eq(number("SELECT count(*) FROM principal WHERE "
				"key = '" ADA "' AND display = 'Ada' "
				"AND email = 'ada@Example.net'"), 1);
	ck_assert(is_in(ADA, "group:inner") && is_in(ADA, "group:outer"));
	ck_assert(is_in(EVE, "group:outer") && !is_in(EVE, "group:inner"));
	ck_assert(is_in(BOB, "group:unix") && !is_in(ADA, "group:unix"));
	ck_assert(is_in(BOB, BERLIN) && is_in(BOB, STAFF));
	ck_assert(is_in(ADA, STAFF) && !is_in(ADA, BERLIN));
	ck_assert(!is_in(EVE, STAFF));
	ck_assert(is_in(ADA, "domain:example.net") && is_in(ADA, "any"));
	ck_assert_int_eq(number("SELECT count(*) FROM admin_audit WHERE "
				"action = 'sync' AND detail->'users'->>'new'"
				" = '3'"), 1);
}
END_TEST


START_TEST(again_is_no_change)
{
	long long before;

	change(tree);
	sync_well();
	ck_assert_ptr_nonnull(strstr(ctl_out(), "all of ldap"));
	before = number(FINGERPRINT);
	sync_well();
	ck_assert_ptr_nonnull(strstr(ctl_out(), "changes of ldap"));
	ck_assert_int_eq(number(FINGERPRINT), before);
	ck_assert_int_eq(try_sync("--full"), 0);
	ck_assert_int_eq(number(FINGERPRINT), before);
}
END_TEST


START_TEST(who_is_renamed_is_the_same)
{
	long long id;

	change(tree);
	sync_well();
	id = id_of(ADA);
	change(CHANGE(DN("ada", "staff"), "modrdn")
	       "newrdn: uid=lovelace\ndeleteoldrdn: 1\n\n"
	       CHANGE(DN("lovelace", "staff"), "modify")
	       "replace: mail\nmail: lovelace@example.net\n\n"
	       CHANGE("cn=Inner," BASE, "modify")
	       "replace: member\n" MEMBER(DN("lovelace", "staff")));
	sync_well();
	ck_assert_int_eq(id_of("sip:lovelace@example.net"), id);
	ck_assert_int_eq(id_of(ADA), -1);
	ck_assert(is_in("sip:lovelace@example.net", "group:outer"));
}
END_TEST


START_TEST(two_may_swap_their_addresses)
{
	long long ada, bob;

	change(tree);
	sync_well();
	ada = id_of(ADA);
	bob = id_of(BOB);
	change(CHANGE(DN("ada", "staff"), "modify")
	       "replace: mail\nmail: bob@example.net\n\n"
	       CHANGE(DN("bob", "berlin,ou=staff"), "modify")
	       "replace: mail\nmail: ada@example.net\n");
	sync_well();
	ck_assert_int_eq(id_of(ADA), bob);
	ck_assert_int_eq(id_of(BOB), ada);
}
END_TEST


START_TEST(who_is_gone_is_deleted_and_may_come_back)
{
	long long id;

	change(tree);
	sync_well();
	id = id_of(EVE);
	change(CHANGE(DN("eve", "guests"), "delete"));
	sync_well();
	ck_assert_int_eq(id_of(EVE), id);
	ck_assert_int_eq(state(EVE), 2);
	ck_assert(!is_in(EVE, "group:outer"));

	change(PERSON("eve", "guests", "Eve again"));
	sync_well();
	ck_assert_int_eq(id_of(EVE), id);
	ck_assert_int_eq(state(EVE), 0);
	ck_assert(is_in(EVE, "group:outer"));
}
END_TEST


START_TEST(a_group_that_is_gone_holds_nobody)
{
	change(tree);
	sync_well();
	change(CHANGE("cn=Outer," BASE, "delete"));
	sync_well();
	ck_assert_int_eq(state("group:outer"), 2);
	ck_assert(!is_in(ADA, "group:outer") && is_in(ADA, "group:inner"));
}
END_TEST


START_TEST(a_change_inside_is_a_change_outside)
{
	change(tree);
	sync_well();
	change(CHANGE("cn=Inner," BASE, "modify")
	       "replace: member\n" MEMBER(DN("bob", "berlin,ou=staff")));
	sync_well();
	ck_assert(is_in(BOB, "group:outer") && is_in(BOB, "group:inner"));
	ck_assert(!is_in(ADA, "group:outer") && !is_in(ADA, "group:inner"));
	ck_assert(is_in(ADA, STAFF));
}
END_TEST


/* No time stamp of an entry below changes with it */
START_TEST(a_folder_is_renamed_with_all_that_is_in_it)
{
	long long ada, bob;

	change(tree);
	sync_well();
	ada = id_of(ADA);
	bob = id_of(BOB);
	change(CHANGE("ou=staff," BASE, "modrdn")
	       "newrdn: ou=people\ndeleteoldrdn: 1\n\n"
	       CHANGE("cn=Inner," BASE, "modify")
	       "replace: member\n" MEMBER(DN("ada", "people")));
	sync_well();
	ck_assert_int_eq(id_of(ADA), ada);
	ck_assert_int_eq(id_of(BOB), bob);
	ck_assert_int_eq(state(ADA) + state(BOB), 0);
	ck_assert(is_in(BOB, "folder:ou=berlin,ou=people," BASE));
	ck_assert(is_in(ADA, "folder:ou=people," BASE));
	ck_assert(is_in(ADA, "group:outer"));
}
END_TEST


START_TEST(disabled_is_the_directorys_word_until_the_operator_has_his)
{
	configure("user.disabled_filter (title=left)\n");
	change(tree);
	change(CHANGE(DN("bob", "berlin,ou=staff"), "modify")
	       "add: title\ntitle: left\n");
	sync_well();
	ck_assert_int_eq(state(BOB), 1);
	ck_assert_int_eq(state(ADA), 0);

	ctl_well(st, "user set " ADA " --state disabled");
	sync_well();
	ck_assert_int_eq(state(ADA), 1);

	change(CHANGE(DN("bob", "berlin,ou=staff"), "modify")
	       "delete: title\n");
	sync_well();
	ck_assert_int_eq(state(BOB), 0);
	ck_assert_int_eq(state(ADA), 1);
}
END_TEST


START_TEST(equal_display_names_are_no_trouble_equal_addresses_are_told)
{
	change(tree);
	change(PERSON("adam", "guests", "Ada")
	       "dn: uid=twin,ou=guests," BASE "\nobjectClass: inetOrgPerson\n"
	       "uid: twin\ncn: twin\nsn: x\nmail: ada@example.net\n\n"
	       PERSON("zoe", "guests", "Zoe"));
	ck_assert_int_eq(try_sync(""), 1);
	failed("another entry has its URI: " ADA);
	ck_assert_int_eq(number("SELECT count(*) FROM principal WHERE "
				"kind = 5 AND state = 0"), 5);
	ck_assert_int_eq(number("SELECT count(*) FROM principal WHERE "
				"display = 'Ada'"), 2);

	change(CHANGE("uid=twin,ou=guests," BASE, "delete"));
	sync_well();
}
END_TEST


START_TEST(two_groups_of_one_name_are_two)
{
	change(tree);
	change("dn: cn=Inner,ou=guests," BASE "\nobjectClass: groupOfNames\n"
	       "cn: Inner\n" MEMBER(DN("eve", "guests")));
	sync_well();
	ck_assert_int_eq(number("SELECT count(*) FROM principal WHERE "
				"kind = 9 AND state = 0"), 4);
	ck_assert(is_in(ADA, "group:inner") != is_in(EVE, "group:inner"));
	ck_assert_int_eq(number("SELECT count(*) FROM principal WHERE key IN "
				"('group:cn=inner,ou=guests," BASE "', "
				"'group:cn=inner," BASE "')"), 1);
}
END_TEST


START_TEST(groups_in_each_other_are_no_trouble)
{
	change(tree);
	change(CHANGE("cn=Inner," BASE, "modify")
	       "add: member\n" MEMBER("cn=Outer," BASE));
	sync_well();
	ck_assert(is_in(EVE, "group:inner") && is_in(ADA, "group:outer"));
}
END_TEST


START_TEST(who_was_here_before_is_taken_over)
{
	long long id;

	ctl_well(st, "user create " ADA " --policy enabled");
	ctl_well(st, "user create sip:local@example.net");
	id = id_of(ADA);
	change(tree);
	sync_well();
	ck_assert_int_eq(id_of(ADA), id);
	ck_assert_int_eq(number("SELECT policy_id FROM principal WHERE "
				"key = '" ADA "'"), 2);
	ck_assert_int_eq(state("sip:local@example.net"), 0);
	ctl_refused(st, "user remove " ADA, "kept by the directory");
	ctl_refused(st, "group drop inner " ADA, "kept by the directory");
}
END_TEST


START_TEST(new_users_get_a_policy)
{
	configure("user.policy enabled\n");
	change(tree);
	sync_well();
	ck_assert_int_eq(number("SELECT count(*) FROM principal WHERE "
				"kind = 5 AND policy_id = 2"), 3);
	configure("user.policy global\n");
	ck_assert_int_eq(try_sync(""), 1);
	failed("not for users");
}
END_TEST


START_TEST(a_dry_run_writes_nothing)
{
	long long before = number(FINGERPRINT);

	change(tree);
	ck_assert_int_eq(try_sync("--dry-run --json"), 0);
	ck_assert_ptr_nonnull(strstr(ctl_out(), "\"dry_run\": true"));
	ck_assert_ptr_nonnull(strstr(ctl_out(), "\"new\": 3"));
	ck_assert_int_eq(number(FINGERPRINT), before);
	ck_assert_int_eq(number("SELECT count(*) FROM admin_audit"), 0);
}
END_TEST


/* SLAPD_READER gets no more than SLAPD_PAGE at a time */
static void many(void)
{
	char ldif[300];
	int i;

	change(tree);
	for (i = 0; i < 3 * SLAPD_PAGE; i++) {
		(void)snprintf(ldif, sizeof(ldif), "dn: uid=u%d,ou=guests,"
			       BASE "\nobjectClass: inetOrgPerson\nuid: u%d\n"
			       "cn: u\nsn: x\nmail: u%d@other.example\n", i,
			       i, i);
		change(ldif);
	}
	sync_well();
}


START_TEST(many_come_in_pages)
{
	many();
	ck_assert_int_eq(number("SELECT count(*) FROM principal WHERE "
				"kind = 5"), 3 + 3 * SLAPD_PAGE);
	ck_assert(is_in("sip:u0@other.example", "domain:other.example"));
}
END_TEST


START_TEST(a_directory_suddenly_empty_is_not_believed)
{
	many();
	configure("user.filter (uid=ada)\n");
	ck_assert_int_eq(try_sync(""), 1);
	failed("sync.removals_max_percent");
	ck_assert_int_eq(number("SELECT count(*) FROM principal WHERE "
				"state <> 0"), 0);
	configure("user.filter (uid=ada)\nsync.removals_max_percent 100\n");
	sync_well();
	ck_assert_int_eq(state(BOB), 2);
	ck_assert_int_eq(state(ADA), 0);
}
END_TEST


START_TEST(tls_is_checked)
{
	char more[256];

	change(tree);
	configure("ldap.start_tls yes\n");
	ck_assert_int_eq(try_sync(""), 1);
	failed("StartTLS");
	ck_assert_int_eq(number("SELECT count(*) FROM principal WHERE "
				"kind = 5"), 0);

	(void)snprintf(more, sizeof(more), "ldap.start_tls yes\nldap.ca %s\n",
		       slapd_ca(sl));
	configure(more);
	sync_well();
	ck_assert_int_eq(state(ADA), 0);
}
END_TEST


START_TEST(what_cannot_be_read_changes_nothing)
{
	char more[256], path[128];
	long long before;

	change(tree);
	sync_well();
	before = number(FINGERPRINT);

	configure("ldap.id noSuchAttribute\n");
	ck_assert_int_eq(try_sync(""), 1);
	failed("ldap.id");
	configure("user.filter (uid=\n");
	ck_assert_int_eq(try_sync(""), 1);
	failed("Bad search filter");

	configure("");
	(void)snprintf(path, sizeof(path), "%s/password", slapd_dir(sl));
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(try_sync(""), 1);
	failed("password_file");
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(truncate(path, 3), 0);
	ck_assert_int_eq(try_sync(""), 1);
	failed("Invalid credentials");

	(void)snprintf(more, sizeof(more), "sync ldap --config %s/other.conf",
		       slapd_dir(sl));
	(void)snprintf(path, sizeof(path), "%s/other.conf", slapd_dir(sl));
	ck_assert_int_eq(symlink("/nowhere", path), 0);
	ctl_refused(st, more, "other.conf");
	ck_assert_int_eq(number(FINGERPRINT), before);
}
END_TEST


START_TEST(a_password_does_not_go_over_the_net_in_clear)
{
	FILE *f;

	configure("");
	f = fopen(conf, "w");
	ck_assert_ptr_nonnull(f);
	(void)fputs("ldap.uri ldap://directory.example.net\n"
		    "ldap.bind_dn cn=x\nuser.base dc=x\n", f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(try_sync(""), 1);
	failed("in clear");
}
END_TEST


START_TEST(the_sample_names_every_key)
{
	ctl_well(st, "sync ldap --sample");
	ck_assert_ptr_nonnull(strstr(ctl_out(), "ldap.uri"));
	ck_assert_ptr_nonnull(strstr(ctl_out(), "sync.removals_max_percent"));
}
END_TEST


/* While it is being written who people are: none of it is waited for by those
   who sign in, join or post */
START_TEST(nobody_waits_for_a_sync_that_is_under_way)
{
	PGconn *pg;

	change(tree);
	sync_well();
	ck_assert_int_eq(store_sql(st, "INSERT INTO category (category_id, "
				   "name) VALUES (1, 'Main'); INSERT INTO "
				   "room (room_id, category_id, name) VALUES "
				   "(1, 1, 'Hall')"), 0);
	pg = PQconnectdb(store_conninfo(st));
	PQclear(PQexec(pg, "BEGIN; SELECT principals_lock(); UPDATE principal "
		       "SET display = 'x', state = 1 WHERE kind = 5; "
		       "DELETE FROM principal_member; SELECT "
		       "affiliation_follow(ARRAY(SELECT principal_id FROM "
		       "principal WHERE kind = 5)); "
		       "UPDATE directory_entry SET state = 1"));
	ck_assert_int_eq(PQtransactionStatus(pg), PQTRANS_INTRANS);

	ck_assert_int_eq(store_sql(st, "SET lock_timeout = '100ms'; "
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
	configure("user.uri msRTCSIP-PrimaryUserAddress\n"
		  "ldap.id objectGUID\nuser.disabled_filter "
		  "(userAccountControl:1.2.840.113556.1.4.803:=2)\n");
	change(AD_PERSON("ada", "AAECAwQFBgcICQoLDA0ODw==", "20", "512")
	       AD_PERSON("bob", "EAECAwQFBgcICQoLDA0ODw==", "30", "514"));
	sync_well();
	ck_assert_int_eq(state(ADA), 0);
	ck_assert_int_eq(state(BOB), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM principal WHERE "
				"external_id = '000102030405060708090a0b0c0d"
				"0e0f'"), 1);

	/* one says that it changed, one does not; flags are always read */
	change(CHANGE("uid=ada," BASE, "modify")
	       "replace: displayName\ndisplayName: Seen\n-\n"
	       "replace: uSNChanged\nuSNChanged: 101\n\n"
	       CHANGE("uid=bob," BASE, "modify")
	       "replace: displayName\ndisplayName: Missed\n-\n"
	       "replace: userAccountControl\nuserAccountControl: 512\n");
	sync_well();
	ck_assert_ptr_nonnull(strstr(ctl_out(), "changes of ldap"));
	ck_assert_int_eq(number("SELECT count(*) FROM principal WHERE "
				"display = 'Seen'"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM principal WHERE "
				"display = 'Missed'"), 0);
	ck_assert_int_eq(state(BOB), 0);
	ck_assert_int_eq(try_sync("--full"), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM principal WHERE "
				"display = 'Missed'"), 1);
}
END_TEST


static Suite *ldap_suite(void)
{
	Suite *suite = suite_create("ldap");
	TCase *tc = tcase_create("ldap");
	const TTest *const testv[] = {
		users_groups_and_folders_are_taken_over,
		again_is_no_change,
		who_is_renamed_is_the_same,
		two_may_swap_their_addresses,
		who_is_gone_is_deleted_and_may_come_back,
		a_group_that_is_gone_holds_nobody,
		a_change_inside_is_a_change_outside,
		a_folder_is_renamed_with_all_that_is_in_it,
		disabled_is_the_directorys_word_until_the_operator_has_his,
		equal_display_names_are_no_trouble_equal_addresses_are_told,
		two_groups_of_one_name_are_two,
		groups_in_each_other_are_no_trouble,
		who_was_here_before_is_taken_over,
		new_users_get_a_policy,
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

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	for (i = 0; i < sizeof(testv) / sizeof(testv[0]); i++)
		tcase_add_test(tc, testv[i]);
	suite_add_tcase(suite, tc);

	tc = tcase_create("ad");
	tcase_add_checked_fixture(tc, setup_ad, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc,
		       a_server_that_counts_its_changes_is_asked_by_number);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(ldap_suite)
