/**
 * @file channel/relay.h  What the instances of a pool tell each other
 *
 * A frame belongs to a room: its topic is the room's number, so an instance
 * hears only of rooms that it has open.  Frames are news, not the truth: one
 * that is lost is made up for from the store (deliver.h, sweep.h).
 */
#pragma once

struct service;
struct room;
struct endpoint;
struct message;

/** Hear of a room, or no more */
void relay_subscribe(struct service *svc, const struct room *room, bool on);

/** Messages of one room that a commit stored, ascending */
void relay_messages(struct service *svc, int64_t room_id,
		    struct message *const *msgv, size_t msgc);
void relay_enter(struct service *svc, const struct room *room,
		 const struct endpoint *ep, uint32_t mask);
void relay_leave(struct service *svc, const struct room *room,
		 int64_t endpoint_id);
