/**
 * @file common/poolconf.c  Settings of the pool that are kept in the store
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <re.h>
#include "common/poolconf.h"

const struct poolconf_key poolconf_keyv[] = {
	{ "DefaultChatHistory", "history.default", false, 1, 500,
	  "messages of a history reply when the client names no number" },
	{ "ParticipantUpdateLimit", "room.participant_update_limit", false, 0,
	  1000000, "above so many participants a room sends no roster changes" },
	{ "MessageSizeLimit", "message.size_max", false, 256, 1048576,
	  "largest chat message in bytes" },
	{ "StorySizeLimit", "message.story_size_max", false, 256, 1048576,
	  "largest story in bytes" },
	{ "SearchLimit", "search.limit", false, 1, 100000,
	  "most rooms that a search returns" },
	{ "SearchLanguage", NULL, true, 1, 63,
	  "PostgreSQL text search configuration of the full-text index" },
	{ "InvitationLimit", NULL, false, 0, 1000000000,
	  "invitations in the pool (2000000); above it no more are made" },
	{ "InvitationWarning", NULL, false, 0, 1000000000,
	  "above so many invitations (1000000) a warning is logged" },
	{ "AccessEntryLimit", NULL, false, 1, 1000000000,
	  "entries of all lists in the pool (2000000); no more are taken" },
	{ "DisplayName", "pool.display_name", true, 1, 256,
	  "the pool's name, told to clients" },
	{ "RoomManagementUrl", "web.room_management_url", true, 0, 2048,
	  "address of the room pages, told to clients" },
	{ "MaxFileSizeKB", NULL, false, 1, 4194303,
	  "largest file that may be uploaded, in KB" },
	{ "Site", NULL, true, 0, 256,
	  "the site that the pool is in: a policy of that name counts" },
	{ "ComplianceRunInterval", NULL, false, 60, 2592000,
	  "seconds between two batches for the archives; 900 when not set" },
	{ "ComplianceLagAlarm", NULL, false, 0, 2592000,
	  "seconds that an event may wait for the archives without an alarm; "
	  "0: no alarm" },
	{ "ComplianceFailClosed", NULL, false, 0, 2592000,
	  "posts are refused when an event waits for so many seconds; 0: no" },
	{ "RemovedMessageText", NULL, true, 1, 4096,
	  "what stands in place of a message that an administrator replaced" },
	{ "Administrators", NULL, true, 0, 4096,
	  "who may remove any room: sip:, group:, domain: names, with commas" },
};

const size_t poolconf_keyc = ARRAY_SIZE(poolconf_keyv);


const struct poolconf_key *poolconf_find(const char *name)
{
	size_t i;

	for (i = 0; i < poolconf_keyc; i++) {
		if (!strcasecmp(poolconf_keyv[i].name, name))
			return &poolconf_keyv[i];
	}

	return NULL;
}


int poolconf_check(const struct poolconf_key *key, const char *value,
		   uint64_t *np)
{
	uint64_t n;
	char *end;

	if (key->text) {
		n = str_len(value);
	}
	else {
		if (!isdigit((unsigned char)value[0]))
			return EINVAL;
		errno = 0;
		n = strtoull(value, &end, 10);
		if (errno || *end)
			return EINVAL;
	}

	if (n < key->min || n > key->max)
		return ERANGE;
	if (np)
		*np = n;

	return 0;
}
