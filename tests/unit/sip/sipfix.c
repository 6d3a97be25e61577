/**
 * @file tests/unit/sip/sipfix.c  A SIP core and raw clients on one loop
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <fcntl.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <openssl/ssl.h>
#include <check.h>
#include <re.h>
#include "channel/sip/view.h"
#include "tests/unit/sip/sipfix.h"

enum { DEADLINE_MS = 20000, RAW_MAX = 8 << 20 };


/* -------------------------------------------------------------------- loop */

struct wait {
	struct tmr tmr;
	cond_h *cond;
	void *arg;
	uint64_t until;
	bool met;
};


static void look(void *arg)
{
	struct wait *w = arg;

	w->met = w->cond && w->cond(w->arg);
	if (w->met || tmr_jiffies() >= w->until)
		re_cancel();
	else
		tmr_start(&w->tmr, 1, look, w);
}


static bool run(cond_h *cond, void *arg, unsigned ms)
{
	struct wait w = { .cond = cond, .arg = arg,
			  .until = tmr_jiffies() + ms };

	tmr_start(&w.tmr, 0, look, &w);
	(void)re_main(NULL);
	tmr_cancel(&w.tmr);

	return w.met;
}


bool loop_until(cond_h *cond, void *arg)
{
	return run(cond, arg, DEADLINE_MS);
}


static bool reached(void *arg)
{
	const unsigned *const *v = arg;

	return *v[0] == *v[1];
}


bool loop_until_is(const unsigned *value, unsigned want)
{
	const unsigned *v[2] = { value, &want };

	return loop_until(reached, v);
}


void loop_for(unsigned ms)
{
	(void)run(NULL, NULL, ms);
}


/* --------------------------------------------------------------------- app */

static void copy(char *dst, size_t size, const struct pl *pl)
{
	ck_assert_uint_lt(pl->l, size);
	if (pl->l)
		memcpy(dst, pl->p, pl->l);
	dst[pl->l] = '\0';
}


static void keep(struct app *app, struct st *st)
{
	ck_assert_uint_lt(app->heldn, NOTES_MAX);
	app->held[app->heldn] = st_hold(st);
	ck_assert_ptr_nonnull(app->held[app->heldn++]);
}


static void invite(struct st *st, const struct uas_invite *inv, void *arg)
{
	struct app *app = arg;
	struct pl user;

	++app->invites;
	pl_set_str(&user, inv->user);
	copy(app->user, sizeof(app->user), &user);
	copy(app->display, sizeof(app->display), &inv->display);
	copy(app->epid, sizeof(app->epid), &inv->epid);
	copy(app->to, sizeof(app->to), &inv->to);
	copy(app->ruri_user, sizeof(app->ruri_user), &inv->ruri_user);

	if (app->hold_invite)
		keep(app, st);
	else if (app->refuse_invite)
		st_reply(st, 403, "Forbidden", diag_line(20010));
	else
		app->accept_err = dlg_accept(&app->dlg, st, app);
}


static void info(struct dlg *dlg, struct st *st, const struct pl *pl,
		 void *arg)
{
	struct app *app = arg;

	++app->infos;
	ck_assert_ptr_eq(dlg_arg(dlg), app);
	copy(app->body, sizeof(app->body), pl);

	if (app->close_in_info)
		dlg_close(dlg);

	if (app->hold_info)
		keep(app, st);
	else
		st_reply(st, 200, "OK", NULL);
}


static void subscribe(struct st *st, const struct uas_subscribe *sub,
		      void *arg)
{
	static const struct pl doc = PL("<provisionGroupList/>");
	struct app *app = arg;

	++app->subscribes;
	copy(app->event, sizeof(app->event), &sub->event);
	st_reply_body(st, 200, "OK", "Expires: 0\r\n", "text/xml", &doc);
}


static void closed(struct dlg *dlg, enum dlg_end why, void *arg)
{
	struct app *app = arg;

	++app->closes;
	app->why = why;
	if (app->dlg == dlg)
		app->dlg = NULL;
	if (app->bye_in_closed)
		dlg_bye(dlg);
}


static bool accepting(void *arg)
{
	struct app *app = arg;

	return !app->busy;
}


void app_conf(struct uas_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	conf->listen_tcp = "127.0.0.1:0";
	conf->peer_addrs = "127.0.0.0/8";
	conf->window     = 4;
}


void app_open(struct app *app, const struct uas_conf *conf)
{
	static const struct uas_events ev = {
		.invite = invite, .subscribe = subscribe, .info = info,
		.closed = closed, .accepting = accepting
	};
	struct uas_conf def;

	app_conf(&def);
	memset(app, 0, sizeof(*app));
	ck_assert_int_eq(uas_open(&app->uas, conf ? conf : &def, &ev, app), 0);
}


void app_close(struct app *app)
{
	app->uas = mem_deref(app->uas);
}


