/**
 * @file tests/db/test_web_end.c  A web service that stops, in the middle of things
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <libpq-fe.h>
#include "tests/db/operator.h"
#include "tests/db/webproc.h"
#include "tests/unit/suite.h"

enum { LIMIT_MS = 20000, MANY = 20 };

static const char data[] =
"{\"users\":[{\"uri\":\"ada@x.net\",\"password\":\"ada-pw\"},"
" {\"uri\":\"bob@x.net\",\"password\":\"bob-pw\"}],"
"\"categories\":[{\"name\":\"Here\"}],"
"\"rooms\":[{\"name\":\"Lobby\",\"category\":\"Here\","
"  \"privacy\":\"open\"}]}";

static const char half_post[] =
	"POST /api/v1/session HTTP/1.1\r\nHost: x\r\n"
	"Content-Type: application/json\r\nContent-Length: 40\r\n\r\n{\"user\"";
static const char rest_of_it[] = ":\"ada\",\"password\":\"ada-pw\"}        ";
static const char signin[] =
	"POST /api/v1/session HTTP/1.1\r\nHost: x\r\n"
	"Content-Type: application/json\r\nContent-Length: 34\r\n\r\n"
	"{\"user\":\"ada\",\"password\":\"ada-pw\"}";


static void setup(void)
{
	op_setup();
	ck_assert_msg(op_import(data) == TOOL_OK, "%s", op_err());
	wp_start(" ");
}


static void teardown(void)
{
	wp_stop();
	op_teardown();
}


static int dial(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)wp_port()) };
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);

	return fd;
}


static void say(int fd, const char *text)
{
	ck_assert_int_eq(write(fd, text, strlen(text)),
			 (ssize_t)strlen(text));
}


/* All that comes until the other side closes */
static const char *heard(int fd)
{
	static char text[16384];
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t n = 0;
	ssize_t got = 1;

	while (got > 0 && n + 1 < sizeof(text)) {
		ck_assert_int_eq(poll(&pfd, 1, LIMIT_MS), 1);
		got = read(fd, text + n, sizeof(text) - 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	text[n] = '\0';

	return text;
}


/* Has it been read?  An answer to a later one on another connection says so */
static void settle(void)
{
	wp_is(200, "GET", "/healthz", NULL);
}


START_TEST(what_is_under_way_is_finished)
{
	const int fd = dial();

	say(fd, half_post);
	settle();
	wp_ask_to_stop();
	/* no new ones meanwhile */
	while (wp_call("GET", "/healthz", NULL))
		(void)poll(NULL, 0, 1);
	say(fd, rest_of_it);
	ck_assert_ptr_nonnull(strstr(heard(fd), "201 Created"));
	ck_assert_int_eq(wp_stopped(), 0);
	(void)close(fd);
}
END_TEST


START_TEST(who_does_not_finish_is_not_waited_for)
{
	int fdv[MANY];
	unsigned i;

	for (i = 0; i < MANY; i++) {
		fdv[i] = dial();
		say(fdv[i], i % 2 ? half_post : "GET / HTTP/1.1\r\n");
	}
	settle();
	wp_ask_to_stop();
	ck_assert_int_eq(wp_stopped(), 0);
	for (i = 0; i < MANY; i++)
		(void)close(fdv[i]);
}
END_TEST


/* Some wait for the store, some for their clients, when it is all over */
START_TEST(it_ends_in_the_middle_of_requests)
{
	PGconn *pg = PQconnectdb(store_conninfo(op_store()));
	int fdv[MANY];
	unsigned i;

	PQclear(PQexec(pg, "BEGIN; LOCK TABLE web_throttle"));
	for (i = 0; i < MANY; i++) {
		fdv[i] = dial();
		say(fdv[i], i % 4 ? signin : half_post);
	}
	settle();
	wp_control("stop");
	wp_control("stop");
	ck_assert_int_eq(wp_stopped(), 0);
	for (i = 0; i < MANY; i++)
		(void)close(fdv[i]);
	PQfinish(pg);
}
END_TEST


/* Five are free; one more makes the next ones wait */
START_TEST(guesses_at_once_are_not_all_tried)
{
	static const char guess[] =
		"POST /api/v1/session HTTP/1.1\r\nHost: x\r\n"
		"Content-Type: application/json\r\nContent-Length: 34\r\n"
		"Connection: close\r\n\r\n"
		"{\"user\":\"ada\",\"password\":\"guess\"} ";
	unsigned i, wrong = 0, later = 0;
	int fdv[MANY];

	for (i = 0; i < MANY; i++) {
		fdv[i] = dial();
		say(fdv[i], guess);
	}
	for (i = 0; i < MANY; i++) {
		const char *text = heard(fdv[i]);

		wrong += strstr(text, " 401 ") != NULL;
		later += strstr(text, " 429 ") != NULL;
		(void)close(fdv[i]);
	}
	ck_assert_uint_eq(wrong + later, MANY);
	ck_assert_uint_ge(wrong, 6);
	ck_assert_uint_le(wrong, 12);
}
END_TEST


START_TEST(clients_that_go_leave_nothing_behind)
{
	unsigned i;
	int fd;

	for (i = 0; i < MANY; i++) {
		fd = dial();
		say(fd, signin);
		(void)close(fd);
	}
	ck_assert_int_eq(wp_signin("bob", "bob-pw"), 201);
	wp_is(200, "GET", "rooms", NULL);
}
END_TEST


START_TEST(an_error_does_not_end_the_connection)
{
	const int fd = dial();
	const char *text, *p;
	unsigned n = 0;

	say(fd, "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
	    "HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	    "GET /api/v1/rooms HTTP/1.1\r\nHost: x\r\n\r\n"
	    "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	text = heard(fd);
	for (p = text; (p = strstr(p, "HTTP/1.1 ")); ++p)
		++n;
	ck_assert_msg(n == 4, "%s", text);
	ck_assert_ptr_nonnull(strstr(text, "404 Not Found"));
	ck_assert_ptr_nonnull(strstr(text, "401 Unauthorized"));
	(void)close(fd);
}
END_TEST


START_TEST(without_a_store_there_is_an_answer)
{
	ck_assert_int_eq(wp_signin("ada", "ada-pw"), 201);
	store_crash(op_store());
	wp_is(503, "GET", "rooms", NULL);
	wp_is(503, "GET", "/healthz", NULL);
	wp_is(200, "GET", "/", NULL);
	ck_assert_int_eq(store_up(op_store()), 0);
}
END_TEST


static Suite *web_end_suite(void)
{
	Suite *suite = suite_create("web_end");
	TCase *tc = tcase_create("end");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_is_under_way_is_finished);
	tcase_add_test(tc, who_does_not_finish_is_not_waited_for);
	tcase_add_test(tc, it_ends_in_the_middle_of_requests);
	tcase_add_test(tc, guesses_at_once_are_not_all_tried);
	tcase_add_test(tc, clients_that_go_leave_nothing_behind);
	tcase_add_test(tc, an_error_does_not_end_the_connection);
	tcase_add_test(tc, without_a_store_there_is_an_answer);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(web_end_suite)
