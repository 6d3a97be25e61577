/**
 * @file compliance/verify_file.c  The files of an archive, and what they hold
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <re.h>
#include "common/json.h"
#include "compliance/adapter.h"
#include "compliance/manifest.h"
#include "compliance/verify.h"
#include "compliance/verify_priv.h"

enum {
	MANIFEST_MAX_BYTES = 256 << 20,    /* a file each room, many rooms  */
	DEPTH_MAX = 16,
};

static int scan(struct verify *v, const char *path, const char *below,
		int depth);


static int file_add(struct verify *v, char *name)
{
	if (v->filec == v->files_max) {

		const size_t n = v->files_max ? 2 * v->files_max : 256;
		struct vfile *p = realloc(v->filev, n * sizeof(*p));

		if (!p) {
			mem_deref(name);
			return ENOMEM;
		}
		v->filev = p;
		v->files_max = n;
	}

	v->filev[v->filec].name = name;
	v->filev[v->filec++].listed = false;

	return 0;
}


static int scan_entry(struct verify *v, const char *path, const char *below,
		      const char *name, int depth)
{
	char *full = NULL, *rel = NULL;
	struct stat st;
	int err;

	err = re_sdprintf(&full, "%s/%s", path, name);
	if (!err)
		err = re_sdprintf(&rel, "%s%s%s", below, *below ? "/" : "",
				  name);
	if (!err && lstat(full, &st))
		err = errno;

	if (!err && S_ISDIR(st.st_mode))
		err = scan(v, full, rel, depth + 1);
	else if (!err)
		err = file_add(v, mem_ref(rel));

	mem_deref(full);
	mem_deref(rel);

	return err;
}


static int scan(struct verify *v, const char *path, const char *below,
		int depth)
{
	struct dirent *de;
	DIR *dir;
	int err = 0;

	if (depth > DEPTH_MAX)
		return ELOOP;

	dir = opendir(path);
	if (!dir)
		return errno;

	while (!err && (de = readdir(dir))) {
		if (strcmp(de->d_name, ".") && strcmp(de->d_name, ".."))
			err = scan_entry(v, path, below, de->d_name, depth);
	}

	(void)closedir(dir);

	return err;
}


static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct vfile *)a)->name,
		      ((const struct vfile *)b)->name);
}


int verify_scan(struct verify *v)
{
	const int err = scan(v, v->dir, "", 0);

	if (v->filec)
		qsort(v->filev, v->filec, sizeof(*v->filev), by_name);

	return err;
}


struct vfile *verify_file(const struct verify *v, const char *name)
{
	const struct vfile key = { .name = (char *)name };

	return v->filec ? bsearch(&key, v->filev, v->filec,
				  sizeof(*v->filev), by_name) : NULL;
}


static int read_whole(struct mbuf *mb, FILE *f)
{
	struct stat st;
	int err;

	if (fstat(fileno(f), &st))
		return errno;
	if (st.st_size > MANIFEST_MAX_BYTES)
		return EFBIG;

	err = mbuf_resize(mb, (size_t)st.st_size + 1);
	if (err)
		return err;

	mb->end = fread(mb->buf, 1, (size_t)st.st_size, f);
	mb->buf[mb->end] = '\0';

	return ferror(f) ? EIO : 0;
}


int verify_read(const struct verify *v, struct mbuf **mbp, const char *name)
{
	struct mbuf *mb = mbuf_alloc(4096);
	char *path = NULL;
	FILE *f;
	int err;

	err = mb ? re_sdprintf(&path, "%s/%s", v->dir, name) : ENOMEM;
	if (err)
		goto out;

	f = fopen(path, "re");
	if (!f) {
		err = errno ? errno : EIO;
		goto out;
	}

	err = read_whole(mb, f);
	(void)fclose(f);

 out:
	mem_deref(path);
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}


static void check_file(struct verify *v, const struct manifest_file *file,
		       const char *mname)
{
	struct vfile *vf = verify_file(v, file->name);
	char sha256[DIGEST_HEXSIZE], *path = NULL;
	uint64_t size = 0;
	int err;

	if (!vf) {
		verify_problem(v, "file %s: missing (of %s)", file->name,
			       mname);
		return;
	}

	vf->listed = true;
	err = re_sdprintf(&path, "%s/%s", v->dir, file->name);
	if (!err)
		err = digest_file(sha256, &size, path);
	mem_deref(path);

	if (err)
		verify_problem(v, "file %s: cannot be read: %m", file->name,
			       err);
	else if (size != file->size)
		verify_problem(v, "file %s: changed: %llu bytes, %s says "
			       "%llu", file->name, (unsigned long long)size,
			       mname, (unsigned long long)file->size);
	else if (strcmp(sha256, file->sha256))
		verify_problem(v, "file %s: changed: its SHA-256 is not the "
			       "one in %s", file->name, mname);

	++v->sum->files;
	v->sum->bytes += size;
}


/* With the key that the manifest names; one of an older format names none */
static int check_keys(const struct verify *v, const struct manifest *m,
		      const uint8_t *sig, size_t n, const struct mbuf *mb)
{
	char id[DIGEST_HEXSIZE];
	int err = ENOKEY;
	size_t i;

	for (i = 0; i < v->opt.keyc; i++) {

		const struct verify_key *key = &v->opt.keyv[i];

		if (signkey_id(id, key->key))
			return ENOMEM;
		if (m->key[0] && strcmp(m->key, id))
			continue;
		if (m->serial < key->first || m->serial > key->last) {
			err = EKEYEXPIRED;
			continue;
		}

		err = signkey_check(key->key, sig, n, mb->buf, mb->end);
		if (!err)
			return 0;
	}

	return err;
}


