/**
 * @file channel/step.c  Work on the store behind what users do, bit by bit
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "channel/core.h"
#include "channel/step.h"

enum { ERROR_MS = 5000 };

static void begin(void *arg);


static void later(struct step *step, uint32_t ms)
{
	tmr_start(&step->tmr, ms + rand_u16() % (ms / 5 + 1), begin, step);
}


static void done_handler(int err, const struct db_res *res, void *arg)
{
	struct step *step = arg;

	if (err == ECANCELED)
		return;

	if (err) {
		log_warn("step.failed", "statement=%s error=%d",
			 step->job->stmt, err);
		later(step, ERROR_MS);
		return;
	}

	later(step, db_rows(res) ? step->job->doneh(step, res) :
	      step->job->rest_ms);
}


static void begin(void *arg)
{
	struct step *step = arg;
	struct db_args args;

	step->began_ms = tmr_jiffies();
	db_args_init(&args);
	if (step->job->argsh)
		step->job->argsh(&args, step);
	if (db_exec(step->svc->db_index, step->job->stmt, &args, done_handler,
		    step))
		later(step, step->job->rest_ms);
}


static void destructor(void *data)
{
	struct step *step = data;

	tmr_cancel(&step->tmr);
	list_unlink(&step->le);
}


int step_start(struct service *svc, const struct step_job *job)
{
	struct step *step = mem_zalloc(sizeof(*step), destructor);

	if (!step)
		return ENOMEM;

	step->svc = svc;
	step->job = job;
	list_append(&svc->stepl, &step->le, step);
	later(step, job->rest_ms);

	return 0;
}
