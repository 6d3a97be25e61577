/**
 * @file tests/unit/common/test_bus.c  Two buses in one process
 */
#include <string.h>
#include <re.h>
#include "common/bus.h"
#include "tests/support/wait.h"
#include "tests/unit/suite.h"

enum { LIMIT_MS = 20000, MANY = 20000, AHEAD = 500 };

/** One side: what it sent and got */
struct side {
	struct bus *bus;
	struct side *other;
	unsigned got, sent;
	unsigned disorder;
	char topic[32], body[64];
	struct tmr tmr;
};

static struct side a, b;


static void message_handler(const struct pl *topic, const struct pl *body,
			    void *arg)
{
	struct side *side = arg;

	(void)pl_strcpy(topic, side->topic, sizeof(side->topic));
	(void)pl_strcpy(body, side->body, sizeof(side->body));

	if (0 == pl_strcmp(topic, "many") && pl_u32(body) != side->got)
		++side->disorder;

	++side->got;
	wait_poke();
}


static void setup(void)
{
	ck_assert_int_eq(bus_open(&a.bus, "tcp://127.0.0.1:*",
				  message_handler, &a), 0);
	ck_assert_int_eq(bus_open(&b.bus, "tcp://127.0.0.1:*",
				  message_handler, &b), 0);
	a.other = &b;
	b.other = &a;
}


static void teardown(void)
{
	tmr_cancel(&a.tmr);
	tmr_cancel(&b.tmr);
	a.bus = mem_deref(a.bus);
	b.bus = mem_deref(b.bus);
}


static void meet(struct bus *bus, const struct bus *peer)
{
	ck_assert_int_eq(bus_peer_add(bus, bus_endpoint(peer),
				      bus_pubkey(peer)), 0);
}


/* A subscription takes its time: say it until it is heard. */
static void hello_handler(void *arg)
{
	struct side *side = arg;

	(void)bus_publish(side->bus, "hello", 5, "x", 1);
	++side->sent;
	tmr_start(&side->tmr, 10, hello_handler, side);
	wait_poke();
}


static bool is_heard(void *arg)
{
	const struct side *side = arg;

	return side->got > 0;
}


static bool has_said_fifty(void *arg)
{
	const struct side *side = arg;

	return side->sent >= 50;
}


/* From here on @p from is heard by the other side. */
static void until_heard(struct side *from)
{
	ck_assert_int_eq(bus_subscribe(from->other->bus, "hello", 5), 0);
	hello_handler(from);
	ck_assert_int_eq(wait_for(is_heard, from->other, LIMIT_MS), 0);
	tmr_cancel(&from->tmr);
	ck_assert_int_eq(bus_unsubscribe(from->other->bus, "hello", 5), 0);
}


START_TEST(a_message_reaches_who_subscribed)
{
	meet(a.bus, b.bus);
	meet(b.bus, a.bus);
	until_heard(&a);
	ck_assert_str_eq(b.topic, "hello");
	ck_assert_str_eq(b.body, "x");
	ck_assert_uint_eq(a.got, 0);
}
END_TEST


START_TEST(an_endpoint_and_a_key_are_told)
{
	ck_assert_uint_eq(strlen(bus_pubkey(a.bus)), BUS_KEY_SIZE);
	ck_assert_str_ne(bus_pubkey(a.bus), bus_pubkey(b.bus));
	ck_assert_int_eq(strncmp(bus_endpoint(a.bus), "tcp://127.0.0.1:", 16),
			 0);
	ck_assert_int_eq(bus_peer_add(a.bus, bus_endpoint(b.bus), "short"),
			 EINVAL);
	ck_assert_int_eq(bus_peer_add(a.bus, "nonsense", bus_pubkey(b.bus)),
			 EINVAL);
}
END_TEST


START_TEST(an_address_in_use_is_an_error)
{
	struct bus *bus = NULL;

	ck_assert_int_eq(bus_open(&bus, bus_endpoint(a.bus), message_handler,
				  NULL), EADDRINUSE);
	ck_assert_ptr_null(bus);
}
END_TEST


/* b knows a and connects, but a does not know b. */
static void knock_in_vain(void)
{
	ck_assert_int_eq(bus_subscribe(b.bus, "hello", 5), 0);
	meet(b.bus, a.bus);
	hello_handler(&a);
	ck_assert_int_eq(wait_for(has_said_fifty, &a, LIMIT_MS), 0);
	ck_assert_uint_eq(b.got, 0);
}


START_TEST(a_stranger_hears_nothing)
{
	knock_in_vain();
}
END_TEST


START_TEST(a_stranger_who_becomes_known_is_let_in)
{
	knock_in_vain();
	meet(a.bus, b.bus);
	ck_assert_int_eq(wait_for(is_heard, &b, LIMIT_MS), 0);
}
END_TEST


START_TEST(an_impostor_is_not_listened_to)
{
	/* At b's endpoint a expects somebody with a's own key */
	ck_assert_int_eq(bus_subscribe(a.bus, "hello", 5), 0);
	ck_assert_int_eq(bus_peer_add(a.bus, bus_endpoint(b.bus),
				      bus_pubkey(a.bus)), 0);
	meet(b.bus, a.bus);
	hello_handler(&b);
	ck_assert_int_eq(wait_for(has_said_fifty, &b, LIMIT_MS), 0);
	ck_assert_uint_eq(a.got, 0);

	/* The right key replaces it */
	meet(a.bus, b.bus);
	ck_assert_int_eq(wait_for(is_heard, &a, LIMIT_MS), 0);
}
END_TEST


