/**
 * @file compliance/items.h  What became of the items of a batch
 *
 * Mails or posts that an adapter hands over one by one.  The compliance store
 * remembers each as it is settled, so neither a later fault nor the end of
 * the process has one delivered twice.  Blocks.
 */
#pragma once

#include "compliance/adapter.h"

struct bstore;
struct items;
struct json_t;

/**
 * @param st  NULL: nothing is remembered beyond this object
 *
 * @return 0, EPROTO (database), ENOMEM
 */
int  items_open(struct items **ip, struct bstore *st, const char *adapter,
		uint64_t batch);
bool items_due(const struct items *items, const char *item);
/** 0, EPROTO (database; and items_broken() from now on), ENOMEM */
int  items_settle(struct items *items, const char *item,
		  enum adapter_verdict verdict, const char *why);
/** The connection to the store is of no use any more */
bool items_broken(const struct items *items);

size_t items_taken(const struct items *items);
size_t items_refused(const struct items *items);
/** [{"item", "error"}] of the refused ones; NULL: none, or no memory */
struct json_t *items_refused_json(const struct items *items);
