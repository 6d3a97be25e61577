/**
 * @file channel/sip/sub.c  A subscription that is told of news by BENOTIFY
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "channel/sip/core.h"

struct sub {
	struct uas *uas;               /* outlives its connections           */
	struct conn *conn;             /* reference                          */
	char *top;                     /* up to the branch of Via            */
	char *rest;                    /* from there to CSeq                 */
	char *fields, *id;
	char *route;                   /* topmost Record-Route, or NULL      */
	uint64_t until;                /* ms                                 */
	uint32_t cseq;
};


static void destructor(void *data)
{
	struct sub *sub = data;

	mem_deref(sub->conn);
	mem_deref(sub->top);
	mem_deref(sub->rest);
	mem_deref(sub->fields);
	mem_deref(sub->id);
	mem_deref(sub->route);
}


static uint32_t expires_of(const struct view *v)
{
	struct pl val;

	if (!view_hdr(v, "Expires", 0, &val))
		return SUB_EXPIRES_S;

	return MIN(pl_u32(&val), (uint32_t)SUB_EXPIRES_S);
}


static int text_of(char **sp, struct mbuf *mb)
{
	mb->pos = 0;

	return mbuf_strdup(mb, sp, mb->end);
}


static int make_top(struct sub *sub, const struct pl *target, const char *tag)
{
	return re_sdprintf(&sub->top, "BENOTIFY %H SIP/2.0\r\n"
			   "Via: SIP/2.0/%s %J;branch=z9hG4bK%s.",
			   wire_line, target,
			   conn_tls(sub->conn) ? "TLS" : "TCP",
			   conn_laddr(sub->conn), tag);
}


static int make_rest(struct sub *sub, const struct view *v, const char *tag)
{
	struct mbuf *mb = mbuf_alloc(512);
	struct pl self;
	int err = mb ? view_uri(&v->to, &self) : ENOMEM;

	if (!err)
		err = wire_routes(mb, v, "Route");
	if (!err)
		err = mbuf_printf(mb, "Max-Forwards: 70\r\n"
				  "From: <%H>;tag=%s\r\nTo: %H\r\n"
				  "Call-ID: %r\r\n", wire_line, &self, tag,
				  wire_line, &v->from, &v->callid);
	if (!err)
		err = wire_contact(mb, sub->uas, sub->conn);
	if (!err)
		err = text_of(&sub->rest, mb);

	mem_deref(mb);

	return err;
}


static int make_fields(struct sub *sub, const struct view *v,
		       uint32_t expires_s)
{
	struct mbuf *mb = mbuf_alloc(256);
	int err = mb ? wire_routes(mb, v, "Record-Route") : ENOMEM;

	if (!err)
		err = wire_contact(mb, sub->uas, sub->conn);
	if (!err)
		err = mbuf_printf(mb, "Expires: %u\r\n", expires_s);
	if (!err && expires_s)
		err = mbuf_printf(mb, "subscription-state: active;expires=%u"
				  "\r\n", expires_s);
	if (!err)
		err = text_of(&sub->fields, mb);

	mem_deref(mb);

	return err;
}


int sub_alloc(struct sub **subp, struct uas *uas, struct conn *conn,
	      const struct view *v)
{
	const uint32_t expires_s = expires_of(v);
	struct pl target;
	struct sub *sub;
	char tag[80];
	int err;

	if (wire_target(v, &target) || v->ttag.l >= sizeof(tag))
		return EBADMSG;

	sub = mem_zalloc(sizeof(*sub), destructor);
	if (!sub)
		return ENOMEM;

	sub->uas  = uas;
	sub->conn = mem_ref(conn);
	sub->until = conns_now(uas->conns) + 1000ull * expires_s;
	/* a refresh goes on from where its predecessor may have come to */
	sub->cseq = (uint32_t)(sub->until / 1000);
	if (v->ttag.l)
		(void)pl_strcpy(&v->ttag, tag, sizeof(tag));
	else
		st_tag(tag, v);

	err = make_top(sub, &target, tag);
	if (!err)
		err = make_rest(sub, v, tag);
	if (!err)
		err = make_fields(sub, v, expires_s);
	if (!err && view_hdr(v, "Record-Route", 0, &target)) {
		err = view_uri(&target, &target);
		if (!err)
			err = pl_strdup(&sub->route, &target);
	}
	if (!err)
		err = re_sdprintf(&sub->id, "%r %s", &v->callid, tag);
	if (err)
		mem_deref(sub);
	else
		*subp = sub;

	return err;
}


const char *sub_fields(const struct sub *sub)
{
	return sub->fields;
}


const char *sub_id(const struct sub *sub)
{
	return sub->id;
}


bool sub_expired(const struct sub *sub)
{
	return tmr_jiffies() >= sub->until ||
		!(conn_alive(sub->conn) ||
		  (sub->route && conn_owned(sub->conn)));
}


/* Its connection went: another one to the same front end */
static int reconnect(struct sub *sub)
{
	struct conn *conn;
	struct pl route;
	int err;

	pl_set_str(&route, sub->route);
	err = route_dial(&conn, sub->uas, &route);
	if (err || conn_tls(conn) != conn_tls(sub->conn))
		return ENOTCONN;

	mem_ref(conn);
	mem_deref(sub->conn);
	sub->conn = conn;
	return 0;
}


int sub_notify(struct sub *sub, const char *event, const char *ctype,
	       const struct pl *body)
{
	struct mbuf *mb;
	char *p;
	int err;

	if (sub_expired(sub) || (!conn_alive(sub->conn) && reconnect(sub)))
		return ENOTCONN;

	mb = mbuf_alloc(1024 + body->l);
	if (!mb)
		return ENOMEM;

	++sub->cseq;
	err = mbuf_printf(mb, "%s%u\r\n%sCSeq: %u BENOTIFY\r\n"
			  "Event: %s\r\nsubscription-state: active;"
			  "expires=%llu\r\nContent-Type: %s\r\n"
			  "Content-Length: %zu\r\n\r\n%r",
			  sub->top, sub->cseq, sub->rest, sub->cseq, event,
			  (sub->until - tmr_jiffies()) / 1000, ctype, body->l,
			  body);
	if (!err) {
		p = conn_reserve(sub->conn, mb->end);
		if (p) {
			memcpy(p, mb->buf, mb->end);
			conn_commit(sub->conn, mb->end);
		}
		else {
			err = ENOTCONN;
		}
	}

	mem_deref(mb);

	return err;
}
