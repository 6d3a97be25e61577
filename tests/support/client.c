/**
 * @file tests/support/client.c  A SIP client for tests, on libre's sipsess
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "tests/support/client.h"
#include "tests/support/epid.h"
#include "tests/support/inbox.h"
#include "tests/support/wait.h"


struct client {
	struct sip *sip;
	struct sipsess_sock *sock;
	struct sipsess *sess;
	char *user;
	struct client_answer ans;
	bool answered, ended, byed;
	uint32_t envid;
	uint16_t reply;                /* what server INFOs are answered */
	struct inbox *inbox;
	struct list reql;              /* struct req: not answered yet */
};

struct req {
	struct le le;
	client_status_h *h;
	void *arg;
};


static void destructor(void *data)
{
	struct client *c = data;

	mem_deref(c->inbox);
	list_clear(&c->reql);
	mem_deref(c->sess);
	mem_deref(c->sock);
	mem_deref(c->sip);
	mem_deref(c->user);
}


/* ----------------------------------------------------- what sipsess says */

static void req_done(struct req *req, uint16_t status)
{
	list_unlink(&req->le);
	req->h(status, req->arg);
	mem_deref(req);
}


/* sipsess tells no more of them once the session is over */
static void req_flush(struct client *c, uint16_t status)
{
	struct le *le;

	while ((le = list_head(&c->reql)))
		req_done(le->data, status);
}


/* The number that a header value begins with; 0 without header */
static unsigned number(const struct sip_hdr *hdr)
{
	struct pl pl = PL_INIT;

	if (hdr)
		(void)re_regex(hdr->val.p, hdr->val.l, "[0-9]+", &pl);

	return pl_u32(&pl);
}


static void answer_read(struct client_answer *ans, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr;

	ans->status = msg->scode;

	ans->diag = number(sip_msg_xhdr(msg, "Ms-diagnostics"));

	hdr = sip_msg_hdr(msg, SIP_HDR_SESSION_EXPIRES);
	ans->expires_s = number(hdr);
	ans->refresher_uac = hdr &&
		!re_regex(hdr->val.p, hdr->val.l, "refresher=uac");
}


static void estab_handler(const struct sip_msg *msg, void *arg)
{
	struct client *c = arg;

	answer_read(&c->ans, msg);
	c->answered = true;
	wait_poke();
}


static int answer_handler(const struct sip_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;

	return 0;
}


static void close_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct client *c = arg;

	(void)err;

	if (msg && !c->answered)
		answer_read(&c->ans, msg);

	c->answered = true;
	c->ended = true;

	req_flush(c, msg ? msg->scode : 0);

	wait_poke();
}


static void info_handler(struct sip *sip, const struct sip_msg *msg,
			 void *arg)
{
	struct client *c = arg;

	if (c->reply)
		(void)sip_reply(sip, msg, c->reply,
				c->reply < 300 ? "OK" : "No");

	inbox_put(c->inbox, msg->mb);
	wait_poke();
}


/* Only the trace shows the answer to a BYE */
static void trace_handler(bool tx, enum sip_transp tp, const struct sa *src,
			  const struct sa *dst, const uint8_t *pkt,
			  size_t len, void *arg)
{
	struct client *c = arg;

	if (getenv("PCHAT_SIPTRACE"))
		(void)re_fprintf(stderr, "%J %s %J\n%b\n", src,
				 tx ? "->" : "<-", dst, pkt, len);

	if (!tx && len > 8 && !memcmp(pkt, "SIP/2.0 ", 8) &&
	    !re_regex((const char *)pkt, len, "CSeq:[ ]*[0-9]+ BYE",
		      NULL, NULL))
		c->byed = true;

	wait_poke();
}


/* ------------------------------------------------------------ open, close */

static void conn_handler(const struct sip_msg *msg, void *arg)
{
	struct client *c = arg;

	(void)sip_reply(c->sip, msg, 486, "Busy Here");
}


static bool is_answered(void *arg)
{
	return ((struct client *)arg)->answered;
}


static int stack_alloc(struct client *c)
{
	struct sa laddr;
	int err;

	err = sa_set_str(&laddr, "127.0.0.1", 0);
	if (err)
		return err;

	err = sip_alloc(&c->sip, NULL, 16, 16, 4, "pchat-test", NULL, c);
	if (err)
		return err;

	sip_set_trace_handler(c->sip, trace_handler);

	err = sip_transp_add(c->sip, SIP_TRANSP_TCP, &laddr);
	if (err)
		return err;

	return sipsess_listen(&c->sock, c->sip, 4, conn_handler, c);
}


