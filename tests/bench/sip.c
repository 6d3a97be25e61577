/**
 * @file tests/bench/sip.c  Requests written, requests and answers read
 *
 * Call-IDs are "uNUMBER-load", so that a message tells its user.  Only what a
 * load program needs is read: the server's requests are answered 200 with the
 * header lines that an answer repeats.
 */
#include <stdlib.h>
#include <string.h>
#include "tests/bench/load.h"
#include "tests/support/poolfile.h"


struct view {
	const char *callid, *cseq, *to, *contact;   /* values               */
	const char *lines[12];         /* Via, From, To, Call-ID, CSeq      */
	size_t lens[12];
	unsigned n;
};


/* Is it a line that an answer repeats? */
static bool repeats(const char *line, struct view *v)
{
	switch (line[0] | 32) {

	case 'v':
		return !strncasecmp(line, "Via:", 4);

	case 'f':
		return !strncasecmp(line, "From:", 5);

	case 't':
		if (strncasecmp(line, "To:", 3))
			return false;
		v->to = line + 3;
		return true;

	case 'c':
		if (!strncasecmp(line, "Call-ID:", 8))
			v->callid = line + 8;
		else if (!strncasecmp(line, "CSeq:", 5))
			v->cseq = line + 5;
		else if (!strncasecmp(line, "Contact:", 8))
			v->contact = line + 8;
		return v->callid == line + 8 || v->cseq == line + 5;

	default:
		return false;
	}
}


static void view_read(struct view *v, const char *p, size_t head)
{
	const char *end = p + head - 2, *line = p, *next;

	memset(v, 0, sizeof(*v));

	while ((next = memchr(line, '\n', (size_t)(end - line)))) {

		line = next + 1;
		if (line >= end || v->n == 12)
			break;
		next = memchr(line, '\n', (size_t)(end + 2 - line));
		if (next && repeats(line, v)) {
			v->lines[v->n] = line;
			v->lens[v->n++] = (size_t)(next + 1 - line);
		}
	}
}


static struct user *user_of(struct load *load, const struct conn *conn,
			    const struct view *v)
{
	const char *p = v->callid;
	unsigned long no;

	if (conn_user(conn))
		return conn_user(conn);

	while (p && *p == ' ')
		++p;
	if (!p || *p != 'u')
		return NULL;

	no = strtoul(p + 1, NULL, 10);

	return no < load->userc ? &load->userv[no] : NULL;
}


/* ------------------------------------------------- requests of the server */

static unsigned count_rooms(const char *body, size_t len)
{
	const char *end = body + len;
	unsigned n = 0;

	while ((body = memmem(body, (size_t)(end - body), "<chanib ", 8))) {
		++n;
		body += 8;
	}

	return n;
}


static void body_read(struct load *load, struct user *u, const char *body,
		      size_t len)
{
	const char *chat = memmem(body, len, "<chat>p", 7);

	if (chat)
		books_delivered(load, u, (uint32_t)strtoul(chat + 7, NULL,
							   10));
	else if (memmem(body, len, "\"rpl:bjoin\"", 11))
		signin_joined(load, u, count_rooms(body, len));
}


static void answer(struct conn *conn, const struct view *v)
{
	static const char ok[] = "SIP/2.0 200 OK\r\n";
	static const char none[] = "Content-Length: 0\r\n\r\n";
	unsigned i;

	conn_write(conn, ok, sizeof(ok) - 1);
	for (i = 0; i < v->n; i++)
		conn_write(conn, v->lines[i], v->lens[i]);
	conn_write(conn, none, sizeof(none) - 1);
}


/* ------------------------------------------------------ answers to ours */

static void copy_until(char *dst, size_t size, const char *p,
		       const char *stop)
{
	size_t len = strcspn(p, stop);

	if (len >= size)
		die("too long for us: %.*s", (int)len, p);

	memcpy(dst, p, len);
	dst[len] = '\0';
}


static void head_make(struct load *load, struct user *u)
{
	if (asprintf(&u->head,
		     "From: <sip:u%u@%s>;tag=f%u;epid=e%u\r\n"
		     "To: <%s>;tag=%s\r\nCall-ID: u%u-load\r\n"
		     "Max-Forwards: 70\r\n"
		     "P-Asserted-Identity: <sip:u%u@%s>\r\n",
		     u->no, load->pf->domain, u->no, u->no,
		     load->pf->pool_uri, u->ttag, u->no, u->no,
		     load->pf->domain) < 0)
		die("no memory");
}


