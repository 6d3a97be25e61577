/**
 * @file tests/bench/adapters.c  How fast adapters write
 *
 *     build/tests/adapters [-n EVENTS]
 *
 * One batch, a thousand events a room, one in twenty a JOIN or PART, texts of
 * some 110 bytes with something to escape in them.  Every adapter delivers it
 * into a folder of its own in /tmp, with fsync; the files are removed after.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#include "common/clock.h"
#include "compliance/adapter.h"
#include "compliance/adapter/builtin.h"


enum { ROOM_EVENTS = 1000, USERS = 100 };

struct run {
	const char *title, *adapter;
	struct adapter_setting settingv[3];
	size_t settingc;
};

static const struct run runv[] = {
	{ "xml", "xml", { { NULL, NULL } }, 0 },
	{ "xml, a file a room", "xml",
	  { { "OneChatRoomPerOutputFile", "True" } }, 1 },
	{ "xml, filedump.xsl", "xml",
	  { { "CustomConfiguration", "deploy/compliance/filedump.xsl" },
	    { "AddParticipants", "True" } }, 2 },
	{ "jsonl", "jsonl", { { NULL, NULL } }, 0 },
	{ "eml, to files", "eml", { { NULL, NULL } }, 0 },
	{ "exec, wc", "exec", { { "command", "/usr/bin/wc" } }, 1 },
};

static struct adapter_user userv[USERS];
static const struct adapter_user *presentv[USERS];
static char dir[] = "/tmp/pchat-bench-XXXXXX";


static void log_handler(void *arg, int level, const char *fmt, ...)
{
	va_list ap;

	if (level > ADAPTER_WARN)
		return;

	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}


static bool due_handler(void *arg, const char *item)
{
	return true;
}


static int settled_handler(void *arg, const char *item,
			   enum adapter_verdict verdict, const char *why)
{
	return 0;
}


static const struct adapter_host host = {
	.log = log_handler, .due = due_handler, .settled = settled_handler,
};


static void make_users(void)
{
	static char textv[USERS][3][64];

	for (size_t i = 0; i < USERS; i++) {
		(void)re_snprintf(textv[i][0], 64, "sip:user%zu@example.com",
				  i);
		(void)re_snprintf(textv[i][1], 64, "First Last%zu", i);
		(void)re_snprintf(textv[i][2], 64, "first.last%zu@example.com",
				  i);
		userv[i] = (struct adapter_user){
			(int64_t)i, textv[i][0], textv[i][1], textv[i][2], true
		};
		presentv[i] = &userv[i];
	}
}


static void make_events(struct adapter_event *eventv, size_t eventc)
{
	for (size_t i = 0; i < eventc; i++) {

		const bool chat = i % 20 != 0;

		eventv[i] = (struct adapter_event){
			"3f0e1c52-6f1b-4d0e-9b44-1f6f0f9d0a77",
			chat ? EV_CHAT : i % 40 ? EV_JOIN : EV_PART,
			chat ? "CHAT" : i % 40 ? "JOIN" : "PART",
			1383660000000000 + (int64_t)i * 1000,
			chat ? (int64_t)i : 0, "1000",
			&userv[i % USERS], NULL, NULL, NULL, NULL, NULL,
			NULL, false
		};
		if (chat)
			eventv[i].chat = "Somebody says that \"this\" & that"
				" are < 10 and thinks it is worth writing down"
				", with a gr\xc3\xbc\xc3\x9f at the end";
	}
}


/* Rooms differ by their GUIDs, which file names are made of */
static struct adapter_room *make_rooms(size_t n)
{
	struct adapter_room *roomv = calloc(n, sizeof(*roomv));
	char (*guidv)[37] = calloc(n, sizeof(*guidv));

	if (!roomv || !guidv)
		exit(1);

	for (size_t i = 0; i < n; i++) {
		(void)re_snprintf(guidv[i], sizeof(guidv[i]),
				  "0e8f2a0c-3b1f-4a55-9a5e-%012zu", i);
		roomv[i] = (struct adapter_room){
			guidv[i], "ma-chan://example.com/0e8f2a0c-3b1f-4a55"
			"-9a5e-0c6f6f2f8a01", "Trading desk",
			"What the desk talks about", "Finance", "closed",
			"normal", true
		};
	}

	return roomv;
}


static void make_batch(struct adapter_batch *batch, size_t eventc)
{
	const size_t convc = (eventc + ROOM_EVENTS - 1) / ROOM_EVENTS;
	struct adapter_conversation *convv = calloc(convc, sizeof(*convv));
	struct adapter_event *eventv = calloc(eventc, sizeof(*eventv));
	const struct adapter_room *roomv = make_rooms(convc);

	if (!convv || !eventv)
		exit(1);

	make_users();
	make_events(eventv, eventc);

	for (size_t i = 0; i < convc; i++) {
		const size_t left = eventc - i * ROOM_EVENTS;

		convv[i] = (struct adapter_conversation){
			&roomv[i], 1383660000000000, 1383660900000000,
			presentv, USERS, presentv, USERS,
			eventv + i * ROOM_EVENTS,
			left < ROOM_EVENTS ? left : ROOM_EVENTS
		};
	}

	*batch = (struct adapter_batch){
		1, 1383660000000000, 1383660900000000, convv, convc, eventc,
		dir, false
	};
}


/* The bytes that are there, which are removed */
static uint64_t sweep(void)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	uint64_t sum = 0;
	struct stat st;

	while (d && (e = readdir(d)) != NULL) {
		char path[512];

		(void)re_snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (stat(path, &st) || !S_ISREG(st.st_mode))
			continue;

		sum += (uint64_t)st.st_size;
		(void)unlink(path);
	}

	if (d)
		(void)closedir(d);

	return sum;
}


static double cpu_s(void)
{
	struct rusage ru;

	(void)getrusage(RUSAGE_SELF, &ru);

	return (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
		(double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
}


static int measure(const struct run *run, const struct adapter_batch *batch)
{
	const struct adapter *a = adapter_builtin(run->adapter);
	const double n = (double)batch->eventc;
	int64_t begin;
	double cpu, took;
	char why[256] = "";
	void *state;

	if (a->open(&state, run->settingv, run->settingc, &host))
		return 1;

	begin = clock_us();
	cpu   = cpu_s();
	if (a->deliver(state, batch, why, sizeof(why))) {
		(void)fprintf(stderr, "%s: %s\n", run->title, why);
		return 1;
	}

	took = (double)(clock_us() - begin) / 1e6;
	cpu  = cpu_s() - cpu;
	a->close(state);

	(void)printf("%-20s %10.0f %12.2f %14.0f\n", run->title,
		     n / (took > 0 ? took : 1e-6), cpu * 1e6 / n,
		     (double)sweep() / n);

	return 0;
}


int main(int argc, char *argv[])
{
	struct adapter_batch batch;
	size_t eventc = 200000;
	int opt, failed = 0;

	while ((opt = getopt(argc, argv, "n:")) != -1) {
		if (opt != 'n' || (eventc = (size_t)atol(optarg)) == 0) {
			(void)fprintf(stderr, "usage: adapters [-n EVENTS]\n");
			return 2;
		}
	}

	if (libre_init() || !mkdtemp(dir))
		return 1;

	make_batch(&batch, eventc);
	(void)printf("%-20s %10s %12s %14s\n", "adapter", "events/s",
		     "CPU us/event", "bytes/event");

	for (size_t i = 0; i < ARRAY_SIZE(runv); i++)
		failed |= measure(&runv[i], &batch);

	(void)rmdir(dir);
	libre_close();

	return failed;
}
