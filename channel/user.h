/**
 * @file channel/user.h  Users that this process has to do with
 *
 * One record a user, shared by his endpoints here and by the rosters he is
 * in, gone with the last of them.  Loop thread only.
 */
#pragma once

#include "common/guid.h"

struct user {
	struct le he;           /* in the table, by id                       */
	int64_t id;
	uint8_t guid[GUID_SIZE];
	char *uri;              /* canonical, with "sip:"                    */
	char *display;
	int64_t *ancv;          /* ancestors, himself included; NULL: known
	                           only from rosters                         */
	size_t ancc;
	struct list epl;        /* endpoints of his that are signed in here  */
	uint32_t endings;       /* of endpoints of his: see ending.h         */
	uint32_t mark;          /* index in the reply being written          */
};

struct usertab;

int  usertab_alloc(struct usertab **tabp);

/**
 * The user of that id, made when he is new; uri and display are brought up to
 * date
 *
 * @return 0 and a reference, ENOMEM
 */
int  user_get(struct user **userp, struct usertab *tab, int64_t id,
	      const struct pl *uri, const struct pl *display,
	      const uint8_t *guid);

/** Borrowed; NULL: nobody here has to do with him */
struct user *user_find(const struct usertab *tab, int64_t id);

/** Takes the array (mem_deref()ed later) */
void user_set_ancestors(struct user *user, int64_t *ancv, size_t ancc);
