/**
 * @file compliance/supervise.h  The processes of the adapters
 *
 * One each (compliance/worker.h), started when we hold the lease, told to end
 * by the end of their standard input, started again with back-off when they
 * die.  What they do is in the compliance store, not here.
 */
#pragma once

struct supervise;

struct supervise_conf {
	const char *program;       /* that WORKER_ARG makes a worker        */
	const char *staging;       /* conninfo of the compliance store      */
	const char *files;         /* compliance file store, or NULL        */
};

int  supervise_alloc(struct supervise **sp, const struct supervise_conf *conf);
/**
 * One more adapter
 *
 * @param path   Its file
 * @param errmb  What is wrong with it
 *
 * @return 0, EBADMSG, EEXIST (another has its name), ENOENT, ENOMEM
 */
int  supervise_add(struct supervise *s, const char *path, struct mbuf *errmb);
void supervise_enable(struct supervise *s, bool enable);

size_t supervise_count(const struct supervise *s);
/** The n-th's name and type, and whether the others wait for it */
void supervise_nth(const struct supervise *s, size_t n, struct pl *name,
		   struct pl *type, bool *required);
/** Its process, 0: none; how often it died */
pid_t supervise_pid(const struct supervise *s, const char *name,
		    uint32_t *deathsp);
