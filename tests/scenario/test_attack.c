/**
 * @file tests/scenario/test_attack.c  The edge as shipped, attacked
 *
 *   attacker, no account or another's --TCP--> registrar --> instances
 *
 * Every request is proved, whatever its tags and routes say; nothing goes to an
 * address outside the list; nobody speaks for somebody else.
 */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/scenario/attack.h"
#include "tests/unit/suite.h"

#define MANAGER "<" SIP("ada") ">;tag=a1;epid=e1"


/* ------------------------------------------- without an account, in any form */

static const char *const methodv[] = {
	"INVITE", "INFO", "UPDATE", "BYE", "SUBSCRIBE", "SERVICE", "NOTIFY",
	"MESSAGE", "REFER", "REGISTER", "PUBLISH", "PRACK", "info", "FOO",
};

/* %s is the pool's URI */
static const char *const tov[] = {
	"<%s>", "%s", "<%s>;tag=abc", "<%s>;tag=;tag=abc", "<%s>;tag=",
	"<%s>;tag", "<%s>;tag;tag=abc", "<%s>;tag=abc;tag=", "<%s>;tag=a;tag=b",
	"<%s>;TAG=a;tag=b", "<%s>; tag = abc", "<%s>;tag=\"abc\"",
	"\"x;tag=y\" <%s>", "\"x;tag=y\" <%s>;tag=z", "<%s;tag=a>;tag=",
	"%s;tag=abc", "<%s>\r\n ;tag=\r\n ;tag=abc", "<%s>;x=\"y;tag=a\";tag=",
	"<%s>;tag=a b", "<%s>;tag=abc,<%s>;tag=def", "<%s>;tag=abc>",
};

/* %s is the registrar, then an instance */
static const char *const routev[] = {
	"",
	"Route: <sip:%s;transport=tcp;lr>\r\n",
	"Route: <sip:%s;lr>\r\nRoute: <sip:%s;transport=tcp;lr>\r\n",
	"Route: <sip:%s;lr;r2=on>, <sip:%s;lr;r2=on>\r\n",
	"Route: <sip:%s;transport=tcp;lr;ftag=a1>\r\n"
	"P-Asserted-Identity: <" SIP("ada") ">\r\n",
	"P-Asserted-Identity : <" SIP("ada") ">\r\n",
};


/* Neither taken nor answered as if it had been looked at by an instance.  No
   answer: From and To cannot be read, and the connection is closed */
static bool refused(uint16_t status)
{
	return status == 400 || status == 407 || !status;
}


static void stranger_sends(struct reg **rp, const char *method,
			   const char *to_fmt, const char *route_fmt)
{
	struct reg *r = *rp;
	char to[512], route[512];
	const struct reg_req q = {
		.method = method, .ruri = pool_uri(pool), .from = MANAGER,
		.to = to, .more = route, .ctype = "text/plain", .body = "x"
	};
	const char *hop = pool_registrar_tcp(pool);
	uint16_t status;

	(void)re_snprintf(to, sizeof(to), to_fmt, pool_uri(pool),
			  pool_uri(pool));
	(void)re_snprintf(route, sizeof(route), route_fmt, hop,
			  pool_inst(pool, 0)->sip_tcp);
	status = reg_ask(r, &q);
	ck_assert_msg(refused(status), "%u for %s, To: %s, %s", status, method,
		      to, route);
	if (!status) {
		mem_deref(r);
		*rp = attack_connect("eve", "127.0.0.66");
	}
}


START_TEST(a_stranger_opens_moves_and_fills_nothing)
{
	struct reg *ada = attack_sign_in("ada", NULL);
	const struct attack_state before = attack_look();
	const long bad = attack_counter("edge_bad");
	const long asked = attack_counter("edge_challenged");
	size_t m, t, n;

	for (m = 0; m < ARRAY_SIZE(methodv); m++) {
		struct reg *r = attack_connect("eve", "127.0.0.66");

		for (t = 0; t < ARRAY_SIZE(tov); t++) {
			n = (m + t) % ARRAY_SIZE(routev);
			stranger_sends(&r, methodv[m], tov[t], routev[0]);
			stranger_sends(&r, methodv[m], tov[t], routev[n]);
		}
		mem_deref(r);
	}
	ck_nothing_changed(&before);
	ck_assert_int_gt(attack_counter("edge_bad"), bad);
	ck_assert_int_gt(attack_counter("edge_challenged"), asked);
	ck_assert(attack_works(ada, "Vault"));
	mem_deref(ada);
}
END_TEST