static const char *signature_fault(int err)
{
	switch (err) {

	case ENOENT:      return "not signed";
	case ENOKEY:      return "signed with a key that is not given";
	case EKEYEXPIRED: return "signed with a key that was not valid for it";
	default:          return "not signed with this key, or changed since";
	}
}


static void check_signature(struct verify *v, const struct manifest *m,
			    const char *name, const struct mbuf *mb)
{
	uint8_t sig[2 * SIGNATURE_SIZE];
	struct mbuf *text = NULL;
	size_t n = sizeof(sig);
	char *file = NULL;
	struct vfile *vf;
	int err;

	if (re_sdprintf(&file, "%s.sig", name))
		return;

	vf = verify_file(v, file);
	if (vf)
		vf->listed = true;
	if (!v->opt.keyc)
		goto out;

	err = vf ? verify_read(v, &text, file) : ENOENT;
	if (!err)
		err = base64_decode((char *)text->buf,
				    strcspn((char *)text->buf, "\r\n"), sig,
				    &n);
	if (!err)
		err = check_keys(v, m, sig, n, mb);

	if (err)
		verify_problem(v, "%s: %s%s%s", name, signature_fault(err),
			       err == ENOKEY && m->key[0] ? ": " : "",
			       err == ENOKEY ? m->key : "");
 out:
	mem_deref(text);
	mem_deref(file);
}


static const char *member(json_t *obj, const char *key)
{
	const char *text = json_string_value(json_object_get(obj, key));

	return text ? text : "?";
}


static int refused_text(char **textp, json_t *arr)
{
	struct mbuf *mb;
	json_t *obj;
	size_t i;
	int err = 0;

	if (!json_array_size(arr))
		return 0;

	mb = mbuf_alloc(256);
	if (!mb)
		return ENOMEM;

	json_array_foreach(arr, i, obj) {
		if (!err)
			err = mbuf_printf(mb, "%s%s: %s", i ? "; " : "",
					  member(obj, "item"),
					  member(obj, "error"));
	}

	mb->pos = 0;
	if (!err)
		err = mbuf_strdup(mb, textp, mb->end);
	mem_deref(mb);

	return err;
}


/* What the manifest says that happened */
static void tell_notes(struct verify *v, const struct manifest *m,
		       const char *name)
{
	json_t *obj;
	size_t i;

	json_array_foreach(m->forks, i, obj)
		verify_tell(v, VERIFY_FORK, "%s: fork of %s, found %s: %s",
			    name, member(obj, "what"), member(obj, "found"),
			    member(obj, "detail"));

	json_array_foreach(m->lost, i, obj)
		verify_tell(v, VERIFY_LOST, "batch %llu: file %s of event %s "
			    "was lost before it was copied",
			    (unsigned long long)m->batch, member(obj, "file"),
			    member(obj, "event"));
}


static int link_fill(struct vlink *link, const struct manifest *m,
		     const char *name, const struct mbuf *mb)
{
	int err;

	link->serial = m->serial;
	link->batch  = m->batch;
	link->eventc = m->eventc;
	link->retry  = m->retry;
	link->result = (int)m->result;
	link->completes = m->completes;
	link->forked = m->forks != NULL;
	str_ncpy(link->chain, m->chain, sizeof(link->chain));
	if (m->index)
		str_ncpy(link->index, m->index->name, sizeof(link->index));
	str_ncpy(link->previous, m->previous, sizeof(link->previous));

	err = str_dup(&link->name, name);
	if (!err)
		err = str_dup(&link->adapter, m->adapter);
	if (!err)
		err = refused_text(&link->refused, m->refused);
	if (!err)
		err = digest_mem(link->sha256, mb->buf, mb->end);

	return err;
}


static bool is_called(struct manifest *m, const char *name)
{
	char buf[64];

	if (!strcmp(name, manifest_name(buf, sizeof(buf), m)))
		return true;

	m->suffixed = true;

	return !strcmp(name, manifest_name(buf, sizeof(buf), m));
}


static int check_content(struct verify *v, struct manifest *m,
			 const char *name)
{
	struct le *le;

	if (!is_called(m, name))
		verify_problem(v, "%s: holds the manifest of batch %llu: "
			       "repeated or out of place", name,
			       (unsigned long long)m->batch);

	for (le = m->filel.head; le; le = le->next)
		check_file(v, le->data, name);

	tell_notes(v, m, name);
	++v->sum->manifests;
	v->sum->events += m->eventc;

	if (!m->index) {
		if ((m->result == MANIFEST_DELIVERED ||
		     m->result == MANIFEST_PARTIAL) && m->eventc)
			verify_problem(v, "%s: names no index of its events",
				       name);
		return 0;
	}

	check_file(v, m->index, name);

	return verify_index(v, m);
}


int verify_load(struct verify *v, struct manifest **mp, const char *name,
		struct vlink *link)
{
	struct mbuf *mb = NULL;
	int err;

	err = verify_read(v, &mb, name);
	if (!err)
		err = manifest_decode(mp, (char *)mb->buf, mb->end);
	if (!err)
		check_signature(v, *mp, name, mb);

	if (!err)
		err = link_fill(link, *mp, name, mb);
	if (!err)
		err = check_content(v, *mp, name);
	mem_deref(mb);

	if (!err || err == ENOMEM)
		return err;

	verify_problem(v, "%s: no manifest that can be read: %m", name, err);

	return 0;
}
