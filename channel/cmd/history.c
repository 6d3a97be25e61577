/**
 * @file channel/cmd/history.c  Messages by conditions, in one room, in some or
 *                              in all that the user may read (protocol.md 4.14)
 *
 * What may take the store a while goes to a connection of its own, on which
 * few may wait: a page of one room's history does not wait behind a search.
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/db/db.h"
#include "common/stats.h"
#include "common/store/room.h"
#include "channel/cmd/bcq.h"
#include "channel/cmd/table.h"
#include "channel/cmd/told.h"
#include "channel/xccos/xccos.h"
#include "channel/access.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/user.h"

enum {
	ROOMS_MAX = 500,
	ENVELOPE  = 1024,
	CHANIB    = 64,        /* a room's element, without its URI          */
	COL_ROOM  = 8,         /* after message_read()'s                     */
	COL_MORE,
	COL_TOLD,
};

struct history {
	struct bcq *q;
	uint8_t guidv[ROOMS_MAX + 1][GUID_SIZE];   /* as asked, or as found  */
	bool morev[ROOMS_MAX + 1];             /* of a room, not all is told */
	uint32_t guidc;
	bool asked;                            /* the command names rooms    */
	int err;

	struct mbuf *mb;                       /* msg elements, row by row   */
	size_t endv[BCQ_COUNT_MAX + 1];
	int64_t idv[BCQ_COUNT_MAX];
	int32_t roomv[BCQ_COUNT_MAX];          /* a row's place in guidv, + 1 */
	uint32_t rows;
};

static uint64_t n_searches, n_refused;

static const struct stats_row rowv[] = {
	{ "searches", &n_searches, false,
	  "Questions to the history beyond one room's newest messages" },
	{ "searches_refused", &n_refused, false,
	  "Those that were too slow, or too many at a time" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct history *h = data;

	mem_deref(h->q);
	mem_deref(h->mb);
}


static uint32_t room_find(const struct history *h, const uint8_t *guid)
{
	uint32_t i = 0;

	while (i < h->guidc && memcmp(h->guidv[i], guid, GUID_SIZE))
		++i;

	return i;
}


/* Place of a room in the list, where it is put when it is new.  A reply has
   no more rooms than rows and one, and a command's are counted before */
static uint32_t room_place(struct history *h, const uint8_t *guid)
{
	const uint32_t i = room_find(h, guid);

	if (i == h->guidc)
		memcpy(h->guidv[h->guidc++], guid, GUID_SIZE);

	return i;
}


/* ------------------------------------------------------------------ reply */

static int room_uri(char uri[CHATURI_SIZE], const struct cmd *cmd,
		    uint32_t place)
{
	const struct history *h = cmd->state;

	return chaturi_print(uri, CHATURI_SIZE, CHATURI_ROOM,
			     cmd->svc->domain, h->guidv[place]);
}


/* ENOSPC: it does not fit */
static int collect_row(struct cmd *cmd, const struct db_res *res, uint32_t row)
{
	struct history *h = cmd->state;
	const size_t head = CHANIB + strlen("ma-chan://") + GUID_STRSIZE +
			    str_len(cmd->svc->domain);
	const uint32_t rooms = h->guidc;
	const uint32_t place = room_place(h, db_get_uuid(res, row, COL_ROOM));
	char uri[CHATURI_SIZE];
	int err;

	err = room_uri(uri, cmd, place);
	if (!err)
		err = cmd_write_message(h->mb, uri, res, row);
	if (err)
		return err;

	if (h->mb->end + ENVELOPE + h->guidc * head >
	    cmd->svc->set.reply_max) {
		h->guidc = rooms;
		return ENOSPC;
	}

	h->idv[h->rows] = db_get_int(res, row, 0);
	h->roomv[h->rows] = (int32_t)place + 1;
	h->endv[++h->rows] = h->mb->end;
	h->morev[place] = db_get_bool(res, row, COL_MORE);

	return 0;
}


/* The rows that fit, in the order in which they were selected; the rooms of
   those left out, here or by the limit, have more.  The first such room is
   named in any case: that something was left out must be seen */
static int collect(struct cmd *cmd, const struct db_res *res)
{
	struct history *h = cmd->state;
	const uint32_t n = db_rows(res);
	uint32_t i, first;
	int err = 0;

	for (i = 0; i < n && !db_isnull(res, i, 0); i++) {
		err = collect_row(cmd, res, i);
		if (err)
			break;
	}
	if (err && err != ENOSPC)
		return err;

	for (first = i; i < n; i++) {
		const uint8_t *guid = db_get_uuid(res, i, COL_ROOM);
		const uint32_t place = i == first ? room_place(h, guid) :
						    room_find(h, guid);

		if (place < h->guidc)
			h->morev[place] = true;
	}

	return 0;
}


static int write_room(struct cmd *cmd, uint32_t place)
{
	const struct history *h = cmd->state;
	const bool turn = h->q->backwards != h->q->sort_backwards;
	char uri[CHATURI_SIZE];
	uint32_t i;
	int err;

	err = room_uri(uri, cmd, place);
	if (!err)
		err = mbuf_printf(cmd->mb, "<chanib uri=\"%s\"%s>", uri,
				  h->morev[place] ? " more=\"true\"" : "");

	for (i = 0; !err && i < h->rows; i++) {
		const uint32_t row = turn ? h->rows - 1 - i : i;

		if (h->roomv[row] == (int32_t)place + 1)
			err = mbuf_write_mem(cmd->mb,
					     h->mb->buf + h->endv[row],
					     h->endv[row + 1] - h->endv[row]);
	}

	return err ? err : xccos_chanib_close(cmd->mb);
}


static int reply(struct cmd *cmd, const struct db_res *res)
{
	struct history *h = cmd->state;
	uint32_t i;
	int err;

	h->mb = mbuf_alloc(4096);
	if (!h->mb)
		return ENOMEM;

	err = collect(cmd, res);
	if (!err)
		err = cmd_reply_begin(cmd, 0);
	for (i = 0; !err && i < h->guidc; i++)
		err = write_room(cmd, i);

	return err;
}


static int tell(struct cmd *cmd)
{
	const struct history *h = cmd->state;
	const struct told told = {
		.roomv = (const uint8_t (*)[16])h->guidv, .roomc = h->guidc,
		.placev = h->roomv, .idv = h->idv, .idc = h->rows,
	};

	return told_reply(cmd, &told, h->q) ? EBUSY : 0;
}


static void found_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;

	if (err) {
		++n_refused;
		err = EBUSY;
	}
	else {
		err = reply(cmd, res);
	}
	if (!err && told_wanted(res, COL_TOLD)) {
		err = tell(cmd);
		if (!err)
			return;
	}

	cmd_end(cmd, err);
}