/* The dialog is known to the letter: Call-ID, tags, routes, target */
START_TEST(a_dialog_is_moved_by_nobody_but_its_user)
{
	struct reg *ada = attack_sign_in("ada", NULL);
	struct reg *bob = attack_sign_in("bob", NULL);
	struct reg *eve = attack_connect("eve", "127.0.0.66");
	const struct attack_state before = attack_look();
	static const char *const hijackv[] = {
		"INFO", "UPDATE", "BYE", "SUBSCRIBE", "SERVICE", "INVITE"
	};
	struct reg_req q = {
		.to = reg_to(ada), .ruri = reg_target(ada),
		.more = reg_routes(ada), .callid = reg_callid(ada),
		.cseq = 500, .ctype = "text/plain",
	};
	char from[128], bobs[128];
	size_t i;

	(void)re_snprintf(from, sizeof(from), "<" SIP("ada") ">;tag=%s",
			  reg_ftag(ada));
	(void)re_snprintf(bobs, sizeof(bobs), "<" SIP("bob") ">;tag=%s",
			  reg_ftag(ada));
	for (i = 0; i < ARRAY_SIZE(hijackv); i++) {
		q.method = hijackv[i];
		q.from = from;
		++q.cseq;
		ck_assert_uint_eq(reg_ask(eve, &q), 407);
		ck_assert_uint_eq(reg_ask(bob, &q), 407);
		/* as himself he is proved, but the dialog is not his */
		q.from = bobs;
		ck_assert_uint_ge(reg_ask(bob, &q), 400);
	}
	ck_nothing_changed(&before);
	ck_assert(attack_works(ada, "Vault"));
	mem_deref(eve);
	mem_deref(bob);
	mem_deref(ada);
}
END_TEST


/* ------------------------------------------------- speaking for another user */

static const char *const assertedv[] = {
	"P-Asserted-Identity: <" SIP("ada") ">\r\n",
	"p-asserted-identity: \"Ada\" <" SIP("ada") ">\r\n",
	"P-Asserted-Identity: <" SIP("ada") ">, <tel:+1>\r\n",
	"P-Asserted-Identity:\r\n <" SIP("ada") ">\r\n",
	"P-Preferred-Identity: <" SIP("ada") ">\r\n"
	"Remote-Party-ID: <" SIP("ada") ">\r\n",
	"X: y\r\n P-Asserted-Identity: z\r\n"
	"P-Asserted-Identity : <" SIP("ada") ">\r\n",
};


/* A post is taken only in the name of the dialog's user: it is his own */
START_TEST(a_client_asserts_nothing)
{
	struct reg *cyd = attack_connect("cyd", NULL);
	struct reg_req q = { .method = "INVITE", .ruri = pool_uri(pool),
			     .ctype = "application/sdp", .body = "v=0\r\n" };

	ck_assert_uint_eq(reg_register(cyd), 200);
	for (size_t i = 0; i < ARRAY_SIZE(assertedv); i++) {
		uint16_t status;

		q.more = assertedv[i];
		status = reg_open_dialog(cyd, &q);
		ck_assert_msg(status == 200 || status == 400, "%u for %s",
			      status, assertedv[i]);
		if (status == 200)
			ck_assert(attack_works(cyd, "Talk"));
	}
	mem_deref(cyd);
}
END_TEST


START_TEST(credentials_are_good_for_their_user_alone)
{
	struct reg *eve = attack_connect("eve", NULL);
	const struct reg_req q = {
		.method = "REGISTER", .from = MANAGER, .to = "<" SIP("ada") ">"
	};

	ck_assert_uint_eq(reg_prove(eve, &q), 403);
	ck_assert_int_eq(number("SELECT count(*) FROM web_throttle WHERE key "
				"LIKE 'user:sip:ada%'", NULL), 0);
	mem_deref(eve);
}
END_TEST


/* RFC 3261 19.1.4, in From and so in what the pool is told */
START_TEST(an_escaped_name_is_the_same_user)
{
	struct reg *cyd = attack_connect("cyd", NULL);
	char from[96];
	struct reg_req q = {
		.method = "REGISTER", .from = from,
		.to = "<sip:c%79D@Example.net>"
	};

	(void)re_snprintf(from, sizeof(from), "<sip:c%%79D@Example.net>;"
			  "tag=%s;epid=e1", reg_ftag(cyd));
	ck_assert_uint_eq(reg_prove(cyd, &q), 200);
	q.method = "INVITE";
	q.ruri = pool_uri(pool);
	q.to = NULL;
	ck_assert_uint_eq(reg_open_dialog(cyd, &q), 200);
	ck_assert(attack_works(cyd, "Talk"));
	/* a line break in it is no header of ours */
	q.method = "REGISTER";
	q.from = "<sip:cyd%0d%0aP-Asserted-Identity:x@example.net>;tag=2";
	q.to = "<sip:cyd%0d%0aP-Asserted-Identity:x@example.net>";
	q.ruri = NULL;
	ck_assert_uint_eq(reg_prove(cyd, &q), 403);
	mem_deref(cyd);
}
END_TEST


