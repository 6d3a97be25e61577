/**
 * @file channel/outbox.h  Events on their way to compliance
 *
 * Events are rows of the store's table outbox, written in the transaction of
 * what they tell about.  Each process pushes its own to one of the living
 * compliance daemons, some batches at a time, and deletes what that one has
 * stored; what is not answered in time is pushed again, to another daemon if
 * there is one.  Rows of processes that are gone are adopted.  Nothing of this
 * goes on while compliance is off and nothing waits.
 */
#pragma once

struct db;
struct outbox;
struct service;

int  outbox_open(struct outbox **obp, struct service *svc);
/** The main connection came up: find out whether compliance is on */
void outbox_store_up(struct outbox *ob);
/** The main connection found the store on another host: db_follow() */
void outbox_follow(struct outbox *ob, const struct db *leader);
/** The archive is too far behind: posts are refused.  NULL is fine */
bool outbox_closed(const struct outbox *ob);
/** Before the connections to the store are closed */
void outbox_stop(struct outbox *ob);