static void via(struct conn *conn, const struct load *load, struct user *u,
		const char *method)
{
	(void)conn_printf(conn, "Via: SIP/2.0/TCP 127.0.0.1:%u;branch="
			  "z9hG4bK%u.%u%c\r\n", conn_port(conn), u->no,
			  u->cseq, method[0]);
	if (load->opt.shared)
		(void)conn_printf(conn, "Via: SIP/2.0/TLS 192.0.2.10:50311;"
				  "received=192.0.2.10\r\n");
}


static void invited(struct load *load, struct user *u, const struct view *v,
		    unsigned status)
{
	const char *tag = v->to ? strstr(v->to, ";tag=") : NULL;
	const char *lt = v->contact ? strchr(v->contact, '<') : NULL;

	if (status == 200) {
		if (!tag || !lt)
			die("a 200 to INVITE without To tag or Contact");
		copy_until(u->ttag, sizeof(u->ttag), tag + 5, ";\r\n");
		copy_until(u->target, sizeof(u->target), lt + 1, ">\r\n");
		head_make(load, u);

		(void)conn_printf(u->conn, "ACK %s SIP/2.0\r\n", u->target);
		via(u->conn, load, u, "ACK");
		(void)conn_printf(u->conn, "%sCSeq: 1 ACK\r\n"
				  "Content-Length: 0\r\n\r\n", u->head);
	}

	signin_invited(load, u, status);
}


static void response(struct load *load, struct user *u, const struct view *v,
		     unsigned status)
{
	uint32_t cseq = (uint32_t)strtoul(v->cseq, NULL, 10);

	if (status < 200)
		return;

	if (strncmp(v->cseq + strspn(v->cseq, " 0123456789"), "INVITE", 6))
		books_answered(load, u->pendingv[cseq % PENDING_MAX], status);
	else if (!u->head)
		invited(load, u, v, status);
}


void sip_message(struct load *load, struct conn *conn, char *p, size_t head,
		 size_t len)
{
	struct view v;
	struct user *u;

	view_read(&v, p, head);
	u = user_of(load, conn, &v);
	if (!u || !v.cseq) {
		++load->unknown;
		return;
	}

	if (!memcmp(p, "SIP/2.0 ", 8)) {
		response(load, u, &v, (unsigned)strtoul(p + 8, NULL, 10));
	}
	else {
		answer(conn, &v);
		body_read(load, u, p + head, len - head);
	}
}


/* ---------------------------------------------------------------- sending */

void sip_invite(struct load *load, struct user *u)
{
	const char *to = load->pf->pool_uri, *domain = load->pf->domain;
	struct conn *conn = u->conn;

	u->cseq = 1;
	(void)conn_printf(conn, "INVITE %s SIP/2.0\r\n", to);
	via(conn, load, u, "INVITE");
	if (load->opt.shared)
		(void)conn_printf(conn, "Record-Route: <sip:127.0.0.1:%u;"
				  "transport=tcp;lr>\r\n", conn_port(conn));
	(void)conn_printf(conn, "P-Asserted-Identity: <sip:u%u@%s>\r\n"
			  "From: <sip:u%u@%s>;tag=f%u;epid=e%u\r\n"
			  "To: <%s>\r\nCall-ID: u%u-load\r\n"
			  "CSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
			  "Contact: <sip:u%u@127.0.0.1:%u;transport=tcp>\r\n"
			  "Content-Length: 0\r\n\r\n", u->no, domain,
			  u->no, domain, u->no, u->no, to, u->no, u->no, conn_port(conn));
}


void sip_info(struct load *load, struct user *u, uint32_t post,
	      const char *body, size_t len)
{
	u->pendingv[++u->cseq % PENDING_MAX] = post;

	(void)conn_printf(u->conn, "INFO %s SIP/2.0\r\n", u->target);
	via(u->conn, load, u, "INFO");
	(void)conn_printf(u->conn, "%sCSeq: %u INFO\r\n"
			  "Content-Type: text/plain\r\n"
			  "Content-Length: %zu\r\n\r\n", u->head, u->cseq,
			  len);
	conn_write(u->conn, body, len);
}
