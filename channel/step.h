/**
 * @file channel/step.h  Work on the store behind what users do, bit by bit
 *
 * Every process of the pool tries; the store lets one at a time, so a step is
 * one statement and its own transaction, and whoever dies leaves the rest to
 * the others.  Steps of all jobs share the connection db_index.
 */
#pragma once

struct service;
struct step;
struct db_args;
struct db_res;

/** One kind of work; jobs are static */
struct step_job {
	const char *stmt;
	uint32_t rest_ms;      /* before the first, while another process is
	                          at it, or the store is not there           */
	/** What the statement gets; NULL: nothing */
	void (*argsh)(struct db_args *args, const struct step *step);
	/** Take the row that it answers; @return ms until the next step */
	uint32_t (*doneh)(struct step *step, const struct db_res *res);
};

struct step {
	struct le le;
	struct tmr tmr;
	struct service *svc;
	const struct step_job *job;
	uint64_t began_ms;     /* the last one                               */
	int64_t state;         /* the job's own, 0 at first                  */
};

/** Begin a job, which goes on until its step in svc->stepl is freed; not
 *  before the connection is closed.  ENOMEM */
int step_start(struct service *svc, const struct step_job *job);
