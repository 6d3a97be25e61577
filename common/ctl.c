/**
 * @file common/ctl.c  The control socket: server on the loop
 *
 * Lines of a connection are answered one after the other; while an answer is
 * waiting for a slow reader the next line is not read.
 */
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <re.h>
#include "common/ctl.h"
#include "common/ctl_sock.h"
#include "common/log.h"


enum {
	BACKLOG   = 16,
	CONNS_MAX = 32,
	LINE_MAX_BYTES = 65536,
};

/* A table of commands and whom it belongs to */
struct table {
	struct le le;
	const struct ctl_cmd *cmdv;
	size_t cmdc;
	void *arg;
};

struct conn {
	struct le le;
	struct ctl *ctl;
	struct mbuf *in;           /* from pos: what is not a line yet    */
	struct mbuf *out;          /* from pos: what is not written yet   */
	int fd;
};

struct ctl {
	struct list tablel;        /* the last one registered comes first */
	struct list connl;
	char *path;
	int fd;
	dev_t dev;                 /* which file is ours, for unlinking   */
	ino_t ino;
};

static fd_h conn_handler;


static void conn_destructor(void *data)
{
	struct conn *conn = data;

	list_unlink(&conn->le);
	if (conn->fd >= 0) {
		fd_close(conn->fd);
		(void)close(conn->fd);
	}
	mem_deref(conn->in);
	mem_deref(conn->out);
}


static void table_destructor(void *data)
{
	struct table *table = data;

	list_unlink(&table->le);
}


/* The file may be another process's by now */
static void unlink_own(const struct ctl *ctl)
{
	struct stat st;

	if (ctl->ino && !lstat(ctl->path, &st) &&
	    st.st_dev == ctl->dev && st.st_ino == ctl->ino)
		(void)unlink(ctl->path);
}


static void ctl_destructor(void *data)
{
	struct ctl *ctl = data;

	list_flush(&ctl->connl);
	list_flush(&ctl->tablel);
	if (ctl->fd >= 0) {
		fd_close(ctl->fd);
		unlink_own(ctl);
		(void)close(ctl->fd);
	}
	mem_deref(ctl->path);
}


static const struct ctl_cmd *cmd_find(const struct ctl *ctl,
				      const struct pl *word, void **argp)
{
	const struct le *le;
	size_t i;

	for (le = ctl->tablel.head; le; le = le->next) {
		const struct table *table = le->data;

		for (i = 0; i < table->cmdc; i++) {
			if (pl_strcmp(word, table->cmdv[i].word))
				continue;

			*argp = table->arg;
			return &table->cmdv[i];
		}
	}

	return NULL;
}


/* Commands and what they are for; "help" itself is not in a table */
static json_t *help(const struct ctl *ctl)
{
	json_t *obj = json_object();
	const struct le *le;
	size_t i;

	for (le = ctl->tablel.tail; le; le = le->prev) {
		const struct table *table = le->data;

		for (i = 0; i < table->cmdc; i++)
			(void)json_object_set_new(obj, table->cmdv[i].word,
				json_string(table->cmdv[i].help));
	}

	return obj;
}


static json_t *dispatch(const struct ctl *ctl, const char *line)
{
	const struct ctl_cmd *cmd;
	struct pl word;
	json_t *reply;
	void *arg;

	pl_set_str(&word, line);
	word.l = strcspn(line, " \t");

	if (!pl_strcmp(&word, "help"))
		return help(ctl);

	cmd = cmd_find(ctl, &word, &arg);
	if (!cmd)
		return json_pack("{s:s}", "error",
				 "no such command, see help");

	line += word.l;
	reply = cmd->h(line + strspn(line, " \t"), arg);

	return reply ? reply : json_pack("{s:s}", "error", "internal error");
}


static int reply_write(struct conn *conn, json_t *reply)
{
	char *text;
	int err;

	text = json_dumps(reply, JSON_COMPACT);
	json_decref(reply);
	if (!text)
		return ENOMEM;

	conn->out->pos = conn->out->end = 0;
	err = mbuf_printf(conn->out, "%s\n", text);
	conn->out->pos = 0;
	free(text);

	return err;
}


