/**
 * @file channel/roomtab.h  The tables behind room.h, for its two sources
 */
#pragma once

#include "channel/room.h"

struct roomtab {
	struct hash *ht_id, *ht_guid;    /* rooms                            */
	struct hash *ht_occ, *ht_pres;
	struct list rooml, youngl;
	uint32_t rooms;
	char *domain;
	room_open_h *openh;
	struct service *svc;
};
