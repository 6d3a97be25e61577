/**
 * @file tests/scenario/test_launch.c  A wrong configuration says what is wrong
 *
 * Every mistake is told in one line that names file, line, key and value, by
 * --check and by a start alike, and the exit status is 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <libpq-fe.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"

#define CHANNEL    "pchat-channel"
#define COMPLIANCE "pchat-compliance"
#define WEB        "pchat-webfiles"

/* DIR stands for the pool's folder; a key without value is taken out */
static const struct mistake {
	const char *program, *key, *value, *why;
} mistakev[] = {
	{ CHANNEL, "sip.listen_tcp", "127.0.0.1", "is not ADDRESS:PORT" },
	{ CHANNEL, "sip.listen_tcp", "127.0.0.1:99999", "is not ADDRESS:PORT" },
	{ CHANNEL, "sip.listen_tcp", "192.0.2.7:0",
	  "is not an address of this host" },
	{ CHANNEL, "sip.trusted_addresses", "127.0.0.0/8 10.0.0.0/33",
	  "\"10.0.0.0/33\" is neither an address" },
	{ CHANNEL, "sip.trusted_addresses", "localhost",
	  "neither an address" },
	{ CHANNEL, "bus.listen", "udp://127.0.0.1:*", "tcp://ADDRESS:PORT" },
	{ CHANNEL, "bus.listen", "tcp://192.0.2.7:*",
	  "is not an address of this host" },
	{ CHANNEL, "store.conninfo", "dbname=x bogus=1",
	  "invalid connection option" },
	{ CHANNEL, "pool.uri", "http://x", "is not a SIP URI" },
	{ CHANNEL, "pool.uri", "sip:rooms@elsewhere.example", "another domain" },
	{ CHANNEL, "pool.uri", "sip:example.net", "names no user" },
	{ CHANNEL, "pool.domain", "exa mple", "is not a domain" },
	{ CHANNEL, "lease.period_ms", "3000", "lease.lapse_ms (4000)" },
	{ CHANNEL, "message.story_size_max", "900000", "reply.size_max" },
	{ CHANNEL, "sip.key", "DIR/tls/registrar.key",
	  "is not the key of sip.certificate" },
	{ CHANNEL, "sip.ca", "DIR/tls/channel-1.key", "no certificate" },
	{ CHANNEL, "sip.certificate", "DIR/expired.pem", "has expired" },
	{ CHANNEL, "sip.certificate", NULL, "needs sip.certificate" },
	{ CHANNEL, "sip.trusted_names", NULL, "needs sip.trusted_names" },
	{ CHANNEL, "sip.trusted_addresses", NULL,
	  "needs sip.trusted_addresses" },
	{ CHANNEL, "trace.file", "DIR/nowhere/trace", "No such file" },
	{ CHANNEL, "ctl.socket", "DIR/nowhere/ctl", "No such file" },
	{ CHANNEL, "web.file_service_url", "files.example.net", "http" },
	{ COMPLIANCE, "queue.listen", "127.0.0.1:*", "tcp://ADDRESS:PORT" },
	{ COMPLIANCE, "lease.period_ms", "5000", "lease.lapse_ms" },
	{ COMPLIANCE, "staging.conninfo", "host", "connection string" },
	{ COMPLIANCE, "adapter", "DIR/wrong.adapter", "there is no such key" },
	{ COMPLIANCE, "adapter", "DIR/none.adapter", "no such adapter" },
	{ COMPLIANCE, "adapter", "DIR/files.adapter",
	  "adapter.directory: is required" },
	{ COMPLIANCE, "files.archive", "DIR/nowhere", "No such file" },
	{ WEB, "http.listen", "nobody", "is not ADDRESS:PORT" },
	{ WEB, "http.listen", "192.0.2.7:443",
	  "is not an address of this host" },
	{ WEB, "http.key", "DIR/tls/registrar.key", "is not the key of" },
	{ WEB, "files.dir", "DIR/pool.json", "is not a directory" },
	{ WEB, "auth.method", "ldap", "needs ldap.uri" },
	{ WEB, "auth.method", "header", "needs auth.trusted_addresses" },
	{ WEB, "auth.trusted_addresses", "10.0.0.0/a", "ADDRESS/BITS" },
	{ WEB, "session.idle_s", "90000", "session.age_s" },
	{ WEB, "http.connections_per_address", "9000",
	  "http.connections_max" },
};

