/**
 * @file compliance/outdir.c  The directory of one adapter
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <re.h>
#include "common/json.h"
#include "compliance/outdir.h"
#include "compliance/outfile.h"

enum { DEPTH_MAX = 16, IDENTITY_FORMAT = 1, TEXT_MAX = 4096 };

struct outdir {
	char *dir, *try;
	int fd;                    /* of the directory                  */
	int lock;                  /* of its lock file                  */
};

/** What is done with an entry; @p name is below both directories */
typedef int (entry_h)(int from, int to, const char *name, struct mbuf *errmb);


static void close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}


static void destructor(void *data)
{
	struct outdir *od = data;

	close_fd(od->lock);
	close_fd(od->fd);
	mem_deref(od->try);
	mem_deref(od->dir);
}


/* ------------------------------------------------------------------- lock */

/* For people: the lock is the kernel's */
static void lock_sign(const struct outdir *od)
{
	char host[64] = "";

	(void)gethostname(host, sizeof(host) - 1);
	if (!ftruncate(od->lock, 0))
		(void)dprintf(od->lock, "process %d on %s\n", (int)getpid(),
			      host);
}


static int lock_refused(const struct outdir *od, int err, struct mbuf *errmb)
{
	char who[128] = "";

	if (err != EWOULDBLOCK) {
		(void)mbuf_printf(errmb, "%s: %m", od->dir, err);
		return err;
	}

	if (pread(od->lock, who, sizeof(who) - 1, 0) <= 0)
		str_ncpy(who, "another process", sizeof(who));
	who[strcspn(who, "\n")] = '\0';
	(void)mbuf_printf(errmb, "%s: in use by %s: each adapter needs a "
			  "directory of its own", od->dir, who);

	return EBUSY;
}


static int lock(struct outdir *od, struct mbuf *errmb)
{
	od->fd = open(od->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (od->fd >= 0)
		od->lock = openat(od->fd, OUTDIR_LOCK, O_RDWR | O_CREAT |
				  O_NOFOLLOW | O_CLOEXEC, 0640);
	if (od->lock < 0) {
		const int err = errno;

		(void)mbuf_printf(errmb, "%s: %m", od->dir, err);
		return err;
	}

	if (flock(od->lock, LOCK_EX | LOCK_NB))
		return lock_refused(od, errno, errmb);

	lock_sign(od);

	return 0;
}


int outdir_open(struct outdir **odp, const char *dir, struct mbuf *errmb)
{
	struct outdir *od;
	int err;

	if (!odp || !dir || !errmb)
		return EINVAL;

	od = mem_zalloc(sizeof(*od), destructor);
	if (!od)
		return ENOMEM;

	od->fd = od->lock = -1;
	err = str_dup(&od->dir, dir);
	if (!err)
		err = re_sdprintf(&od->try, "%s/" OUTDIR_TRY, dir);
	if (!err)
		err = lock(od, errmb);

	if (err)
		mem_deref(od);
	else
		*odp = od;

	return err;
}


bool outdir_same(const struct outdir *od)
{
	struct stat ours, now;
	char *path = NULL;
	bool same;

	if (re_sdprintf(&path, "%s/" OUTDIR_LOCK, od->dir))
		return true;

	same = !fstat(od->lock, &ours) && !stat(path, &now) &&
		ours.st_ino == now.st_ino && ours.st_dev == now.st_dev;
	mem_deref(path);

	return same;
}


const char *outdir_path(const struct outdir *od)
{
	return od ? od->dir : NULL;
}


const char *outdir_try(const struct outdir *od)
{
	return od ? od->try : NULL;
}


/* --------------------------------------------------------------- identity */

static int decode_id(struct outdir_id *id, json_t *obj)
{
	const char *adapter, *chain, *sha256;
	json_int_t serial;
	int format;

	if (json_unpack(obj, "{s:i, s:s, s:s, s:{s:I, s:s}}", "format",
			&format, "adapter", &adapter, "chain", &chain,
			"after", "serial", &serial, "sha256", &sha256) ||
	    format != IDENTITY_FORMAT)
		return EBADMSG;

	str_ncpy(id->adapter, adapter, sizeof(id->adapter));
	str_ncpy(id->chain, chain, sizeof(id->chain));
	id->after_serial = (uint64_t)serial;
	str_ncpy(id->after_sha256, sha256, sizeof(id->after_sha256));

	return 0;
}


int outdir_read_id(struct outdir_id *id, const char *dir)
{
	char *path = NULL;
	json_t *obj;
	int err;

	err = re_sdprintf(&path, "%s/" OUTDIR_IDENTITY, dir);
	if (err)
		return err;

	err = access(path, R_OK) ? errno : 0;
	if (!err) {
		obj = json_load_file(path, 0, NULL);
		err = decode_id(id, obj);
		json_decref(obj);
	}
	mem_deref(path);

	return err;
}


static int put_id(struct outdir *od, const struct outdir_id *id, bool replace)
{
	struct outfile *of = NULL;
	char *path = NULL, *text;
	json_t *obj;
	int err;

	obj = json_pack("{s:i, s:s, s:s, s:{s:I, s:s}}", "format",
			IDENTITY_FORMAT, "adapter", id->adapter, "chain",
			id->chain, "after", "serial",
			(json_int_t)id->after_serial, "sha256",
			id->after_sha256);
	text = obj ? json_dumps(obj, JSON_INDENT(1)) : NULL;
	json_decref(obj);
	if (!text)
		return ENOMEM;

	err = re_sdprintf(&path, "%s/" OUTDIR_IDENTITY, od->dir);
	if (!err)
		err = outfile_open(&of, path);
	if (!err) {
		outfile_printf(of, "%s\n", text);
		err = replace ? outfile_replace(of) : outfile_commit(of);
	}

	free(text);
	mem_deref(of);
	mem_deref(path);

	return err;
}


int outdir_claim(struct outdir *od, const struct outdir_id *id)
{
	return put_id(od, id, false);
}


int outdir_reclaim(struct outdir *od, const struct outdir_id *id)
{
	return put_id(od, id, true);
}


/* ------------------------------------------------------- all of a directory */

static bool is_manifest(const char *name)
{
	const size_t n = strlen(name);

	return !strncmp(name, "manifest-", 9) && n > 5 &&
		!strcmp(name + n - 5, ".json");
}


static int walk(int from, int to, entry_h *h, int depth, bool manifests,
		struct mbuf *errmb);


static int walk_dir(int from, int to, const char *name, entry_h *h, int depth,
		    struct mbuf *errmb)
{
	int sub, subto = -1, err;

	sub = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
		     O_CLOEXEC);
	if (sub < 0)
		return errno;

	if (to >= 0) {
		(void)mkdirat(to, name, 0750);
		subto = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
			       O_CLOEXEC);
	}

	err = to >= 0 && subto < 0 ? errno :
		walk(sub, subto, h, depth + 1, true, errmb);
	if (!err && subto >= 0 && fsync(subto))
		err = errno;
	close_fd(sub);
	close_fd(subto);

	return err ? err : unlinkat(from, name, AT_REMOVEDIR) ? errno : 0;
}


