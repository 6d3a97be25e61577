/**
 * @file channel/settings.h  Limits and texts that may change while we run
 *
 * From the configuration file, and over it from the store (poolconf.h).
 */
#pragma once

#include "channel/rate.h"

struct config;
struct db_res;

struct settings {
	uint32_t update_limit;        /* ParticipantUpdateLimit             */
	uint32_t history_default;
	uint32_t message_max;         /* bytes                              */
	uint32_t story_max;
	uint32_t search_limit;
	uint32_t reply_max;           /* bytes                              */
	uint32_t queue_max;           /* commands per endpoint              */
	uint32_t reattach_s;
	uint32_t dialogs_max;         /* of a user                          */
	uint32_t posts_max;           /* of a user, that wait               */
	uint32_t rate_endpoint;       /* percent of the user's              */
	struct rate_limit rate[RATE_KINDS];
	bool extended;                /* notices.extended                   */
	char *display_name;
	char *management_url;
	char *file_service_url;       /* "": there is no web service        */
	char **addressv;              /* of the pool, beside those of the file;
	                                 canonical, ends with NULL; or NULL  */
};

/** From the file alone; texts replace those that were there.  ENOMEM */
int  settings_read(struct settings *set, const struct config *conf);
/** Rows of the statement "configuration"; a bad one is logged and left out */
void settings_apply(struct settings *set, const struct db_res *res);
/** Rows of the statement "pool_addresses"; without memory, none */
void settings_addresses(struct settings *set, const struct db_res *res);
void settings_reset(struct settings *set);
