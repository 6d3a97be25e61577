/**
 * @file webfiles/worker.h  One thread for what would stop the loop
 *
 * Flushing files to disk, hashing passwords, asking an LDAP server.  Jobs are
 * done one after the other, in order.
 */
#pragma once

struct worker;

/** In the thread: no libre objects, no log */
typedef void (worker_job_h)(void *arg);
/** On the loop, afterwards; not called for jobs that the closing cut off */
typedef void (worker_done_h)(void *arg);

/** @param jobs_max  More than so many do not wait */
int  worker_open(struct worker **workerp, uint32_t jobs_max);
/**
 * Hand a job over
 *
 * @param arg  A reference is kept until the job is done and told
 *
 * @return 0, EAGAIN (too many wait), ENOMEM
 */
int  worker_submit(struct worker *worker, worker_job_h *jobh,
		   worker_done_h *doneh, void *arg);
