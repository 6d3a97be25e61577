/**
 * @file common/store/room.c  Columns of a room to its record
 */
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/store/room.h"

/* In the order of sql/statements/room.sql */
enum col {
	ID, GUID, NAME, DESCRIPTION, TOPIC, PRIVACY, BEHAVIOR, DISABLED,
	CATEGORY, INVITATIONS, FILES, HISTORY, LAST_ID, ADDIN, ADDIN_NAME,
	ADDIN_URL, IN_SCOPE, MEMBER, MANAGER, PRESENTER, PARTICIPANTS,
};


static void read_guid(uint8_t guid[GUID_SIZE], const struct db_res *res,
		      uint32_t row, enum col col)
{
	const uint8_t *p = db_get_uuid(res, row, col);

	if (p)
		memcpy(guid, p, GUID_SIZE);
}


void room_rec_read(struct room_rec *rec, const struct db_res *res,
		   uint32_t row)
{
	memset(rec, 0, sizeof(*rec));

	rec->id = db_get_int(res, row, ID);
	read_guid(rec->guid, res, row, GUID);
	read_guid(rec->category, res, row, CATEGORY);
	rec->name = db_get_text(res, row, NAME);
	rec->description = db_get_text(res, row, DESCRIPTION);
	rec->topic = db_get_text(res, row, TOPIC);
	rec->privacy = (enum room_privacy)db_get_int(res, row, PRIVACY);
	rec->auditorium = db_get_int(res, row, BEHAVIOR) != 0;
	rec->disabled = db_get_bool(res, row, DISABLED);
	rec->invitations = db_get_bool(res, row, INVITATIONS);
	rec->files = db_get_bool(res, row, FILES);
	rec->history = db_get_bool(res, row, HISTORY);
	rec->last_id = db_get_int(res, row, LAST_ID);
	rec->addin = db_get_uuid(res, row, ADDIN);
	rec->addin_name = db_get_text(res, row, ADDIN_NAME);
	rec->addin_url = db_get_text(res, row, ADDIN_URL);
	rec->in_scope = db_get_bool(res, row, IN_SCOPE);
	rec->member = db_get_bool(res, row, MEMBER);
	rec->manager = db_get_bool(res, row, MANAGER);
	rec->presenter = db_get_bool(res, row, PRESENTER);
	rec->participants = (uint32_t)db_get_int(res, row, PARTICIPANTS);
}
