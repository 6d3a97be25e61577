/**
 * @file compliance/worker.c  The process that one adapter runs in
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <re.h>
#include "common/db/bstore.h"
#include "common/db/db.h"
#include "common/harden.h"
#include "common/json.h"
#include "common/log.h"
#include "compliance/adapter_load.h"
#include "compliance/delivery.h"
#include "compliance/oneline.h"
#include "compliance/outdir.h"
#include "compliance/reconcile.h"
#include "compliance/worker.h"

enum {
	ORDER_MAX_BYTES = 64 * 1024,
	BACKOFF_MIN_MS = 200, BACKOFF_MAX_MS = 10000,
};

struct worker {
	json_t *order;             /* what came on standard input     */
	struct delivery *delivery;
	const struct adapter_common *common;
	struct bstore *st;         /* NULL: not connected             */
	struct outdir *od;         /* NULL: none yet, or it needs none */
	bool agreed;               /* directory and store are at one  */
	uint32_t backoff_ms;       /* of what fails without a batch   */
	char chain[40];            /* its GUID                        */
	bool begun;                /* deaths before us are counted    */
	char told[256];            /* the last reason that was logged */
};


static const char *ordered(const struct worker *w, const char *key)
{
	return json_string_value(json_object_get(w->order, key));
}


/* One line; what follows it never comes, it only ends */
static int order_read(struct worker *w)
{
	char *line = calloc(1, ORDER_MAX_BYTES);
	size_t n = 0;

	while (line && n < ORDER_MAX_BYTES - 1 &&
	       read(STDIN_FILENO, line + n, 1) == 1 && line[n] != '\n')
		++n;

	w->order = line ? json_loads(line, 0, NULL) : NULL;
	free(line);

	return ordered(w, "staging") && ordered(w, "file") ? 0 : EBADMSG;
}


/* Our daemon is gone, or does not want us any more */
static bool is_over(uint32_t wait_ms)
{
	struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&pfd, 1, (int)wait_ms) > 0;
}


static void lost(struct worker *w)
{
	w->st = mem_deref(w->st);
	w->agreed = false;
}


/* False: it is over */
static bool pause_for(struct worker *w)
{
	const bool over = is_over(w->backoff_ms);

	w->backoff_ms = min(2 * w->backoff_ms, (uint32_t)BACKOFF_MAX_MS);

	return !over;
}


static int call(struct worker *w, const char *stmt)
{
	const char *argv[] = { w->common->name };

	return bstore_query(w->st, NULL, stmt, argv, 1);
}


static int connect_once(struct worker *w)
{
	int err;

	err = bstore_open(&w->st, &sql_compliance, ordered(w, "staging"),
			  stderr);
	if (!err)
		err = bstore_query(w->st, NULL, "batch_listen", NULL, 0);
	if (!err)
		err = call(w, "delivery_lock");
	if (!err && !w->begun)
		err = call(w, "delivery_begin");
	w->begun |= !err;

	if (err)
		lost(w);

	return err;
}


/* @return false: it is over */
static bool connected(struct worker *w)
{
	while (!w->st && connect_once(w)) {
		if (!pause_for(w))
			return false;
	}

	return !is_over(0);
}


static int done(struct worker *w, const struct delivery_job *job)
{
	char batch[24], *text = NULL;
	const char *argv[7] = { w->common->name, batch, job->result, job->why,
				job->sha256, NULL, job->told };
	PGresult *res = NULL;
	int err;

	(void)re_snprintf(batch, sizeof(batch), "%llu",
			  (unsigned long long)job->batch);
	job->manifest->pos = 0;
	err = mbuf_strdup(job->manifest, &text, job->manifest->end);
	argv[5] = text;
	if (!err)
		err = bstore_query(w->st, &res, "delivery_done", argv, 7);
	if (!err && *PQgetvalue(res, 0, 0) != 't')
		log_warn("adapter.elsewhere", "name=%s batch=%s",
			 w->common->name, batch);

	PQclear(res);
	mem_deref(text);

	return err;
}


