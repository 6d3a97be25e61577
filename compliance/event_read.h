/**
 * @file compliance/event_read.h  The JSON of one event as records
 *
 * The form is common/queue.h's.
 */
#pragma once

#include "common/json.h"

struct adapter_event;
struct adapter_room;
struct adapter_user;
struct arena;
struct people;

/** Users met so far, each once: what is the same is the same pointer */
int people_alloc(struct people **pp, struct arena *a);
/** NULL: JSON null, or no memory */
const struct adapter_user *people_find(struct people *p, json_t *user);

/** EBADMSG: no id, or no kind that we know */
int  event_read(struct adapter_event *ev, struct arena *a, struct people *p,
		json_t *obj, const char *files);
const struct adapter_room *room_read(struct arena *a, json_t *room);
