/**
 * @file channel/after.c  What has to wait for messages of its room
 */
#include <errno.h>
#include <re.h>
#include "common/stats.h"
#include "channel/after.h"
#include "channel/room.h"

struct after {
	struct le le;            /* room.afterl                              */
	int64_t id;
	after_h *h;
	void *arg;               /* reference                                */
};

static uint64_t n_waited;

static const struct stats_row rowv[] = {
	{ "order_waited", &n_waited, false,
	  "Times that what somebody did in a room had to wait for messages "
	  "before it that had not gone out" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct after *after = data;

	list_unlink(&after->le);
	mem_deref(after->arg);
}


int after_add(struct room *room, int64_t id, after_h *h, void *arg)
{
	struct after *after = mem_zalloc(sizeof(*after), destructor);

	if (!after)
		return ENOMEM;

	++n_waited;
	after->id = id;
	after->h = h;
	after->arg = arg;
	list_append(&room->afterl, &after->le, after);

	return 0;
}


static struct after *next(const struct room *room)
{
	struct le *le;

	for (le = list_head(&room->afterl); le; le = le->next) {
		struct after *after = le->data;

		if (after->id <= room->order.last)
			return after;
	}

	return NULL;
}


/* From the start each time: what is done may add, end or free others */
void after_check(struct room *room)
{
	struct after *after;

	if (!room->afterl.head)
		return;

	mem_ref(room);
	while ((after = next(room))) {
		list_unlink(&after->le);
		if (after->h)
			after->h(room, after->arg);
		mem_deref(after);
	}
	mem_deref(room);
}
