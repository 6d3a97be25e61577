/**
 * @file channel/revive.h  Endpoints of a process that was taken for dead
 *
 * Others have removed it, and it has registered again: those of its endpoints
 * that still waited for their clients are its own again, with their rooms.  The
 * clients of the others have come back elsewhere: their dialogs here end.
 */
#pragma once

#include "common/db/db.h"

struct service;

/** Have the store put our endpoints back.  @return 0, what db_exec() says */
int revive_ask(struct service *svc, db_h *h, void *arg);
/** Its answer: the endpoints that are ours again.  @return 0, ENOMEM */
int revive_read(struct service *svc, const struct db_res *res);
