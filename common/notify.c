/**
 * @file common/notify.c  sd_notify() without libsystemd: one datagram
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <re.h>
#include "common/log.h"
#include "common/notify.h"


void notify_supervisor(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	socklen_t len;
	int fd;

	if (!str_isset(path) || strlen(path) >= sizeof(sun.sun_path))
		return;

	memcpy(sun.sun_path, path, strlen(path));
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path)
			  + strlen(path));
	if (path[0] == '@')
		sun.sun_path[0] = '\0';      /* abstract socket */

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;

	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		   (struct sockaddr *)&sun, len) < 0)
		log_warn("daemon.notify_failed", "error=\"%m\"", errno);

	(void)close(fd);
}
