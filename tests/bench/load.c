/**
 * @file tests/bench/load.c  The load program: options, and the run
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include "tests/bench/load.h"
#include "tests/support/poolfile.h"


static const char usage[] =
	"usage: load --scenario A..E --data-only FILE\n"
	"       load --scenario A..E --pool DIR/pool.json [--shared N]\n"
	"            [--seconds S] [--warmup S] [--window W] [--posters P]\n"
	"            [--rate POSTS_PER_S | --open] [--json]\n"
	"closed loop unless --rate, or --open for the scenario's rate\n";


void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fprintf(stderr, "load: ");
	(void)vfprintf(stderr, fmt, ap);
	(void)fprintf(stderr, "\n");
	va_end(ap);

	exit(2);
}


uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}


static bool option(struct options *opt, int c)
{
	switch (c) {

	case 'p': opt->pool      = optarg; break;
	case 'd': opt->data_only = optarg; break;
	case 's': opt->scenario  = optarg[0]; break;
	case 'S': opt->shared    = (unsigned)atoi(optarg); break;
	case 't': opt->seconds   = atof(optarg); break;
	case 'u': opt->warmup    = atof(optarg); break;
	case 'r': opt->rate      = atof(optarg); break;
	case 'o': opt->rate      = -1; break;
	case 'w': opt->window    = (unsigned)atoi(optarg); break;
	case 'P': opt->posters   = (unsigned)atoi(optarg); break;
	case 'j': opt->json      = true; break;
	default: return false;
	}

	return true;
}


static void options_read(struct options *opt, int argc, char *argv[])
{
	static const struct option longv[] = {
		{ "pool",      required_argument, NULL, 'p' },
		{ "data-only", required_argument, NULL, 'd' },
		{ "scenario",  required_argument, NULL, 's' },
		{ "shared",    required_argument, NULL, 'S' },
		{ "seconds",   required_argument, NULL, 't' },
		{ "warmup",    required_argument, NULL, 'u' },
		{ "rate",      required_argument, NULL, 'r' },
		{ "open",      no_argument,       NULL, 'o' },
		{ "window",    required_argument, NULL, 'w' },
		{ "posters",   required_argument, NULL, 'P' },
		{ "json",      no_argument,       NULL, 'j' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	*opt = (struct options){ .seconds = 10, .warmup = 1 };

	while ((c = getopt_long(argc, argv, "", longv, NULL)) != -1) {
		if (!option(opt, c)) {
			(void)fputs(usage, stderr);
			exit(2);
		}
	}
}


static void options_complete(struct load *load)
{
	struct options *opt = &load->opt;

	load->sc = scenario_find(opt->scenario);
	if (!load->sc || (!opt->pool && !opt->data_only)) {
		(void)fputs(usage, stderr);
		exit(2);
	}

	if (!opt->window)
		opt->window = load->sc->window;
	if (!opt->posters)
		opt->posters = load->sc->posters;
	if (opt->posters > load->sc->users)
		opt->posters = load->sc->users;
	if (opt->window >= PENDING_MAX)
		die("--window is at most %d", PENDING_MAX - 1);
	if (opt->rate < 0)
		opt->rate = load->sc->rate;
}


static void files_limit(void)
{
	struct rlimit rl;

	if (!getrlimit(RLIMIT_NOFILE, &rl)) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
}


/* Run until so many seconds have passed */
static void run_for(struct load *load, double seconds)
{
	const uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
	uint64_t now;

	while ((now = now_ns()) < end) {

		uint64_t wait = drive_due(load);

		conns_turn(load, wait < end - now ? wait : end - now);
	}
}


static void sign_in(struct load *load, struct result *res)
{
	const struct cpu before = cpu_now(load);
	const uint64_t start = now_ns();
	unsigned i;

	signin_more(load);
	while (load->signing_in) {
		if (now_ns() - start > 120ull * 1000000000)
			die("%u of %u users signed in within 120 s",
			    load->signed_in, load->userc);
		conns_turn(load, 100000000);
	}

	if (load->failures)
		die("%u users could not sign in", load->failures);

	for (i = 0; i < load->userc; i++)
		res->joins += load->userv[i].memberc;

	res->signin_cpu = cpu_since(load, &before);
	res->signin_seconds = (double)(now_ns() - start) / 1e9;
}


static void measure(struct load *load, struct result *res)
{
	const struct cpu before = cpu_now(load);
	const struct counts was = load->counts;
	const uint64_t start = now_ns();

	load->measuring = true;
	run_for(load, load->opt.seconds);
	load->measuring = false;

	res->cpu = cpu_since(load, &before);
	res->seconds = (double)(now_ns() - start) / 1e9;
	res->counts.posts      = load->counts.posts - was.posts;
	res->counts.deliveries = load->counts.deliveries - was.deliveries;
	res->counts.refused    = load->counts.refused - was.refused;
}


/* What is under way comes to its end; then half a second for what is late */
static void drain(struct load *load)
{
	const uint64_t end = now_ns() + 40ull * 1000000000;

	load->posting = false;
	while (load->open_posts && now_ns() < end)
		conns_turn(load, 100000000);
	run_for(load, 0.5);
}


int main(int argc, char *argv[])
{
	static struct load load;
	struct result res = { .errors = 0 };

	options_read(&load.opt, argc, argv);
	options_complete(&load);

	if (load.opt.data_only)
		return people_write(load.sc, load.opt.data_only) ? 2 : 0;

	if (poolfile_load(&load.pf, load.opt.pool))
		return 2;

	files_limit();
	people_make(&load);
	people_uris(&load);
	conns_open(&load);

	sign_in(&load, &res);
	drive_start(&load);
	run_for(&load, load.opt.warmup);
	measure(&load, &res);
	drain(&load);

	res.errors = books_check(&load);
	report(&load, &res);

	return res.errors ? 1 : 0;
}
