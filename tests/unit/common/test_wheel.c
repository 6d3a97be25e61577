/**
 * @file tests/unit/common/test_wheel.c  Timers, on a clock that we turn and on
 * libre's loop
 */
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <re.h>
#include "common/wheel.h"
#include "tests/unit/suite.h"


enum { T0 = 1000000 };

static uint64_t now;

struct probe {
	struct tmr tmr;
	uint64_t due, fired_at;
	unsigned fired, order;
};

static unsigned order;


static void probe_handler(void *arg)
{
	struct probe *probe = arg;

	++probe->fired;
	probe->fired_at = now;
	probe->order = ++order;
}


static void turn_to(uint64_t ms)
{
	now = ms;
	wheel_time_set(ms);
	tmr_poll(NULL);
}


static void setup(void)
{
	order = 0;
	turn_to(T0);
}


static const uint64_t delayv[] = {
	1, 2, 63, 64, 65, 100, 4095, 4096, 4097, 32000, 900000, 1800000,
	3600000, 86400000, 4000000000ULL,
};


START_TEST(a_timer_fires_when_due_and_not_before)
{
	struct probe probe = {0};

	tmr_start(&probe.tmr, delayv[_i], probe_handler, &probe);
	ck_assert(tmr_isrunning(&probe.tmr));
	ck_assert_uint_eq(tmr_get_expire(&probe.tmr), delayv[_i]);

	turn_to(T0 + delayv[_i] - 1);
	ck_assert_uint_eq(probe.fired, 0);
	ck_assert_uint_eq(tmr_get_expire(&probe.tmr), 1);

	turn_to(T0 + delayv[_i]);
	ck_assert_uint_eq(probe.fired, 1);
	ck_assert(!tmr_isrunning(&probe.tmr));
	ck_assert_uint_eq(tmr_get_expire(&probe.tmr), 0);
	ck_assert_uint_eq(wheel_count(), 0);
}
END_TEST


START_TEST(a_timer_fires_after_a_jump_of_time)
{
	struct probe probe = {0};

	tmr_start(&probe.tmr, delayv[_i], probe_handler, &probe);
	turn_to(T0 + 20 * delayv[_i]);
	ck_assert_uint_eq(probe.fired, 1);
}
END_TEST


START_TEST(timers_fire_in_order_of_time_and_start)
{
	struct probe a = {0}, b = {0}, c = {0}, d = {0};

	tmr_start(&a.tmr, 5000, probe_handler, &a);
	tmr_start(&b.tmr, 10,   probe_handler, &b);
	turn_to(T0 + 4990);
	tmr_start(&c.tmr, 10,   probe_handler, &c);
	tmr_start(&d.tmr, 9,    probe_handler, &d);
	turn_to(T0 + 9000);

	ck_assert_uint_eq(b.order, 1);
	ck_assert_uint_eq(d.order, 2);
	ck_assert_uint_eq(a.order, 3);
	ck_assert_uint_eq(c.order, 4);
}
END_TEST


START_TEST(a_cancelled_timer_does_not_fire)
{
	struct probe a = {0}, b = {0};

	tmr_start(&a.tmr, 10, probe_handler, &a);
	tmr_start(&b.tmr, 10, probe_handler, &b);
	tmr_cancel(&a.tmr);
	tmr_cancel(&a.tmr);
	ck_assert(!tmr_isrunning(&a.tmr));
	ck_assert_uint_eq(wheel_count(), 1);
	turn_to(T0 + 10);
	ck_assert_uint_eq(a.fired, 0);
	ck_assert_uint_eq(b.fired, 1);

	tmr_init(&a.tmr);
	tmr_cancel(&a.tmr);
	tmr_cancel(NULL);
	ck_assert_uint_eq(wheel_count(), 0);
}
END_TEST


