/**
 * @file channel/chanib.c  What is told of a room: its block in documents
 */
#include <re.h>
#include "common/chaturi.h"
#include "common/store/room.h"
#include "channel/xccos/xccos.h"
#include "channel/chanib.h"
#include "channel/room.h"

static const enum xccos_visibility visibilityv[] = {
	[ROOM_OPEN]   = XCCOS_OPEN,
	[ROOM_CLOSED] = XCCOS_SCOPED,
	[ROOM_SECRET] = XCCOS_PRIVATE,
};


static int write_block(struct mbuf *mb, const struct xccos_chanib *chan,
		       const struct mbuf *own)
{
	int err;

	err = xccos_chanib_open(mb, chan);
	if (!err && own)
		err = mbuf_write_mem(mb, own->buf, own->end);
	if (!err)
		err = xccos_chanib_info(mb, chan);
	if (!err)
		err = xccos_chanib_close(mb);

	return err;
}


int chanib_record(struct mbuf *mb, const char *domain,
		  const struct room_rec *rec, const struct mbuf *own)
{
	char uri[CHATURI_SIZE], parent[CHATURI_SIZE], addin[GUID_STRSIZE];
	/* columns of a row end with a NUL, absent ones are NULL */
	struct xccos_chanib chan = {
		.uri = uri, .parent = parent,
		.name = rec->name.p, .description = rec->description.p,
		.topic = rec->topic.p,
		.addin_name = rec->addin_name.p,
		.addin_url = rec->addin_url.p,
		.auditorium = rec->auditorium, .disabled = rec->disabled,
		.visibility = visibilityv[rec->privacy],
		.ucnt = rec->participants,
		.filepost = rec->files, .invite = rec->invitations,
		.logged = rec->history,
	};
	int err;

	if (rec->addin)
		chan.addin_guid = guid_str(addin, rec->addin);

	err = chaturi_print(uri, sizeof(uri), CHATURI_ROOM, domain, rec->guid);
	if (!err)
		err = chaturi_print(parent, sizeof(parent), CHATURI_CATEGORY,
				    domain, rec->category);
	if (!err)
		err = write_block(mb, &chan, own);

	return err;
}


void chanib_of_room(struct xccos_chanib *chan, const struct room *room)
{
	*chan = (struct xccos_chanib) {
		.uri = room->uri, .name = room->name,
		.description = room->description, .topic = room->topic,
		.parent = room->parent,
		.addin_guid = room->addin_guid,
		.addin_name = room->addin_name, .addin_url = room->addin_url,
		.auditorium = room->auditorium, .disabled = room->disabled,
		.visibility = visibilityv[room->privacy],
		.ucnt = room->users, .filepost = room->files,
		.invite = room->invitations, .logged = room->history,
	};
}


int chanib_room(struct mbuf *mb, const struct room *room)
{
	struct xccos_chanib chan;

	chanib_of_room(&chan, room);

	return write_block(mb, &chan, NULL);
}
