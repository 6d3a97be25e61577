/**
 * @file compliance/filestore_thread.c  Copies made beside the loop
 *
 * One thread takes jobs from a list; libre's mqueue brings them back.  A job
 * belongs to the thread from when it is on the list to when it is back.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/log.h"
#include "common/stats.h"
#include "compliance/filestore.h"

struct job {
	struct job *next;
	char **filev;
	size_t filec;
	size_t lost;               /* of them were not there any more */
	int err;
	filestore_h *h;
	void *arg;
};

struct filestore {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct job *first, **last;
	bool ending;
	bool running;
	struct mqueue *mq;
	char *from, *to;
};

static uint64_t n_copied, n_lost, n_failed;

static const struct stats_row statv[] = {
	{ "files_copied", &n_copied, false,
	  "Files that are in the compliance file store before their event is "
	  "acknowledged" },
	{ "files_lost", &n_lost, false,
	  "Files that were gone from the file store before they were copied" },
	{ "files_failed", &n_failed, false,
	  "Copies that failed; the event comes again" },
};


static void job_free(struct job *job)
{
	size_t i;

	for (i = 0; job && i < job->filec; i++)
		free(job->filev[i]);
	if (job)
		free(job->filev);
	free(job);
}


static void job_run(const struct filestore *fs, struct job *job)
{
	size_t i;

	for (i = 0; i < job->filec && !job->err; i++) {

		job->err = filestore_copy(fs->from, fs->to, job->filev[i]);

		if (job->err == ENOENT || job->err == EINVAL) {
			++job->lost;
			job->err = 0;
		}
	}
}


static struct job *job_next(struct filestore *fs)
{
	struct job *job;

	(void)pthread_mutex_lock(&fs->lock);

	while (!fs->first && !fs->ending)
		(void)pthread_cond_wait(&fs->more, &fs->lock);

	job = fs->ending ? NULL : fs->first;
	if (job) {
		fs->first = job->next;
		if (!fs->first)
			fs->last = &fs->first;
	}

	(void)pthread_mutex_unlock(&fs->lock);

	return job;
}


static void *thread(void *arg)
{
	struct filestore *fs = arg;
	struct job *job;

	while ((job = job_next(fs))) {
		job_run(fs, job);
		if (mqueue_push(fs->mq, 0, job))
			job_free(job);
	}

	return NULL;
}


static void done_handler(int id, void *data, void *arg)
{
	struct job *job = data;
	(void)id;
	(void)arg;

	n_lost += job->lost;
	if (job->err)
		++n_failed;
	else
		n_copied += job->filec - job->lost;

	if (job->lost)
		log_err("files.lost", "files=%zu of=%zu hint=\"not in the "
			"file store when their event came\"", job->lost,
			job->filec);
	if (job->err)
		log_err("files.copy_failed", "error=\"%m\"", job->err);

	job->h(job->err, job->arg);
	job_free(job);
}


static void destructor(void *data)
{
	struct filestore *fs = data;

	if (fs->running) {
		(void)pthread_mutex_lock(&fs->lock);
		fs->ending = true;
		(void)pthread_cond_signal(&fs->more);
		(void)pthread_mutex_unlock(&fs->lock);
		(void)pthread_join(fs->thread, NULL);
	}

	while (fs->first) {
		struct job *job = fs->first;

		fs->first = job->next;
		job_free(job);
	}

	mem_deref(fs->mq);
	mem_deref(fs->from);
	mem_deref(fs->to);
	(void)pthread_cond_destroy(&fs->more);
	(void)pthread_mutex_destroy(&fs->lock);
}


int filestore_alloc(struct filestore **fsp, const char *from, const char *to)
{
	struct filestore *fs;
	int err;

	if (!fsp || !str_isset(from) || !str_isset(to))
		return EINVAL;

	fs = mem_zalloc(sizeof(*fs), destructor);
	if (!fs)
		return ENOMEM;

	fs->last = &fs->first;
	(void)pthread_mutex_init(&fs->lock, NULL);
	(void)pthread_cond_init(&fs->more, NULL);
	stats_register(statv, ARRAY_SIZE(statv));

	err = str_dup(&fs->from, from);
	if (!err)
		err = str_dup(&fs->to, to);
	if (!err)
		err = mqueue_alloc(&fs->mq, done_handler, fs);
	if (!err)
		err = pthread_create(&fs->thread, NULL, thread, fs);
	fs->running = !err;

	if (err)
		mem_deref(fs);
	else
		*fsp = fs;

	return err;
}


static struct job *job_make(const char *const *filev, size_t filec)
{
	struct job *job = calloc(1, sizeof(*job));
	size_t i;

	if (!job)
		return NULL;

	job->filev = calloc(filec + 1, sizeof(*job->filev));
	for (i = 0; job->filev && i < filec; i++) {
		job->filev[i] = strdup(filev[i]);
		job->filec += job->filev[i] != NULL;
	}

	if (job->filec == filec && job->filev)
		return job;

	job_free(job);

	return NULL;
}


int filestore_take(struct filestore *fs, const char *const *filev,
		   size_t filec, filestore_h *h, void *arg)
{
	struct job *job;

	if (!fs || !h)
		return EINVAL;

	job = job_make(filev, filec);
	if (!job)
		return ENOMEM;

	job->h   = h;
	job->arg = arg;

	(void)pthread_mutex_lock(&fs->lock);
	*fs->last = job;
	fs->last = &job->next;
	(void)pthread_cond_signal(&fs->more);
	(void)pthread_mutex_unlock(&fs->lock);

	return 0;
}
