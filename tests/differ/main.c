/**
 * @file tests/differ/main.c  Do the registrar and the pool read alike?
 *
 *   build/tests/differ-tests [-n MESSAGES] [-s SEED] [-1 N]
 *
 * -1 shows one message and what the two took it for.
 */
#include <getopt.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "tests/differ/differ.h"

enum { MESSAGES = 6000, SHOWN = 10, THREADS = 8 };

static struct {
	unsigned both, kam, pool, neither, wrong;
} count;

/* Of one thread; what it waits for is Kamailio saying nothing */
struct part {
	pthread_t thread;
	struct kam *kam;
	uint64_t seed;
	unsigned from, to, step;
	bool show;
	int err;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;


static void print(const char *who, const struct took *t)
{
	(void)re_printf("%s:%s%s\n", who, t->refused ? " refused " : "",
			t->why ? t->why : "");
	for (size_t i = 0; !t->refused && i < TOOK_FIELDS; i++)
		(void)re_printf("  %s: \"%s\"\n", took_namev[i], t->fieldv[i]);
}


static void print_message(const char *p, size_t l)
{
	for (size_t i = 0; i < l; i++) {
		const unsigned char c = (unsigned char)p[i];

		if (c == '\n' || (c >= 0x20 && c < 0x7f))
			(void)re_printf("%c", c);
		else
			(void)re_printf("\\x%02x", c);
	}
	(void)re_printf("\n");
}


/* The name of the first thing that is not the same, or NULL */
static const char *difference(const struct took *k, const struct took *p)
{
	if (k->refused)
		return NULL;
	if (p->unframed)
		return "the pool would close the connection";
	if (p->refused)
		return NULL;
	for (size_t i = 0; i < TOOK_FIELDS; i++) {
		if (strcmp(k->fieldv[i], p->fieldv[i]))
			return took_namev[i];
	}

	return NULL;
}


static int compare(struct kam *kam, const char *p, size_t l, unsigned n,
		   bool show)
{
	struct took k, t;
	const char *what;
	int err = kam_take(kam, &k, p, l);

	if (err)
		return err;

	pool_take(&t, p, l);
	(void)pthread_mutex_lock(&lock);
	count.both += !k.refused && !t.refused;
	count.kam += !k.refused && t.refused;
	count.pool += k.refused && !t.refused;
	count.neither += k.refused && t.refused;
	what = difference(&k, &t);
	if (what && ++count.wrong <= SHOWN)
		(void)re_printf("message %u: %s\n", n, what);
	if (show || (what && count.wrong <= SHOWN)) {
		print_message(p, l);
		print("Kamailio", &k);
		print("pool", &t);
	}
	(void)pthread_mutex_unlock(&lock);

	return 0;
}


static int right_ones(struct kam *kam)
{
	const char *text;
	int err = 0;

	for (unsigned n = 0; !err && (text = gen_right(n)); n++) {
		const unsigned both = count.both;

		err = compare(kam, text, strlen(text), n, false);
		if (!err && count.both == both) {
			(void)re_printf("refused, but right:\n");
			(void)compare(kam, text, strlen(text), n, true);
			++count.wrong;
		}
	}

	return err;
}


static void *bent_part(void *arg)
{
	struct part *part = arg;
	struct mbuf *mb = mbuf_alloc(4096);

	part->err = mb ? 0 : ENOMEM;
	for (unsigned n = part->from; !part->err && n < part->to;
	     n += part->step) {
		mbuf_rewind(mb);
		gen_message(mb, part->seed, n);
		part->err = compare(part->kam, (char *)mb->buf, mb->end, n,
				    part->show);
	}
	mem_deref(mb);

	return NULL;
}


static int bent_ones(struct kam *kam, uint64_t seed, unsigned from,
		     unsigned to, bool show)
{
	struct part partv[THREADS];
	int err = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		partv[i] = (struct part){
			.kam = kam, .seed = seed, .from = from + i, .to = to,
			.step = THREADS, .show = show
		};
		if (pthread_create(&partv[i].thread, NULL, bent_part,
				   &partv[i]))
			return EAGAIN;
	}
	for (unsigned i = 0; i < THREADS; i++) {
		(void)pthread_join(partv[i].thread, NULL);
		err = err ? err : partv[i].err;
	}

	return err;
}


int main(int argc, char *argv[])
{
	unsigned from = 0, to = MESSAGES;
	uint64_t seed = 1;
	struct kam *kam = NULL;
	bool show = false;
	int c, err;

	while ((c = getopt(argc, argv, "n:s:1:")) != -1) {
		switch (c) {
		case 'n': to = (unsigned)atoi(optarg); break;
		case 's': seed = strtoull(optarg, NULL, 10); break;
		case '1':
			from = (unsigned)atoi(optarg);
			to = from + 1;
			show = true;
			break;
		default: return 2;
		}
	}

	err = libre_init();
	if (!err)
		err = kam_start(&kam);
	if (!err && !show)
		err = right_ones(kam);
	if (!err)
		err = bent_ones(kam, seed, from, to, show);
	mem_deref(kam);
	libre_close();
	if (err) {
		(void)re_fprintf(stderr, "differ: %m\n", err);
		return 2;
	}

	(void)re_printf("differ: seed %llu: %u taken by both, %u by Kamailio "
			"alone, %u by the pool alone, %u by neither; "
			"%u differences\n", (unsigned long long)seed,
			count.both, count.kam, count.pool, count.neither,
			count.wrong);

	return count.wrong ? 1 : 0;
}