/* ---------------------------------------------------------------- request */

static int ask(struct cmd *cmd, const int64_t *idv, size_t idc)
{
	const struct history *h = cmd->state;
	const bool quick = idc == 1 && !h->q->text && !h->q->authorc;
	struct db_args args;

	db_args_init(&args);
	if (idv)
		db_int8v(&args, idv, idc);
	else
		db_null(&args);
	db_int8v(&args, cmd->ep->user->ancv, cmd->ep->user->ancc);
	bcq_args(&args, h->q);
	db_int4(&args, BCQ_COUNT_MAX);

	++n_searches;
	if (!db_exec(quick ? cmd->svc->db_read : cmd->svc->db_search,
		     "history_find", &args, found_handler, cmd))
		return 0;

	++n_refused;

	return EBUSY;
}


/* Of the rooms asked for, those that he may read; of a single one, or when
   there is none, why not */
static int permitted(struct history *h, int64_t *idv, size_t *idcp,
		     const struct db_res *res)
{
	uint8_t guidv[ROOMS_MAX][GUID_SIZE];
	int64_t placev[ROOMS_MAX] = { 0 };
	uint32_t i, n = 0;
	int err = ENOENT;

	for (i = 0; i < db_rows(res); i++) {
		struct room_rec rec;

		room_rec_read(&rec, res, i);
		if (access_mask(&rec) & ACCESS_HISTORY)
			placev[room_place(h, rec.guid)] = rec.id;
		else
			err = access_join(&rec);
	}

	for (i = 0; i < h->guidc; i++) {
		if (!placev[i])
			continue;
		memcpy(guidv[n], h->guidv[i], GUID_SIZE);
		idv[n++] = placev[i];
	}
	memcpy(h->guidv, guidv, n * GUID_SIZE);
	h->guidc = n;
	*idcp = n;

	return n ? 0 : err;
}


static void facts_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;
	int64_t idv[ROOMS_MAX];
	size_t idc = 0;

	if (err)
		err = EBUSY;
	else
		err = permitted(cmd->state, idv, &idc, res);
	if (!err)
		err = ask(cmd, idv, idc);

	if (err)
		cmd_fail(cmd, err);
}


static bool room_handler(const void *node, void *arg)
{
	const char *uri = xccos_node_attr(node, "uri");
	struct history *h = arg;
	uint8_t guid[GUID_SIZE];
	struct pl pl;

	h->asked = true;
	pl_set_str(&pl, uri ? uri : "");
	if (chaturi_decode(guid, CHATURI_ROOM, &pl))
		return false;

	if (h->guidc == ROOMS_MAX)
		h->err = E2BIG;
	else
		(void)room_place(h, guid);

	return h->err != 0;
}


int cmd_history(struct cmd *cmd)
{
	struct history *h = mem_zalloc(sizeof(*h), destructor);
	struct db_args args;
	int err;

	if (!h)
		return ENOMEM;

	cmd->state = h;
	err = bcq_decode(&h->q, cmd->prim, cmd->svc->set.history_default);
	if (err)
		return err;

	xccos_each(cmd->prim, "chanib", room_handler, h);
	if (h->err)
		return h->err;
	if (!h->asked)
		return ask(cmd, NULL, 0);
	if (!h->guidc)
		return ENOENT;

	db_args_init(&args);
	db_int8v(&args, cmd->ep->user->ancv, cmd->ep->user->ancc);
	db_uuidv(&args, (const uint8_t (*)[16])h->guidv, h->guidc);

	return db_exec(cmd->svc->db_read, "room_facts", &args, facts_handler,
		       cmd) ? EBUSY : 0;
}
