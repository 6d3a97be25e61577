/**
 * @file webfiles/worker.c  One thread for what would stop the loop
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include <re.h>
#include "common/stats.h"
#include "webfiles/worker.h"

struct job {
	struct le le;
	worker_job_h *jobh;
	worker_done_h *doneh;
	void *arg;
};

/* A job belongs to the list it is in; lists are under the lock, jobs are made
   and freed by the loop alone */
struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct list waitl, donel;
	uint32_t jobs_max;
	uint32_t count;            /* loop only: handed over, not told yet  */
	int fd;                    /* eventfd: something is done            */
	bool started, quit;
};

static uint64_t n_jobs, n_refused;

static const struct stats_row rowv[] = {
	{ "worker_jobs",    &n_jobs,    false, "Jobs done beside the loop" },
	{ "worker_refused", &n_refused, false,
	  "Jobs refused because too many waited" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void job_destructor(void *data)
{
	struct job *job = data;

	list_unlink(&job->le);
	mem_deref(job->arg);
}


static void destructor(void *data)
{
	struct worker *w = data;

	if (w->started) {
		(void)pthread_mutex_lock(&w->lock);
		w->quit = true;
		(void)pthread_cond_signal(&w->more);
		(void)pthread_mutex_unlock(&w->lock);
		(void)pthread_join(w->thread, NULL);
	}

	if (w->fd >= 0) {
		fd_close(w->fd);
		(void)close(w->fd);
	}
	list_flush(&w->waitl);
	list_flush(&w->donel);
	(void)pthread_cond_destroy(&w->more);
	(void)pthread_mutex_destroy(&w->lock);
}


static struct job *next_job(struct worker *w)
{
	struct le *le;

	while (!w->quit && !w->waitl.head)
		(void)pthread_cond_wait(&w->more, &w->lock);

	le = w->quit ? NULL : w->waitl.head;

	return le ? le->data : NULL;
}


static void *run(void *arg)
{
	struct worker *w = arg;
	struct job *job;

	(void)pthread_mutex_lock(&w->lock);
	while ((job = next_job(w))) {

		const uint64_t one = 1;

		list_unlink(&job->le);
		(void)pthread_mutex_unlock(&w->lock);

		job->jobh(job->arg);

		(void)pthread_mutex_lock(&w->lock);
		list_append(&w->donel, &job->le, job);
		if (write(w->fd, &one, sizeof(one)) < 0)
			continue;
	}
	(void)pthread_mutex_unlock(&w->lock);

	return NULL;
}


static void done_handler(int flags, void *arg)
{
	struct worker *w = arg;
	uint64_t n;

	(void)flags;

	if (read(w->fd, &n, sizeof(n)) < 0)
		return;

	for (;;) {
		struct job *job;

		(void)pthread_mutex_lock(&w->lock);
		job = w->donel.head ? w->donel.head->data : NULL;
		if (job)
			list_unlink(&job->le);
		(void)pthread_mutex_unlock(&w->lock);

		if (!job)
			break;

		--w->count;
		++n_jobs;
		job->doneh(job->arg);
		mem_deref(job);
	}
}


/* Signals are the loop's */
static int start(struct worker *w)
{
	sigset_t all, before;
	int err;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&w->thread, NULL, run, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->started = !err;

	return err;
}


int worker_open(struct worker **workerp, uint32_t jobs_max)
{
	struct worker *w = mem_zalloc(sizeof(*w), destructor);
	int err;

	if (!w)
		return ENOMEM;

	w->jobs_max = jobs_max;
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->more, NULL);

	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = w->fd < 0 ? errno : fd_listen(w->fd, FD_READ, done_handler, w);
	if (!err)
		err = start(w);
	if (err)
		mem_deref(w);
	else
		*workerp = w;

	return err;
}


int worker_submit(struct worker *w, worker_job_h *jobh, worker_done_h *doneh,
		  void *arg)
{
	struct job *job;

	if (w->count >= w->jobs_max) {
		++n_refused;
		return EAGAIN;
	}

	job = mem_zalloc(sizeof(*job), job_destructor);
	if (!job)
		return ENOMEM;

	job->jobh  = jobh;
	job->doneh = doneh;
	job->arg   = mem_ref(arg);
	++w->count;

	(void)pthread_mutex_lock(&w->lock);
	list_append(&w->waitl, &job->le, job);
	(void)pthread_cond_signal(&w->more);
	(void)pthread_mutex_unlock(&w->lock);

	return 0;
}
