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
#include "common/log.h"
#include "compliance/adapter.h"
#include "compliance/adapter_load.h"
#include "compliance/batch_read.h"
#include "compliance/delivery.h"
#include "compliance/manifest.h"

struct delivery {
	struct adapter_spec *spec;
	const struct adapter_common *common;
	const struct adapter *code;
	struct adapter_host host;
	struct signkey *key;
	struct manifest *m;        /* of the delivery under way       */
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
	mem_deref(d->key);
	mem_deref(d->dir);
	mem_deref(d->files);
	mem_deref(d->spec);
}


static void host_log(void *arg, int level, const char *fmt, ...)
{
	const struct delivery *d = arg;
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	log_msg((enum log_level)level, "adapter", "name=%s %s",
		d->common->name, text);
}


static int host_wrote(void *arg, const char *path)
{
	struct delivery *d = arg;

	if (!d->m || !d->dir)
		return 0;

	return manifest_add(d->m, d->dir, path);
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


/* Beyond its time the process ends: nobody can stop code that hangs */
static int call(struct delivery *d, const struct adapter_batch *batch,
		struct delivery_job *job)
{
	int err;

	(void)alarm(d->common->timeout_s);
	err = d->code->deliver(d->state, batch, job->why, sizeof(job->why));
	(void)alarm(0);

	if (err && !job->why[0])
		str_ncpy(job->why, strerror(err), sizeof(job->why));

	return err;
}


static int write_index(struct delivery *d, const struct adapter_batch *batch,
		       struct delivery_job *job)
{
	const int err = manifest_index(d->m, d->dir, batch);

	if (err)
		(void)re_snprintf(job->why, sizeof(job->why), "the index of "
				  "its events cannot be written: %m", err);

	return err ? EAGAIN : 0;
}


static int deliver(struct delivery *d, struct bstore *st,
		   const struct adapter_batch *head, struct delivery_job *job)
{
	const struct adapter_batch *batch;
	struct batch_read *br = NULL;
	int err;

	err = batch_read(&br, st, head, d->files);
	if (err) {
		(void)re_snprintf(job->why, sizeof(job->why),
				  err == ENOENT ? "not all of its events are "
				  "in the compliance store" : "its events "
				  "cannot be read: %m", err);
		return err == ENOMEM ? EAGAIN : err;
	}

	batch = batch_read_batch(br);
	job->held_bytes = batch_read_size(br);

	err = call(d, batch, job);
	if (!err)
		err = manifest_count(d->m, batch);
	if (!err && d->dir)
		err = write_index(d, batch, job);

	mem_deref(br);

	return err;
}


static enum manifest_result settle(const char *verdict)
{
	if (!strcmp(verdict, "skip"))
		return MANIFEST_SKIPPED;
	if (!strcmp(verdict, "missed"))
		return MANIFEST_MISSED;

	return MANIFEST_REFUSED;
}


static int attempt(struct delivery *d, struct bstore *st,
		   struct delivery_job *job)
{
	const struct adapter_batch head = {
		.id = job->batch, .from_us = job->from_us,
		.to_us = job->to_us, .eventc = (size_t)job->eventc,
		.dir = d->dir, .replay = job->replay,
	};
	int err = 0;

	if (!strcmp(job->verdict, "deliver")) {

		err = deliver(d, st, &head, job);
		if (err == EAGAIN || err == EPROTO || err == ECONNRESET)
			return err == EAGAIN ? EAGAIN : EPROTO;
		d->m->result = err ? MANIFEST_REFUSED : MANIFEST_DELIVERED;
	}
	else {
		d->m->result = settle(job->verdict);
		str_ncpy(job->why, job->note ? job->note : "",
			 sizeof(job->why));
	}

	job->result = manifest_result_name(d->m->result);
	if (d->m->result == MANIFEST_DELIVERED)
		return 0;

	if (d->dir)
		manifest_withdraw(d->m, d->dir);

	return str_dup(&d->m->note, job->why);
}


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
	if (!err && d->dir)
		err = manifest_write(d->m, job->manifest, d->dir, d->key);
	if (err)
		(void)re_snprintf(job->why, sizeof(job->why), "the manifest "
				  "cannot be written: %m", err);

	return err;
}


int delivery_run(struct delivery *d, struct bstore *st,
		 struct delivery_job *job)
{
	int err;

	err = manifest_alloc(&d->m, d->common->name, d->common->type);
	if (err)
		return EAGAIN;

	d->m->batch   = job->batch;
	d->m->serial  = job->serial;
	d->m->retry   = job->retry;
	d->m->replay  = job->replay;
	d->m->from_us = job->from_us;
	d->m->to_us   = job->to_us;
	str_ncpy(d->m->previous, job->previous, sizeof(d->m->previous));
	job->why[0] = '\0';

	err = attempt(d, st, job);
	if (!err)
		err = write_manifest(d, job) ? EAGAIN : 0;
	if (err == ENOMEM)
		err = EAGAIN;

	d->m = mem_deref(d->m);

	return err;
}
