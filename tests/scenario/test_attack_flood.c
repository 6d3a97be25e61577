/**
 * @file tests/scenario/test_attack_flood.c  Connections without end, a slow
 *                                           pool, and the operator's commands
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/scenario/attack.h"
#include "tests/support/proc.h"
#include "tests/unit/suite.h"

enum { FLOOD = 4096, POLL_MS = 100 };

static int fdv[FLOOD];


static void files(rlim_t n)
{
	struct rlimit lim;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &lim), 0);
	if (lim.rlim_cur < n) {
		lim.rlim_cur = n;
		lim.rlim_max = lim.rlim_max < n ? n : lim.rlim_max;
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
	}
}


static unsigned flood(const char *source)
{
	struct sa hop, from;
	unsigned n = 0;

	ck_assert_int_eq(sa_decode(&hop, pool_registrar_tcp(pool),
				   strlen(pool_registrar_tcp(pool))), 0);
	ck_assert_int_eq(sa_set_str(&from, source, 0), 0);
	for (unsigned i = 0; i < FLOOD; i++) {
		fdv[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fdv[i] >= 0 && !bind(fdv[i], &from.u.sa, from.len) &&
		    !connect(fdv[i], &hop.u.sa, hop.len))
			++n;
	}

	return n;
}


static void flood_over(void)
{
	for (unsigned i = 0; i < FLOOD; i++) {
		if (fdv[i] >= 0)
			(void)close(fdv[i]);
	}
}


START_TEST(idle_connections_keep_nobody_out)
{
	struct reg *ada, *bob, *cyd;
	const long closed = attack_counter("edge_closed_address");

	files(FLOOD + 256);
	ada = attack_sign_in("ada", NULL);
	ck_assert_uint_ge(flood("127.0.0.66"), FLOOD - 64);

	/* from elsewhere, and from the very address of the flood */
	bob = attack_sign_in("bob", NULL);
	cyd = attack_sign_in("cyd", "127.0.0.66");
	ck_assert(attack_works(ada, "Vault"));
	ck_assert(attack_works(bob, "Talk"));
	ck_assert(attack_works(cyd, "Talk"));
	while (attack_counter("edge_closed_address") < closed + FLOOD / 2)
		ck_assert(attack_works(bob, "Talk"));

	flood_over();
	mem_deref(cyd);
	mem_deref(bob);
	mem_deref(ada);
}
END_TEST


/* Without a user it is closed, whatever it sends meanwhile */
START_TEST(a_stranger_s_connection_is_short_lived)
{
	struct reg *eve = attack_connect("eve", NULL);
	struct reg *ada = attack_sign_in("ada", NULL);
	const struct reg_req q = { .method = "OPTIONS" };
	const uint64_t end = tmr_jiffies() + 20000;

	while (reg_ask(eve, &q) == 200)
		ck_assert_uint_lt(tmr_jiffies(), end);
	ck_assert_int_gt(attack_counter("edge_closed_age"), 0);
	ck_assert(attack_works(ada, "Talk"));
	mem_deref(ada);
	mem_deref(eve);
}
END_TEST


START_TEST(one_user_does_not_fill_it)
{
	static struct reg *regv[80];
	struct reg *ada = attack_sign_in("ada", NULL);
	unsigned n = 0;

	files(512);
	for (size_t i = 0; i < ARRAY_SIZE(regv); i++) {
		uint16_t status;

		regv[i] = attack_connect("dan", NULL);
		status = reg_register(regv[i]);
		ck_assert(status == 200 || status == 503);
		n += status == 200;
	}
	ck_assert_uint_eq(n, 64);
	ck_assert_int_gt(attack_counter("edge_too_many_connections"), 0);
	ck_assert(attack_works(ada, "Talk"));
	for (size_t i = 0; i < ARRAY_SIZE(regv); i++)
		mem_deref(regv[i]);
	mem_deref(ada);
}
END_TEST


static bool says(const char *cmd, const char *part)
{
	char line[256];
	bool found = false;
	FILE *f = popen(cmd, "r");

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		found |= strstr(line, part) != NULL;

	return !pclose(f) && found;
}


/* Contact of the dialog: sip:HOST:PORT and parameters */
static size_t instance_of(const struct reg *r)
{
	const char *first = pool_inst(pool, 0)->sip_tcp;
	const char *at = reg_target(r) + strlen("sip:");

	return strncmp(at, first, strlen(first)) ? 1 : 0;
}


