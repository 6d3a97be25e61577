/**
 * @file common/db/listen.c  LISTEN and NOTIFY
 */
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/priv.h"

struct listen {
	struct le le;
	char *channel;
	db_notify_h *h;
	void *arg;
};


static void destructor(void *data)
{
	struct listen *l = data;

	list_unlink(&l->le);
	mem_deref(l->channel);
}


static bool channel_cmp(struct le *le, void *arg)
{
	const struct listen *l = le->data;

	return 0 == strcmp(l->channel, arg);
}


static int listen_send(struct db *db, const struct listen *l)
{
	char *quoted, *text = NULL;
	int err;

	quoted = PQescapeIdentifier(db->pg, l->channel, strlen(l->channel));
	if (!quoted)
		return ENOMEM;

	err = re_sdprintf(&text, "LISTEN %s", quoted);
	if (!err)
		err = db_exec_text(db, "listen", text, NULL, NULL,
				   NULL);

	mem_deref(text);
	PQfreemem(quoted);

	return err;
}


/** Ask again on a new connection */
void db_listen_all(struct db *db)
{
	struct le *le;

	for (le = db->listenl.head; le; le = le->next) {
		if (listen_send(db, le->data))
			db_break(db);
	}
}


int db_listen(struct db *db, const char *channel, db_notify_h *h, void *arg)
{
	struct listen *l;
	int err;

	if (!db || !channel || !h)
		return EINVAL;

	if (list_apply(&db->listenl, true, channel_cmp, (void *)channel))
		return EALREADY;

	l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;

	err = str_dup(&l->channel, channel);
	if (err) {
		mem_deref(l);
		return err;
	}

	l->h   = h;
	l->arg = arg;
	list_append(&db->listenl, &l->le, l);

	if (db_isup(db) && listen_send(db, l))
		db_break(db);

	return 0;
}


/** Handlers may close @p db: between db_hold() and db_release() */
void db_notify_all(struct db *db)
{
	PGnotify *n;

	while (db_alive(db) && (n = PQnotifies(db->pg))) {

		struct le *le = list_apply(&db->listenl, true, channel_cmp,
					   n->relname);
		const struct listen *l = le ? le->data : NULL;

		if (l)
			l->h(n->relname, n->extra, l->arg);

		PQfreemem(n);
	}
}
