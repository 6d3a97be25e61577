/**
 * @file channel/peer.h  Another instance of the pool, as the store names it
 */
#pragma once

struct db_res;

struct peer {
	struct le le;
	int64_t id;
	char *name;
	char *endpoint;          /* of its bus                               */
	char *key;               /* its CURVE key, Z85                       */
	bool seen;               /* in the table at the last look            */
};

struct peer *peer_find(const struct list *peerl, int64_t id);
/** From a row of instance_beat.  NULL: no memory */
struct peer *peer_add(struct list *peerl, const struct db_res *res,
		      uint32_t row);