START_TEST(a_peer_that_was_taken_out_is_not_heard)
{
	meet(a.bus, b.bus);
	meet(b.bus, a.bus);
	until_heard(&a);
	bus_peer_del(b.bus, bus_endpoint(a.bus), bus_pubkey(a.bus));
	ck_assert_int_eq(bus_subscribe(b.bus, "hello", 5), 0);
	b.got = a.sent = 0;
	hello_handler(&a);
	ck_assert_int_eq(wait_for(has_said_fifty, &a, LIMIT_MS), 0);
	ck_assert_uint_eq(b.got, 0);
}
END_TEST


START_TEST(a_peer_that_comes_back_at_its_endpoint_is_heard)
{
	char endpoint[64];

	meet(a.bus, b.bus);
	meet(b.bus, a.bus);
	until_heard(&a);

	str_ncpy(endpoint, bus_endpoint(a.bus), sizeof(endpoint));
	a.bus = mem_deref(a.bus);
	ck_assert_int_eq(bus_open(&a.bus, endpoint, message_handler, &a), 0);
	meet(b.bus, a.bus);
	meet(a.bus, b.bus);
	b.got = 0;
	until_heard(&a);
}
END_TEST


static void many_handler(void *arg)
{
	struct side *side = arg;
	char body[16];
	int n;

	while (side->sent < MANY && side->sent < side->other->got + AHEAD) {

		n = re_snprintf(body, sizeof(body), "%u", side->sent);
		if (bus_publish(side->bus, "many", 4, body, (size_t)n))
			++side->disorder;
		++side->sent;
	}

	if (side->sent < MANY)
		tmr_start(&side->tmr, 0, many_handler, side);
}


static bool have_all(void *arg)
{
	(void)arg;
	return a.got == MANY && b.got == MANY;
}


START_TEST(many_messages_both_ways_do_not_stall)
{
	meet(a.bus, b.bus);
	meet(b.bus, a.bus);
	ck_assert_int_eq(bus_subscribe(a.bus, "many", 4), 0);
	ck_assert_int_eq(bus_subscribe(b.bus, "many", 4), 0);
	until_heard(&a);
	until_heard(&b);
	a.got = b.got = a.sent = b.sent = 0;
	many_handler(&a);
	many_handler(&b);
	ck_assert_int_eq(wait_for(have_all, NULL, LIMIT_MS), 0);
	ck_assert_uint_eq(a.disorder, 0);
	ck_assert_uint_eq(b.disorder, 0);
}
END_TEST


START_TEST(a_full_queue_is_told)
{
	static char body[1024];
	unsigned i, full = 0;

	meet(a.bus, b.bus);
	meet(b.bus, a.bus);
	ck_assert_int_eq(bus_subscribe(b.bus, "flood", 5), 0);
	until_heard(&a);

	/* Nobody reads while this runs: both queues and the socket fill */
	for (i = 0; i < 100000 && !full; i++)
		full = bus_publish(a.bus, "flood", 5, body, sizeof(body));

	ck_assert_uint_eq(full, EAGAIN);
}
END_TEST


static struct bus *doomed;

static void deref_handler(const struct pl *topic, const struct pl *body,
			  void *arg)
{
	(void)topic;
	(void)body;
	(void)arg;
	doomed = mem_deref(doomed);
	wait_poke();
}


static bool is_gone(void *arg)
{
	(void)arg;
	return !doomed;
}


START_TEST(a_handler_may_close_the_bus)
{
	ck_assert_int_eq(bus_open(&doomed, "tcp://127.0.0.1:*",
				  deref_handler, NULL), 0);
	ck_assert_int_eq(bus_subscribe(doomed, "hello", 5), 0);
	meet(a.bus, doomed);
	meet(doomed, a.bus);
	hello_handler(&a);
	ck_assert_int_eq(wait_for(is_gone, NULL, LIMIT_MS), 0);
}
END_TEST


static Suite *bus_suite(void)
{
	Suite *suite = suite_create("common/bus");
	TCase *tc = tcase_create("bus");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_message_reaches_who_subscribed);
	tcase_add_test(tc, an_endpoint_and_a_key_are_told);
	tcase_add_test(tc, an_address_in_use_is_an_error);
	tcase_add_test(tc, a_stranger_hears_nothing);
	tcase_add_test(tc, a_stranger_who_becomes_known_is_let_in);
	tcase_add_test(tc, an_impostor_is_not_listened_to);
	tcase_add_test(tc, a_peer_that_was_taken_out_is_not_heard);
	tcase_add_test(tc, a_peer_that_comes_back_at_its_endpoint_is_heard);
	tcase_add_test(tc, many_messages_both_ways_do_not_stall);
	tcase_add_test(tc, a_full_queue_is_told);
	tcase_add_test(tc, a_handler_may_close_the_bus);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(bus_suite)
