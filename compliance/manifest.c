/**
 * @file compliance/manifest.c  What one batch left in an archive
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/json.h"
#include "compliance/adapter.h"
#include "compliance/manifest.h"
#include "compliance/outdir.h"
#include "compliance/outfile.h"

const char manifest_none[DIGEST_HEXSIZE] =
	"0000000000000000000000000000000000000000000000000000000000000000";


static void destructor(void *data)
{
	struct manifest *m = data;

	mem_deref(m->adapter);
	mem_deref(m->type);
	mem_deref(m->note);
	mem_deref(m->index);
	json_decref(m->forks);
	json_decref(m->lost);
	json_decref(m->refused);
	list_flush(&m->filel);
}


static void file_destructor(void *data)
{
	struct manifest_file *file = data;

	list_unlink(&file->le);
	mem_deref(file->name);
}


int manifest_alloc(struct manifest **mp, const char *adapter, const char *type)
{
	struct manifest *m;
	int err;

	if (!mp || !adapter || !type)
		return EINVAL;

	m = mem_zalloc(sizeof(*m), destructor);
	if (!m)
		return ENOMEM;

	str_ncpy(m->previous, manifest_none, sizeof(m->previous));

	err = str_dup(&m->adapter, adapter);
	if (!err)
		err = str_dup(&m->type, type);

	if (err)
		mem_deref(m);
	else
		*mp = m;

	return err;
}


static int by_id(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}


static uint64_t distinct(int64_t *idv, size_t n)
{
	uint64_t c = 0;
	size_t i;

	qsort(idv, n, sizeof(*idv), by_id);

	for (i = 0; i < n; i++)
		c += !i || idv[i] != idv[i - 1];

	return c;
}


static void add_lost(struct manifest *m, const struct adapter_event *ev)
{
	if (!m->lost)
		m->lost = json_array();

	(void)json_array_append_new(m->lost, json_pack("{s:s, s:s}", "event",
			ev->id, "file", ev->file ? ev->file : ""));
}


static size_t count_conv(struct manifest *m, int64_t *idv, size_t n,
			 const struct adapter_conversation *conv)
{
	size_t i;

	for (i = 0; i < conv->startc; i++)
		idv[n++] = conv->startv[i]->id;

	for (i = 0; i < conv->eventc; i++) {

		const struct adapter_event *ev = &conv->eventv[i];

		if ((size_t)ev->kind < ARRAY_SIZE(m->kindv))
			++m->kindv[ev->kind];
		if (ev->user)
			idv[n++] = ev->user->id;
		if (ev->lost)
			add_lost(m, ev);

		if (!m->first[0])
			str_ncpy(m->first, ev->id, sizeof(m->first));
		str_ncpy(m->last, ev->id, sizeof(m->last));
	}

	return n;
}


int manifest_count(struct manifest *m, const struct adapter_batch *batch)
{
	size_t i, n = batch->eventc;
	int64_t *idv;

	for (i = 0; i < batch->convc; i++)
		n += batch->convv[i].startc;

	idv = mem_alloc((n + 1) * sizeof(*idv), NULL);
	if (!idv)
		return ENOMEM;

	m->batch   = batch->id;
	m->from_us = batch->from_us;
	m->to_us   = batch->to_us;
	m->eventc  = batch->eventc;
	m->replay  = batch->replay;

	json_decref(m->lost);
	m->lost = NULL;
	for (n = 0, i = 0; i < batch->convc; i++)
		n = count_conv(m, idv, n, &batch->convv[i]);

	m->participants = distinct(idv, n);
	mem_deref(idv);

	return 0;
}


int manifest_file_alloc(struct manifest_file **filep, const char *name)
{
	struct manifest_file *file;
	int err;

	file = mem_zalloc(sizeof(*file), file_destructor);
	if (!file)
		return ENOMEM;

	err = str_dup(&file->name, name);
	if (err)
		mem_deref(file);
	else
		*filep = file;

	return err;
}


static bool has_name(struct le *le, void *arg)
{
	const struct manifest_file *file = le->data;

	return !strcmp(file->name, arg);
}


/* The part of path below dir */
static const char *below(const char *dir, const char *path)
{
	size_t n = strlen(dir);

	while (n && dir[n - 1] == '/')
		--n;

	if (strncmp(path, dir, n) || path[n] != '/')
		return NULL;

	path += n + strspn(path + n, "/");

	return *path && !strstr(path, "../") ? path : NULL;
}


int manifest_add(struct manifest *m, const char *dir, const char *path)
{
	const char *name = dir && path ? below(dir, path) : NULL;
	struct manifest_file *file = NULL;
	int err;

	if (!name)
		return EINVAL;

	err = manifest_file_alloc(&file, name);
	if (!err)
		err = digest_file(file->sha256, &file->size, path);
	if (err) {
		mem_deref(file);
		return err;
	}

	mem_deref(list_ledata(list_apply(&m->filel, true, has_name,
					 file->name)));
	list_append(&m->filel, &file->le, file);

	return 0;
}


void manifest_withdraw(struct manifest *m)
{
	list_flush(&m->filel);
	m->index = mem_deref(m->index);
}


/* "NAME~SERIAL.EXT" */
static int other_name(char **namep, const char *name, uint64_t serial)
{
	const char *base = strrchr(name, '/');
	const char *dot = strrchr(base ? base : name, '.');
	const size_t n = dot ? (size_t)(dot - name) : strlen(name);

	return re_sdprintf(namep, "%b~%llu%s", name, n,
			   (unsigned long long)serial, dot ? dot : "");
}