/* Each reason is logged once, however often it keeps us from it */
static int later(struct worker *w, uint64_t batch, const char *why)
{
	char least[16], most[16];
	const char *argv[] = { w->common->name, why, least, most };

	if (strcmp(w->told, why))
		log_warn("adapter.later", "name=%s batch=%llu error=\"%s\"",
			 w->common->name, (unsigned long long)batch, why);
	str_ncpy(w->told, why, sizeof(w->told));
	(void)re_snprintf(least, sizeof(least), "%u", w->common->retry_min_s);
	(void)re_snprintf(most, sizeof(most), "%u", w->common->retry_max_s);

	return bstore_query(w->st, NULL, "delivery_later", argv, 4);
}


static void tell(struct worker *w, const struct delivery_job *job)
{
	const bool good = !strcmp(job->result, "delivered");
	const bool bad = !strcmp(job->result, "refused") ||
		!strcmp(job->result, "partial");

	if (w->told[0])
		log_info("adapter.recovered", "name=%s batch=%llu",
			 w->common->name, (unsigned long long)job->batch);
	w->told[0] = '\0';

	log_msg(bad ? LOG_ERR : good ? LOG_INFO : LOG_WARN,
		"adapter.settled", "name=%s batch=%llu events=%llu result=%s "
		"held_kb=%zu%s%s%s", w->common->name,
		(unsigned long long)job->batch,
		(unsigned long long)job->eventc, job->result,
		job->held_bytes / 1024, good ? "" : " error=\"",
		good ? "" : job->why, good ? "" : "\"");
}


static int work(struct worker *w, struct delivery_job *job)
{
	int err = EPROTO;

	switch (delivery_run(w->delivery, w->st, job)) {

	case DELIVERY_SETTLED:
		err = done(w, job);
		if (!err)
			tell(w, job);
		break;

	case DELIVERY_LATER:
		err = later(w, job->batch, job->why);
		break;

	case DELIVERY_LOST:
		break;
	}

	job->manifest = mem_deref(job->manifest);

	return err;
}


static uint64_t number(const PGresult *res, int col)
{
	return strtoull(PQgetvalue(res, 0, col), NULL, 10);
}


static void job_fill(const struct worker *w, struct delivery_job *job,
		     const PGresult *res)
{
	memset(job, 0, sizeof(*job));

	job->batch    = number(res, 0);
	job->verdict  = PQgetvalue(res, 0, 1);
	job->retry    = *PQgetvalue(res, 0, 2) == 't';
	job->note     = PQgetvalue(res, 0, 3);
	job->from_us  = (int64_t)number(res, 4);
	job->to_us    = (int64_t)number(res, 5);
	job->eventc   = number(res, 6);
	job->serial   = number(res, 7);
	job->previous = PQgetvalue(res, 0, 8);
	job->chain    = w->chain;
	if (!PQgetisnull(res, 0, 11)) {
		job->forks = PQgetvalue(res, 0, 11);
		job->told  = PQgetvalue(res, 0, 12);
	}
	job->completes = *PQgetvalue(res, 0, 13) == 't';
}


/* Until there is a batch, an operator's word, or the time of the next try */
static int next(struct worker *w)
{
	char deaths[16];
	const char *argv[] = { w->common->name, deaths };
	struct delivery_job job;
	PGresult *res = NULL;
	int err;

	(void)re_snprintf(deaths, sizeof(deaths), "%u", WORKER_DEATHS_MAX);

	err = bstore_query(w->st, &res, "delivery_next", argv, 2);
	if (err)
		return err;

	if (!PQntuples(res)) {
		log_err("adapter.unknown", "name=%s", w->common->name);
		err = ENOENT;
	}
	else if (PQgetisnull(res, 0, 0)) {
		err = bstore_wait(w->st, STDIN_FILENO,
				  (uint32_t)number(res, 9));
	}
	else {
		job_fill(w, &job, res);
		err = work(w, &job);
	}

	PQclear(res);

	return err;
}