static char output[8192], conf[256];


static void write_text(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", pool_dir(pool), name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	(void)fputs(text, f);
	(void)fclose(f);
}


/* A certificate of yesterday, signed by itself */
static void expired_make(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/expired.pem", pool_dir(pool));
	f = fopen(path, "w");
	ck_assert(key && x && f);
	(void)X509_set_version(x, 2);
	(void)X509_gmtime_adj(X509_getm_notBefore(x), -172800);
	(void)X509_gmtime_adj(X509_getm_notAfter(x), -86400);
	(void)X509_set_pubkey(x, key);
	ck_assert_int_gt(X509_sign(x, key, EVP_sha256()), 0);
	ck_assert_int_eq(PEM_write_X509(f, x), 1);
	(void)fclose(f);
	X509_free(x);
	EVP_PKEY_free(key);
}


static void up(void)
{
	stage_up(&(struct pool_opts){ .instances = 1, .compliance = 1,
				      .web = 1 });
	expired_make();
	write_text("wrong.adapter", "adapter.name a\nadapter.type null\n"
		   "no.such_key 1\n");
	write_text("files.adapter", "adapter.name a\nadapter.type jsonl\n");
	write_text("none.adapter", "adapter.name a\nadapter.type nosuch\n");
}


static const char *original(const char *program)
{
	return !strcmp(program, CHANNEL) ? pool_inst(pool, 0)->conf :
		!strcmp(program, WEB) ? pool_web(pool, 0)->conf :
		pool_compliance(pool, 0)->conf;
}


/* A copy of the daemon's file under another name and with free ports, so that
   the daemon itself may go on; then the mistake, as the last line */
static void conf_make(const char *program, const char *key, const char *value)
{
	char line[1024], text[256] = "";
	FILE *in = fopen(original(program), "r"), *out;

	(void)snprintf(conf, sizeof(conf), "%s/wrong.conf", pool_dir(pool));
	out = fopen(conf, "w");
	ck_assert(in && out);
	(void)fchmod(fileno(out), 0600);

	while (fgets(line, sizeof(line), in)) {
		const size_t n = strcspn(line, "\t ");

		if (!strncmp(line, key, n) && !key[n])
			continue;
		if (!strncmp(line, "ctl.socket", n) ||
		    !strncmp(line, "instance.name", n))
			continue;
		if (!strncmp(line, "sip.listen", 10) ||
		    !strncmp(line, "http.listen", n))
			(void)snprintf(line + n, sizeof(line) - n,
				       "\t127.0.0.1:0\n");
		(void)fputs(line, out);
	}

	(void)fputs("instance.name\twrong\n", out);
	if (value && !strncmp(value, "DIR/", 4))
		(void)snprintf(text, sizeof(text), "%s%s", pool_dir(pool),
			       value + 3);
	if (value)
		(void)fprintf(out, "%s\t%s\n", key, *text ? text : value);
	(void)fclose(in);
	(void)fclose(out);
}


/* @return its exit status; 124: it was still there after so many seconds */
static int run(const char *program, const char *args)
{
	char cmd[768];
	FILE *p;
	size_t n;
	int status;

	(void)snprintf(cmd, sizeof(cmd), "timeout 10 '%s/%s' -f '%s' %s 2>&1",
		       getenv("PCHAT_BUILD"), program, conf, args);
	p = popen(cmd, "r");
	ck_assert_ptr_nonnull(p);
	n = fread(output, 1, sizeof(output) - 1, p);
	output[n] = '\0';
	status = pclose(p);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}


static unsigned lines(void)
{
	unsigned n = 0;

	for (const char *p = output; *p; p++)
		n += *p == '\n';

	return n;
}


static void ck_told(const struct mistake *m, int status)
{
	ck_assert_msg(status == 1, "%s %s %s: %d: %s", m->program, m->key,
		      m->value, status, output);
	ck_assert_msg(strstr(output, m->why) && strstr(output, m->key),
		      "%s %s %s: %s", m->program, m->key, m->value, output);
	ck_assert_msg(!strncmp(output, conf, strlen(conf)) &&
		      output[strlen(conf)] == ':', "%s", output);
	ck_assert_msg(lines() <= 2, "%s %s: %s", m->program, m->key, output);
}


