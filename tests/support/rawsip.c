/**
 * @file tests/support/rawsip.c  A SIP peer that sends whatever bytes it likes
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <re.h>
#include "tests/support/rawsip.h"


struct raw {
	int fd;
	struct sa laddr;
	char local[64];
	struct mbuf *in;               /* pos: first byte not taken yet */
	char *answer;
	struct list bodyl;             /* struct body */
};

struct body {
	struct le le;
	char *text;
};


static void body_destructor(void *data)
{
	struct body *body = data;

	list_unlink(&body->le);
	mem_deref(body->text);
}


static void destructor(void *data)
{
	struct raw *r = data;

	if (r->fd >= 0)
		(void)close(r->fd);
	list_flush(&r->bodyl);
	mem_deref(r->answer);
	mem_deref(r->in);
}


/* Nothing to do without a source */
static int bind_to(int fd, const char *source)
{
	struct sa sa;
	int err;

	if (!source)
		return 0;
	err = sa_set_str(&sa, source, 0);
	if (!err && bind(fd, &sa.u.sa, sa.len))
		err = errno;

	return err;
}


const char *raw_local(const struct raw *r)
{
	return r->local;
}


int raw_open(struct raw **rp, const char *hostport)
{
	return raw_open_from(rp, hostport, NULL);
}


int raw_open_from(struct raw **rp, const char *hostport, const char *source)
{
	const int on = 1;
	struct raw *r;
	struct sa sa;
	int err;

	if (!rp || !hostport)
		return EINVAL;

	err = sa_decode(&sa, hostport, strlen(hostport));
	if (err)
		return err;

	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;

	r->in = mbuf_alloc(8192);
	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!r->in || r->fd < 0 || bind_to(r->fd, source) || connect(r->fd, &sa.u.sa, sa.len)) {
		err = errno ? errno : ENOMEM;
		mem_deref(r);
		return err;
	}

	(void)setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	r->laddr.len = sizeof(r->laddr.u);
	(void)getsockname(r->fd, &r->laddr.u.sa, &r->laddr.len);
	(void)re_snprintf(r->local, sizeof(r->local), "%J", &r->laddr);
	*rp = r;

	return 0;
}


static int put(struct raw *r, const char *p, size_t len)
{
	while (len) {

		const ssize_t n = send(r->fd, p, len, MSG_NOSIGNAL);

		if (n < 0)
			return errno;
		p += n;
		len -= (size_t)n;
	}

	return 0;
}


int raw_write(struct raw *r, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = re_vsdprintf(&text, fmt, ap);
	va_end(ap);
	if (!err)
		err = put(r, text, strlen(text));
	mem_deref(text);

	return err;
}


/* --------------------------------------------------------------- reading */

char *raw_header(const char *msg, const char *name)
{
	const size_t len = strlen(name);
	const char *p = msg, *end = strstr(msg, "\r\n\r\n");
	char *value = NULL;

	while (p && p < end) {

		p = strstr(p, "\r\n");
		if (!p || p >= end)
			break;
		p += 2;

		if (strncasecmp(p, name, len) || p[len] != ':')
			continue;

		p += len + 1;
		p += strspn(p, " \t");
		(void)re_sdprintf(&value, "%b", p, strcspn(p, "\r"));
		break;
	}

	return value;
}


/* Length of the first whole message in the buffer; 0: not there yet */
static size_t whole(const struct mbuf *mb)
{
	const char *p = (const char *)mb->buf + mb->pos;
	const size_t left = mb->end - mb->pos;
	const char *end = memmem(p, left, "\r\n\r\n", 4);
	char *head = NULL, *clen;
	size_t len;

	if (!end)
		return 0;

	len = (size_t)(end + 4 - p);
	if (re_sdprintf(&head, "%b", p, len))
		return 0;

	clen = raw_header(head, "Content-Length");
	if (clen)
		len += strtoul(clen, NULL, 10);
	mem_deref(clen);
	mem_deref(head);

	return len <= left ? len : 0;
}


/* A keep-alive is answered by CR LF, between messages */
static void skip_pong(struct mbuf *mb)
{
	while (mb->pos < mb->end &&
	       (mb->buf[mb->pos] == '\r' || mb->buf[mb->pos] == '\n'))
		++mb->pos;
}


static int fill(struct raw *r, unsigned timeout_ms)
{
	struct pollfd pfd = { .fd = r->fd, .events = POLLIN };
	const size_t pos = r->in->pos;
	char buf[16384];
	ssize_t n;
	int err;

	if (poll(&pfd, 1, (int)timeout_ms) != 1)
		return ETIMEDOUT;

	n = recv(r->fd, buf, sizeof(buf), 0);
	if (n <= 0)
		return ECONNRESET;

	r->in->pos = r->in->end;
	err = mbuf_write_mem(r->in, (uint8_t *)buf, (size_t)n);
	r->in->pos = pos;

	return err;
}