/* Its lock, and that it is what the store says */
static int claim(struct worker *w, struct mbuf *errmb)
{
	const char *argv[] = { w->common->name };
	const char *dir = delivery_dir(w->delivery);
	PGresult *res = NULL;
	int err = 0;

	if (w->od && !outdir_same(w->od)) {
		delivery_use(w->delivery, NULL);
		w->od = mem_deref(w->od);
		w->agreed = false;
	}

	if (dir && !w->od)
		err = outdir_open(&w->od, dir, errmb);
	if (!err && dir && !w->agreed)
		err = reconcile(w->od, w->st, w->common->name, errmb);
	if (err || w->agreed)
		return err;

	err = bstore_query(w->st, &res, "delivery_chain", argv, 1);
	if (!err && PQntuples(res))
		str_ncpy(w->chain, PQgetvalue(res, 0, 0), sizeof(w->chain));
	PQclear(res);

	delivery_use(w->delivery, w->od);
	w->agreed = !err;

	return err;
}


/* Without its directory an adapter gets nothing.  False: it has not got it */
static bool prepare(struct worker *w)
{
	struct mbuf *errmb = mbuf_alloc(256);
	char text[256], why[256];
	int err;

	err = errmb ? claim(w, errmb) : ENOMEM;
	if (err && errmb && errmb->end) {
		(void)re_snprintf(text, sizeof(text), "%b", errmb->buf,
				  errmb->end);
		oneline(why, sizeof(why), text);
		if (later(w, 0, why))
			lost(w);
	}
	else if (err) {
		lost(w);
	}
	mem_deref(errmb);

	return !err;
}


static int serve(struct worker *w)
{
	while (connected(w)) {

		const bool ready = prepare(w);
		const int err = ready ? next(w) : 0;

		if (err == ENOENT)
			return err;
		if (err)
			lost(w);

		if (ready && !err)
			w->backoff_ms = BACKOFF_MIN_MS;
		else if (!pause_for(w))
			break;
	}

	return 0;
}


static void nothing(int sig)
{
	(void)sig;
}


/* The service manager tells all of us to stop: the daemon, by closing our
   input, and in its own time */
static void signals(void)
{
	struct sigaction sa = { .sa_handler = nothing, .sa_flags = SA_RESTART };

	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGHUP, &sa, NULL);
	(void)sigaction(SIGUSR1, &sa, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}


static int open_delivery(struct worker *w)
{
	struct mbuf *errmb = mbuf_alloc(256);
	char title[16];
	int err;

	if (!errmb)
		return ENOMEM;

	err = delivery_open(&w->delivery, ordered(w, "file"), NULL,
			    ordered(w, "files"), errmb);
	if (err) {
		log_err("adapter.conf", "error=\"%b\"", errmb->buf,
			errmb->end);
	}
	else {
		w->common = adapter_spec_common(delivery_spec(w->delivery));
		(void)re_snprintf(title, sizeof(title), "a:%s",
				  w->common->name);
		(void)prctl(PR_SET_NAME, title);
	}

	mem_deref(errmb);

	return err;
}


int worker_main(void)
{
	struct worker w = { .backoff_ms = BACKOFF_MIN_MS };
	enum log_level level;
	int err;

	log_open("pchat-compliance");
	harden_again();
	signals();

	err = order_read(&w);
	if (!err && ordered(&w, "log") &&
	    !log_level_parse(&level, ordered(&w, "log")))
		log_level_set(level);
	if (!err)
		err = open_delivery(&w);
	if (!err)
		err = serve(&w);

	lost(&w);
	mem_deref(w.delivery);
	mem_deref(w.od);
	json_decref(w.order);

	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