START_TEST(a_timer_started_again_fires_once_at_the_new_time)
{
	struct probe probe = {0};

	tmr_start(&probe.tmr, 10, probe_handler, &probe);
	tmr_start(&probe.tmr, 5000, probe_handler, &probe);
	ck_assert_uint_eq(wheel_count(), 1);
	turn_to(T0 + 4999);
	ck_assert_uint_eq(probe.fired, 0);
	tmr_start(&probe.tmr, 3, probe_handler, &probe);
	turn_to(T0 + 5002);
	turn_to(T0 + 9000);
	ck_assert_uint_eq(probe.fired, 1);
	ck_assert_uint_eq(probe.fired_at, T0 + 5002);
}
END_TEST


/* Two timers of the same time, each of which frees both */
struct pair {
	struct probe *a, *b;
};


static void probe_destructor(void *data)
{
	struct probe *probe = data;

	tmr_cancel(&probe->tmr);
}


static void free_handler(void *arg)
{
	struct pair *pair = arg;

	++order;
	pair->a = mem_deref(pair->a);
	pair->b = mem_deref(pair->b);
}


START_TEST(a_handler_may_free_its_timer_and_others)
{
	static const uint64_t msv[] = { 0, 10 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(msv); i++) {
		struct pair pair;

		order = 0;
		pair.a = mem_zalloc(sizeof(*pair.a), probe_destructor);
		pair.b = mem_zalloc(sizeof(*pair.b), probe_destructor);
		tmr_start(&pair.a->tmr, msv[i], free_handler, &pair);
		tmr_start(&pair.b->tmr, msv[i], free_handler, &pair);
		turn_to(now + msv[i]);
		ck_assert_uint_eq(order, 1);
		ck_assert_uint_eq(wheel_count(), 0);
	}
}
END_TEST


static struct tmr tmr_self, tmr_other;
static unsigned selfs, others;
static uint64_t self_delay;


static void other_handler(void *arg)
{
	(void)arg;

	++others;
}


static void self_handler(void *arg)
{
	(void)arg;

	++selfs;
	tmr_start(&tmr_self, self_delay, self_handler, NULL);
	tmr_start(&tmr_other, 0, other_handler, NULL);
}


START_TEST(a_zero_timer_of_a_handler_fires_in_the_same_turn)
{
	tmr_start(&tmr_self, 5, self_handler, NULL);
	self_delay = 1000;
	turn_to(T0 + 5);
	ck_assert_uint_eq(selfs, 1);
	ck_assert_uint_eq(others, 1);
}
END_TEST


START_TEST(a_zero_timer_that_restarts_itself_fires_once_a_turn)
{
	tmr_start(&tmr_self, 0, self_handler, NULL);
	self_delay = 0;
	tmr_poll(NULL);
	ck_assert_uint_eq(selfs, 1);
	ck_assert_uint_eq(others, 1);
	tmr_poll(NULL);
	ck_assert_uint_eq(selfs, 2);
	ck_assert_uint_eq(others, 2);
	tmr_cancel(&tmr_self);
	tmr_poll(NULL);
	ck_assert_uint_eq(selfs, 2);
}
END_TEST


static void ping_handler(void *arg);


static void pong_handler(void *arg)
{
	(void)arg;

	++others;
	tmr_start(&tmr_self, 0, ping_handler, NULL);
}


static void ping_handler(void *arg)
{
	(void)arg;

	++selfs;
	tmr_start(&tmr_other, 0, pong_handler, NULL);
}


START_TEST(zero_timers_that_start_each_other_end_the_turn)
{
	tmr_start(&tmr_self, 0, ping_handler, NULL);
	tmr_poll(NULL);
	ck_assert_uint_le(selfs + others, 8);
	ck_assert_uint_eq(wheel_count(), 1);
}
END_TEST