int raw_read(struct raw *r, unsigned timeout_ms, char **msgp)
{
	size_t len;
	int err;

	while (skip_pong(r->in), !(len = whole(r->in))) {
		err = fill(r, timeout_ms);
		if (err)
			return err;
	}

	err = re_sdprintf(msgp, "%b", mbuf_buf(r->in), len);
	r->in->pos += len;
	if (r->in->pos == r->in->end)
		mbuf_rewind(r->in);

	return err;
}


static void reply(struct raw *r, const char *msg)
{
	static const char *const copyv[] = {
		"Via", "From", "To", "Call-ID", "CSeq"
	};
	size_t i;

	if (!strncmp(msg, "ACK ", 4))
		return;

	(void)raw_write(r, "SIP/2.0 200 OK\r\n");
	for (i = 0; i < ARRAY_SIZE(copyv); i++) {

		char *value = raw_header(msg, copyv[i]);

		(void)raw_write(r, "%s: %s\r\n", copyv[i], value);
		mem_deref(value);
	}
	(void)raw_write(r, "Content-Length: 0\r\n\r\n");
}


/* A request of the server: answer it, keep its body */
static void take(struct raw *r, const char *msg)
{
	const char *end = strstr(msg, "\r\n\r\n");
	struct body *body = mem_zalloc(sizeof(*body), body_destructor);

	reply(r, msg);
	if (!body)
		return;

	(void)str_dup(&body->text, end + 4);
	list_append(&r->bodyl, &body->le, body);
}


static bool is_answer(const char *msg, uint32_t cseq, const char *method)
{
	char want[48], *value = raw_header(msg, "CSeq");
	bool is;

	(void)re_snprintf(want, sizeof(want), "%u %s", cseq, method);
	is = value && !strcmp(value, want);
	mem_deref(value);

	return is;
}


uint16_t raw_status(struct raw *r, uint32_t cseq, const char *method)
{
	uint16_t status = 0;
	char *msg;

	r->answer = mem_deref(r->answer);

	while (!raw_read(r, RAW_MS, &msg)) {

		if (strncmp(msg, "SIP/2.0 ", 8))
			take(r, msg);
		else if (is_answer(msg, cseq, method))
			status = (uint16_t)strtoul(msg + 8, NULL, 10);

		if (status >= 200) {
			r->answer = msg;
			return status;
		}

		mem_deref(msg);
	}

	return 0;
}


const char *raw_answer(const struct raw *r)
{
	return r->answer;
}


static const char *body_find(const struct raw *r, const char *part)
{
	const struct le *le;

	for (le = list_head(&r->bodyl); le; le = le->next) {

		const struct body *body = le->data;

		if (strstr(body->text, part))
			return body->text;
	}

	return NULL;
}


const char *raw_body(struct raw *r, const char *part)
{
	const char *text;
	char *msg;

	while (!(text = body_find(r, part))) {

		if (raw_read(r, RAW_MS, &msg))
			return NULL;
		if (strncmp(msg, "SIP/2.0 ", 8))
			take(r, msg);
		mem_deref(msg);
	}

	return text;
}


size_t raw_count(const struct raw *r, const char *part)
{
	const struct le *le;
	size_t n = 0;

	for (le = list_head(&r->bodyl); le; le = le->next) {

		const struct body *body = le->data;

		n += strstr(body->text, part) != NULL;
	}

	return n;
}


void raw_forget(struct raw *r)
{
	list_flush(&r->bodyl);
}


size_t raw_requests(const struct raw *r)
{
	return list_count(&r->bodyl);
}


/* ---------------------------------------------------------------- dialog */

static void remember(struct raw *r, struct raw_dlg *d)
{
	char *to = raw_header(r->answer, "To");
	char *contact = raw_header(r->answer, "Contact");
	struct pl pl;

	if (to && !re_regex(to, strlen(to), ";tag=[^;]+", &pl))
		(void)pl_strcpy(&pl, d->ttag, sizeof(d->ttag));
	if (contact && !re_regex(contact, strlen(contact), "<[^>]+>", &pl))
		(void)pl_strcpy(&pl, d->contact, sizeof(d->contact));

	mem_deref(contact);
	mem_deref(to);
}


