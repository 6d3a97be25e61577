/**
 * @file channel/joined.c  What a join's reply says of rooms and who is there
 *
 * A user is written once, however many of the rooms he is in: his index stands
 * in user.mark while the reply is written.
 */
#include <errno.h>
#include <re.h>
#include "channel/xccos/xccos.h"
#include "channel/access.h"
#include "channel/chanib.h"
#include "channel/join.h"
#include "channel/joined.h"
#include "channel/room.h"
#include "channel/user.h"

#define UNMARKED UINT32_MAX

enum { ENVELOPE = 64 };      /* what closes the document */


static bool listed(const struct join_room *jr)
{
	return !jr->err && !jr->room->silent;
}


static void unmark(const struct join *join)
{
	const struct le *le;
	size_t i;

	for (i = 0; i < join->roomc; i++) {
		if (!listed(&join->roomv[i]))
			continue;
		for (le = join->roomv[i].room->presl.head; le; le = le->next) {
			const struct presence *pres = le->data;

			pres->user->mark = UNMARKED;
		}
	}
}


static int write_user(struct mbuf *mb, struct user *user, uint32_t *n)
{
	char guid[GUID_STRSIZE];
	struct xccos_uib uib = {
		.uri = user->uri, .display = user->display,
	};

	if (user->mark != UNMARKED)
		return 0;

	uib.guid = guid_str(guid, user->guid);
	uib.id = user->mark = (*n)++;

	return xccos_uib(mb, &uib);
}


static int write_users(struct mbuf *mb, const struct join *join)
{
	const struct le *le;
	uint32_t n = 0;
	int err = 0;
	size_t i;

	unmark(join);

	for (i = 0; i < join->roomc; i++) {
		if (!listed(&join->roomv[i]))
			continue;
		le = join->roomv[i].room->presl.head;
		for (; !err && le; le = le->next) {
			const struct presence *pres = le->data;

			err = write_user(mb, pres->user, &n);
		}
	}

	return err;
}


/* One aib for each mask that somebody in the room has */
static int write_masks(struct mbuf *mb, const struct room *room)
{
	uint32_t *markv = mem_alloc((room->users + 1) * sizeof(*markv), NULL);
	uint32_t done[8], donec = 0;
	int err = markv ? 0 : ENOMEM;

	while (!err && donec < ARRAY_SIZE(done)) {
		const struct le *le = room->presl.head;
		uint32_t mask = 0, n = 0, i;

		for (; le; le = le->next) {
			const struct presence *pres = le->data;
			const uint32_t aib = access_aib(pres->mask);

			for (i = 0; i < donec && done[i] != aib; i++)
				;
			if (i < donec || (mask && mask != aib))
				continue;
			mask = aib;
			markv[n++] = pres->user->mark;
		}
		if (!n)
			break;
		done[donec++] = mask;
		err = xccos_aib(mb, mask, markv, n);
	}
	mem_deref(markv);

	return err;
}


static int write_room(struct mbuf *mb, const struct room *room, bool lists)
{
	struct xccos_chanib chan;
	int err;

	chanib_of_room(&chan, room);
	err = xccos_chanib_open(mb, &chan);
	if (!err && lists && !room->silent)
		err = write_masks(mb, room);
	if (!err)
		err = xccos_chanib_info(mb, &chan);
	if (!err)
		err = xccos_chanib_close(mb);

	return err;
}


int joined_write_room(struct mbuf *mb, const struct join *join, size_t i,
		      bool failures, bool lists)
{
	const struct join_room *jr = &join->roomv[i];

	if (!jr->err)
		return write_room(mb, jr->room, lists);

	return failures ? xccos_fib(mb, jr->domain, jr->value) : 0;
}


int joined_write(struct mbuf *mb, const struct join *join, bool failures,
		 size_t max)
{
	const size_t start = mb->pos;
	int err;
	size_t i;

	err = write_users(mb, join);
	for (i = 0; !err && i < join->roomc; i++)
		err = joined_write_room(mb, join, i, failures, true);
	if (!err && mb->end + ENVELOPE > max) {
		mb->pos = mb->end = start;
		err = E2BIG;
	}

	return err;
}