START_TEST(a_mistake_is_named_with_file_line_key_and_value)
{
	const struct mistake *m = &mistakev[_i];

	conf_make(m->program, m->key, m->value);
	ck_told(m, run(m->program, "--check"));
	ck_told(m, run(m->program, ""));
}
END_TEST


START_TEST(nobody_to_listen_to_is_a_mistake)
{
	conf_make(CHANNEL, "sip.listen_tls", NULL);
	ck_assert_int_eq(run("pchat-channel", "--check"), 0);

	(void)snprintf(output, sizeof(output),
		       "sed -i '/^sip.listen/d' %s", conf);
	ck_assert_int_eq(system(output), 0);
	ck_assert_int_eq(run(CHANNEL, "--check"), 1);
	ck_assert_msg(strstr(output, "neither sip.listen_tls nor"
			     " sip.listen_tcp"), "%s", output);
}
END_TEST


START_TEST(several_mistakes_are_told_at_once)
{
	conf_make(CHANNEL, "pool.uri", "http://x");
	(void)snprintf(output, sizeof(output), "echo 'lease.lapse_ms 500' >> %s;"
		       " echo 'trace.file /nowhere/x' >> %s", conf, conf);
	ck_assert_int_eq(system(output), 0);
	ck_assert_int_eq(run(CHANNEL, "--check"), 1);
	ck_assert_uint_eq(lines(), 3);
}
END_TEST


START_TEST(a_port_that_another_process_has_is_not_shared_silently)
{
	const char *url = pool_web(pool, 0)->url;

	conf_make(WEB, "http.listen", strstr(url, "127."));
	ck_assert_int_eq(run(WEB, ""), 1);
	ck_assert_msg(strstr(output, "http.listen: \"") &&
		      strstr(output, "another process listens on port"), "%s",
		      output);

	conf_make(CHANNEL, "sip.listen_tcp", pool_inst(pool, 0)->sip_tcp);
	ck_assert_int_eq(run(CHANNEL, ""), 1);
	ck_assert_msg(strstr(output, "another process listens"), "%s", output);
}
END_TEST


static void sql(const char *text)
{
	PGconn *pg = PQconnectdb(pool_store(pool));
	PGresult *res = PQexec(pg, text);

	ck_assert_msg(PQresultStatus(res) == PGRES_COMMAND_OK, "%s",
		      PQerrorMessage(pg));
	PQclear(res);
	PQfinish(pg);
}


START_TEST(connecting_tells_of_schema_rights_domain_and_processes)
{
	conf_make(CHANNEL, "none", NULL);
	ck_assert_msg(run(CHANNEL, "--check --connect") == 0, "%s", output);
	conf_make(WEB, "none", NULL);
	ck_assert_msg(run(WEB, "--check --connect") == 0, "%s", output);
	conf_make(COMPLIANCE, "none", NULL);
	ck_assert_msg(run(COMPLIANCE, "--check --connect") == 0, "%s", output);

	conf_make(CHANNEL, "store.conninfo", "host=127.0.0.1 port=1 dbname=x");
	ck_assert_int_eq(run(CHANNEL, "--check"), 0);
	ck_assert_int_eq(run(CHANNEL, "--check --connect"), 1);
	ck_assert_msg(strstr(output, "store.conninfo: connection to"), "%s",
		      output);

	sql("REVOKE EXECUTE ON FUNCTION message_forget FROM pchat_channel");
	conf_make(CHANNEL, "none", NULL);
	ck_assert_int_eq(run(CHANNEL, "--check --connect"), 1);
	ck_assert_msg(strstr(output, "statement message_forget: ERROR:  permission"
			     " denied"), "%s", output);
	sql("GRANT EXECUTE ON FUNCTION message_forget TO pchat_channel");

	sql("INSERT INTO principal (kind, key, name) VALUES"
	    " (5, 'sip:a@other.example', 'sip:a@other.example');"
	    "UPDATE store SET domain = 'other.example'");
	ck_assert_int_eq(run(CHANNEL, "--check --connect"), 1);
	ck_assert_msg(strstr(output, "pool.domain: \"example.net\": the store's"
			     " rooms and users are in other.example"), "%s",
		      output);
}
END_TEST