static int ack(struct raw *r, const struct raw_dlg *d)
{
	return raw_write(r, "ACK %s SIP/2.0\r\nVia: SIP/2.0/TCP %J\r\n"
			 "From: <%s>;tag=%s;epid=%s\r\nTo: <%s>;tag=%s\r\n"
			 "Max-Forwards: 70\r\nCSeq: 1 ACK\r\nCall-ID: %s\r\n"
			 "Content-Length: 0\r\n\r\n",
			 d->contact, &r->laddr, d->user, d->ftag, d->epid,
			 d->to, d->ttag, d->callid);
}


uint16_t raw_invite(struct raw *r, struct raw_dlg *d, const char *user,
		    const char *epid, const char *to)
{
	static const char sdp[] = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n"
		"s=session\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
		"m=message 5061 sip null\r\na=accept-types:text/plain\r\n";
	uint16_t status;

	memset(d, 0, sizeof(*d));
	str_ncpy(d->user, user, sizeof(d->user));
	str_ncpy(d->epid, epid, sizeof(d->epid));
	str_ncpy(d->to, to, sizeof(d->to));
	rand_str(d->callid, 24);
	rand_str(d->ftag, 10);
	d->cseq = 1;

	if (raw_write(r, "INVITE %s SIP/2.0\r\nVia: SIP/2.0/TCP %J\r\n"
		      "From: <%s>;tag=%s;epid=%s\r\nTo: <%s>\r\n"
		      "P-Asserted-Identity: <%s>\r\n"
		      "Max-Forwards: 70\r\nCSeq: 1 INVITE\r\nCall-ID: %s\r\n"
		      "User-Agent: pchat-test\r\nSupported: ms-sender\r\n"
		      "Contact: <%s;opaque=user:epid:Yx;gruu>\r\n"
		      "Content-Type: application/sdp\r\n"
		      "Content-Length: %zu\r\n\r\n%s",
		      to, &r->laddr, user, d->ftag, epid, to, user, d->callid,
		      user,
		      strlen(sdp), sdp))
		return 0;

	status = raw_status(r, 1, "INVITE");
	if (status != 200)
		return status;

	remember(r, d);

	return ack(r, d) ? 0 : status;
}


int raw_request(struct raw *r, struct raw_dlg *d, const char *method,
		const char *body, bool again)
{
	if (!again)
		++d->cseq;

	return raw_write(r, "%s %s SIP/2.0\r\nVia: SIP/2.0/TCP %J\r\n"
			 "From: <%s>;tag=%s;epid=%s\r\nTo: <%s>;tag=%s\r\n"
			 "P-Asserted-Identity: <%s>\r\n"
			 "Max-Forwards: 70\r\nCSeq: %u %s\r\nCall-ID: %s\r\n"
			 "%sContent-Length: %zu\r\n\r\n%s",
			 method, d->contact, &r->laddr, d->user, d->ftag,
			 d->epid, d->to, d->ttag, d->user, d->cseq, method, d->callid,
			 body ? "Content-Type: text/plain\r\n" : "",
			 body ? strlen(body) : (size_t)0, body ? body : "");
}


uint16_t raw_ask(struct raw *r, struct raw_dlg *d, const char *method,
		 const char *body)
{
	if (raw_request(r, d, method, body, false))
		return 0;

	return raw_status(r, d->cseq, method);
}


uint16_t raw_provision(struct raw *r, const char *name, uint32_t cseq)
{
	static const char body[] = "<provisioningGroupList xmlns=\"http://"
		"schemas.microsoft.com/2006/09/sip/provisioninggrouplist\">"
		"<provisioningGroup name=\"ServerConfiguration\"/>"
		"<provisioningGroup name=\"persistentChatConfiguration\"/>"
		"</provisioningGroupList>";

	(void)raw_write(r, "SUBSCRIBE sip:%s@example.net SIP/2.0\r\n"
			"Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK%s%u\r\n"
			"From: <sip:%s@example.net>;tag=1;epid=e\r\n"
			"To: <sip:%s@example.net>\r\nCall-ID: prov%s%u\r\n"
			"P-Asserted-Identity: <sip:%s@example.net>\r\n"
			"CSeq: %u SUBSCRIBE\r\n"
			"Contact: <sip:%s@127.0.0.1:9;transport=tcp>\r\n"
			"Event: vnd-microsoft-provisioning-v2\r\n"
			"Accept: application/vnd-microsoft-roaming-"
			"provisioning-v2+xml\r\nExpires: 0\r\n"
			"Supported: ms-piggyback-first-notify\r\n"
			"Content-Type: application/vnd-microsoft-roaming-"
			"provisioning-v2+xml\r\nContent-Length: %zu\r\n\r\n%s",
			name, name, cseq, name, name, name, cseq, name, cseq,
			name,
			strlen(body), body);

	return raw_status(r, cseq, "SUBSCRIBE");
}
