/**
 * @file common/wheel.c  Hierarchical timing wheel with libre's tmr API
 *
 * Time is a number of LEVELS digits to the base of SLOTS, in milliseconds.  A
 * timer lies on the level of the highest digit in which its expiry differs
 * from the wheel's time, in the slot of its own digit there.  So all that is
 * on a level expires before anything on the next one, slots behind the wheel's
 * own digit are empty, and the first bit of the lowest level's bitmap is what
 * comes next.  When time gets to a slot above level 0, its timers move down.
 *
 * libre keeps timers in one sorted list and walks it on each start: 16 us with
 * ten thousand of them, and every TCP connection holds one.
 */
#include <string.h>
#include <time.h>
#include <re.h>
#include "common/stats.h"
#include "common/wheel.h"


enum {
	LEVEL_BITS  = 6,
	SLOTS       = 1<<LEVEL_BITS,
	LEVELS      = 7,               /* 2^42 ms of uptime: 139 years   */
	ROUNDS_MAX  = 4,               /* of zero timers in one poll     */
	WAIT_MAX_MS = 3600 * 1000,
};

static const uint64_t DELAY_MAX_MS = 1ULL << 36;    /* two years */

/*
 * libre hands what tmr_next_timeout() returns to epoll_wait() as
 * "to ? (int)to : -1" and has no word for "do not wait": 2^32 is not 0 and
 * becomes (int)0.
 */
static const uint64_t WAIT_NONE = 1ULL << 32;

static struct {
	struct list slotvv[LEVELS][SLOTS];
	uint64_t usedv[LEVELS];        /* bit n: slot n is not empty     */
	uint64_t now;                  /* wheel time, behind real time   */
	struct list duel;              /* expired, to fire in this turn  */
	struct list nextl;             /* to fire in the next turn       */
	struct list runl;              /* firing now                     */
	const struct tmr *firing;      /* handler runs; may be freed     */
	uint64_t frozen_ms;            /* 0: not frozen                  */
	uint64_t count, started, fired;
} wheel;

static const struct stats_row rowv[] = {
	{ "timers_running", &wheel.count,   true,  "Timers running" },
	{ "timers_started", &wheel.started, false, "Timers started" },
	{ "timers_fired",   &wheel.fired,   false, "Timers expired" },
};


uint64_t tmr_jiffies(void)
{
	struct timespec ts;

	if (wheel.frozen_ms)
		return wheel.frozen_ms;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}


static unsigned digit(uint64_t t, unsigned level)
{
	return (t >> (level * LEVEL_BITS)) & (SLOTS - 1);
}


/* The slot that time reaches next, and when */
static bool next_slot(unsigned *levelp, unsigned *slotp, uint64_t *tp)
{
	unsigned level, slot;

	for (level = 0; level < LEVELS; level++) {
		const unsigned shift = level * LEVEL_BITS;

		if (!wheel.usedv[level])
			continue;

		slot = (unsigned)__builtin_ctzll(wheel.usedv[level]);

		*tp = (wheel.now >> shift >> LEVEL_BITS << LEVEL_BITS | slot)
			<< shift;
		*slotp  = slot;
		*levelp = level;

		return true;
	}

	return false;
}


static void insert(struct tmr *tmr)
{
	unsigned level, slot;

	if (tmr->jfs <= wheel.now) {
		list_append(&wheel.duel, &tmr->le, tmr);
		return;
	}

	level = (unsigned)(63 - __builtin_clzll(tmr->jfs ^ wheel.now))
		/ LEVEL_BITS;
	slot  = digit(tmr->jfs, level);

	list_append(&wheel.slotvv[level][slot], &tmr->le, tmr);
	wheel.usedv[level] |= 1ULL << slot;
}


static void withdraw(struct tmr *tmr)
{
	const struct list *first = &wheel.slotvv[0][0];
	const struct list *list = tmr->le.list;

	list_unlink(&tmr->le);
	--wheel.count;

	if (list >= first && list < first + LEVELS * SLOTS && !list->head) {
		const size_t i = (size_t)(list - first);

		wheel.usedv[i / SLOTS] &= ~(1ULL << i % SLOTS);
	}
}


