/**
 * @file compliance/filestore.c  Names and copies of files that people sent
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <re.h>
#include "compliance/filestore.h"
#include "compliance/outfile.h"

enum { CHUNK = 256 * 1024, GUID_CHARS = 36 };


/* What is behind a GUID; NULL: it does not begin with one */
static const char *behind_guid(const char *s)
{
	const size_t n = s ? strspn(s, "0123456789abcdefABCDEF-") : 0;

	return n == GUID_CHARS ? s + n : NULL;
}


/* A GUID and an extension: nothing that leads out of the store */
static bool is_file_name(const char *file)
{
	const char *p = behind_guid(file);

	if (!p || (*p && *p != '.'))
		return false;

	for (; *p; p++) {
		if (*p == '/' || iscntrl((unsigned char)*p))
			return false;
	}

	return true;
}


int filestore_path(char **pathp, const char *dir, const char *file)
{
	if (!pathp || !dir || !is_file_name(file))
		return EINVAL;

	return re_sdprintf(pathp, "%s/%b/%s", dir, file, (size_t)2, file);
}


static int copy_bytes(struct outfile *of, int fd)
{
	uint8_t *buf = mem_alloc(CHUNK, NULL);
	int err = buf ? 0 : ENOMEM;

	while (!err) {
		const ssize_t n = read(fd, buf, CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err = n ? errno : 0;
			break;
		}
		outfile_write(of, buf, (size_t)n);
	}

	mem_deref(buf);

	return err ? err : outfile_commit(of);
}


static int make_folder(const char *dir, const char *file)
{
	char *path = NULL;
	int err;

	err = re_sdprintf(&path, "%s/%b", dir, file, (size_t)2);
	if (!err && mkdir(path, 0750) && errno != EEXIST)
		err = errno;
	mem_deref(path);

	/* ENOENT is for files that people sent and that are gone */
	return err == ENOENT ? ENOTDIR : err;
}


static int copy(const char *src, const char *dst)
{
	struct outfile *of = NULL;
	int fd, err;

	fd = open(src, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno;

	err = outfile_open(&of, dst);
	if (!err)
		err = copy_bytes(of, fd);

	mem_deref(of);
	(void)close(fd);

	/* another daemon was quicker, and had it whole */
	return err == EEXIST ? 0 : err;
}


int filestore_copy(const char *from, const char *to, const char *sent)
{
	const char *file = behind_guid(sent);
	char *src = NULL, *dst = NULL;
	int err;

	if (!file || *file++ != '/')
		return EINVAL;

	err = filestore_path(&dst, to, file);
	if (!err)
		err = re_sdprintf(&src, "%s/%s", from, sent);
	if (err)
		goto out;

	/* it got its name when it was whole and durable */
	if (!access(dst, F_OK))
		goto out;

	err = access(src, F_OK) ? errno : make_folder(to, file);
	if (!err)
		err = copy(src, dst);

 out:
	mem_deref(src);
	mem_deref(dst);

	return err;
}
