/**
 * @file channel/xccos/write.c  Whole documents: replies, notices, messages
 *
 * One primitive per document, nothing between the elements: the known clients
 * read no more than that (protocol.md 3.3).  What must never leave the house
 * (a reply without commandid, an empty chat, a user without "sip:") cannot be
 * written with these functions.
 */
#include <string.h>
#include <re.h>
#include "channel/xccos/xccos.h"
#include "channel/xccos/emit.h"
#include "channel/xccos/tokens.h"

#define ROOT "<xccos xmlns=\"urn:parlano:xml:ns:xccos\"" \
	" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"" \
	" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" ver=\"1\""

#define DATA "<data>"


static int root(struct mbuf *mb, uint64_t envid)
{
	int err;

	err  = XW_LIT(mb, ROOT);
	err |= xw_attr_uint(mb, "envid", envid);
	err |= XW_LIT(mb, ">");

	return err;
}


/** @p name is an element of ours, @p id a verb that may be the client's */
static int prim_open(struct mbuf *mb, const char *name, const char *id)
{
	int err;

	err  = XW_LIT(mb, "<");
	err |= xw_str(mb, name);
	err |= XW_LIT(mb, " id=\"");
	err |= xw_str(mb, name);
	err |= XW_LIT(mb, ":");
	if (id)
		err |= xccos_escape(mb, id, strlen(id));
	err |= XW_LIT(mb, "\" seqid=\"1\">");

	return err;
}


static int resp_write(struct mbuf *mb, struct xccos_resp resp)
{
	int err;

	err  = XW_LIT(mb, "<resp");
	err |= xw_attr_uint(mb, "code", resp.code);
	err |= XW_LIT(mb, ">");
	err |= xw_text(mb, resp.text, str_len(resp.text));
	err |= XW_LIT(mb, "</resp>");

	return err;
}


int xccos_rpl(struct mbuf *mb, uint64_t envid, const char *verb,
	      const char *seqid, const char *cmd_envid, struct xccos_resp resp)
{
	int err;

	if (!mb)
		return EINVAL;

	err  = root(mb, envid);
	err |= prim_open(mb, "rpl", verb);
	err |= XW_LIT(mb, "<commandid");
	err |= xw_attr(mb, "seqid", seqid ? seqid : "1");
	err |= xw_attr(mb, "envid", cmd_envid ? cmd_envid : "0");
	err |= XW_LIT(mb, "/>");
	err |= resp_write(mb, resp);
	err |= XW_LIT(mb, DATA);

	return err;
}


int xccos_ntc(struct mbuf *mb, uint64_t envid, const char *event)
{
	int err;

	if (!mb || !event)
		return EINVAL;

	err  = root(mb, envid);
	err |= prim_open(mb, "ntc", event);
	err |= XW_LIT(mb, DATA);

	return err;
}


/** Turns the <data> just written into <data/> */
static bool data_collapse(struct mbuf *mb)
{
	const size_t len = sizeof(DATA) - 1;

	if (mb->pos < len || memcmp(mb->buf + mb->pos - len, DATA, len))
		return false;

	--mb->pos;

	return true;
}


int xccos_end(struct mbuf *mb, const char *prim)
{
	int err;

	if (!mb || !prim)
		return EINVAL;

	if (data_collapse(mb))
		err = XW_LIT(mb, "/></");
	else
		err = XW_LIT(mb, "</data></");

	err |= xw_str(mb, prim);
	err |= XW_LIT(mb, "></xccos>");

	return err;
}


int xccos_mark(struct mbuf *mb, size_t pos, const char *name)
{
	const size_t end = mb->end, n = strlen(name) + strlen(" =\"true\"");
	int err;

	if (pos < 1 || pos > end || mb->buf[pos - 1] != '>')
		return EINVAL;

	mb->pos = end;
	err = mbuf_fill(mb, ' ', n);
	if (err)
		return err;

	memmove(mb->buf + pos - 1 + n, mb->buf + pos - 1, end - pos + 1);
	mb->pos = pos - 1;
	err  = xw_attr_bool(mb, name, true);
	mb->pos = mb->end;

	return err;
}


