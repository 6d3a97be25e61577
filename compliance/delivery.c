/**
 * @file compliance/delivery.c  One batch into one adapter
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "common/db/bstore.h"
#include "common/json.h"
#include "common/log.h"
#include "compliance/adapter.h"
#include "compliance/adapter_load.h"
#include "compliance/batch_read.h"
#include "compliance/delivery.h"
#include "compliance/items.h"
#include "compliance/manifest.h"
#include "compliance/oneline.h"
#include "compliance/outdir.h"

struct delivery {
	struct adapter_spec *spec;
	const struct adapter_common *common;
	const struct adapter *code;
	struct adapter_host host;
	struct signkey *key;
	struct manifest *m;        /* of the delivery under way       */
	struct items *items;       /* likewise                        */
	struct outdir *od;         /* NULL: it writes no files        */
	char *dir, *files;
	void *state;
	bool open;
};


static void destructor(void *data)
{
	struct delivery *d = data;

	if (d->open)
		d->code->close(d->state);

	mem_deref(d->m);
	mem_deref(d->items);
	mem_deref(d->key);
	mem_deref(d->dir);
	mem_deref(d->files);
	mem_deref(d->spec);
}


static void host_log(void *arg, int level, const char *fmt, ...)
{
	const struct delivery *d = arg;
	char text[1024], line[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	oneline(line, sizeof(line), text);
	log_msg((enum log_level)level, "adapter", "name=%s %s",
		d->common->name, line);
}


static int host_wrote(void *arg, const char *path)
{
	struct delivery *d = arg;

	if (!d->m || !d->od)
		return 0;

	return manifest_add(d->m, outdir_try(d->od), path);
}


static bool host_due(void *arg, const char *item)
{
	const struct delivery *d = arg;

	return d->items && items_due(d->items, item);
}


static int host_settled(void *arg, const char *item,
			enum adapter_verdict verdict, const char *why)
{
	const struct delivery *d = arg;

	return d->items ? items_settle(d->items, item, verdict, why) : EINVAL;
}


static int open_key(struct delivery *d, struct mbuf *errmb)
{
	const char *path = d->common->sign_key;
	int err;

	if (!path)
		return 0;

	err = signkey_load(&d->key, path, true);
	if (err)
		(void)mbuf_printf(errmb, "adapter.sign_key: %s: %s", path,
				  err == EPERM ? "others may read it" :
				  err == EBADMSG ? "no Ed25519 private key" :
				  strerror(err));

	return err ? EBADMSG : 0;
}


static int open_adapter(struct delivery *d, const char *path, const char *dir,
			struct mbuf *errmb)
{
	int err;

	err = adapter_load(&d->spec, path, errmb);
	if (err)
		return err;

	d->common = adapter_spec_common(d->spec);
	d->code   = adapter_spec_code(d->spec);
	d->host.log   = host_log;
	d->host.wrote = host_wrote;
	d->host.due     = host_due;
	d->host.settled = host_settled;
	d->host.arg   = d;

	if (!dir)
		dir = d->common->dir;
	if (dir)
		err = str_dup(&d->dir, dir);
	if (!err)
		err = open_key(d, errmb);
	if (err)
		return err;

	err = adapter_spec_open(d->spec, &d->state, &d->host);
	if (err)
		(void)mbuf_printf(errmb, "%s: the adapter does not open: %m",
				  path, err);
	d->open = !err;

	return err;
}


int delivery_open(struct delivery **dp, const char *path, const char *dir,
		  const char *files, struct mbuf *errmb)
{
	struct delivery *d;
	int err = 0;

	if (!dp || !path || !errmb)
		return EINVAL;

	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;

	if (files)
		err = str_dup(&d->files, files);
	if (!err)
		err = open_adapter(d, path, dir, errmb);

	if (err)
		mem_deref(d);
	else
		*dp = d;

	return err;
}


const struct adapter_spec *delivery_spec(const struct delivery *d)
{
	return d->spec;
}


const char *delivery_dir(const struct delivery *d)
{
	return d->dir;
}


void delivery_use(struct delivery *d, struct outdir *od)
{
	d->od = od;
}


/* ----------------------------------------------------------- the adapter */

/* Beyond its time the process ends: nobody can stop code that hangs */
static enum adapter_verdict call(struct delivery *d,
				 const struct adapter_batch *batch,
				 struct delivery_job *job)
{
	char why[sizeof(job->why)] = "";
	enum adapter_verdict verdict;

	(void)alarm(d->common->timeout_s);
	verdict = d->code->deliver(d->state, batch, why, sizeof(why));
	(void)alarm(0);

	why[sizeof(why) - 1] = '\0';
	oneline(job->why, sizeof(job->why), why);
	if (verdict != ADAPTER_TAKEN && !job->why[0])
		str_ncpy(job->why, "it does not say why", sizeof(job->why));

	return verdict;
}


/* What the items say of a batch that the adapter is through with */
static enum manifest_result settle_items(struct delivery *d,
					 struct delivery_job *job)
{
	const size_t refused = items_refused(d->items);
	json_t *first;

	if (!refused)
		return MANIFEST_DELIVERED;

	d->m->refused = items_refused_json(d->items);
	first = json_array_get(d->m->refused, 0);
	(void)re_snprintf(job->why, sizeof(job->why), "%zu refused, %zu taken:"
			  " %s: %s", refused, items_taken(d->items),
			  json_string_value(json_object_get(first, "item")),
			  json_string_value(json_object_get(first, "error")));
	oneline(job->why, sizeof(job->why), job->why);

	return items_taken(d->items) || job->completes ? MANIFEST_PARTIAL :
		MANIFEST_REFUSED;
}


static enum delivery_end later(struct delivery_job *job, const char *what,
			       int err)
{
	(void)re_snprintf(job->why, sizeof(job->why), "%s: %m", what, err);

	return DELIVERY_LATER;
}


/* Counts, index and files: of a batch that is in the archive now */
static int describe(struct delivery *d, const struct adapter_batch *batch,
		    const struct delivery_job *job)
{
	int err;

	d->m->completes = job->completes;
	err = manifest_count(d->m, batch);
	if (err || job->completes) {
		d->m->eventc = 0;
		memset(d->m->kindv, 0, sizeof(d->m->kindv));
		d->m->first[0] = d->m->last[0] = '\0';
	}
	if (!err && d->od)
		err = manifest_avoid(d->m, d->od);
	if (!err && d->od && !job->completes)
		err = manifest_index(d->m, outdir_try(d->od), batch);

	return err;
}


static enum delivery_end hand_over(struct delivery *d,
				   const struct adapter_batch *batch,
				   struct delivery_job *job)
{
	enum adapter_verdict verdict = ADAPTER_TAKEN;
	int err = 0;

	/* All of it was in the directory already */
	if (batch->eventc)
		verdict = call(d, batch, job);
	if (items_broken(d->items))
		return DELIVERY_LOST;
	if (verdict == ADAPTER_LATER)
		return DELIVERY_LATER;

	d->m->result = verdict == ADAPTER_TAKEN ? settle_items(d, job) :
		MANIFEST_REFUSED;
	if (d->m->result != MANIFEST_REFUSED)
		err = describe(d, batch, job);

	return err ? later(job, "its manifest", err) : DELIVERY_SETTLED;
}


/* An error of the store's is not the adapter's: nothing is refused for it */
static enum delivery_end unread(struct delivery *d, struct delivery_job *job,
				int err)
{
	if (err == EPROTO)
		return DELIVERY_LOST;
	if (err != ENOENT && err != EBADMSG)
		return later(job, "its events cannot be read", err);

	str_ncpy(job->why, err == ENOENT ? "not all of its events are in the "
		 "compliance store" : "one of its events is no event",
		 sizeof(job->why));
	d->m->result = MANIFEST_REFUSED;

	return DELIVERY_SETTLED;
}


static enum delivery_end deliver(struct delivery *d, struct bstore *st,
				 const struct adapter_batch *head,
				 struct delivery_job *job)
{
	struct batch_read *br = NULL;
	enum delivery_end end;
	int err;

	err = items_open(&d->items, job->replay ? NULL : st, d->common->name,
			 job->batch);
	if (!err)
		err = batch_read(&br, st, head, d->common->name, d->files);
	if (err)
		return unread(d, job, err);

	job->held_bytes = batch_read_size(br);
	d->m->adopted   = batch_read_adopted(br);
	end = hand_over(d, batch_read_batch(br), job);
	mem_deref(br);

	return end;
}


static enum manifest_result settle(const char *verdict)
{
	if (!strcmp(verdict, "skip"))
		return MANIFEST_SKIPPED;
	if (!strcmp(verdict, "missed"))
		return MANIFEST_MISSED;

	return MANIFEST_REFUSED;
}


static enum delivery_end attempt(struct delivery *d, struct bstore *st,
				 struct delivery_job *job)
{
	const struct adapter_batch head = {
		.id = job->batch, .from_us = job->from_us,
		.to_us = job->to_us, .eventc = (size_t)job->eventc,
		.dir = outdir_try(d->od), .replay = job->replay,
	};

	if (!strcmp(job->verdict, "deliver"))
		return deliver(d, st, &head, job);

	d->m->result = settle(job->verdict);
	oneline(job->why, sizeof(job->why), job->note ? job->note : "");

	return DELIVERY_SETTLED;
}


/* ---------------------------------------------------------- the manifest */

static int write_manifest(struct delivery *d, struct delivery_job *job)
{
	int err;

	job->manifest = mbuf_alloc(2048);
	if (!job->manifest)
		return ENOMEM;

	err = manifest_encode(d->m, job->manifest);
	if (!err)
		err = digest_mem(job->sha256, job->manifest->buf,
				 job->manifest->end);
	if (!err && d->od)
		err = manifest_write(d->m, job->manifest, outdir_try(d->od),
				     d->key);

	return err;
}


static enum delivery_end publish(struct delivery *d, struct delivery_job *job)
{
	struct mbuf *errmb = mbuf_alloc(256);
	enum delivery_end end = DELIVERY_SETTLED;
	int err;

	err = errmb ? write_manifest(d, job) : ENOMEM;
	if (err) {
		end = later(job, "the manifest cannot be written", err);
	}
	else if (d->od) {
		err = outdir_publish(d->od, errmb);
		if (err)
			end = later(job, "it cannot be published", err);
		if (err && errmb->end)
			(void)re_snprintf(job->why, sizeof(job->why), "%b",
					  errmb->buf, errmb->end);
	}

	mem_deref(errmb);

	return end;
}


static enum delivery_end finish(struct delivery *d, struct delivery_job *job)
{
	int err = 0;

	job->result = manifest_result_name(d->m->result);

	if (d->m->result != MANIFEST_DELIVERED)
		err = str_dup(&d->m->note, job->why);
	if (d->m->result != MANIFEST_DELIVERED &&
	    d->m->result != MANIFEST_PARTIAL) {
		manifest_withdraw(d->m);
		if (!err && d->od)
			err = outdir_begin(d->od);
		if (!err && d->od)
			err = manifest_avoid(d->m, d->od);
	}

	return err ? later(job, "its manifest", err) : publish(d, job);
}


static int begin(struct delivery *d, const struct delivery_job *job)
{
	int err;

	err = manifest_alloc(&d->m, d->common->name, d->common->type);
	if (err)
		return err;

	d->m->batch   = job->batch;
	d->m->serial  = job->serial;
	d->m->retry   = job->retry;
	d->m->replay  = job->replay;
	d->m->from_us = job->from_us;
	d->m->to_us   = job->to_us;
	str_ncpy(d->m->previous, job->previous, sizeof(d->m->previous));
	if (job->chain)
		str_ncpy(d->m->chain, job->chain, sizeof(d->m->chain));
	if (job->forks)
		d->m->forks = json_loads(job->forks, 0, NULL);
	if (d->key)
		err = signkey_id(d->m->key, d->key);

	return err || !d->od ? err : outdir_begin(d->od);
}


enum delivery_end delivery_run(struct delivery *d, struct bstore *st,
			       struct delivery_job *job)
{
	enum delivery_end end;
	int err;

	job->why[0] = '\0';
	err = begin(d, job);
	end = err ? later(job, d->dir ? d->dir : "delivery", err) :
		attempt(d, st, job);
	if (end == DELIVERY_SETTLED)
		end = finish(d, job);

	d->items = mem_deref(d->items);
	d->m = mem_deref(d->m);

	return end;
}
