/**
 * @file channel/pressure.c  When to store no more for a while
 */
#include <re.h>
#include "channel/core.h"
#include "channel/pressure.h"

enum { WAITING_MAX = 5000 };


static void update(struct service *svc)
{
	struct pressure *press = &svc->press;
	const bool busy = press->waiting > WAITING_MAX || press->lagging;

	if (press->busy == busy)
		return;

	press->busy = busy;
	press->h(svc, busy);
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