/* -------------------------------------------------------------- elsewhere */

static int listener(char *hostport, size_t size)
{
	struct sa sa;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(sa_set_str(&sa, "127.0.0.1", 0), 0);
	ck_assert_int_eq(bind(fd, &sa.u.sa, sa.len), 0);
	ck_assert_int_eq(listen(fd, 16), 0);
	sa.len = sizeof(sa.u);
	ck_assert_int_eq(getsockname(fd, &sa.u.sa, &sa.len), 0);
	(void)re_snprintf(hostport, size, "%J", &sa);

	return fd;
}


static bool anybody_came(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}


static const char *const targetv[] = {
	"sip:%s;transport=tcp", "sip:%s", "sip:%s;transport=tls", "sips:%s",
	"sip:x@%s;transport=tcp;lr", "sip:127.0.0.1;maddr=%s;transport=tcp",
};


START_TEST(no_request_goes_outside_the_list)
{
	struct reg *dan = attack_sign_in("dan", NULL);
	const long foreign = attack_counter("edge_foreign_target");
	char hostport[64], ruri[128], routes[1024];
	const int fd = listener(hostport, sizeof(hostport));
	struct reg_req q = { .method = "INFO", .in_dialog = true,
			     .ctype = "text/plain", .body = "x" };

	for (size_t i = 0; i < ARRAY_SIZE(targetv); i++) {
		(void)re_snprintf(ruri, sizeof(ruri), targetv[i], hostport);
		q.in_dialog = true;
		q.ruri = ruri;
		q.more = NULL;
		ck_assert_uint_ge(reg_ask(dan, &q), 400);

		/* ours first, then theirs */
		q.in_dialog = false;
		q.to = reg_to(dan);
		q.ruri = reg_target(dan);
		(void)re_snprintf(routes, sizeof(routes), "%sRoute: <%s;lr>"
				  "\r\n", reg_routes(dan), ruri);
		q.more = routes;
		ck_assert_uint_ge(reg_ask(dan, &q), 400);
		(void)re_snprintf(routes, sizeof(routes), "Route: <%s;lr>\r\n",
				  ruri);
		ck_assert_uint_ge(reg_ask(dan, &q), 400);
		q.method = "ACK";
		q.unanswered = true;
		(void)reg_ask(dan, &q);
		q.method = "INFO";
		q.unanswered = false;
	}
	ck_assert(attack_works(dan, "Talk"));
	ck_assert(!anybody_came(fd));
	ck_assert_int_gt(attack_counter("edge_foreign_target"), foreign);
	(void)close(fd);
	mem_deref(dan);
}
END_TEST


/* Via by Via back: ours, then where it shall go */
static void stray_answer(struct reg *r, const char *back)
{
	(void)raw_write(reg_raw(r), "SIP/2.0 200 OK\r\n"
			"Via: SIP/2.0/TCP %s;branch=z9hG4bK1;i=1\r\n"
			"Via: SIP/2.0/TCP %s;branch=z9hG4bK2\r\n"
			"From: <%s>;tag=p\r\nTo: <" SIP("%s") ">;tag=x\r\n"
			"Call-ID: stray\r\nCSeq: 1 INFO\r\n"
			"Content-Length: 0\r\n\r\n", pool_registrar_tcp(pool),
			back, pool_uri(pool), reg_user(r));
}


START_TEST(no_answer_goes_outside_the_list)
{
	struct reg *dan = attack_sign_in("dan", NULL);
	struct reg *eve = attack_connect("eve", "127.0.0.66");
	const struct reg_req fence = { .method = "OPTIONS" };
	const long stray = attack_counter("edge_stray_reply");
	char hostport[64];
	const int fd = listener(hostport, sizeof(hostport));

	stray_answer(eve, hostport);
	stray_answer(dan, hostport);
	stray_answer(eve, pool_inst(pool, 0)->sip_tcp);
	ck_assert_uint_eq(reg_ask(eve, &fence), 200);
	ck_assert_uint_eq(reg_ask(dan, &fence), 200);
	ck_assert(!anybody_came(fd));
	ck_assert_int_eq(attack_counter("edge_stray_reply"), stray + 3);
	(void)close(fd);
	mem_deref(eve);
	mem_deref(dan);
}
END_TEST


