/**
 * @file channel/peer.c  Another instance of the pool
 */
#include <re.h>
#include "common/db/db.h"
#include "channel/peer.h"


static void destructor(void *data)
{
	struct peer *peer = data;

	list_unlink(&peer->le);
	mem_deref(peer->name);
	mem_deref(peer->endpoint);
	mem_deref(peer->key);
}


struct peer *peer_find(const struct list *peerl, int64_t id)
{
	struct le *le = list_head(peerl);

	for (; le; le = le->next) {
		struct peer *peer = le->data;

		if (peer->id == id)
			return peer;
	}

	return NULL;
}


struct peer *peer_add(struct list *peerl, const struct db_res *res,
		      uint32_t row)
{
	const struct pl name = db_get_text(res, row, 1);
	const struct pl endpoint = db_get_text(res, row, 2);
	const struct pl key = db_get_text(res, row, 3);
	struct peer *peer = mem_zalloc(sizeof(*peer), destructor);

	if (!peer)
		return NULL;

	peer->id = db_get_int(res, row, 0);
	if (pl_strdup(&peer->name, &name) ||
	    pl_strdup(&peer->endpoint, &endpoint) ||
	    pl_strdup(&peer->key, &key))
		return mem_deref(peer);

	list_append(peerl, &peer->le, peer);

	return peer;
}
