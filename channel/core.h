/**
 * @file channel/core.h  What the parts of a channel process share
 *
 * Each part is opened and closed in service.c and nowhere else, and reaches
 * those that it stands on through this record.
 */
#pragma once

#include "common/guid.h"
#include "channel/pressure.h"
#include "channel/settings.h"

struct config;
struct ctl;
struct db;
struct bus;
struct uas;
struct mbuf;
struct hello;
struct outbox;
struct post;
struct pool;
struct roomtab;
struct usertab;
struct watch;
struct feed;
struct trace;
struct roamers;
struct rates;
struct lanes;

/** The name of db_post, by which the store knows it */
#define POST_CONNECTION "pchat-post"

struct service {
	struct config *conf;
	struct settings set;
	const char *domain;

	struct db *db_main;           /* sign-in, rosters, the pool          */
	struct db *db_post;           /* messages being stored, alone        */
	struct db *db_read;           /* what answers at once: history pages,
	                                 rooms by name                       */
	struct db *db_search;         /* history that may take a while       */
	struct db *db_index;          /* what is done behind: see step.h     */
	struct bus *bus;
	struct uas *uas;

	struct usertab *users;
	struct rates *rates;          /* what accounts may ask for           */
	struct lanes *lanes;          /* and whose turn it is                */
	struct roomtab *rooms;
	struct list epl;              /* endpoints that are signed in        */
	uint32_t endpoints;
	struct list leavel;           /* whose dialog is over: see signoff.h */
	struct post *post;
	struct outbox *outbox;
	struct pool *pool;
	struct watch *watch;
	struct feed *feed;
	struct roamers *roamers;
	struct trace *trace;          /* NULL: none                          */
	struct hello *hello;
	struct pressure press;
	struct list lookupl;          /* users asked for: see lookup.c       */
	struct list endl;             /* what ended here: see ending.c       */
	struct list endwaitl;         /* who waits for the store to know it  */
	struct tmr tmr_identify;
	struct tmr tmr_settings;
	struct tmr tmr_end;
	struct tmr tmr_sweep;
	uint32_t sweeps;
	struct tmr tmr_forget;
	struct list stepl;            /* work behind: see step.c             */

	int64_t instance_id;          /* random                              */
	int64_t lease;                /* random, of our last registration    */
	uint64_t envid;               /* of our last document                */
	uint8_t store_guid[GUID_SIZE];
	uint8_t root_guid[GUID_SIZE];
	bool identified;              /* store_guid and root_guid are read   */
	bool draining;
	bool passive;                  /* keeps whom it has, takes nobody  */
};

/** A new document's id */
static inline uint64_t service_envid(struct service *svc)
{
	return ++svc->envid;
}
