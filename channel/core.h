/**
 * @file channel/core.h  What the parts of a channel process share
 *
 * Each part is opened and closed in service.c and nowhere else, and reaches
 * those that it stands on through this record.
 */
#pragma once

#include "common/guid.h"
#include "channel/pressure.h"

struct config;
struct ctl;
struct db;
struct bus;
struct uas;
struct mbuf;
struct hello;
struct post;
struct pool;
struct roomtab;
struct usertab;
struct watch;

/** Limits and texts from the configuration, read once and on reload */
struct settings {
	uint32_t update_limit;        /* ParticipantUpdateLimit             */
	uint32_t history_default;
	uint32_t message_max;         /* bytes                              */
	uint32_t story_max;
	uint32_t search_limit;
	uint32_t reply_max;           /* bytes                              */
	uint32_t queue_max;           /* commands per endpoint              */
	uint32_t reattach_s;
	const char *display_name;
	const char *management_url;
};

struct service {
	struct config *conf;
	struct settings set;
	const char *domain;

	struct db *db_main;           /* sign-in, rosters, the pool          */
	struct db *db_post;           /* messages being stored, alone        */
	struct db *db_read;           /* history and search                  */
	struct bus *bus;
	struct uas *uas;

	struct usertab *users;
	struct roomtab *rooms;
	struct list epl;              /* endpoints that are signed in        */
	uint32_t endpoints;
	struct post *post;
	struct pool *pool;
	struct watch *watch;
	struct hello *hello;
	struct pressure press;
	struct list lookupl;          /* users asked for: see lookup.c       */
	struct list endl;             /* ended endpoints: see ending.c       */
	struct tmr tmr_identify;
	struct tmr tmr_end;
	struct tmr tmr_sweep;
	uint32_t sweeps;
	struct tmr tmr_forget;

	int64_t instance_id;          /* random                              */
	uint64_t envid;               /* of our last document                */
	uint8_t store_guid[GUID_SIZE];
	uint8_t root_guid[GUID_SIZE];
	bool identified;              /* store_guid and root_guid are read   */
	bool draining;
};

/** A new document's id */
static inline uint64_t service_envid(struct service *svc)
{
	return ++svc->envid;
}
