/**
 * @file tests/support/chat.c  What a person does: sign in, join, say, read
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "tests/support/chat.h"
#include "tests/support/client.h"
#include "tests/support/inbox.h"
#include "tests/support/pool.h"
#include "tests/support/rawsip.h"
#include "tests/support/xd.h"


struct client *chat_open(const struct pool *pool, size_t i, const char *name,
			 const char *epid)
{
	const struct pool_inst *inst = pool_inst(pool, i);
	struct client_conf conf = { .display = name, .epid = epid };
	struct client *c = NULL;
	char user[128], own[64];

	if (!epid) {
		(void)re_snprintf(own, sizeof(own), "epid%s", name);
		conf.epid = own;
	}

	if (!inst || re_snprintf(user, sizeof(user), "sip:%s@%s", name,
				 pool_domain(pool)) < 0)
		return NULL;

	conf.user = user;
	conf.to   = pool_uri(pool);
	conf.hop  = inst->sip_tcp;

	(void)client_open(&c, &conf, NULL);

	return c;
}


struct client *chat_return(const struct pool *pool, size_t i,
			   const char *name, const char *epid)
{
	struct client *c = chat_open(pool, i, name, epid);

	if (c && chat_ask(c, "getinv", NULL,
			  "<inv inviteId=\"1\" domain=\"%s\"/>",
			  pool_domain(pool)))
		c = client_drop(c);

	return c;
}


int chat_ask(struct client *c, const char *verb, struct xd **xp,
	     const char *fmt, ...)
{
	const uint32_t envid = client_envid(c);
	char *data = NULL, *body = NULL, *reply = NULL, part[64];
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = re_vsdprintf(&data, fmt, ap);
	va_end(ap);
	if (err)
		return err;

	body = xd_cmd(envid, verb, data);
	if (client_info(c, body) != 200) {
		err = EPROTO;
		goto out;
	}

	/* commandid follows the root, whose envid is the server's own */
	(void)re_snprintf(part, sizeof(part),
			  "<commandid seqid=\"1\" envid=\"%u\"", envid);
	err = inbox_expect(client_inbox(c), part, CLIENT_MS, &reply);
	if (!err && xp)
		err = xd_parse(xp, reply);

 out:
	mem_deref(reply);
	mem_deref(body);
	mem_deref(data);

	return err;
}


static unsigned code_of(int err, struct xd *x, struct xd **xp)
{
	unsigned code = 0;

	if (!err)
		code = (unsigned)xd_num(x, "/xccos/rpl/resp/@code");

	if (xp)
		*xp = x;
	else
		mem_deref(x);

	return code;
}


unsigned chat_join(struct client *c, const char *room, struct xd **xp)
{
	struct xd *x = NULL;
	struct pl domain = PL_INIT;
	int err;

	(void)re_regex(room, strlen(room), "ma-chan://[^/]+", &domain);
	err = chat_ask(c, "join", &x, "<chanid key=\"0\" domain=\"%r\" "
		       "value=\"%s\"/>", &domain, xd_room_id(room));

	return code_of(err, x, xp);
}


unsigned chat_part(struct client *c, const char *room, struct xd **xp)
{
	struct xd *x = NULL;
	int err = chat_ask(c, "part", &x, "<chanib uri=\"%s\"/>", room);

	return code_of(err, x, xp);
}


unsigned chat_history(struct client *c, const char *room, unsigned n,
		      struct xd **xp)
{
	struct xd *x = NULL;
	int err = chat_ask(c, "bccontext", &x, "<chanib uri=\"%s\"/><bcq>"
			   "<last cnt=\"%u\"/></bcq>", room, n);

	return code_of(err, x, xp);
}


int chat_search(struct client *c, const char *criteria, struct xd **xp)
{
	return chat_ask(c, "chansrch", xp, "<qib qtype=\"BYNAME\" "
			"criteria=\"%s\" extended=\"false\"/>", criteria);
}


char *chat_room(const struct pool *pool, const char *name)
{
	char *guid, *uri = NULL;

	guid = pool_sql(pool, "SELECT guid FROM room WHERE name = $1", name);
	if (guid)
		(void)re_sdprintf(&uri, "ma-chan://%s/%s",
				  pool_domain(pool), guid);
	mem_deref(guid);

	return uri;
}


