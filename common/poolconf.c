/**
 * @file common/poolconf.c  Settings of the pool that are kept in the store
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <re.h>
#include "common/poolconf.h"
#include "common/shown.h"
#include "common/utf8.h"

/* Pages that clients open: a scheme, a host, nothing that ends a URL */
static const char *check_url(const char *value)
{
	const char *host = NULL;

	if (!*value)
		return NULL;
	if (!strncasecmp(value, "https://", 8))
		host = value + 8;
	else if (!strncasecmp(value, "http://", 7))
		host = value + 7;

	if (!host || !*host || strchr("/:?#", *host))
		return "must be https://HOST/...";

	for (; *value; value++) {
		if ((unsigned char)*value <= ' ' ||
		    strchr("\"<>\\^`{|}\x7f", *value))
			return "has a character that no URL has";
	}

	return NULL;
}


static const char *check_administrators(const char *value)
{
	static const char *const kindv[] = { "sip:", "group:", "domain:",
					     "folder:" };
	const char *p = value;
	size_t i, len;

	while (*p) {

		p += strspn(p, ", ");
		len = strcspn(p, ",");

		for (i = 0; i < ARRAY_SIZE(kindv); i++) {
			const size_t n = strlen(kindv[i]);

			if (len > n && !strncasecmp(p, kindv[i], n))
				break;
		}
		if (len && i == ARRAY_SIZE(kindv))
			return "must be sip:, group:, domain: or folder: "
				"names, with commas between";
		p += len;
	}

	return NULL;
}


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
	{ "FileServiceUrl", "web.file_service_url", true, 0, 2048,
	  "address of the file service, told to clients" },
	{ "RoomFileQuotaKB", NULL, false, 0, 4294967295,
	  "what a room's files may have together; 0: no limit" },
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

/* Of texts: what is wrong, NULL: nothing.  The store looks at what only it
   can know (config_problem of sql/schema) */
static const struct {
	const char *name;
	const char *(*h)(const char *value);
} checkv[] = {
	{ "RoomManagementUrl", check_url },
	{ "FileServiceUrl",    check_url },
	{ "Administrators",    check_administrators },
};


const struct poolconf_key *poolconf_find(const char *name)
{
	size_t i;

	for (i = 0; i < poolconf_keyc; i++) {
		if (!strcasecmp(poolconf_keyv[i].name, name))
			return &poolconf_keyv[i];
	}

	return NULL;
}


static const char *check_text(const struct poolconf_key *key,
			      const char *value)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(checkv); i++) {
		if (!strcmp(checkv[i].name, key->name))
			return checkv[i].h(value);
	}

	return NULL;
}


/* False: not UTF-8 */
static bool characters(uint64_t *np, const char *value)
{
	const uint8_t *p = (const uint8_t *)value;
	size_t len = str_len(value), n;
	uint32_t cp;

	for (*np = 0; len; ++*np) {
		n = utf8_next(&cp, p, len);
		if (!n)
			return false;
		p += n;
		len -= n;
	}

	return true;
}


static int number(uint64_t *np, const char *value)
{
	char *end;

	if (!isdigit((unsigned char)value[0]))
		return EINVAL;

	errno = 0;
	*np = strtoull(value, &end, 10);
	if (*end)
		return EINVAL;

	return errno ? ERANGE : 0;
}


int poolconf_check(const struct poolconf_key *key, const char *value,
		   uint64_t *np)
{
	uint64_t n = 0;
	int err = 0;

	if (!key->text)
		err = number(&n, value);
	else if (!characters(&n, value))
		err = EINVAL;
	if (err)
		return err;

	if (n < key->min || n > key->max)
		return ERANGE;
	if (key->text && check_text(key, value))
		return EINVAL;
	if (np)
		*np = n;

	return 0;
}


bool poolconf_allows(char *buf, size_t size, const struct poolconf_key *key,
		     const char *value)
{
	const int err = poolconf_check(key, value, NULL);
	char *shown = shown_line(value);
	const char *problem = NULL;
	uint64_t n;

	if (key->text && err == EINVAL)
		problem = characters(&n, value) ? check_text(key, value) :
			"must be UTF-8";

	*buf = '\0';
	if (problem)
		(void)re_snprintf(buf, size, "%s: %s: %s", key->name, problem,
				  shown);
	else if (err == EINVAL)
		(void)re_snprintf(buf, size, "%s: not a number: %s",
				  key->name, shown);
	else if (err && key->text)
		(void)re_snprintf(buf, size, "%s: its length is not between "
				  "%llu and %llu characters", key->name,
				  key->min, key->max);
	else if (err)
		(void)re_snprintf(buf, size, "%s: %s is not between %llu and "
				  "%llu", key->name, shown, key->min,
				  key->max);

	mem_deref(shown);

	return !err;
}
