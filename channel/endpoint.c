/**
 * @file channel/endpoint.c  One signed-in client
 */
#include <errno.h>
#include <re.h>
#include "channel/sip/dialog.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/user.h"


static void destructor(void *data)
{
	struct endpoint *ep = data;

	list_unlink(&ep->le);
	list_unlink(&ep->le_feed);
	list_unlink(&ep->le_user);
	list_flush(&ep->cmdl);
	mem_deref(ep->rate);
	mem_deref(ep->user);
	mem_deref(ep->epid);
	mem_deref(ep->agent);
}


int endpoint_alloc(struct endpoint **epp, struct service *svc,
		   struct user *user, const char *epid, const char *agent)
{
	struct endpoint *ep = mem_zalloc(sizeof(*ep), destructor);
	int err;

	if (!ep)
		return ENOMEM;

	ep->svc = svc;
	ep->id = (int64_t)(rand_u64() >> 1);
	ep->user = mem_ref(user);
	err = rate_user_get(&ep->rate, svc->rates, user->uri);
	if (!err)
		err = str_dup(&ep->epid, epid);
	if (!err)
		err = str_dup(&ep->agent, agent);
	if (err)
		mem_deref(ep);
	else
		*epp = ep;

	return err;
}


int endpoint_send(struct endpoint *ep, const struct mbuf *mb)
{
	struct info *info;
	int err;

	if (!ep->dlg)
		return ENOTCONN;

	err = info_alloc(&info, (const char *)mb->buf, mb->end);
	if (err)
		return err;

	dlg_send(ep->dlg, info);
	mem_deref(info);

	return 0;
}