START_TEST(a_role_that_is_meant_for_another_program_ends_the_start)
{
	char cmd[1024];

	conf_make(CHANNEL, "store.conninfo", NULL);
	(void)snprintf(cmd, sizeof(cmd), "grep '^store.conninfo' '%s' >> '%s'",
		       pool_web(pool, 0)->conf, conf);
	ck_assert_int_eq(system(cmd), 0);
	ck_assert_int_eq(run(CHANNEL, ""), 1);
	ck_assert_msg(strstr(output, "db.rights"), "%s", output);
	ck_assert_msg(!strstr(output, "password="), "%s", output);
}
END_TEST


START_TEST(a_password_is_not_left_in_a_file_for_everybody)
{
	conf_make(CHANNEL, "none", NULL);
	ck_assert_int_eq(chmod(conf, 0644), 0);
	ck_assert_int_eq(run(CHANNEL, "--check"), 1);
	ck_assert_msg(strstr(output, "store.conninfo: holds a password"), "%s",
		      output);
	ck_assert_msg(!strstr(output, "password="), "%s", output);
}
END_TEST


START_TEST(a_password_comes_from_a_file_of_its_own)
{
	char cmd[2048];

	conf_make(CHANNEL, "none", NULL);
	(void)snprintf(cmd, sizeof(cmd), "umask 077; sed -n 's/^store.conninfo"
		       ".* password=//p' %s > %s.pw && sed -i 's/ password=.*//'"
		       " %s && echo 'store.password_file %s.pw' >> %s", conf,
		       conf, conf, conf, conf);
	ck_assert_int_eq(system(cmd), 0);
	ck_assert_msg(run(CHANNEL, "--check --connect") == 0, "%s", output);

	/* everybody may read a file that holds none */
	ck_assert_int_eq(chmod(conf, 0644), 0);
	ck_assert_msg(run(CHANNEL, "--check") == 0, "%s", output);

	(void)snprintf(cmd, sizeof(cmd), "chmod 644 %s.pw", conf);
	ck_assert_int_eq(system(cmd), 0);
	ck_assert_int_eq(run(CHANNEL, "--check"), 2);
	ck_assert_msg(strstr(output, "store.password_file: ") &&
		      strstr(output, "must not be readable"), "%s", output);
}
END_TEST


START_TEST(what_up_does_not_name_stays_as_it_is)
{
	char cmd[512];
	const pid_t web = pool_web(pool, 0)->pid;

	(void)snprintf(cmd, sizeof(cmd), "deploy/dev/pool up --dir '%s'"
		       " >/dev/null", pool_dir(pool));
	ck_assert_int_eq(system(cmd), 0);
	ck_assert_int_eq(pool_reload(pool), 0);
	ck_assert_uint_eq(pool_instances(pool), 1);
	ck_assert_ptr_nonnull(pool_compliance(pool, 0));
	ck_assert_ptr_nonnull(pool_web(pool, 0));
	ck_assert_int_eq(pool_web(pool, 0)->pid, web);
}
END_TEST


static Suite *launch_suite(void)
{
	Suite *suite = suite_create("launch");
	TCase *tc = tcase_create("launch");

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_add_loop_test(tc, a_mistake_is_named_with_file_line_key_and_value,
			    0, (int)ARRAY_SIZE(mistakev));
	tcase_add_test(tc, nobody_to_listen_to_is_a_mistake);
	tcase_add_test(tc, several_mistakes_are_told_at_once);
	tcase_add_test(tc,
		a_port_that_another_process_has_is_not_shared_silently);
	tcase_add_test(tc, a_password_comes_from_a_file_of_its_own);
	tcase_add_test(tc, a_password_is_not_left_in_a_file_for_everybody);
	tcase_add_test(tc,
		a_role_that_is_meant_for_another_program_ends_the_start);
	tcase_add_test(tc, what_up_does_not_name_stays_as_it_is);
	tcase_add_test(tc,
		connecting_tells_of_schema_rights_domain_and_processes);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(launch_suite)