/* Timers between the wheel's time and @p to become due, in order */
static void advance(uint64_t to)
{
	unsigned level, slot;
	uint64_t t;

	while (next_slot(&level, &slot, &t) && t <= to) {

		struct list *list = &wheel.slotvv[level][slot];
		struct le *le;

		wheel.now = t;
		wheel.usedv[level] &= ~(1ULL << slot);

		while ((le = list->head)) {
			list_unlink(le);
			insert(le->data);
		}
	}

	if (wheel.now < to)
		wheel.now = to;
}


static void move_all(struct list *to, struct list *from)
{
	struct le *le;

	while ((le = from->head)) {
		list_unlink(le);
		list_append(to, le, le->data);
	}
}


static void fire(struct tmr *tmr)
{
	tmr_h *th = tmr->th;
	void *arg = tmr->arg;

	withdraw(tmr);
	tmr->th = NULL;

	++wheel.fired;
	wheel.firing = tmr;
	th(arg);
	wheel.firing = NULL;
}


void tmr_poll(struct list *tmrl)
{
	unsigned round;
	struct le *le;
	(void)tmrl;

	if (!wheel.count)
		return;

	advance(tmr_jiffies());
	move_all(&wheel.runl, &wheel.nextl);

	for (round = 0; round < ROUNDS_MAX; round++) {

		move_all(&wheel.runl, &wheel.duel);
		if (!wheel.runl.head)
			break;

		while ((le = wheel.runl.head))
			fire(le->data);
	}
}


uint64_t tmr_next_timeout(struct list *tmrl)
{
	unsigned level, slot;
	uint64_t t, now;
	(void)tmrl;

	if (!wheel.count)
		return 0;

	if (wheel.duel.head || wheel.nextl.head || wheel.runl.head)
		return WAIT_NONE;

	now = tmr_jiffies();
	if (!next_slot(&level, &slot, &t) || t <= now)
		return WAIT_NONE;

	return min(t - now, (uint64_t)WAIT_MAX_MS);
}


void tmr_init(struct tmr *tmr)
{
	if (tmr)
		memset(tmr, 0, sizeof(*tmr));
}


void tmr_start(struct tmr *tmr, uint64_t delay, tmr_h *th, void *arg)
{
	uint64_t now;

	if (!tmr)
		return;

	if (tmr->th)
		withdraw(tmr);

	tmr->th  = th;
	tmr->arg = arg;
	if (!th)
		return;

	now = tmr_jiffies();
	if (!wheel.count)
		wheel.now = now;

	tmr->jfs = now + min(delay, DELAY_MAX_MS);
	++wheel.count;
	++wheel.started;

	if (delay)
		insert(tmr);
	else if (tmr == wheel.firing)
		list_append(&wheel.nextl, &tmr->le, tmr);
	else
		list_append(&wheel.duel, &tmr->le, tmr);
}


void tmr_cancel(struct tmr *tmr)
{
	tmr_start(tmr, 0, NULL, NULL);
}


uint64_t tmr_get_expire(const struct tmr *tmr)
{
	uint64_t now;

	if (!tmr || !tmr->th)
		return 0;

	now = tmr_jiffies();

	return tmr->jfs > now ? tmr->jfs - now : 0;
}


static int print_list(struct re_printf *pf, const struct list *list)
{
	struct le *le;
	int err = 0;

	for (le = list->head; le && !err; le = le->next) {
		const struct tmr *tmr = le->data;

		err = re_hprintf(pf, "  %p: th=%p expire=%llums\n",
				 (void *)tmr, tmr->th,
				 (unsigned long long)tmr_get_expire(tmr));
	}

	return err;
}


int tmr_status(struct re_printf *pf, void *unused)
{
	const struct list *list = &wheel.slotvv[0][0];
	size_t i;
	int err;
	(void)unused;

	if (!wheel.count)
		return 0;

	err = re_hprintf(pf, "Timers (%llu):\n",
			 (unsigned long long)wheel.count);
	if (!err)
		err = print_list(pf, &wheel.duel);
	if (!err)
		err = print_list(pf, &wheel.nextl);

	for (i = 0; i < LEVELS * SLOTS && !err; i++)
		err = print_list(pf, &list[i]);

	return err;
}


void tmr_debug(void)
{
	if (wheel.count)
		(void)re_fprintf(stderr, "%H", tmr_status, NULL);
}


size_t wheel_count(void)
{
	return (size_t)wheel.count;
}


void wheel_time_set(uint64_t ms)
{
	wheel.frozen_ms = ms;
}


void wheel_stats(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}
