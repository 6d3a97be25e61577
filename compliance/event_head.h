/**
 * @file compliance/event_head.h  What staging must know of each event
 *
 * A batch is a JSON array of events (common/queue.h).  Here it is only cut into
 * its events, and what they are chosen and ordered by is taken out; parsing all
 * of it costs ten times as much.
 */
#pragma once

struct db_args;
struct event_heads;

/**
 * @param hp      Set on success; mem_deref() it
 * @param events  Kept by the caller: texts of the result lie in it
 *
 * @return 0, EBADMSG (not such an array), ENOMEM
 */
int  event_heads(struct event_heads **hp, const char *events);
/** The parameters of statement "stage" */
void event_heads_args(const struct event_heads *h, struct db_args *args);
