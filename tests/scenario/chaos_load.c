/**
 * @file tests/scenario/chaos_load.c  People in a pool that is being wrecked
 *
 * Everybody does something at every tick, without waiting for answers; only a
 * post that is not answered yet keeps its author from the next.
 */
#include <string.h>
#include <sys/wait.h>
#include "tests/scenario/chaos.h"
#include "tests/scenario/scene.h"


enum {
	TICK_MS = 10,
	TEXTS = 1 << 20,
	PENDING_MAX = 20,
	GONE_MS = 90000,               /* until the last lost one has parted */
};

enum { UNKNOWN, OK, REFUSED };

struct person {
	struct client *c;
	unsigned no;
	unsigned retry;                /* ticks until he signs in again      */
	bool posting;
};

struct post {
	struct person *by;
	size_t text;
};

static struct person personv[CHAOS_USERS];
static char *roomv[CHAOS_ROOMS];
static unsigned char textv[TEXTS];
static size_t textc, okc;


size_t chaos_posts(void)
{
	return textc;
}


size_t chaos_posts_ok(void)
{
	return okc;
}


bool chaos_post_ok(size_t i)
{
	return textv[i] == OK;
}


static void post_handler(uint16_t status, void *arg)
{
	struct post *post = arg;

	textv[post->text] = status == 200 ? OK : status ? REFUSED : UNKNOWN;
	okc += status == 200;
	post->by->posting = false;
	mem_deref(post);
}


static void status_handler(uint16_t status, void *arg)
{
	(void)status;
	(void)arg;
}


static void post(struct person *p, const char *room)
{
	struct post *post;
	char text[16], *body;

	if (p->posting || textc == TEXTS)
		return;

	post = mem_zalloc(sizeof(*post), NULL);
	post->by = p;
	post->text = textc++;

	(void)re_snprintf(text, sizeof(text), "t%zu", post->text);
	body = xd_grpchat(client_envid(p->c), room, client_user(p->c), text);
	p->posting = true;
	if (client_send(p->c, body, post_handler, post)) {
		p->posting = false;
		mem_deref(post);
	}
	mem_deref(body);
}


static void command(struct person *p, const char *verb, const char *fmt,
		    const char *room)
{
	char *data = NULL, *body;

	(void)re_sdprintf(&data, fmt, room);
	body = xd_cmd(client_envid(p->c), verb, data);
	(void)client_send(p->c, body, status_handler, NULL);
	mem_deref(body);
	mem_deref(data);
}


static void join(struct person *p, const char *room)
{
	command(p, "join", "<chanid key=\"0\" domain=\"example.net\" "
		"value=\"%s\"/>", xd_room_id(room));
}


/* Nobody looks at what comes */
static bool forget(const char *body, void *arg)
{
	(void)body;
	(void)arg;

	return true;
}


static void come(struct pool *pool, struct person *p)
{
	char name[16];
	unsigned i;

	(void)re_snprintf(name, sizeof(name), "u%u", p->no);
	p->c = client_drop(p->c);
	p->posting = false;
	p->c = rand_u16() & 1 ? chat_open(pool, rand_u16() & 1, name, NULL)
		: chat_return(pool, rand_u16() & 1, name, NULL);
	p->retry = 20;
	if (!p->c)
		return;

	inbox_flush(client_inbox(p->c));
	inbox_watch(client_inbox(p->c), forget, NULL);
	for (i = 0; i < CHAOS_ROOMS; i++)
		join(p, roomv[i]);
}


static void act(struct pool *pool, struct person *p)
{
	const char *room = roomv[rand_u16() % CHAOS_ROOMS];
	const unsigned dice = rand_u16() % 100;

	if (client_ended(p->c)) {
		if (!p->retry || !--p->retry)
			come(pool, p);
		return;
	}
	if (client_pending(p->c) > PENDING_MAX)
		return;

	if (dice < 3)
		command(p, "bccontext", "<chanib uri=\"%s\"/><bcq><last "
			"cnt=\"10\"/></bcq>", room);
	else if (dice < 4)
		command(p, "part", "<chanib uri=\"%s\"/>", room);
	else if (dice < 8)
		join(p, room);
	else
		post(p, room);
}


static bool never(void *arg)
{
	(void)arg;

	return false;
}


void chaos_load_begin(struct pool *pool)
{
	unsigned i;

	for (i = 0; i < CHAOS_ROOMS; i++) {
		char name[16];

		(void)re_snprintf(name, sizeof(name), "r%u", i);
		ck_room(roomv[i], pool, name);
	}
	for (i = 0; i < CHAOS_USERS; i++)
		personv[i].no = i;
}


void chaos_load(struct pool *pool, pid_t pid)
{
	unsigned i;
	int status = 0;

	while (!waitpid(pid, &status, WNOHANG)) {
		for (i = 0; i < CHAOS_USERS; i++)
			act(pool, &personv[i]);
		(void)wait_for(never, NULL, TICK_MS);
	}

	ck_assert_msg(WIFEXITED(status) && !WEXITSTATUS(status),
		      "the pool was not mended: %d", status);
}


static bool is_empty(const struct pool *pool)
{
	char *n = pool_sql(pool, "SELECT count(*) FROM roster", NULL);
	const bool empty = n && !strcmp(n, "0");

	mem_deref(n);

	return empty;
}


void chaos_load_end(struct pool *pool)
{
	const uint64_t end = tmr_jiffies() + GONE_MS;
	unsigned i;

	for (i = 0; i < CHAOS_USERS; i++)
		personv[i].c = client_close(personv[i].c);
	for (i = 0; i < CHAOS_ROOMS; i++)
		roomv[i] = mem_deref(roomv[i]);

	while (!is_empty(pool) && tmr_jiffies() < end)
		(void)wait_for(never, NULL, 10 * TICK_MS);
	ck_assert_msg(is_empty(pool), "somebody is in a room for ever");
}
