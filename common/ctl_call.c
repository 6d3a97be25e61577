/**
 * @file common/ctl_call.c  Client of a control socket, for pchatctl
 */
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <re.h>
#include "common/ctl.h"
#include "common/ctl_sock.h"


enum {
	TIMEOUT_S = 30,
	REPLY_MAX_BYTES = 64<<20,
};


static int line_send(int fd, const char *line)
{
	struct mbuf *mb;
	int err;

	mb = mbuf_alloc(strlen(line) + 1);
	if (!mb)
		return ENOMEM;

	err = mbuf_printf(mb, "%s\n", line);
	mb->pos = 0;

	while (!err && mbuf_get_left(mb)) {
		const ssize_t n = send(fd, mbuf_buf(mb), mbuf_get_left(mb),
				       MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = errno;
		else
			mbuf_advance(mb, n);
	}

	mem_deref(mb);

	return err;
}


static int line_recv(int fd, struct mbuf *mb)
{
	char buf[4096];
	int err = 0;

	while (!err) {
		const ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? ETIMEDOUT : errno;
		if (!n)
			return EPROTO;

		err = mbuf_write_mem(mb, (uint8_t *)buf, (size_t)n);
		if (!err && mb->end > REPLY_MAX_BYTES)
			err = EMSGSIZE;
		if (!err && memchr(buf, '\n', (size_t)n))
			break;
	}

	return err;
}


int ctl_call(const char *path, const char *line, json_t **replyp)
{
	const struct timeval timeout = { .tv_sec = TIMEOUT_S };
	struct mbuf *mb;
	json_t *reply;
	int fd, err;

	if (!path || !line || !replyp || strchr(line, '\n'))
		return EINVAL;

	err = ctl_sock_connect(&fd, path);
	if (err)
		return err;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
			 sizeof(timeout));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout,
			 sizeof(timeout));

	mb = mbuf_alloc(4096);
	if (!mb) {
		err = ENOMEM;
		goto out;
	}

	err = line_send(fd, line);
	if (err)
		goto out;

	err = line_recv(fd, mb);
	if (err)
		goto out;

	reply = json_loadb((char *)mb->buf, mb->end, 0, NULL);
	if (!reply) {
		err = EPROTO;
		goto out;
	}

	*replyp = reply;

 out:
	mem_deref(mb);
	(void)close(fd);

	return err;
}
