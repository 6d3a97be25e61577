/**
 * @file channel/signin.c  INVITE: is the URI ours, may the user come in
 *
 * A user who may not is refused here: SIPE comes whatever the provisioning
 * document told it.  While the store is away an INVITE waits a little, since
 * a refused SIPE does not try again before its next sign-on.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/conf.h"
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/sip/dialog.h"
#include "channel/sip/uas.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/epid.h"
#include "channel/lookup.h"
#include "channel/signin.h"
#include "channel/signoff.h"
#include "channel/user.h"

enum { DIALOG_WAIT_S = 60 };
enum { AGENT_MAX = 256 };        /* bytes of User-Agent that are kept        */

struct signin {
	struct service *svc;
	struct st *st;           /* held                                     */
	char *user;
	char *epid;
	char *agent;
};

static uint64_t n_signins, n_refused, n_over, n_replaced;

static const struct stats_row rowv[] = {
	{ "signins",         &n_signins, false, "Dialogs accepted" },
	{ "signins_refused", &n_refused, false, "INVITEs refused" },
	{ "dialogs_refused", &n_over, false,
	  "Of them, those of users who had too many dialogs" },
	{ "dialogs_replaced", &n_replaced, false,
	  "Dialogs that ended for a newer one of the same client" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct signin *si = data;

	if (si->st)
		st_reply(si->st, 503, "Service Unavailable",
			 diag_line(20000));
	mem_deref(si->user);
	mem_deref(si->epid);
	mem_deref(si->agent);
}


static void refuse(struct st *st, const char *user, uint16_t code,
		   const char *reason, unsigned diag)
{
	++n_refused;
	log_info("signin.refused", "user=%s code=%u diag=%u", user, code,
		 diag);
	st_reply(st, code, reason, diag_line(diag));
}


static void refuse_later(struct st *st, const char *user, unsigned diag,
			 unsigned wait_s)
{
	++n_refused;
	log_info("signin.refused", "user=%s code=503 diag=%u", user, diag);
	st_reply(st, 503, "Service Unavailable",
		 diag_again(wait_s, diag, NULL));
}


/* Any configured URI, the address that older clients look for, and those that
   an operator made up */
static bool is_ours(const struct service *svc, const struct pl *to)
{
	char canon[256], own[256];
	const char *uri;
	struct pl pl;
	size_t i;

	if (useruri_canon(canon, sizeof(canon), to))
		return false;
	if (!strncmp(canon, "sip:ocschat@", 12))
		return true;

	for (i = 0; (uri = config_nth(svc->conf, "pool.uri", i)); i++) {
		pl_set_str(&pl, uri);
		if (!useruri_canon(own, sizeof(own), &pl) &&
		    !strcmp(own, canon))
			return true;
	}

	for (i = 0; svc->set.addressv && svc->set.addressv[i]; i++) {
		if (!strcmp(svc->set.addressv[i], canon))
			return true;
	}

	return false;
}


/* A client that lost its dialogs and comes again must not be kept out by them:
   the oldest of its epid goes.  EDQUOT: the user has too many */
static int make_room(struct service *svc, const struct user *user,
		     const char *epid)
{
	const uint32_t most = svc->set.dialogs_max;
	struct endpoint *own = NULL;
	const struct le *le;
	uint32_t n = 0;

	for (le = list_head(&user->epl); le; le = le->next, n++) {
		struct endpoint *ep = le->data;

		if (!own && str_isset(epid) && !strcmp(ep->epid, epid))
			own = ep;
	}
	if (n < most)
		return 0;
	if (!own || n > most) {
		++n_over;
		return EDQUOT;
	}

	++n_replaced;
	dlg_close(own->dlg);
	signoff(own, false);

	return 0;
}


static int let_in(struct signin *si, const struct lookup *found)
{
	struct service *svc = si->svc;
	struct endpoint *ep;
	int err;

	err = make_room(svc, found->user, si->epid);
	if (err)
		return err;

	err = endpoint_alloc(&ep, svc, found->user, si->epid, si->agent);
	if (err)
		return err;

	err = dlg_accept(&ep->dlg, si->st, ep);
	si->st = NULL;
	if (err) {
		mem_deref(ep);
		return 0;
	}

	list_append(&svc->epl, &ep->le, ep);
	list_append(&ep->user->epl, &ep->le_user, ep);
	++svc->endpoints;
	++n_signins;
	log_debug("signin", "user=%s epid=%s", ep->user->uri, ep->epid);

	return 0;
}


static void lookup_handler(int err, const struct lookup *found, void *arg)
{
	struct signin *si = arg;
	struct st *st = si->st;

	if (!err && found->allowed)
		err = let_in(si, found);
	else if (!err || err == ENOENT)
		err = EACCES;

	switch (err) {

	case 0:
		break;

	case ECANCELED:
		break;

	case EDQUOT:
		si->st = NULL;
		refuse_later(st, si->user, 20009, DIALOG_WAIT_S);
		break;

	case EACCES:
		si->st = NULL;
		refuse(st, si->user, 403, "Forbidden", 20010);
		break;

	default:
		si->st = NULL;
		refuse(st, si->user, 503, "Service Unavailable", 20000);
		break;
	}

	mem_deref(si);
}


static int start(struct service *svc, struct st *st,
		 const struct uas_invite *inv)
{
	const struct pl agent = { inv->agent.p, MIN(inv->agent.l,
						    (size_t)AGENT_MAX) };
	struct signin *si = mem_zalloc(sizeof(*si), destructor);
	int err;

	if (!si)
		return ENOMEM;

	si->svc = svc;
	err = str_dup(&si->user, inv->user);
	if (!err)
		err = epid_of(&si->epid, inv);
	if (!err)
		err = pl_strdup(&si->agent, &agent);
	if (!err) {
		si->st = st_hold(st);
		err = si->st ? 0 : ENOMEM;
	}
	if (!err)
		err = lookup_start(svc, si->user, lookup_handler, si);

	if (err && !si->st) {
		mem_deref(si);
		return err;
	}
	if (err)
		mem_deref(si);        /* answers 503 */

	return 0;
}


bool signin_limited(struct service *svc, struct st *st, const char *user)
{
	static const uint32_t cost[RATE_KINDS] = { [RATE_SIGNIN] = 1 };
	struct rate_user *rate;
	enum rate_kind kind;
	uint32_t wait;

	if (rate_user_get(&rate, svc->rates, user)) {
		st_reply(st, 503, "Service Unavailable", NULL);
		return true;
	}

	wait = rate_take(svc->rates, rate, NULL, cost, &kind);
	mem_deref(rate);
	if (wait)
		rate_refuse(svc->rates, st, NULL, kind, wait);

	return wait != 0;
}


void signin_invite(struct st *st, const struct uas_invite *inv, void *arg)
{
	struct service *svc = arg;

	if (signin_limited(svc, st, inv->user))
		return;

	if (!is_ours(svc, &inv->to))
		refuse(st, inv->user, 404, "Not Found", 20003);
	else if (start(svc, st, inv))
		refuse(st, inv->user, 500, "Server Internal Error", 20004);
}