/* Each entry below from; directories go when they are empty */
static int walk(int from, int to, entry_h *h, int depth, bool manifests,
		struct mbuf *errmb)
{
	const int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *de;
	int err = d ? 0 : errno;

	if (depth > DEPTH_MAX)
		err = ELOOP;

	while (d && !err && (de = readdir(d))) {

		struct stat st;

		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
			continue;
		if (!depth && !manifests && is_manifest(de->d_name))
			continue;

		if (fstatat(from, de->d_name, &st, AT_SYMLINK_NOFOLLOW))
			err = errno;
		else if (S_ISDIR(st.st_mode))
			err = walk_dir(from, to, de->d_name, h, depth, errmb);
		else
			err = h(from, to, de->d_name, errmb);
	}

	if (d)
		(void)closedir(d);
	else
		close_fd(copy);

	return err;
}


static int remove_entry(int from, int to, const char *name,
			struct mbuf *errmb)
{
	(void)to;
	(void)errmb;

	return unlinkat(from, name, 0) ? errno : 0;
}


int outdir_begin(struct outdir *od)
{
	int fd, err;

	if (mkdirat(od->fd, OUTDIR_TRY, 0750) && errno != EEXIST)
		return errno;

	fd = openat(od->fd, OUTDIR_TRY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
		    O_CLOEXEC);
	if (fd < 0)
		return errno;

	err = walk(fd, -1, remove_entry, 0, true, NULL);
	close_fd(fd);

	return err;
}


bool outdir_has(const struct outdir *od, const char *name)
{
	struct stat st;

	return !fstatat(od->fd, name, &st, AT_SYMLINK_NOFOLLOW);
}


/* -------------------------------------------------------------- publishing */

/* Left by a crash between giving it its name and taking the other away */
static bool same_file(int from, int to, const char *name)
{
	struct stat a, b;

	return !fstatat(from, name, &a, AT_SYMLINK_NOFOLLOW) &&
		!fstatat(to, name, &b, AT_SYMLINK_NOFOLLOW) &&
		a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}


/* Not every file system can rename without replacing */
static int move_entry(int from, int to, const char *name, struct mbuf *errmb)
{
	int err;

	if (!renameat2(from, name, to, name, RENAME_NOREPLACE))
		return 0;

	err = errno;
	if (err == EINVAL || err == ENOSYS)
		err = linkat(from, name, to, name, 0) ? errno : 0;
	else if (err == EEXIST && same_file(from, to, name))
		err = 0;
	else if (err == EEXIST)
		(void)mbuf_printf(errmb, "%s is there already, and not of "
				  "this adapter's making: it is not replaced",
				  name);

	if (err == EEXIST && same_file(from, to, name))
		err = 0;

	return err ? err : unlinkat(from, name, 0) ? errno : 0;
}


int outdir_finish(struct outdir *od, struct mbuf *errmb)
{
	int fd, err;

	fd = openat(od->fd, OUTDIR_DONE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
		    O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : errno;

	err = walk(fd, od->fd, move_entry, 0, false, errmb);
	if (!err && fsync(od->fd))
		err = errno;
	if (!err)
		err = walk(fd, od->fd, move_entry, 0, true, errmb);
	close_fd(fd);

	if (!err && unlinkat(od->fd, OUTDIR_DONE, AT_REMOVEDIR))
		err = errno;

	return err ? err : fsync(od->fd) ? errno : 0;
}


int outdir_publish(struct outdir *od, struct mbuf *errmb)
{
	if (renameat(od->fd, OUTDIR_TRY, od->fd, OUTDIR_DONE) ||
	    fsync(od->fd))
		return errno;

	return outdir_finish(od, errmb);
}
