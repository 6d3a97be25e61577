/**
 * @file compliance/outfile.c  A file that is there whole or not at all
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <re.h>
#include "compliance/outfile.h"


enum { BUF_SIZE = 65536 };

struct outfile {
	char *path;                /* NULL: has no name             */
	char *tmp;
	uint64_t size;
	size_t len;                /* in buf                        */
	int fd;
	int err;                   /* the first one                 */
	bool done;
	char buf[BUF_SIZE];
};


static void destructor(void *data)
{
	struct outfile *of = data;

	if (of->fd >= 0)
		(void)close(of->fd);
	if (of->tmp && !of->done)
		(void)unlink(of->tmp);

	mem_deref(of->path);
	mem_deref(of->tmp);
}


static struct outfile *alloc(void)
{
	struct outfile *of = mem_alloc(sizeof(*of), destructor);

	if (!of)
		return NULL;

	memset(of, 0, offsetof(struct outfile, buf));
	of->fd = -1;

	return of;
}


/* Length of the part of a path up to its last '/', that included */
static int dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (int)(slash - path) + 1 : 0;
}


/* Ours alone, and empty: whoever had it before may have given it its name
   since we opened it */
static int take(const struct outfile *of)
{
	struct stat ours, now;

	if (flock(of->fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? EBUSY : errno;
	if (fstat(of->fd, &ours) || lstat(of->tmp, &now) ||
	    ours.st_ino != now.st_ino)
		return EBUSY;

	return ftruncate(of->fd, 0) ? errno : 0;
}


static int open_as(struct outfile *of, const char *path)
{
	const int n = dir_len(path);
	int err;

	err = str_dup(&of->path, path);
	if (err)
		return err;

	err = re_sdprintf(&of->tmp, "%b.%s.tmp", path, (size_t)n, path + n);
	if (err)
		return err;

	of->fd = open(of->tmp, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		      0640);
	err = of->fd < 0 ? errno : take(of);
	if (err)
		of->tmp = mem_deref(of->tmp);

	return err;
}


int outfile_open(struct outfile **ofp, const char *path)
{
	struct outfile *of;
	int err;

	if (!ofp || !str_isset(path) || !path[dir_len(path)])
		return EINVAL;

	of = alloc();
	if (!of)
		return ENOMEM;

	err = open_as(of, path);
	if (err)
		mem_deref(of);
	else
		*ofp = of;

	return err;
}


/* O_TMPFILE would do, but not on every file system */
static int open_nameless(struct outfile *of, const char *dir)
{
	int err;

	err = re_sdprintf(&of->tmp, "%s/.pchat-XXXXXX", dir);
	if (err)
		return err;

	of->fd = mkostemp(of->tmp, O_CLOEXEC);
	if (of->fd < 0)
		err = errno;
	else
		(void)unlink(of->tmp);

	of->tmp = mem_deref(of->tmp);

	return err;
}


int outfile_temp(struct outfile **ofp, const char *dir)
{
	struct outfile *of;
	int err;

	if (!ofp || !dir)
		return EINVAL;

	of = alloc();
	if (!of)
		return ENOMEM;

	err = open_nameless(of, dir);
	if (err)
		mem_deref(of);
	else
		*ofp = of;

	return err;
}


static void put(struct outfile *of, const char *p, size_t n)
{
	while (n && !of->err) {

		const ssize_t w = write(of->fd, p, n);

		if (w < 0) {
			if (errno != EINTR)
				of->err = errno;
			continue;
		}

		p += w;
		n -= (size_t)w;
	}
}


static void flush(struct outfile *of)
{
	put(of, of->buf, of->len);
	of->len = 0;
}


void outfile_write(struct outfile *of, const void *p, size_t n)
{
	of->size += n;

	if (n > BUF_SIZE - of->len)
		flush(of);

	if (n > BUF_SIZE) {
		put(of, p, n);
		return;
	}

	if (n)
		memcpy(of->buf + of->len, p, n);
	of->len += n;
}


void outfile_puts(struct outfile *of, const char *str)
{
	outfile_write(of, str, strlen(str));
}


static int print_handler(const char *p, size_t size, void *arg)
{
	outfile_write(arg, p, size);

	return 0;
}


void outfile_printf(struct outfile *of, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)re_vhprintf(fmt, ap, print_handler, of);
	va_end(ap);
}


uint64_t outfile_size(const struct outfile *of)
{
	return of ? of->size : 0;
}


const char *outfile_path(const struct outfile *of)
{
	return of ? of->path : NULL;
}


int outfile_error(const struct outfile *of)
{
	return of ? of->err : EINVAL;
}


/* The name is durable when the directory is */
static int sync_dir(const char *path)
{
	const int n = dir_len(path);
	char *dir;
	int fd, err;

	err = n ? re_sdprintf(&dir, "%b", path, (size_t)n)
		: str_dup(&dir, ".");
	if (err)
		return err;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mem_deref(dir);
	if (fd < 0)
		return errno;

	if (fsync(fd))
		err = errno;
	(void)close(fd);

	return err;
}


static int close_checked(struct outfile *of)
{
	const int fd = of->fd;

	of->fd = -1;

	return close(fd) ? errno : 0;
}


/* Not every file system can rename without replacing */
static int take_name(const struct outfile *of, bool replace)
{
	if (replace)
		return rename(of->tmp, of->path) ? errno : 0;

	if (!renameat2(AT_FDCWD, of->tmp, AT_FDCWD, of->path,
		       RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;

	if (link(of->tmp, of->path))
		return errno;

	return unlink(of->tmp) ? errno : 0;
}


static int publish(struct outfile *of, bool replace)
{
	int err;

	if (fsync(of->fd))
		return errno;

	err = close_checked(of);
	if (err)
		return err;

	err = take_name(of, replace);
	if (err)
		return err;

	of->done = true;

	return sync_dir(of->path);
}


static int commit(struct outfile *of, bool replace)
{
	if (!of || !of->path || of->done)
		return EINVAL;

	flush(of);
	if (!of->err)
		of->err = publish(of, replace);

	return of->err;
}


int outfile_commit(struct outfile *of)
{
	return commit(of, false);
}


int outfile_replace(struct outfile *of)
{
	return commit(of, true);
}


int outfile_rewind(struct outfile *of, int *fdp)
{
	if (!of || !fdp || of->path)
		return EINVAL;

	flush(of);
	if (!of->err && lseek(of->fd, 0, SEEK_SET) < 0)
		of->err = errno;

	*fdp = of->fd;

	return of->err;
}