START_TEST(the_next_timeout_is_zero_only_without_timers)
{
	struct probe a = {0}, b = {0};

	ck_assert_uint_eq(tmr_next_timeout(NULL), 0);

	tmr_start(&a.tmr, 0, probe_handler, &a);
	ck_assert_uint_ne(tmr_next_timeout(NULL), 0);
	ck_assert_int_eq((int)tmr_next_timeout(NULL), 0);
	tmr_poll(NULL);
	ck_assert_uint_eq(tmr_next_timeout(NULL), 0);

	tmr_start(&a.tmr, 30, probe_handler, &a);
	tmr_start(&b.tmr, 20000, probe_handler, &b);
	ck_assert_uint_ge(tmr_next_timeout(NULL), 1);
	ck_assert_uint_le(tmr_next_timeout(NULL), 30);
	wheel_time_set(T0 + 500);
	ck_assert_uint_ne(tmr_next_timeout(NULL), 0);
	ck_assert_int_eq((int)tmr_next_timeout(NULL), 0);
	turn_to(T0 + 500);
	ck_assert_uint_ge(tmr_next_timeout(NULL), 1);
	ck_assert_uint_le(tmr_next_timeout(NULL), 19500);
	tmr_cancel(&b.tmr);
	ck_assert_uint_eq(tmr_next_timeout(NULL), 0);

	tmr_start(&a.tmr, UINT64_MAX, probe_handler, &a);
	ck_assert_uint_le(tmr_next_timeout(NULL), 3600 * 1000);
	ck_assert_uint_ge(tmr_next_timeout(NULL), 1);
}
END_TEST


/* Sleeping as long as tmr_next_timeout() says never misses a timer */
START_TEST(following_the_next_timeout_hits_every_timer)
{
	static struct probe probev[500];
	unsigned turns = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(probev); i++) {
		const uint64_t delay = 1 + rand_u32() % 500000;

		probev[i].due = T0 + delay;
		tmr_start(&probev[i].tmr, delay, probe_handler, &probev[i]);
	}

	while (wheel_count()) {
		const uint64_t to = tmr_next_timeout(NULL);

		ck_assert_uint_ge(to, 1);
		turn_to(now + to);
		ck_assert_uint_lt(++turns, 10 * ARRAY_SIZE(probev));
	}

	for (i = 0; i < ARRAY_SIZE(probev); i++) {
		ck_assert_uint_eq(probev[i].fired, 1);
		ck_assert_uint_eq(probev[i].fired_at, probev[i].due);
	}
}
END_TEST


static uint64_t random_delay(void)
{
	return rand_u64() >> (64 - 1 - rand_u32() % 26);
}


/* Random starts, restarts, cancels and jumps against what must come out */
START_TEST(many_timers_behave_like_a_list)
{
	static struct probe probev[2000];
	unsigned step, wrong = 0;
	size_t i;

	for (step = 0; step < 20000; step++) {

		struct probe *probe = &probev[rand_u32() % ARRAY_SIZE(probev)];

		switch (rand_u32() % 8) {

		case 0:
			tmr_cancel(&probe->tmr);
			probe->due = 0;
			break;

		case 1:
			turn_to(now + random_delay() / 64);
			for (i = 0; i < ARRAY_SIZE(probev); i++) {
				const bool run = tmr_isrunning(&probev[i].tmr);

				wrong += run != (probev[i].due > now);
			}
			ck_assert_uint_eq(wrong, 0);
			break;

		default:
			i = random_delay();
			probe->due = now + i + 1;
			tmr_start(&probe->tmr, i + 1, probe_handler, probe);
			break;
		}
	}

	for (i = 0; i < ARRAY_SIZE(probev); i++)
		tmr_cancel(&probev[i].tmr);
	ck_assert_uint_eq(wheel_count(), 0);
	ck_assert_uint_eq(tmr_next_timeout(NULL), 0);
}
END_TEST


START_TEST(the_status_tells_every_timer)
{
	struct probe a = {0}, b = {0};
	char buf[512];

	tmr_start(&a.tmr, 10, probe_handler, &a);
	tmr_start(&b.tmr, 100000, probe_handler, &b);
	ck_assert_int_gt(re_snprintf(buf, sizeof(buf), "%H", tmr_status,
				     NULL), 0);
	ck_assert_ptr_nonnull(strstr(buf, "Timers (2):"));
	ck_assert_ptr_nonnull(strstr(buf, "expire=10ms"));
	ck_assert_ptr_nonnull(strstr(buf, "expire=100000ms"));
}
END_TEST


/* From here on the real clock and libre's own loop */

static int fdv[2];
static unsigned reads;
static struct tmr tmr_end, tmr_flush;
static bool flushed;


static void end_handler(void *arg)
{
	(void)arg;

	re_cancel();
}


