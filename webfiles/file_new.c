/**
 * @file webfiles/file_new.c  A file on its way into the folder
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <openssl/evp.h>
#include <re.h>
#include "webfiles/filestore.h"
#include "webfiles/filestore_priv.h"
#include "webfiles/worker.h"

extern char **environ;

/** A reference to both, for the worker */
struct placing {
	struct file_new *file;
	file_place_h *h;
	void *arg;
};


static void destructor(void *data)
{
	struct file_new *f = data;

	if (f->fd >= 0)
		(void)close(f->fd);
	if (!f->placed && f->path[0])
		(void)unlink(f->path);
	mem_deref(f->fs);
}


/* A name of its own: nobody may have begun it; else what is there goes on */
static int open_aside(struct file_new *f, const char *aside)
{
	const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
		(aside ? 0 : O_EXCL);
	struct stat st;

	if (aside ? re_snprintf(f->path, sizeof(f->path), "%s/new/%s",
				f->fs->dir, aside) < 0 :
	    file_path_aside(f->path, f->fs, &f->key))
		return ENAMETOOLONG;

	f->fd = open(f->path, flags, 0640);
	if (f->fd < 0 || fstat(f->fd, &st)) {
		f->placed = true;
		return errno;
	}
	f->size = (uint64_t)st.st_size;

	return lseek(f->fd, 0, SEEK_END) < 0 ? errno : 0;
}


int file_create(struct file_new **fp, struct filestore *fs,
		const struct file_key *key, const char *aside)
{
	struct file_new *f = mem_zalloc(sizeof(*f), destructor);
	int err;

	if (!f)
		return ENOMEM;

	f->fs  = mem_ref(fs);
	f->key = *key;
	f->fd  = -1;
	err = file_path(f->final, fs, key);
	if (!err)
		err = open_aside(f, aside);
	if (err)
		mem_deref(f);
	else
		*fp = f;

	return err;
}


int file_write(struct file_new *f, const uint8_t *p, size_t len)
{
	f->size += len;
	while (len) {
		const ssize_t n = write(f->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		p   += n;
		len -= (size_t)n;
	}

	return 0;
}


void file_keep(struct file_new *f)
{
	f->placed = true;
}


void file_settle(struct file_new *f, bool kept)
{
	if (!kept)
		(void)unlink(f->final);
	(void)unlink(f->path);
}


/* ----------------------------------------------------- beside the loop */

static int digest_file(EVP_MD_CTX *md, int fd)
{
	static const size_t piece = 64 * 1024;
	unsigned char *buf = malloc(piece);
	off_t at = 0;
	ssize_t n = -1;

	while (buf && (n = pread(fd, buf, piece, at)) > 0) {
		if (EVP_DigestUpdate(md, buf, (size_t)n) != 1)
			n = -1;
		if (n < 0)
			break;
		at += n;
	}
	free(buf);

	return n < 0 ? EIO : 0;
}


static int digest(struct file_new *f)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned len = 0, i;
	int err = EIO;

	if (md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1)
		err = digest_file(md, f->fd);
	if (!err && EVP_DigestFinal_ex(md, sum, &len) != 1)
		err = EIO;
	for (i = 0; i < len; i++)
		(void)snprintf(f->sha256 + 2 * i, 3, "%02x", sum[i]);
	EVP_MD_CTX_free(md);

	return err;
}


/* Exit status 0: nothing found */
static int scan(const struct file_new *f)
{
	char *argv[3] = { f->fs->scanner, NULL, NULL };
	char path[FILE_PATH_MAX];
	pid_t pid;
	int status;

	if (!f->fs->scanner)
		return 0;

	memcpy(path, f->path, sizeof(path));
	argv[1] = path;
	if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ))
		return EIO;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return EIO;
	}

	if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
		return EIO;

	return WEXITSTATUS(status) ? EPERM : 0;
}


static int flush_folder(const char *path)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	if (fsync(fd))
		err = errno;
	(void)close(fd);

	return err;
}


/* The name that says what it is going to be */
static int declare(struct file_new *f)
{
	char path[FILE_PATH_MAX];
	int err;

	err = file_path_aside(path, f->fs, &f->key);
	if (err || !strcmp(path, f->path))
		return err;
	if (rename(f->path, path))
		return errno;
	memcpy(f->path, path, sizeof(f->path));

	return 0;
}


static int move_in(struct file_new *f)
{
	char folder[FILE_PATH_MAX];
	int err;

	err = declare(f);
	if (err)
		return err;

	memcpy(folder, f->final, sizeof(folder));
	*strrchr(folder, '/') = '\0';

	if (!mkdir(folder, 0750)) {
		err = flush_folder(f->fs->dir);
		if (err)
			return err;
	}
	else if (errno != EEXIST) {
		return errno;
	}

	if (link(f->path, f->final))
		return errno;
	err = flush_folder(folder);
	if (err)
		(void)unlink(f->final);
	else
		f->placed = true;

	return err;
}


static void place_job(void *arg)
{
	struct file_new *f = ((struct placing *)arg)->file;

	f->err = digest(f);
	if (!f->err && fsync(f->fd))
		f->err = errno;
	if (!f->err)
		f->err = scan(f);
	if (!f->err)
		f->err = move_in(f);
}


static void place_done(void *arg)
{
	struct placing *placing = arg;

	placing->h(placing->file, placing->arg);
}


static void placing_destructor(void *data)
{
	struct placing *placing = data;

	mem_deref(placing->file);
	mem_deref(placing->arg);
}


int file_place(struct file_new *f, struct worker *worker, file_place_h *h,
	       void *arg)
{
	struct placing *placing = mem_zalloc(sizeof(*placing),
					     placing_destructor);
	int err;

	if (!placing)
		return ENOMEM;

	placing->file = mem_ref(f);
	placing->arg  = mem_ref(arg);
	placing->h    = h;
	err = worker_submit(worker, place_job, place_done, placing);
	mem_deref(placing);

	return err;
}
