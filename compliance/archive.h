/**
 * @file compliance/archive.h  Everything behind the staging: batches, adapters
 *
 * Brings lease, runs, lag and the adapters' processes together: who holds the
 * lease has the others running, who does not has nothing to do.
 */
#pragma once

#include "common/json.h"

struct archive;
struct config;
struct ctl;
struct db;

/**
 * @param store  The Persistent Chat Store; closed before the archive is
 * @param ctl    Gets the command "run"; may be NULL
 *
 * @return 0, EBADMSG (an adapter's file is wrong: logged), ENOMEM, ...
 */
int  archive_open(struct archive **ap, const struct config *conf,
		  struct db *store, struct ctl *ctl);
/** The pool's settings are to be read again, or the store is back */
void archive_settings(struct archive *a);
/** Others may go on: we are leaving */
void archive_leave(struct archive *a);
/** Adds "archive": lease, lag, adapters */
void archive_status(const struct archive *a, json_t *obj);
