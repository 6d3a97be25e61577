/**
 * @file common/store/room.h  A stored room as one user sees it
 *
 * The statements room_facts, room_find and invitations give these columns.
 */
#pragma once

#include "common/guid.h"

struct db_res;

enum room_privacy { ROOM_OPEN = 0, ROOM_CLOSED = 1, ROOM_SECRET = 2 };

/** Texts point into the result: valid as long as it is */
struct room_rec {
	int64_t id;
	uint8_t guid[GUID_SIZE];
	uint8_t category[GUID_SIZE];
	struct pl name, description, topic;
	enum room_privacy privacy;
	bool auditorium;
	bool disabled;
	bool invitations;       /* effective: the category's and its own     */
	bool files;
	bool history;
	int64_t last_id;        /* newest message; 0 in search results       */
	const uint8_t *addin;   /* GUID or NULL                              */
	struct pl addin_name, addin_url;

	/* what the user is to it */
	bool in_scope;          /* the category allows and does not deny     */
	bool member, manager, presenter;
	uint32_t participants;  /* search results only                       */
};

void room_rec_read(struct room_rec *rec, const struct db_res *res,
		   uint32_t row);
