/**
 * @file channel/push.h  Batches of events on their way to a compliance daemon
 *
 * Takes an instance's events from the store, sends them to one daemon, some
 * batches at a time, and deletes what that one has stored.  What is not
 * answered, and what was on its way when the daemon or the connection to the
 * store went, is taken from the store again.
 */
#pragma once

struct db;
struct db_res;
struct push;
struct service;

/** @param db  Borrowed: events are read and deleted on it */
int  push_alloc(struct push **pp, struct service *svc, struct db *db);
/** The living daemons (statement compliance_daemons): keep to ours, or take
 * one of them when it is gone or does not answer */
void push_daemons(struct push *push, const struct db_res *res);
/** Begin at the first event again: the connection is back, or others' events
 * are ours now */
void push_again(struct push *push);
