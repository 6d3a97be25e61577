/**
 * @file channel/signoff.c  A client is gone, in whatever way
 */
#include <re.h>
#include "channel/core.h"
#include "channel/ending.h"
#include "channel/endpoint.h"
#include "channel/roster.h"
#include "channel/signoff.h"


void signoff(struct endpoint *ep, bool bye)
{
	struct le *le;

	ep->dlg = NULL;
	list_unlink(&ep->le);
	--ep->svc->endpoints;

	list_flush(&ep->cmdl);
	ep->cmdc = 0;
	while ((le = list_head(&ep->occl)))
		roster_leave(ep->svc, le->data);

	if (ep->stored)
		ending_add(ep->svc, ep->id, bye);

	mem_deref(ep);
}
