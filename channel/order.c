/**
 * @file channel/order.c  Messages of one room into one unbroken row
 */
#include <errno.h>
#include <re.h>
#include "channel/message.h"
#include "channel/order.h"


void order_init(struct order *order, int64_t last)
{
	order->last = last;
	list_init(&order->heldl);
	order->held = 0;
}


void order_flush(struct order *order)
{
	list_flush(&order->heldl);
	order->held = 0;
}


static void release(struct order *order, order_h *h, void *arg)
{
	for (;;) {
		struct message *msg = list_ledata(list_head(&order->heldl));

		if (!msg || msg->id > order->last + 1)
			return;
		if (msg->id == order->last + 1) {
			if (h(msg, arg))
				return;
			order->last = msg->id;
		}

		list_unlink(&msg->le);
		--order->held;
		mem_deref(msg);
	}
}


static int hold(struct order *order, struct message *msg)
{
	struct le *le = list_tail(&order->heldl);

	while (le && ((struct message *)le->data)->id > msg->id)
		le = le->prev;

	if (le && ((struct message *)le->data)->id == msg->id)
		return EALREADY;
	if (order->held >= ORDER_HELD_MAX)
		return EOVERFLOW;

	++order->held;
	mem_ref(msg);
	if (le)
		list_insert_after(&order->heldl, le, &msg->le, msg);
	else
		list_prepend(&order->heldl, &msg->le, msg);

	return EAGAIN;
}


int order_push(struct order *order, struct message *msg, order_h *h,
	       void *arg)
{
	if (msg->id <= order->last)
		return EALREADY;

	if (msg->id > order->last + 1 || h(msg, arg))
		return hold(order, msg);

	order->last = msg->id;
	release(order, h, arg);

	return 0;
}


void order_skip(struct order *order, int64_t id, order_h *h, void *arg)
{
	if (id - 1 > order->last)
		order->last = id - 1;

	release(order, h, arg);
}


int64_t order_held(const struct order *order)
{
	const struct message *msg = list_ledata(list_head(&order->heldl));

	return msg ? msg->id : 0;
}


int64_t order_held_last(const struct order *order)
{
	const struct message *msg = list_ledata(list_tail(&order->heldl));

	return msg ? msg->id : 0;
}