/* --------------------------------------------------------------------- raw */

static void destructor(void *data)
{
	struct raw *raw = data;

	SSL_free(raw->ssl);
	if (raw->fd >= 0) {
		fd_close(raw->fd);
		(void)close(raw->fd);
	}
	free(raw->buf);
}


static ssize_t get(struct raw *raw, char *buf, size_t size)
{
	int n;

	if (!raw->ssl)
		return recv(raw->fd, buf, size, MSG_DONTWAIT);

	n = SSL_read(raw->ssl, buf, (int)MIN(size, (size_t)65536));
	if (n > 0)
		return n;

	errno = EAGAIN;
	return SSL_get_error(raw->ssl, n) == SSL_ERROR_WANT_READ ? -1 : 0;
}


static void raw_event(int flags, void *arg)
{
	struct raw *raw = arg;
	ssize_t n;

	while ((n = get(raw, raw->buf + raw->len, RAW_MAX - raw->len)) > 0)
		raw->len += (size_t)n;

	if (n < 0 && errno == EAGAIN)
		return;

	raw->closed = true;
	fd_close(raw->fd);
}


struct raw *raw_adopt(int fd)
{
	struct raw *raw = mem_zalloc(sizeof(*raw), destructor);
	const int on = 1;

	ck_assert_ptr_nonnull(raw);
	raw->buf = malloc(RAW_MAX);
	raw->fd  = fd;
	ck_assert_int_eq(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
				    sizeof(on)), 0);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(fd_listen(fd, FD_READ, raw_event, raw), 0);
	return raw;
}


static int dial(uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(port) };
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	return fd;
}


struct raw *raw_open(const struct app *app)
{
	return raw_adopt(dial(sa_port(uas_laddr(app->uas, false))));
}


static void secure_event(int flags, void *arg)
{
	struct raw *raw = arg;
	const int n = SSL_do_handshake(raw->ssl);

	if (n == 1) {
		raw->secured = true;
		fd_close(raw->fd);
		(void)fd_listen(raw->fd, FD_READ, raw_event, raw);
		raw_event(FD_READ, raw);
	}
	else if (SSL_get_error(raw->ssl, n) != SSL_ERROR_WANT_READ) {
		raw->closed = true;
		fd_close(raw->fd);
	}
}


static bool secured_or_closed(void *arg)
{
	const struct raw *raw = arg;

	return raw->secured || raw->closed;
}


struct raw *raw_tls(uint16_t port, const char *cert, const char *key,
		    const char *ca)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct raw *raw;

	ck_assert_int_eq(SSL_CTX_load_verify_file(ctx, ca), 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (cert) {
		ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(ctx, cert),
				 1);
		ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(ctx, key,
						SSL_FILETYPE_PEM), 1);
	}

	raw = raw_adopt(dial(port));
	raw->ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_fd(raw->ssl, raw->fd);
	SSL_set_connect_state(raw->ssl);
	fd_close(raw->fd);
	(void)fd_listen(raw->fd, FD_READ, secure_event, raw);
	secure_event(0, raw);
	ck_assert(loop_until(secured_or_closed, raw));
	return raw;
}


void raw_close(struct raw *raw)
{
	mem_deref(raw);
}


void raw_sendn(struct raw *raw, const char *msg, size_t len)
{
	while (len && !raw->closed) {
		const ssize_t n = raw->ssl ?
			SSL_write(raw->ssl, msg, (int)len) :
			send(raw->fd, msg, len, MSG_NOSIGNAL);

		if (n > 0) {
			msg += n;
			len -= (size_t)n;
		}
		else if (!raw->ssl && errno != EAGAIN) {
			return;
		}
		else {
			loop_for(1);
		}
	}
}


void raw_send(struct raw *raw, const char *msg)
{
	raw_sendn(raw, msg, strlen(msg));
}


static int whole(struct raw *raw, struct view *v)
{
	size_t skip = 0;
	int err;

	while (skip < raw->len && (raw->buf[skip] == '\r' ||
				   raw->buf[skip] == '\n'))
		++skip;

	raw->len -= skip;
	memmove(raw->buf, raw->buf + skip, raw->len);

	err = view_decode(v, raw->buf, raw->len);
	if (!err && v->fault)
		err = EBADMSG;
	return err ? err : v->body.l < v->clen ? EAGAIN : 0;
}


static bool has_msg(void *arg)
{
	struct raw *raw = arg;
	struct view v;

	return whole(raw, &v) != EAGAIN || raw->closed;
}


const char *raw_msg(struct raw *raw)
{
	struct view v;
	size_t l;

	(void)loop_until(has_msg, raw);
	if (whole(raw, &v))
		return NULL;

	l = v.head.l + v.clen;
	ck_assert_uint_lt(l, sizeof(raw->msg));
	memcpy(raw->msg, raw->buf, l);
	raw->msg[l] = '\0';
	raw->len -= l;
	memmove(raw->buf, raw->buf + l, raw->len);
	return raw->msg;
}


