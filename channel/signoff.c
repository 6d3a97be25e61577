/**
 * @file channel/signoff.c  A client is gone, in whatever way
 */
#include <re.h>
#include "common/log.h"
#include "channel/sip/dialog.h"
#include "channel/core.h"
#include "channel/ending.h"
#include "channel/endpoint.h"
#include "channel/roster.h"
#include "channel/signoff.h"
#include "channel/user.h"


void signoff(struct endpoint *ep, bool bye)
{
	struct le *le;

	ep->dlg = NULL;
	list_unlink(&ep->le);
	list_unlink(&ep->le_user);
	--ep->svc->endpoints;

	list_flush(&ep->cmdl);
	ep->cmdc = 0;
	while ((le = list_head(&ep->occl)))
		roster_leave(ep->svc, le->data);

	if (ep->stored)
		ending_add(ep, bye);

	mem_deref(ep);
}


void signoff_user(struct user *user)
{
	struct le *le;

	for (le = list_head(&user->epl); le; le = le->next) {
		struct endpoint *ep = le->data;

		while (ep->occl.head)
			roster_remove(ep->svc, list_head(&ep->occl)->data);
		log_info("signoff.barred", "user=%s", user->uri);
		dlg_bar(ep->dlg);
	}
}