static int avoid_file(struct manifest_file *file, const struct manifest *m,
		      const struct outdir *od)
{
	char *name = NULL, *from = NULL, *to = NULL;
	int err;

	err = other_name(&name, file->name, m->serial);
	if (!err)
		err = re_sdprintf(&from, "%s/%s", outdir_try(od), file->name);
	if (!err)
		err = re_sdprintf(&to, "%s/%s", outdir_try(od), name);
	if (!err && rename(from, to))
		err = errno;
	if (!err) {
		mem_deref(file->name);
		file->name = mem_ref(name);
	}

	mem_deref(from);
	mem_deref(to);
	mem_deref(name);

	return err;
}


int manifest_avoid(struct manifest *m, const struct outdir *od)
{
	char name[64];
	struct le *le;
	int err = 0;

	m->suffixed |= outdir_has(od, manifest_name(name, sizeof(name), m));

	for (le = m->filel.head; le && !err; le = le->next) {

		struct manifest_file *file = le->data;

		if (outdir_has(od, file->name))
			err = avoid_file(file, m, od);
	}

	return err;
}


static const char *or_none(const char *text)
{
	return str_isset(text) ? text : "-";
}


/* "5-9,12-12" of the detail's "ids": [[5, 9], [12, 12]] */
static int print_ids(struct re_printf *pf, const struct adapter_event *ev)
{
	json_t *detail, *range;
	size_t i;
	int err = 0;

	if (ev->kind != EV_REPLACED && ev->kind != EV_PURGE)
		return re_hprintf(pf, "-");

	detail = json_loads(ev->detail ? ev->detail : "", 0, NULL);

	json_array_foreach(json_object_get(detail, "ids"), i, range) {

		const json_int_t a =
			json_integer_value(json_array_get(range, 0));
		const json_int_t b =
			json_integer_value(json_array_get(range, 1));

		err = re_hprintf(pf, "%s%lld-%lld", i ? "," : "",
				 (long long)a, (long long)b);
		if (err)
			break;
	}
	if (!i)
		err = re_hprintf(pf, "-");

	json_decref(detail);

	return err;
}


static void index_conv(struct outfile *of, uint64_t *np,
		       const struct adapter_conversation *conv)
{
	const char *room = conv->room ? conv->room->guid : NULL;
	size_t i;

	for (i = 0; i < conv->eventc; i++) {

		const struct adapter_event *ev = &conv->eventv[i];

		outfile_printf(of, "%llu\t%s\t%d\t%s\t%lld\t%s\t%lld"
			       "\t%H\n",
			       (unsigned long long)++*np, ev->id,
			       (int)ev->kind, or_none(room),
			       (long long)ev->msg_id, or_none(ev->session),
			       (long long)ev->ts_us, print_ids, ev);
	}
}


/* What tells a retried batch's files from those of the first try */
static void suffix(char *buf, size_t size, const struct manifest *m)
{
	if (m->retry || m->suffixed)
		(void)re_snprintf(buf, size, "-%llu",
				  (unsigned long long)m->serial);
	else
		*buf = '\0';
}


const char *manifest_name(char *buf, size_t size, const struct manifest *m)
{
	char suf[24];

	suffix(suf, sizeof(suf), m);
	(void)re_snprintf(buf, size, "manifest-%012llu%s.json",
			  (unsigned long long)m->batch, suf);

	return buf;
}


int manifest_index(struct manifest *m, const char *dir,
		   const struct adapter_batch *batch)
{
	char suf[24], *path = NULL, name[64];
	struct outfile *of = NULL;
	uint64_t n = 0;
	size_t i;
	int err;

	suffix(suf, sizeof(suf), m);
	(void)re_snprintf(name, sizeof(name), "events-%012llu%s.idx",
			  (unsigned long long)batch->id, suf);

	err = re_sdprintf(&path, "%s/%s", dir, name);
	if (!err)
		err = outfile_open(&of, path);
	if (err)
		goto out;

	for (i = 0; i < batch->convc; i++)
		index_conv(of, &n, &batch->convv[i]);

	m->index = mem_deref(m->index);
	err = outfile_commit(of);
	if (!err)
		err = manifest_file_alloc(&m->index, name);
	if (!err)
		err = digest_file(m->index->sha256, &m->index->size, path);

 out:
	mem_deref(of);
	mem_deref(path);

	return err;
}


static int put(const char *dir, const char *name, const void *p, size_t n)
{
	struct outfile *of = NULL;
	char *path = NULL;
	int err;

	err = re_sdprintf(&path, "%s/%s", dir, name);
	if (!err)
		err = outfile_open(&of, path);
	if (!err) {
		outfile_write(of, p, n);
		err = outfile_commit(of);
	}

	mem_deref(of);
	mem_deref(path);

	return err;
}


static int put_signature(const char *dir, const char *name,
			 const struct mbuf *mb, const struct signkey *key)
{
	uint8_t sig[SIGNATURE_SIZE];
	char text[2 * SIGNATURE_SIZE], file[80];
	size_t n = sizeof(text) - 1;
	int err;

	err = signkey_sign(key, sig, mb->buf, mb->end);
	if (!err)
		err = base64_encode(sig, sizeof(sig), text, &n);
	if (err)
		return err;

	text[n++] = '\n';
	(void)re_snprintf(file, sizeof(file), "%s.sig", name);

	return put(dir, file, text, n);
}


/* The signature first: a manifest that has none though there is a key was
   not written by us */
int manifest_write(const struct manifest *m, const struct mbuf *mb,
		   const char *dir, const struct signkey *key)
{
	char name[64];
	int err = 0;

	(void)manifest_name(name, sizeof(name), m);

	if (key)
		err = put_signature(dir, name, mb, key);

	return err ? err : put(dir, name, mb->buf, mb->end);
}