/* What was on its way comes before the answer to a question asked now */
bool raw_silent(struct raw *raw)
{
	static unsigned n;
	char msg[512], want[32];
	const char *got;

	(void)re_snprintf(want, sizeof(want), "marker-%u", ++n);
	(void)re_snprintf(msg, sizeof(msg), "OPTIONS sip:x@y SIP/2.0\r\n"
			  "Via: SIP/2.0/TCP h\r\nFrom: <sip:m@x>;tag=1\r\n"
			  "To: <sip:x@y>\r\nCall-ID: %s\r\n"
			  "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
			  want);
	raw_send(raw, msg);
	got = raw_msg(raw);

	return got && !strcmp(field(got, "Call-ID"), want);
}


static bool is_closed(void *arg)
{
	const struct raw *raw = arg;

	return raw->closed;
}


bool raw_wait_closed(struct raw *raw)
{
	return loop_until(is_closed, raw);
}


/* ---------------------------------------------------------------- messages */

const char *field(const char *msg, const char *name)
{
	static char bufv[8][1024];
	static unsigned n;
	char *buf = bufv[n++ % 8];
	struct view v;
	struct pl pl;

	buf[0] = '\0';
	ck_assert_ptr_nonnull(msg);
	ck_assert_int_eq(view_decode(&v, msg, strlen(msg)), 0);
	if (view_hdr(&v, name, 0, &pl))
		(void)pl_strcpy(&pl, buf, sizeof(bufv[0]));

	return buf;
}


int status(const char *msg)
{
	return msg && !strncmp(msg, "SIP/2.0 ", 8) ? atoi(msg + 8) : 0;
}


const char *body(const char *msg)
{
	const char *p = msg ? strstr(msg, "\r\n\r\n") : NULL;

	return p ? p + 4 : "";
}


static const char *or(const char *s, const char *def)
{
	return s ? s : def;
}


const char *request(const struct req *r)
{
	static char buf[400000];
	const char *text = or(r->body, "");
	const char *from = or(r->from, "sip:Ada@Example.net");
	const char *who = or(r->asserted, from);

	ck_assert_int_gt(re_snprintf(buf, sizeof(buf),
		"%s %s SIP/2.0\r\n"
		"Via: SIP/2.0/tcp 127.0.0.1:50311%s%s\r\n"
		"From: \"Ada L.\" <%s>;tag=%s;epid=5f1e2d3c4b5a\r\n"
		"To: <sip:Pool@example.net>%s%s\r\n"
		"Call-ID: %s\r\n"
		"CSeq: %u %s\r\n"
		"Max-Forwards: 70\r\n"
		"%s%s%s"
		"%s%s%s%s"
		"Content-Length: %zu\r\n\r\n%s",
		r->met, or(r->ruri, "sip:Pool@example.net"),
		r->branch ? ";branch=" : "", or(r->branch, ""),
		from, or(r->ftag, "1a2b3c"),
		r->totag ? ";tag=" : "", or(r->totag, ""),
		or(r->callid, "call-1"), r->cseq, r->met,
		*who ? "P-Asserted-Identity: <" : "", who, *who ? ">\r\n" : "",
		or(r->extra, ""),
		r->ctype ? "Content-Type: " : "", or(r->ctype, ""),
		r->ctype ? "\r\n" : "", strlen(text), text), 0);
	return buf;
}


const char *sign_in(struct raw *raw, const char *extra)
{
	static char tag[64], lines[1024];
	struct req req = { .met = "INVITE", .cseq = 1, .extra = lines };
	const char *msg, *p;

	(void)re_snprintf(lines, sizeof(lines), "Contact: <sip:ada@example.net"
			  ":50311;maddr=127.0.0.1;transport=tcp>;proxy=replace"
			  "\r\n%s", or(extra, ""));
	raw_send(raw, request(&req));
	msg = raw_msg(raw);
	ck_assert_int_eq(status(msg), 200);

	p = strstr(field(msg, "To"), ";tag=");
	ck_assert_ptr_nonnull(p);
	str_ncpy(tag, p + 5, sizeof(tag));

	req.met   = "ACK";
	req.extra = NULL;
	req.totag = tag;
	raw_send(raw, request(&req));
	return tag;
}


void raw_answer(struct raw *raw, const char *msg, int code)
{
	char buf[4096];

	(void)re_snprintf(buf, sizeof(buf), "SIP/2.0 %d x\r\nVia: %s\r\n"
			  "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n"
			  "Content-Length: 0\r\n\r\n", code, field(msg, "Via"),
			  field(msg, "From"), field(msg, "To"),
			  field(msg, "Call-ID"), field(msg, "CSeq"));
	raw_send(raw, buf);
}
