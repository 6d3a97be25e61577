/**
 * @file tests/scenario/chaos_wreck.c  Kills and breaks, at random moments
 *
 * In a process of its own: what it does takes time, and others go on talking
 * meanwhile.  First each kind of trouble once, in any order; then at random.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "tests/scenario/chaos.h"
#include "tests/scenario/scene.h"
#include "tests/support/proc.h"


enum { PAUSE_MS = 700, DOWN_MS = 1500, DISK_MS = 1500 };

/* The store comes first: without it nothing starts */
static const char *const victimv[] = {
	"store", "channel-1", "channel-2", "compliance-1", "compliance-2",
};

enum {
	STORE = 1, CHANNEL_1 = 2, CHANNEL_2 = 4, DAEMON_1 = 8, DAEMON_2 = 16,
	ADAPTER = 32, DISK = 64, WORKERS = 128, BACKEND = 256,
};

static const unsigned troublev[] = {
	STORE, CHANNEL_1, CHANNEL_2, DAEMON_1, DAEMON_2, ADAPTER, DISK,
	WORKERS, BACKEND,
	DAEMON_1 | DAEMON_2, CHANNEL_1 | CHANNEL_2, STORE | DAEMON_1,
	STORE | CHANNEL_2, CHANNEL_1 | DAEMON_2, ADAPTER | DAEMON_1,
	DISK | DAEMON_2,
};

struct wreck {
	struct pool *pool;
	const char *dir, *disk;
};


static void pause_ms(unsigned most)
{
	(void)poll(NULL, 0, rand() % (int)most);
}


static void adapter_breaks(const struct wreck *w, bool broken)
{
	char path[128];
	int fd;

	(void)re_snprintf(path, sizeof(path), "%s/broken", w->dir);
	if (!broken) {
		(void)unlink(path);
		return;
	}

	fd = open(path, O_CREAT | O_WRONLY, 0600);
	if (fd >= 0)
		(void)close(fd);
}


static void disk_size(const struct wreck *w, uint64_t bytes)
{
	char opts[64];

	(void)re_snprintf(opts, sizeof(opts), "size=%llu",
			  (unsigned long long)bytes);
	(void)mount(NULL, w->disk, NULL, MS_REMOUNT, opts);
}


/* Not larger than what is on it */
static void disk_fills(const struct wreck *w)
{
	struct statvfs st;

	if (w->disk && !statvfs(w->disk, &st))
		disk_size(w, (st.f_blocks - st.f_bfree) * st.f_frsize);
}


static void kill_handler(pid_t pid, void *arg)
{
	unsigned *left = arg;

	if (*left && !--*left)
		(void)kill(pid, SIGKILL);
}


static void kill_child(pid_t parent, unsigned no)
{
	if (parent > 1)
		proc_children(parent, kill_handler, &no);
}


/* Adapters' processes, and the daemon goes on; one of PostgreSQL's, and it
   starts all others again by itself */
static void kill_parts(const struct wreck *w, unsigned what)
{
	const struct pool_compliance *pc;
	size_t i;

	for (i = 0; what & WORKERS && (pc = pool_compliance(w->pool, i)); i++)
		kill_child(pc->pid, 1 + (unsigned)rand() % 3);
	if (what & BACKEND)
		kill_child(pool_postmaster(w->pool),
			   1 + (unsigned)rand() % 20);
}


/* Batches are wanted all the time; nobody waits for them */
static void run(const struct wreck *w)
{
	mem_deref(pool_compliance_sql(w->pool, "WITH asked AS (UPDATE run SET"
				      " asked_on = clock_timestamp()"
				      " RETURNING 1) SELECT 1 FROM asked,"
				      " pg_notify('pchat_run', '')", NULL));
}


static int trouble(const struct wreck *w, unsigned what)
{
	unsigned i;
	int err = 0;

	if (what & ADAPTER)
		adapter_breaks(w, true);
	if (what & DISK)
		disk_fills(w);
	for (i = 0; i < ARRAY_SIZE(victimv); i++) {
		if (what & 1u << i)
			(void)pool_kill9(w->pool, victimv[i]);
	}

	kill_parts(w, what);

	if (!(what & (STORE | BACKEND)))
		run(w);
	pause_ms(DOWN_MS);
	if (what & DISK)
		(void)poll(NULL, 0, DISK_MS);

	for (i = 0; i < ARRAY_SIZE(victimv) && !err; i++) {
		if (what & 1u << i)
			err = pool_start(w->pool, victimv[i]);
	}
	if (what & DISK && w->disk)
		disk_size(w, CHAOS_DISK);
	if (what & ADAPTER)
		adapter_breaks(w, false);

	run(w);
	pause_ms(PAUSE_MS);

	return err;
}


static void shuffle(unsigned *v, size_t n)
{
	for (; n > 1; n--) {
		const size_t k = (size_t)rand() % n;
		const unsigned x = v[k];

		v[k] = v[n - 1];
		v[n - 1] = x;
	}
}


static int wreck(const struct wreck *w, unsigned seconds)
{
	const uint64_t end = tmr_jiffies() + 1000ull * seconds;
	unsigned v[ARRAY_SIZE(troublev)];
	unsigned count = 0;
	size_t i = ARRAY_SIZE(v);
	int err = 0;

	memcpy(v, troublev, sizeof(v));

	for (; !err && tmr_jiffies() < end; count++) {
		if (i == ARRAY_SIZE(v)) {
			shuffle(v, i);
			i = 0;
		}
		err = trouble(w, v[i++]);
	}

	(void)re_fprintf(stderr, "%u troubles in %u s\n", count, seconds);

	return err;
}


pid_t chaos_wreck(struct pool *pool, const char *dir, const char *disk,
		  unsigned seconds, unsigned seed)
{
	const struct wreck w = { pool, dir, disk };
	const pid_t pid = fork();

	if (!pid) {
		srand(seed);
		_exit(wreck(&w, seconds));
	}

	return pid;
}
