/**
 * @file channel/settings.c  Limits and texts that may change while we run
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <re.h>
#include "common/conf.h"
#include "common/db/db.h"
#include "common/log.h"
#include "common/poolconf.h"
#include "channel/settings.h"

/* Where a key of the file goes: char *, uint32_t, bool */
enum kind { NUMBER, TEXT, FLAG };

#define RATE(name, kind) \
	{ "rate." name "_per_min", \
	  offsetof(struct settings, rate[kind].per_min), NUMBER }, \
	{ "rate." name "_burst", \
	  offsetof(struct settings, rate[kind].burst), NUMBER }

static const struct place {
	const char *conf;
	size_t offset;
	enum kind kind;
} placev[] = {
	{ "room.participant_update_limit",
	  offsetof(struct settings, update_limit), NUMBER },
	{ "history.default", offsetof(struct settings, history_default),
	  NUMBER },
	{ "message.size_max", offsetof(struct settings, message_max), NUMBER },
	{ "message.story_size_max", offsetof(struct settings, story_max),
	  NUMBER },
	{ "search.limit", offsetof(struct settings, search_limit), NUMBER },
	{ "reply.size_max", offsetof(struct settings, reply_max), NUMBER },
	{ "session.queue_max", offsetof(struct settings, queue_max), NUMBER },
	{ "session.reattach_s", offsetof(struct settings, reattach_s),
	  NUMBER },
	{ "session.dialogs_max", offsetof(struct settings, dialogs_max),
	  NUMBER },
	{ "post.user_max", offsetof(struct settings, posts_max), NUMBER },
	{ "rate.endpoint_percent", offsetof(struct settings, rate_endpoint),
	  NUMBER },
	RATE("command", RATE_COMMAND),
	RATE("search", RATE_SEARCH),
	RATE("post", RATE_POST),
	RATE("signin", RATE_SIGNIN),
	{ "notices.extended", offsetof(struct settings, extended), FLAG },
	{ "pool.display_name", offsetof(struct settings, display_name),
	  TEXT },
	{ "web.room_management_url",
	  offsetof(struct settings, management_url), TEXT },
	{ "web.file_service_url",
	  offsetof(struct settings, file_service_url), TEXT },
};


static int put_text(struct settings *set, const struct place *place,
		    const char *value)
{
	char **sp = (char **)((char *)set + place->offset), *copy;
	int err;

	err = str_dup(&copy, value ? value : "");
	if (err)
		return err;

	mem_deref(*sp);
	*sp = copy;

	return 0;
}


static void put_number(struct settings *set, const struct place *place,
		       uint64_t n)
{
	*(uint32_t *)((char *)set + place->offset) = (uint32_t)n;
}


static void put_flag(struct settings *set, const struct place *place, bool on)
{
	*(bool *)((char *)set + place->offset) = on;
}


int settings_read(struct settings *set, const struct config *conf)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(placev); i++) {
		const struct place *place = &placev[i];

		if (place->kind == TEXT)
			err = put_text(set, place,
				       config_str(conf, place->conf));
		else if (place->kind == FLAG)
			put_flag(set, place, config_bool(conf, place->conf));
		else
			put_number(set, place,
				   config_uint(conf, place->conf));
	}

	return err;
}


static const struct place *place_of(const struct poolconf_key *key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(placev); i++) {
		if (key->conf && !strcmp(placev[i].conf, key->conf))
			return &placev[i];
	}

	return NULL;
}


static int apply(struct settings *set, const char *name, const char *value)
{
	const struct poolconf_key *key = poolconf_find(name);
	const struct place *place = key ? place_of(key) : NULL;
	uint64_t n;
	int err;

	if (key && !key->conf)
		return 0;
	if (!place)
		return ENOENT;

	err = poolconf_check(key, value, &n);
	if (err)
		return err;

	if (place->kind == TEXT)
		return put_text(set, place, value);

	put_number(set, place, n);

	return 0;
}


void settings_apply(struct settings *set, const struct db_res *res)
{
	uint32_t i;

	for (i = 0; i < db_rows(res); i++) {
		const struct pl name = db_get_text(res, i, 0);
		const struct pl value = db_get_text(res, i, 1);
		const int err = apply(set, name.p, value.p);

		if (err)
			log_warn("settings.stored", "key=%H error=\"%m\"",
				 log_quote, &name, err);
	}
}


static void addresses_destructor(void *data)
{
	char **v = data;

	while (*v)
		mem_deref(*v++);
}


void settings_addresses(struct settings *set, const struct db_res *res)
{
	const uint32_t n = db_rows(res);
	uint32_t i;
	char **v;

	v = mem_zalloc((n + 1) * sizeof(*v), addresses_destructor);
	for (i = 0; v && i < n; i++) {
		const struct pl uri = db_get_text(res, i, 0);

		if (pl_strdup(&v[i], &uri))
			break;
	}

	mem_deref(set->addressv);
	set->addressv = v;
}


void settings_reset(struct settings *set)
{
	set->display_name = mem_deref(set->display_name);
	set->management_url = mem_deref(set->management_url);
	set->file_service_url = mem_deref(set->file_service_url);
	set->addressv = mem_deref(set->addressv);
}