/* Slow is not gone: the dialog is there when the instance is again */
START_TEST(a_slow_pool_is_not_taken_for_a_dead_one)
{
	struct reg *ada = attack_sign_in("ada", NULL);
	const pid_t pid = (pid_t)pool_inst(pool, instance_of(ada))->pid;
	const struct reg_req info = {
		.method = "INFO", .in_dialog = true, .unanswered = true,
		.ctype = "text/plain", .body = "<xccos ver=\"1\" envid=\"1\" "
		"xmlns=\"urn:parlano:xml:ns:xccos\"><cmd id=\"cmd:requri\" "
		"seqid=\"1\"><data/></cmd></xccos>"
	};
	const struct reg_req fence = { .method = "OPTIONS" };
	char cmd[256];
	uint32_t cseq;

	(void)re_snprintf(cmd, sizeof(cmd), "/usr/sbin/kamcmd -s unix:%s "
			  "dispatcher.list", pool_registrar_ctl(pool));
	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	while (!says(cmd, "FLAGS: IP"))
		ck_assert(says(cmd, "FLAGS: AP"));
	(void)reg_ask(ada, &info);
	cseq = reg_cseq(ada);
	ck_assert_uint_eq(reg_ask(ada, &fence), 200);
	ck_assert_int_eq(kill(pid, SIGCONT), 0);
	ck_assert_uint_eq(raw_status(reg_raw(ada), cseq, "INFO"), 200);
	ck_assert(attack_works(ada, "Talk"));
	mem_deref(ada);
}
END_TEST


/* ------------------------------------------------------------------- H2 */

START_TEST(the_list_is_read_again_on_command)
{
	char cmd[512];

	(void)re_snprintf(cmd, sizeof(cmd), "/usr/sbin/kamcmd -s unix:%s "
			  "dispatcher.reload 2>&1; /usr/sbin/kamcmd -s unix:%s"
			  " dispatcher.list 2>&1", pool_registrar_ctl(pool),
			  pool_registrar_ctl(pool));
	ck_assert(says(cmd, pool_inst(pool, 1)->sip_tcp));
	(void)re_snprintf(cmd, sizeof(cmd), "RPCFIFOPATH=%s /usr/sbin/kamctl "
			  "rpc dispatcher.reload 2>&1; RPCFIFOPATH=%s "
			  "/usr/sbin/kamctl rpc dispatcher.list 2>&1",
			  pool_registrar_fifo(pool),
			  pool_registrar_fifo(pool));
	ck_assert(says(cmd, pool_inst(pool, 1)->sip_tcp));
}
END_TEST


static void freeze(pid_t pid, void *arg)
{
	(void)kill(pid, arg ? SIGSTOP : SIGCONT);
}


/* Who waits for the store holds up nobody else */
START_TEST(a_frozen_store_is_asked_once)
{
	const struct reg_req fence = { .method = "OPTIONS" };
	struct reg *ada = attack_sign_in("ada", NULL);
	const pid_t pid = pool_postmaster(pool);
	const long away = attack_counter("edge_store_away");
	const uint64_t end = tmr_jiffies() + 30000;
	struct reg *bob;
	bool in = false;

	freeze(pid, pool);
	proc_children(pid, freeze, pool);
	for (int i = 0; i < 20; i++) {
		bob = attack_connect("bob", NULL);
		ck_assert_uint_eq(reg_register(bob), 503);
		ck_assert_ptr_nonnull(strstr(raw_answer(reg_raw(bob)),
					     "Retry-After"));
		ck_assert_uint_eq(reg_ask(ada, &fence), 200);
		mem_deref(bob);
	}
	ck_assert_int_ge(attack_counter("edge_store_away"), away + 20);
	proc_children(pid, freeze, NULL);
	freeze(pid, NULL);

	/* slowly, or it is the rate that is refused */
	while (!in && tmr_jiffies() < end) {
		(void)poll(NULL, 0, POLL_MS);
		bob = attack_connect("bob", NULL);
		in = reg_register(bob) == 200;
		mem_deref(bob);
	}
	ck_assert(in);
	mem_deref(ada);
}
END_TEST


/* An instance may be slow for longer than these tests need */
static void up(void)
{
	static const char *const setv[] = {
		"registrar.auth=digest", "lease.lapse_ms=30000", NULL
	};

	attack_up_with(setv);
}


static Suite *attack_flood_suite(void)
{
	Suite *suite = suite_create("attack_flood");
	TCase *tc = tcase_create("flood");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, the_list_is_read_again_on_command);
	tcase_add_test(tc, idle_connections_keep_nobody_out);
	tcase_add_test(tc, a_stranger_s_connection_is_short_lived);
	tcase_add_test(tc, one_user_does_not_fill_it);
	tcase_add_test(tc, a_slow_pool_is_not_taken_for_a_dead_one);
	tcase_add_test(tc, a_frozen_store_is_asked_once);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(attack_flood_suite)