static void flush_handler(void *arg)
{
	(void)arg;

	flushed = true;
}


/* The socket stays readable: every turn of the loop comes here */
static void read_handler(int flags, void *arg)
{
	(void)flags;
	(void)arg;

	ck_assert(!reads || flushed);
	flushed = false;
	tmr_start(&tmr_flush, 0, flush_handler, NULL);

	if (++reads == 1000)
		re_cancel();
}


static void loop_setup(void)
{
	wheel_time_set(0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fdv), 0);
	ck_assert_int_eq(write(fdv[1], "x", 1), 1);
}


START_TEST(libre_runs_on_the_wheel)
{
	uint64_t start = tmr_jiffies();

	tmr_start(&tmr_end, 30, end_handler, NULL);
	ck_assert_int_eq(re_main(NULL), 0);
	ck_assert_uint_ge(tmr_jiffies() - start, 30);
	ck_assert_uint_lt(tmr_jiffies() - start, 1000);
	ck_assert_uint_eq(wheel_count(), 0);
}
END_TEST


START_TEST(a_zero_timer_of_an_fd_handler_fires_in_the_same_turn)
{
	ck_assert_int_eq(fd_listen(fdv[0], FD_READ, read_handler, NULL), 0);
	ck_assert_int_eq(re_main(NULL), 0);
	ck_assert_uint_eq(reads, 1000);
}
END_TEST


START_TEST(a_restarting_zero_timer_neither_starves_fds_nor_waits)
{
	const uint64_t start = tmr_jiffies();

	self_delay = 0;
	tmr_start(&tmr_self, 0, self_handler, NULL);
	ck_assert_int_eq(fd_listen(fdv[0], FD_READ, read_handler, NULL), 0);
	ck_assert_int_eq(re_main(NULL), 0);
	ck_assert_uint_eq(reads, 1000);
	ck_assert_uint_ge(selfs, 998);
	ck_assert_uint_le(selfs, 1002);

	/* now with nothing to read: a turn must not cost a millisecond */
	fd_close(fdv[0]);
	selfs = 0;
	tmr_start(&tmr_end, 50, end_handler, NULL);
	ck_assert_int_eq(re_main(NULL), 0);
	ck_assert_uint_gt(selfs, 500);
	ck_assert_uint_lt(tmr_jiffies() - start, 5000);
}
END_TEST


static Suite *wheel_suite(void)
{
	Suite *suite = suite_create("wheel");
	TCase *tc = tcase_create("clock");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, a_timer_fires_when_due_and_not_before,
			    0, ARRAY_SIZE(delayv));
	tcase_add_loop_test(tc, a_timer_fires_after_a_jump_of_time,
			    0, ARRAY_SIZE(delayv));
	tcase_add_test(tc, timers_fire_in_order_of_time_and_start);
	tcase_add_test(tc, a_cancelled_timer_does_not_fire);
	tcase_add_test(tc, a_timer_started_again_fires_once_at_the_new_time);
	tcase_add_test(tc, a_handler_may_free_its_timer_and_others);
	tcase_add_test(tc, a_zero_timer_of_a_handler_fires_in_the_same_turn);
	tcase_add_test(tc, a_zero_timer_that_restarts_itself_fires_once_a_turn);
	tcase_add_test(tc, zero_timers_that_start_each_other_end_the_turn);
	tcase_add_test(tc, the_next_timeout_is_zero_only_without_timers);
	tcase_add_test(tc, following_the_next_timeout_hits_every_timer);
	tcase_add_test(tc, many_timers_behave_like_a_list);
	tcase_add_test(tc, the_status_tells_every_timer);
	suite_add_tcase(suite, tc);

	tc = tcase_create("loop");
	tcase_add_checked_fixture(tc, loop_setup, NULL);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, libre_runs_on_the_wheel);
	tcase_add_test(tc, a_zero_timer_of_an_fd_handler_fires_in_the_same_turn);
	tcase_add_test(tc,
		a_restarting_zero_timer_neither_starves_fds_nor_waits);
	suite_add_tcase(suite, tc);

	return suite;
}


TEST_SUITE(wheel_suite)