static int chat_attrs(struct mbuf *mb, const struct xccos_chat *chat)
{
	char ts[CLOCK_TS_SIZE];
	int err;

	err  = XW_LIT(mb, " id=\"grpchat\" seqid=\"1\"");
	err |= xw_attr(mb, "chanUri", chat->chan_uri);
	err |= xw_attr(mb, "author", chat->author);
	err |= xw_attr_opt(mb, XT_AUTHDISP, chat->display);
	err |= xw_attr_bool(mb, XT_ALERT, chat->alert);
	err |= xw_attr_uint(mb, XT_CHATID, (uint64_t)chat->id);
	err |= xw_attr(mb, "ts", clock_ts(ts, chat->ts_us));

	return err;
}


/** An empty chat makes clients complain, so one blank is the least */
static int chat_text(struct mbuf *mb, const struct pl *text)
{
	const size_t start = mb->pos;
	int err;

	err = xw_text(mb, text->p, text->l);
	if (mb->pos == start)
		err |= XW_LIT(mb, " ");

	return err;
}


/** @p name is "grpchat" when live and "msg" in history */
static int chat_write(struct mbuf *mb, const char *name,
		      const struct xccos_chat *chat)
{
	int err;

	err  = XW_LIT(mb, "<");
	err |= xw_str(mb, name);
	err |= chat_attrs(mb, chat);
	err |= XW_LIT(mb, "><chat>");
	err |= chat_text(mb, &chat->chat);
	err |= XW_LIT(mb, "</chat>");

	if (chat->rtf.p) {
		err |= XW_LIT(mb, "<" XT_RTF ">");
		err |= xw_text(mb, chat->rtf.p, chat->rtf.l);
		err |= XW_LIT(mb, "</" XT_RTF ">");
	}

	err |= XW_LIT(mb, "</");
	err |= xw_str(mb, name);
	err |= XW_LIT(mb, ">");

	return err;
}


static bool chat_complete(const struct xccos_chat *chat)
{
	return chat && chat->chan_uri && xw_user_uri(chat->author);
}


int xccos_msg(struct mbuf *mb, const struct xccos_chat *chat)
{
	if (!mb || !chat_complete(chat))
		return EINVAL;

	return chat_write(mb, "msg", chat);
}


int xccos_grpchat(struct mbuf *mb, uint64_t envid,
		  const struct xccos_chat *chat)
{
	int err;

	if (!mb || !chat_complete(chat))
		return EINVAL;

	err  = root(mb, envid);
	err |= chat_write(mb, "grpchat", chat);
	err |= XW_LIT(mb, "</xccos>");

	return err;
}


int xccos_ntc_mask(struct mbuf *mb, uint64_t envid, const char *event,
		   const struct xccos_uib *uib, uint32_t mask,
		   const char *domain, const char *room_id)
{
	int err;

	if (!uib || !xw_user_uri(uib->uri) || !domain || !room_id)
		return EINVAL;

	err = xccos_ntc(mb, envid, event);
	if (err)
		return err;

	err  = XW_LIT(mb, "<uib");
	err |= xw_uib_attrs(mb, uib);
	err |= XW_LIT(mb, "><aib");
	err |= xw_attr_uint(mb, "key", mask);
	err |= xw_attr(mb, "domain", domain);
	err |= xw_attr(mb, "value", room_id);
	err |= XW_LIT(mb, "/></uib>");
	err |= xccos_end(mb, "ntc");

	return err;
}


int xccos_ntc_user(struct mbuf *mb, uint64_t envid, const char *event,
		   const char *chan_uri, const char *user_uri)
{
	int err;

	if (!chan_uri || !xw_user_uri(user_uri))
		return EINVAL;

	err = xccos_ntc(mb, envid, event);
	if (err)
		return err;

	err  = XW_LIT(mb, "<chanib");
	err |= xw_attr(mb, "uri", chan_uri);
	err |= XW_LIT(mb, "><uib");
	err |= xw_attr(mb, "uri", user_uri);
	err |= XW_LIT(mb, "/></chanib>");
	err |= xccos_end(mb, "ntc");

	return err;
}
