/**
 * @file compliance/event_head.h  What staging must know of each event
 *
 * A batch (common/queue.h) is cut into its events, each with its room and its
 * user put in whole, and what they are chosen and ordered by is taken out.
 * Nothing is parsed beyond that: it would cost ten times as much.
 */
#pragma once

struct db_args;
struct event_heads;

/**
 * @param hp      Set on success; mem_deref() it
 * @param batch  Kept by the caller: texts of the result may lie in it
 *
 * @return 0, EBADMSG (not such a batch), ENOMEM
 */
int  event_heads(struct event_heads **hp, const char *batch);
/** Event i as it will be stored; NULL beyond the last */
const struct pl *event_heads_event(const struct event_heads *h, size_t i);
/** The parameters of statement "stage" */
void event_heads_args(const struct event_heads *h, struct db_args *args);