uint16_t chat_follow(const struct pool *pool, size_t i, const char *name,
		     unsigned number, const char *room)
{
	struct raw *r = NULL;
	uint16_t status = 0;
	char *body = NULL;

	if (!re_sdprintf(&body, "<publish xmlns=\"http://schemas.microsoft.com/"
			 "2006/09/sip/rich-presence\"><publications><publication"
			 " categoryName=\"roomSetting\" instance=\"%u\" "
			 "container=\"1\" version=\"0\" expireType=\"static\">"
			 "<propertyList><property name=\"url\"><value>%s</value>"
			 "</property></propertyList></publication>"
			 "</publications></publish>", number, room) &&
	    !raw_open(&r, pool_inst(pool, i)->sip_tcp) &&
	    !raw_write(r, "SERVICE sip:%s@%s SIP/2.0\r\n"
		       "Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK%s%u\r\n"
		       "From: <sip:%s@%s>;tag=1\r\nTo: <sip:%s@%s>\r\n"
		       "P-Asserted-Identity: <sip:%s@%s>\r\n"
		       "Call-ID: follow%s%u\r\nCSeq: 1 SERVICE\r\n"
		       "Content-Type: application/msrtc-category-publish+xml"
		       "\r\nContent-Length: %zu\r\n\r\n%s",
		       name, pool_domain(pool), name, number, name,
		       pool_domain(pool), name, pool_domain(pool), name,
		       pool_domain(pool), name, number, strlen(body), body))
		status = raw_status(r, 1, "SERVICE");

	mem_deref(r);
	mem_deref(body);

	return status;
}


uint16_t chat_post(struct client *c, const char *room, const char *text)
{
	char *body = xd_grpchat(client_envid(c), room, client_user(c), text);
	uint16_t status = client_info(c, body);

	mem_deref(body);

	return status;
}


struct heard {
	const char *room, *text;
	int64_t id;
};


static bool is_heard(const char *body, void *arg)
{
	struct heard *heard = arg;
	struct xd *x;

	if (!strstr(body, "<grpchat ") || xd_parse(&x, body))
		return false;

	if (!strcmp(xd_str(x, "/xccos/grpchat/@chanUri"), heard->room) &&
	    !strcmp(xd_str(x, "/xccos/grpchat/chat"), heard->text))
		heard->id = xd_num(x, "/xccos/grpchat/@chatId");

	mem_deref(x);

	return heard->id != 0;
}


int64_t chat_hear(struct client *c, const char *room, const char *text)
{
	struct heard heard = { room, text, 0 };

	(void)inbox_take(client_inbox(c), is_heard, &heard, CLIENT_MS, NULL);

	return heard.id;
}


bool chat_say(struct client *c, const char *room, const char *text)
{
	return chat_post(c, room, text) == 200 && chat_hear(c, room, text);
}


struct notice {
	const char *event, *room, *user;
};


static bool is_notice(const char *body, void *arg)
{
	const struct notice *n = arg;
	char id[32];

	(void)re_snprintf(id, sizeof(id), "id=\"ntc:%s\"", n->event);

	return strstr(body, id) && strstr(body, xd_room_id(n->room)) &&
		strstr(body, n->user);
}


bool chat_notice(struct client *c, const char *event, const char *room,
		 const char *user)
{
	struct notice n = { event, room, user };

	return !inbox_take(client_inbox(c), is_notice, &n, CLIENT_MS, NULL);
}


/* Is idx one of the numbers of "1,2,3"? */
static bool in_list(const char *list, const char *idx)
{
	const size_t len = strlen(idx);
	const char *p = list;

	while (*p) {
		if (!strncmp(p, idx, len) && (!p[len] || p[len] == ','))
			return true;

		p += strcspn(p, ",");
		p += *p == ',';
	}

	return false;
}


int64_t chat_mask(struct xd *join, const char *user)
{
	char path[256], idx[16];
	size_t i, n;

	(void)re_snprintf(path, sizeof(path),
			  "/xccos/rpl/data/uib[@uri='%s']/@id", user);
	str_ncpy(idx, xd_str(join, path), sizeof(idx));
	if (!idx[0])
		return -1;

	n = xd_count(join, "/xccos/rpl/data/chanib[1]/aib");
	for (i = 1; i <= n; i++) {

		(void)re_snprintf(path, sizeof(path), "/xccos/rpl/data/"
				  "chanib[1]/aib[%zu]/@value", i);
		if (!in_list(xd_str(join, path), idx))
			continue;

		(void)re_snprintf(path, sizeof(path), "/xccos/rpl/data/"
				  "chanib[1]/aib[%zu]/@key", i);
		return xd_num(join, path);
	}

	return -1;
}
