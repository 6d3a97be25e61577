/**
 * @file channel/provision.c  SUBSCRIBE for the in-band provisioning document
 *
 * One answer, no subscription: the document is in the 200, which says that it
 * is over (clients.md 6, form 1).
 */
#include <errno.h>
#include <re.h>
#include "common/conf.h"
#include "common/log.h"
#include "channel/sip/uas.h"
#include "channel/core.h"
#include "channel/lookup.h"
#include "channel/roaming.h"
#include "channel/signin.h"
#include "channel/xccos/xccos.h"

#define EVENT "vnd-microsoft-provisioning-v2"
#define CTYPE "application/vnd-microsoft-roaming-provisioning-v2+xml"

struct provision {
	struct service *svc;
	struct st *st;
};


static void destructor(void *data)
{
	struct provision *prov = data;

	if (prov->st)
		st_reply(prov->st, 503, "Service Unavailable",
			 "Retry-After: 5\r\n");
}


static int property(struct mbuf *mb, const char *name, const char *value)
{
	int err;

	err = mbuf_printf(mb, "<property name=\"%s\">", name);
	if (!err)
		err = xccos_escape(mb, value, str_len(value));
	if (!err)
		err = mbuf_write_str(mb, "</property>");

	return err;
}


static int uris(struct mbuf *mb, const struct service *svc)
{
	const char *uri;
	int err = 0;
	size_t i;

	for (i = 0; !err && (uri = config_nth(svc->conf, "pool.uri", i)); i++)
		err = mbuf_printf(mb, "%s%s", i ? " " : "", uri);
	if (!err)
		err = mbuf_write_u8(mb, '\0');

	return err;
}


static int write_document(struct mbuf *mb, const struct service *svc,
			  bool allowed)
{
	struct mbuf *all = mbuf_alloc(256);
	int err = all ? uris(all, svc) : ENOMEM;

	if (!err)
		err = mbuf_write_str(mb, "<provisionGroupList xmlns=\""
			"http://schemas.microsoft.com/2006/09/sip/"
			"provisiongrouplist-notification\"><provisionGroup"
			" name=\"persistentChatConfiguration\">"
			"<propertyEntryList>");
	if (!err)
		err = property(mb, "EnablePersistentChat",
			       allowed ? "true" : "false");
	if (!err)
		err = property(mb, "DefaultPersistentChatPoolUri",
			       config_nth(svc->conf, "pool.uri", 0));
	if (!err)
		err = property(mb, "PersistentChatPoolUris",
			       (const char *)all->buf);
	if (!err)
		err = property(mb, "PersistentChatWebManagerUriInt",
			       svc->set.management_url);
	if (!err)
		err = property(mb, "PersistentChatWebManagerUriExt",
			       svc->set.management_url);
	if (!err)
		err = mbuf_write_str(mb, "</propertyEntryList>"
				     "</provisionGroup></provisionGroupList>");
	mem_deref(all);

	return err;
}


static void answer(struct provision *prov, bool allowed)
{
	struct mbuf *mb = mbuf_alloc(1024);
	struct pl body;

	if (mb && !write_document(mb, prov->svc, allowed)) {
		body.p = (const char *)mb->buf;
		body.l = mb->end;
		st_reply_body(prov->st, 200, "OK",
			      "Event: " EVENT "\r\n"
			      "Expires: 0\r\n"
			      "subscription-state: terminated;expires=0\r\n"
			      "ms-piggyback-cseq: 1\r\n", CTYPE, &body);
		prov->st = NULL;
	}

	mem_deref(mb);
}


static void lookup_handler(int err, const struct lookup *found, void *arg)
{
	struct provision *prov = arg;

	if (!err || err == ENOENT)
		answer(prov, !err && found->allowed);

	mem_deref(prov);
}


void signin_subscribe(struct st *st, const struct uas_subscribe *sub,
		      void *arg)
{
	struct provision *prov;

	if (signin_limited(arg, st, sub->user))
		return;

	if (!pl_strcasecmp(&sub->event, ROAMING_EVENT)) {
		roaming_subscribe(st, sub, arg);
		return;
	}
	if (pl_strcasecmp(&sub->event, EVENT)) {
		st_reply(st, 489, "Bad Event",
			 "Allow-Events: " EVENT ", " ROAMING_EVENT "\r\n");
		return;
	}

	prov = mem_zalloc(sizeof(*prov), destructor);
	if (!prov) {
		st_reply(st, 500, "Server Internal Error", NULL);
		return;
	}

	prov->svc = arg;
	prov->st = st_hold(st);
	if (!prov->st || lookup_start(arg, sub->user, lookup_handler, prov))
		mem_deref(prov);
}
