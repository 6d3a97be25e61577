/**
 * @file channel/order.h  Messages of one room into one unbroken row
 *
 * The store numbers the messages of a room without gaps, and a number is
 * committed before the next is given out.  They reach a process by two ways,
 * its own commits and the bus, so they may come out of order or twice: what
 * comes early is held until its predecessors are there, or until whoever owns
 * the order has fetched them from the store.  No I/O here.
 */
#pragma once

enum { ORDER_HELD_MAX = 500 };

struct message;

struct order {
	int64_t last;            /* newest message that went out             */
	struct list heldl;       /* early ones, ascending                    */
	uint32_t held;           /* how many                                 */
};

/** The next message in the row.  @return 0; else it has not gone out: it is held,
 *  and tried again by the next push or skip */
typedef int (order_h)(const struct message *msg, void *arg);

void order_init(struct order *order, int64_t last);
void order_flush(struct order *order);

/**
 * Take a message: it goes out now, with all held ones that it lets follow, or
 * is held
 *
 * @return 0, EALREADY (went out before, or is held already), EAGAIN (held: a
 *         gap is before it), EOVERFLOW (early, and not held: too many are)
 */
int  order_push(struct order *order, struct message *msg, order_h *h,
		void *arg);

/** What is before @p id does not exist any more: go on from there */
void order_skip(struct order *order, int64_t id, order_h *h, void *arg);

/** The oldest held message's id, 0 without */
int64_t order_held(const struct order *order);
/** The newest one's, 0 without */
int64_t order_held_last(const struct order *order);