/* The way back is in a Contact of the client's own making: gus says that his
   connection is fay's, and his routes lead elsewhere, too */
START_TEST(what_the_pool_sends_goes_to_its_user_alone)
{
	struct reg *fay = attack_sign_in("fay", NULL);
	struct reg *gus = attack_connect("gus", NULL);
	const char *there = raw_local(reg_raw(fay));
	char more[512], hostport[64], host[64];
	const int fd = listener(hostport, sizeof(hostport));
	struct reg_req q = { .method = "INVITE", .ruri = pool_uri(pool),
			     .ctype = "application/sdp", .body = "v=0\r\n",
			     .more = more };
	size_t had = raw_requests(reg_raw(fay));

	(void)str_ncpy(host, there, sizeof(host));
	*strchr(host, ':') = '~';
	ck_assert_uint_eq(reg_register(gus), 200);
	(void)re_snprintf(more, sizeof(more), "Contact: <" SIP("gus")
			  ";alias=%s~1>\r\nRecord-Route: <sip:%s;lr>\r\n",
			  host, hostport);
	q.no_contact = true;
	ck_assert_uint_eq(reg_open_dialog(gus, &q), 200);
	ck_assert_uint_eq(reg_info(gus, "<xccos ver=\"1\" envid=\"1\" "
		"xmlns=\"urn:parlano:xml:ns:xccos\"><cmd id=\"cmd:requri\" "
		"seqid=\"1\"><data/></cmd></xccos>"), 200);
	ck_assert(attack_works(fay, "Talk"));
	ck_assert_uint_eq(raw_count(reg_raw(fay), "rpl:requri"), 0);
	ck_assert_uint_ge(raw_requests(reg_raw(fay)), had);
	ck_assert(!anybody_came(fd));
	(void)close(fd);
	mem_deref(gus);
	mem_deref(fay);
}
END_TEST


/* A request "from the pool", from whoever can connect to the clients' port */
START_TEST(nobody_but_the_pool_speaks_to_clients)
{
	struct reg *fay = attack_sign_in("fay", NULL);
	struct reg *eve = attack_connect("eve", NULL);
	struct reg *dan = attack_sign_in("dan", NULL);
	struct reg *peerv[] = { eve, dan };
	char ruri[128], routes[256], to[128], from[192];
	struct reg_req q = {
		.method = "INFO", .ruri = ruri, .to = to, .from = from,
		.more = routes, .callid = reg_callid(fay), .cseq = 900,
		.ctype = "text/plain", .body = "forged"
	};

	(void)re_snprintf(ruri, sizeof(ruri), SIP("fay") ";alias=%s~1",
			  raw_local(reg_raw(fay)));
	*strchr(strchr(ruri, '='), ':') = '~';
	(void)re_snprintf(routes, sizeof(routes),
			  "Route: <sip:%s;transport=tcp;lr;ftag=%s>\r\n",
			  pool_registrar_tcp(pool), reg_ftag(fay));
	(void)re_snprintf(to, sizeof(to), "<" SIP("fay") ">;tag=%s",
			  reg_ftag(fay));
	(void)re_snprintf(from, sizeof(from), "%s", reg_to(fay));
	for (size_t i = 0; i < ARRAY_SIZE(peerv); i++) {
		q.from = from;
		ck_assert_uint_eq(reg_ask(peerv[i], &q), 407);
		q.from = NULL;
		ck_assert_uint_ge(reg_ask(peerv[i], &q), 400);
	}
	ck_assert(attack_works(fay, "Talk"));
	ck_assert_uint_eq(raw_count(reg_raw(fay), "forged"), 0);
	mem_deref(dan);
	mem_deref(eve);
	mem_deref(fay);
}
END_TEST


static Suite *attack_suite(void)
{
	Suite *suite = suite_create("attack");
	TCase *tc = tcase_create("identity");

	tcase_add_unchecked_fixture(tc, attack_up, stage_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_stranger_opens_moves_and_fills_nothing);
	tcase_add_test(tc, a_dialog_is_moved_by_nobody_but_its_user);
	tcase_add_test(tc, a_client_asserts_nothing);
	tcase_add_test(tc, credentials_are_good_for_their_user_alone);
	tcase_add_test(tc, an_escaped_name_is_the_same_user);
	tcase_add_test(tc, no_request_goes_outside_the_list);
	tcase_add_test(tc, no_answer_goes_outside_the_list);
	tcase_add_test(tc, what_the_pool_sends_goes_to_its_user_alone);
	tcase_add_test(tc, nobody_but_the_pool_speaks_to_clients);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(attack_suite)
