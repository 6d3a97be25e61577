/**
 * @file tests/unit/common/test_queue.c  Two sides of the queue in one process
 */
#include <string.h>
#include <re.h>
#include "common/bus.h"
#include "common/queue.h"
#include "common/stats.h"
#include "tests/support/wait.h"
#include "tests/unit/suite.h"

enum { LIMIT_MS = 20000, MANY = 20 };

static struct bus *bus;
static struct queue_in *in;
static struct queue_out *out;
static unsigned taken, stored;
static uint64_t last;
static char text[64];
static bool answering = true;


static void batch_handler(const struct queue_from *from,
			  const struct pl *events, void *arg)
{
	(void)arg;

	++taken;
	(void)pl_strcpy(events, text, sizeof(text));
	if (answering)
		queue_in_stored(in, from);
	wait_poke();
}


static void stored_handler(uint64_t batch, void *arg)
{
	(void)arg;

	++stored;
	last = batch;
	wait_poke();
}


static void bus_handler(const struct pl *topic, const struct pl *body,
			void *arg)
{
	(void)topic;
	(void)body;
	(void)arg;
}


static void setup(void)
{
	ck_assert_int_eq(bus_open(&bus, "tcp://127.0.0.1:*", bus_handler,
				  NULL), 0);
	ck_assert_int_eq(queue_in_open(&in, "tcp://127.0.0.1:*",
				       batch_handler, NULL), 0);
	ck_assert_int_eq(queue_out_open(&out, bus, queue_in_endpoint(in),
					queue_in_pubkey(in), stored_handler,
					NULL), 0);
}


static void teardown(void)
{
	out = mem_deref(out);
	in = mem_deref(in);
	bus = mem_deref(bus);
}


static void let_in(void)
{
	const struct pl keyv[] = {
		PL("not a key"), { bus_pubkey(bus), BUS_KEY_SIZE },
	};

	ck_assert_int_eq(queue_in_keys(in, keyv, ARRAY_SIZE(keyv)), 0);
}


static void send_one(uint64_t batch, const char *events)
{
	struct pl pl;

	pl_set_str(&pl, events);
	ck_assert_int_eq(queue_out_send(out, batch, &pl), 0);
}


static bool counted(void *arg)
{
	const unsigned *want = arg;

	return stored >= *want;
}


static void until_stored(unsigned n)
{
	ck_assert_int_eq(wait_for(counted, &n, LIMIT_MS), 0);
}


START_TEST(a_batch_arrives_and_its_number_comes_back)
{
	let_in();
	send_one(7, "[1]");
	until_stored(1);
	ck_assert_uint_eq(last, 7);
	ck_assert_str_eq(text, "[1]");
	ck_assert_uint_eq(taken, 1);
}
END_TEST


static bool has_taken(void *arg)
{
	(void)arg;

	return taken > 0;
}


static void refused_handler(const struct stats_row *row, void *arg)
{
	if (!strcmp(row->name, "queue_refused"))
		*(bool *)arg = *row->value > 0;
}


static bool is_refused(void *arg)
{
	bool refused = false;

	(void)arg;
	stats_apply(refused_handler, &refused);

	return refused;
}


static void poke_handler(void *arg)
{
	tmr_start(arg, 10, poke_handler, arg);
	wait_poke();
}


START_TEST(a_stranger_is_not_heard_until_his_key_is_known)
{
	struct tmr tmr;

	tmr_init(&tmr);
	poke_handler(&tmr);
	send_one(1, "[1]");
	ck_assert_int_eq(wait_for(is_refused, NULL, LIMIT_MS), 0);
	ck_assert_uint_eq(taken, 0);
	tmr_cancel(&tmr);
	let_in();
	until_stored(1);
}
END_TEST


START_TEST(who_pauses_gets_all_of_it_afterwards)
{
	unsigned i;

	let_in();
	send_one(1, "[]");
	until_stored(1);

	queue_in_pause(in, true);
	for (i = 2; i <= MANY; i++)
		send_one(i, "[2]");
	taken = 0;
	ck_assert_int_eq(wait_for(has_taken, NULL, 300), ETIMEDOUT);

	queue_in_pause(in, false);
	until_stored(MANY);
	ck_assert_uint_eq(last, MANY);
}
END_TEST


START_TEST(what_is_not_stored_is_not_answered)
{
	answering = false;
	let_in();
	send_one(1, "[1]");
	ck_assert_int_eq(wait_for(has_taken, NULL, LIMIT_MS), 0);
	ck_assert_uint_eq(stored, 0);
}
END_TEST


START_TEST(nonsense_is_refused)
{
	struct queue_out *q = NULL;

	ck_assert_int_eq(queue_out_open(&q, bus, "nonsense",
					queue_in_pubkey(in), stored_handler,
					NULL), EINVAL);
	ck_assert_int_eq(queue_out_open(&q, bus, queue_in_endpoint(in),
					"short", stored_handler, NULL),
			 EINVAL);
	ck_assert_ptr_null(q);
}
END_TEST


static Suite *queue_suite(void)
{
	Suite *suite = suite_create("queue");
	TCase *tc = tcase_create("queue");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_batch_arrives_and_its_number_comes_back);
	tcase_add_test(tc, a_stranger_is_not_heard_until_his_key_is_known);
	tcase_add_test(tc, who_pauses_gets_all_of_it_afterwards);
	tcase_add_test(tc, what_is_not_stored_is_not_answered);
	tcase_add_test(tc, nonsense_is_refused);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(queue_suite)
