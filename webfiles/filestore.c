/**
 * @file webfiles/filestore.c  The folder of files, and their names
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#include <re.h>
#include "common/log.h"
#include "webfiles/filestore.h"
#include "webfiles/filestore_priv.h"


static void destructor(void *data)
{
	struct filestore *fs = data;

	mem_deref(fs->dir);
	mem_deref(fs->scanner);
	mem_deref(fs->allowed);
	mem_deref(fs->denied);
}


static int usable(const char *dir)
{
	char path[FILE_PATH_MAX];

	if (re_snprintf(path, sizeof(path), "%s/new", dir) < 0)
		return ENAMETOOLONG;
	if (mkdir(path, 0700) && errno != EEXIST)
		return errno;

	return access(path, R_OK | W_OK | X_OK) ? errno : 0;
}


int filestore_open(struct filestore **fsp, const char *dir,
		   const char *scanner, const char *allowed,
		   const char *denied)
{
	struct filestore *fs = mem_zalloc(sizeof(*fs), destructor);
	int err;

	if (!fs)
		return ENOMEM;

	err = str_dup(&fs->dir, dir);
	if (!err && str_isset(scanner))
		err = str_dup(&fs->scanner, scanner);
	if (!err)
		err = str_dup(&fs->allowed, allowed ? allowed : "");
	if (!err)
		err = str_dup(&fs->denied, denied ? denied : "");
	if (!err) {
		err = usable(dir);
		if (err)
			log_err("files.dir", "files.dir=%s error=\"%m\"",
				dir, err);
	}
	if (err)
		mem_deref(fs);
	else
		*fsp = fs;

	return err;
}


/* ------------------------------------------------------------------ names */

static bool listed(const char *words, const char *ext)
{
	const size_t len = strlen(ext);

	while (*words) {
		const size_t n = strcspn(words, " ");

		if (n == len && !strncasecmp(words, ext, n))
			return true;
		words += n + strspn(words + n, " ");
	}

	return false;
}


static int ext_copy(char ext[FILE_EXT_MAX + 1], const char *from)
{
	const size_t len = strlen(from);
	size_t i;

	if (len > FILE_EXT_MAX)
		return EINVAL;
	for (i = 0; i < len; i++) {
		if (!isalnum((unsigned char)from[i]) || (from[i] & 0x80))
			return EINVAL;
		ext[i] = (char)tolower((unsigned char)from[i]);
	}
	ext[len] = '\0';

	return 0;
}


int filestore_ext(char ext[FILE_EXT_MAX + 1], const struct filestore *fs,
		  const char *name)
{
	const char *dot = strrchr(name, '.');
	int err;

	err = ext_copy(ext, dot ? dot + 1 : "");
	if (err)
		return err;

	if (listed(fs->denied, ext) ||
	    (*fs->allowed && !listed(fs->allowed, ext)))
		return EPERM;

	return 0;
}


int file_key_decode(struct file_key *key, const char *name)
{
	const char *dot = strchr(name, '.');
	struct pl pl;

	pl.p = name;
	pl.l = dot ? (size_t)(dot - name) : strlen(name);

	if (guid_decode(key->id, &pl) || (dot && !dot[1]))
		return EINVAL;

	return ext_copy(key->ext, dot ? dot + 1 : "");
}


void file_key_print(char name[FILE_NAME_SIZE], const struct file_key *key)
{
	(void)re_snprintf(name, FILE_NAME_SIZE, "%H%s%s", guid_print, key->id,
			  key->ext[0] ? "." : "", key->ext);
}


int file_path(char path[FILE_PATH_MAX], const struct filestore *fs,
	      const struct file_key *key)
{
	char name[FILE_NAME_SIZE];

	file_key_print(name, key);

	return re_snprintf(path, FILE_PATH_MAX, "%s/%H/%s", fs->dir,
			   guid_print, key->room, name) < 0 ?
		ENAMETOOLONG : 0;
}


int file_path_aside(char path[FILE_PATH_MAX], const struct filestore *fs,
		    const struct file_key *key)
{
	char name[FILE_NAME_SIZE];

	file_key_print(name, key);

	return re_snprintf(path, FILE_PATH_MAX, "%s/new/%H~%s", fs->dir,
			   guid_print, key->room, name) < 0 ?
		ENAMETOOLONG : 0;
}


/* "ROOM~GUID.EXT" */
static bool aside_decode(struct file_key *key, const char *name)
{
	const char *tilde = strchr(name, '~');
	struct pl pl;

	if (!tilde)
		return false;

	pl.p = name;
	pl.l = (size_t)(tilde - name);

	return !guid_decode(key->room, &pl) &&
		!file_key_decode(key, tilde + 1);
}


/* ----------------------------------------------------------------- reading */

int filestore_get(const struct filestore *fs, const struct file_key *key,
		  uint64_t *sizep)
{
	char path[FILE_PATH_MAX];
	struct stat st;
	int fd;

	errno = file_path(path, fs, key);
	if (errno)
		return -1;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		errno = EINVAL;
		return -1;
	}
	*sizep = (uint64_t)st.st_size;

	return fd;
}


int filestore_remove(const struct filestore *fs, const struct file_key *key)
{
	char path[FILE_PATH_MAX];
	int err;

	err = file_path(path, fs, key);
	if (err)
		return err;

	return unlink(path) && errno != ENOENT ? errno : 0;
}


/* ------------------------------------------------------------ what is left */

static bool old(int fd, const char *name, time_t before)
{
	struct stat st;

	return !fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) &&
		S_ISREG(st.st_mode) && st.st_mtime <= before;
}


size_t filestore_left(const struct filestore *fs, unsigned age_s,
		      struct file_left *leftv, size_t max)
{
	const time_t before = time(NULL) - (time_t)age_s;
	char path[FILE_PATH_MAX];
	const struct dirent *e;
	size_t n = 0;
	DIR *dir;

	if (re_snprintf(path, sizeof(path), "%s/new", fs->dir) < 0)
		return 0;
	dir = opendir(path);
	if (!dir)
		return 0;

	while (n < max && (e = readdir(dir))) {

		struct file_left *left = &leftv[n];

		if (strlen(e->d_name) >= sizeof(left->name) ||
		    !old(dirfd(dir), e->d_name, before))
			continue;
		str_ncpy(left->name, e->d_name, sizeof(left->name));
		left->whole = aside_decode(&left->key, left->name);
		++n;
	}
	(void)closedir(dir);

	return n;
}


void filestore_sweep(const struct filestore *fs, const struct file_left *left,
		     bool entirely)
{
	char path[FILE_PATH_MAX];

	if (entirely && left->whole && filestore_remove(fs, &left->key))
		return;
	if (re_snprintf(path, sizeof(path), "%s/new/%s", fs->dir,
			left->name) > 0)
		(void)unlink(path);
}