static int invite(struct client *c, const struct client_conf *conf)
{
	static const char sdp[] =
		"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=session\r\n"
		"c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=message 5060 sip null\r\n"
		"a=accept-types:text/plain\r\n";
	char route[128], from[256];
	const char *routev[] = { route };
	struct mbuf *desc = mbuf_alloc(256);
	int err;

	if (!desc)
		return ENOMEM;

	err = mbuf_write_str(desc, sdp);
	desc->pos = 0;

	if (re_snprintf(route, sizeof(route), "sip:%s;transport=tcp",
			conf->hop) < 0 ||
	    epid_from(from, sizeof(from), conf->user, conf->epid))
		err = EOVERFLOW;

	if (!err)
		err = sipsess_connect(&c->sess, c->sock, conf->to,
				      conf->display, from, "client", routev,
				      1, "application/sdp", desc, NULL, NULL,
				      false, NULL, answer_handler, NULL,
				      estab_handler, info_handler, NULL,
				      close_handler, c,
				      "Supported: ms-sender\r\n");
	mem_deref(desc);

	return err;
}


int client_open(struct client **cp, const struct client_conf *conf,
		struct client_answer *ans)
{
	struct client *c;
	int err;

	if (!cp || !conf || !conf->user || !conf->to || !conf->hop)
		return EINVAL;

	c = mem_zalloc(sizeof(*c), destructor);
	if (!c)
		return ENOMEM;

	c->reply = 200;
	c->envid = rand_u32();

	err = str_dup(&c->user, conf->user);
	if (!err)
		err = inbox_alloc(&c->inbox);
	if (!err)
		err = stack_alloc(c);
	if (!err)
		err = invite(c, conf);
	if (!err)
		err = wait_for(is_answered, c, CLIENT_MS);
	if (!err && c->ended)
		err = EPROTO;

	if (ans)
		*ans = c->ans;

	if (err)
		(void)client_drop(c);
	else
		*cp = c;

	return err;
}


static bool is_byed(void *arg)
{
	return ((struct client *)arg)->byed;
}


void *client_close(struct client *c)
{
	if (!c)
		return NULL;

	if (!c->ended) {
		c->sess = mem_deref(c->sess);      /* says BYE */
		(void)wait_for(is_byed, c, CLIENT_MS);
	}

	return client_drop(c);
}


void *client_drop(struct client *c)
{
	if (!c)
		return NULL;

	c->ended = true;
	req_flush(c, 0);

	sip_set_trace_handler(c->sip, NULL);
	/* without a transport the BYE of a dying session goes nowhere */
	sip_transp_flush(c->sip);
	c->sess = mem_deref(c->sess);
	sip_close(c->sip, true);

	return mem_deref(c);
}


const char *client_user(const struct client *c)
{
	return c ? c->user : NULL;
}


bool client_ended(const struct client *c)
{
	return !c || c->ended;
}


uint32_t client_envid(struct client *c)
{
	return c->envid++;
}


/* ----------------------------------------------------------------- INFOs */

static void resp_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct req *req = arg;

	req_done(req, err || !msg ? 0 : msg->scode);
	wait_poke();
}


static int send_body(struct client *c, const char *body, struct req *req)
{
	struct mbuf *mb = mbuf_alloc(strlen(body) + 1);
	int err;

	if (!mb)
		return ENOMEM;

	err = mbuf_write_str(mb, body);
	mb->pos = 0;
	if (!err)
		err = sipsess_info(c->sess, "text/plain", mb, resp_handler,
				   req);
	mem_deref(mb);

	return err;
}


int client_send(struct client *c, const char *body, client_status_h *h,
		void *arg)
{
	struct req *req;
	int err;

	if (!c || !body || !h)
		return EINVAL;
	if (c->ended)
		return ENOTCONN;

	req = mem_zalloc(sizeof(*req), NULL);
	if (!req)
		return ENOMEM;

	req->h = h;
	req->arg = arg;
	list_append(&c->reql, &req->le, req);

	err = send_body(c, body, req);
	if (err) {
		list_unlink(&req->le);
		mem_deref(req);
	}

	return err;
}


struct answer {
	bool done;
	uint16_t status;
};


static void status_handler(uint16_t status, void *arg)
{
	struct answer *ans = arg;

	ans->done = true;
	ans->status = status;
}


static bool is_done(void *arg)
{
	return ((struct answer *)arg)->done;
}


uint16_t client_info(struct client *c, const char *body)
{
	struct answer ans = { false, 0 };

	if (client_send(c, body, status_handler, &ans))
		return 0;

	/* libre gives up after 32 s, and then tells us */
	(void)wait_for(is_done, &ans, 40000);

	return ans.status;
}


size_t client_pending(const struct client *c)
{
	return c ? list_count(&c->reql) : 0;
}


struct inbox *client_inbox(const struct client *c)
{
	return c ? c->inbox : NULL;
}


void client_answer_with(struct client *c, uint16_t status)
{
	if (c)
		c->reply = status;
}
