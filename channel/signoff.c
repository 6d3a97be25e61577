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


void signoff_settled(struct endpoint *ep)
{
	struct le *le;

	list_unlink(&ep->le);
	while ((le = list_head(&ep->occl)))
		roster_leave(ep->svc, le->data);

	if (ep->stored)
		ending_add(ep, ep->bye);

	mem_deref(ep);
}


void signoff(struct endpoint *ep, bool bye)
{
	ep->dlg = NULL;
	ep->bye = bye;
	list_unlink(&ep->le);
	list_unlink(&ep->le_user);
	--ep->svc->endpoints;
	list_flush(&ep->cmdl);
	ep->cmdc = 0;

	if (ep->posts)
		list_append(&ep->svc->leavel, &ep->le, ep);
	else
		signoff_settled(ep);
}


size_t signoff_byes(const struct service *svc, int64_t *idv, size_t max)
{
	const struct le *le;
	size_t n = 0;

	for (le = svc->leavel.head; le && n < max; le = le->next) {
		const struct endpoint *ep = le->data;

		if (ep->bye)
			idv[n++] = ep->id;
	}

	return n;
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
