/**
 * @file common/ctl_sock.c  UNIX stream sockets for both ends of ctl.h
 */
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <re.h>
#include "common/ctl_sock.h"


static int address(struct sockaddr_un *sun, const char *path)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;

	if (strlen(path) >= sizeof(sun->sun_path))
		return ENAMETOOLONG;

	strcpy(sun->sun_path, path);

	return 0;
}


int ctl_sock_connect(int *fdp, const char *path)
{
	struct sockaddr_un sun;
	int fd, err;

	err = address(&sun, path);
	if (err)
		return err;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;

	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun))) {
		err = errno;
		(void)close(fd);
		return err;
	}

	*fdp = fd;

	return 0;
}


/* A socket that refuses was left behind by a process that is gone */
static int remove_stale(const char *path)
{
	struct stat st;
	int fd = -1, err;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : errno;

	if (!S_ISSOCK(st.st_mode))
		return EADDRINUSE;

	err = ctl_sock_connect(&fd, path);
	if (!err) {
		(void)close(fd);
		return EADDRINUSE;
	}

	if (err != ECONNREFUSED)
		return err == ENOENT ? 0 : err;

	return unlink(path) && errno != ENOENT ? errno : 0;
}


int ctl_sock_listen(int *fdp, const char *path, int backlog)
{
	struct sockaddr_un sun;
	mode_t mask;
	int fd, err;

	err = address(&sun, path);
	if (err)
		return err;

	err = remove_stale(path);
	if (err)
		return err;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;

	mask = umask(0177);
	err = bind(fd, (struct sockaddr *)&sun, sizeof(sun)) ? errno : 0;
	(void)umask(mask);

	if (!err && listen(fd, backlog))
		err = errno;

	if (err)
		(void)close(fd);
	else
		*fdp = fd;

	return err;
}
