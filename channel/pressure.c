/**
 * @file channel/pressure.c  When to store no more for a while
 */
#include <re.h>
#include "channel/hello.h"
#include "channel/post_batch.h"
#include "channel/pressure.h"
#include "channel/service.h"

enum { WAITING_MAX = 5000 };


static void update(struct service *svc)
{
	struct pressure *press = &svc->press;
	const bool busy = press->waiting > WAITING_MAX || press->lagging;

	if (press->busy == busy)
		return;

	press->busy = busy;
	if (svc->hello)
		hello_busy(svc->hello, busy);
	if (!busy && svc->post)
		post_kick(svc->post);
}


void pressure_waiting(struct service *svc, int64_t change)
{
	svc->press.waiting += change;
	update(svc);
}


void pressure_lagging(struct service *svc, bool more)
{
	if (more)
		++svc->press.lagging;
	else
		--svc->press.lagging;
	update(svc);
}


bool pressure_busy(const struct service *svc)
{
	return svc->press.busy || hello_others_busy(svc->hello);
}
