/**
 * @file channel/watch.h  What changes in the store takes effect here
 *
 * The store tells of rooms (pchat_room) and of principals (pchat_changed).
 * The users signed in here and the rooms they are in are then read again, in
 * slices, one statement at a time on the connection that rosters use; who may
 * not be in a room any more is put out of it.  Each process looks after its
 * own endpoints.  Spec: protocol.md 5.3 (kick), 6.1.
 */
#pragma once

struct room;
struct service;
struct watch;

int  watch_alloc(struct watch **watchp, struct service *svc);
/** Before the connection opens: what the store tells */
int  watch_listen(struct watch *watch);
/** Anything may have changed: the connection was away */
void watch_all(struct watch *watch);
/** Look at that room again */
void watch_room(struct watch *watch, struct room *room);
/** A number that grows with each change: what was read under another one may
 *  be older than what is known here */
uint32_t watch_changes(const struct watch *watch);