/* EAGAIN: the rest when the socket takes more */
static int flush(struct conn *conn)
{
	struct mbuf *mb = conn->out;

	while (mbuf_get_left(mb)) {
		const ssize_t n = send(conn->fd, mbuf_buf(mb),
				       mbuf_get_left(mb), MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;

		mbuf_advance(mb, n);
	}

	return 0;
}


/* Answer the lines that are there, until one answer does not go out */
static int serve(struct conn *conn)
{
	struct mbuf *mb = conn->in;
	int err = 0;

	while (!err) {
		char *line = (char *)mbuf_buf(mb);
		char *nl = memchr(line, '\n', mbuf_get_left(mb));

		if (!nl)
			break;

		*nl = '\0';
		mbuf_advance(mb, nl + 1 - line);
		if (nl > line && nl[-1] == '\r')
			nl[-1] = '\0';

		err = reply_write(conn, dispatch(conn->ctl, line));
		if (!err)
			err = flush(conn);
	}

	if (mb->pos) {
		memmove(mb->buf, mbuf_buf(mb), mbuf_get_left(mb));
		mb->end -= mb->pos;
		mb->pos = 0;
	}

	return err;
}


static int conn_read(struct conn *conn)
{
	struct mbuf *mb = conn->in;
	ssize_t n;
	int err;

	if (mb->size - mb->end < 1024) {
		err = mbuf_resize(mb, mb->size + 4096);
		if (err)
			return err;
	}

	n = recv(conn->fd, mb->buf + mb->end, mb->size - mb->end, 0);
	if (n < 0)
		return errno == EINTR ? EAGAIN : errno;
	if (!n)
		return ECONNRESET;

	mb->end += (size_t)n;

	return mb->end > LINE_MAX_BYTES ? EMSGSIZE : 0;
}


static void conn_handler(int flags, void *arg)
{
	struct conn *conn = arg;
	int err;

	err = flush(conn);
	if (!err && flags & (FD_READ | FD_EXCEPT))
		err = conn_read(conn);
	if (!err)
		err = serve(conn);

	if (err && err != EAGAIN) {
		mem_deref(conn);
		return;
	}

	err = fd_listen(conn->fd, mbuf_get_left(conn->out) ? FD_WRITE : FD_READ,
			conn_handler, conn);
	if (err)
		mem_deref(conn);
}


static int conn_add(struct ctl *ctl, int fd)
{
	struct conn *conn;
	int err = ENOMEM;

	conn = mem_zalloc(sizeof(*conn), conn_destructor);
	if (!conn) {
		(void)close(fd);
		return ENOMEM;
	}

	conn->fd  = fd;
	conn->ctl = ctl;
	conn->in  = mbuf_alloc(4096);
	conn->out = mbuf_alloc(4096);
	if (!conn->in || !conn->out)
		goto out;

	err = fd_listen(fd, FD_READ, conn_handler, conn);
	if (err)
		goto out;

	list_append(&ctl->connl, &conn->le, conn);

 out:
	if (err)
		mem_deref(conn);

	return err;
}


static void accept_handler(int flags, void *arg)
{
	struct ctl *ctl = arg;
	int fd, err;
	(void)flags;

	fd = accept4(ctl->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;

	if (list_count(&ctl->connl) >= CONNS_MAX) {
		(void)close(fd);
		return;
	}

	err = conn_add(ctl, fd);
	if (err)
		log_warn("ctl.refused", "error=\"%m\"", err);
}


int ctl_open(struct ctl **ctlp, const char *path)
{
	struct ctl *ctl;
	struct stat st;
	int err;

	if (!ctlp || !str_isset(path))
		return EINVAL;

	ctl = mem_zalloc(sizeof(*ctl), ctl_destructor);
	if (!ctl)
		return ENOMEM;

	ctl->fd = -1;
	err = str_dup(&ctl->path, path);
	if (err)
		goto out;

	err = ctl_sock_listen(&ctl->fd, path, BACKLOG);
	if (err)
		goto out;

	if (!lstat(path, &st)) {
		ctl->dev = st.st_dev;
		ctl->ino = st.st_ino;
	}

	err = fd_listen(ctl->fd, FD_READ, accept_handler, ctl);

 out:
	if (err)
		mem_deref(ctl);
	else
		*ctlp = ctl;

	return err;
}


void ctl_register(struct ctl *ctl, const struct ctl_cmd *cmdv, size_t cmdc,
		  void *arg)
{
	struct table *table;

	if (!ctl || !cmdv)
		return;

	table = mem_zalloc(sizeof(*table), table_destructor);
	if (!table)
		return;

	table->cmdv = cmdv;
	table->cmdc = cmdc;
	table->arg  = arg;
	list_prepend(&ctl->tablel, &table->le, table);
}
