/**
 * @file tests/support/rawtls.c  A peer of the web service that sends whatever
 *                               bytes it likes, over TLS
 */
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <openssl/ssl.h>
#include <re.h>
#include "tests/support/pool.h"
#include "tests/support/rawtls.h"

enum { ANSWER_MS = 60000 };

struct rawtls {
	SSL_CTX *ctx;
	SSL *ssl;
	struct mbuf *mb;           /* came, and not looked at yet            */
	int fd;
};


static void destructor(void *data)
{
	struct rawtls *r = data;

	SSL_free(r->ssl);
	SSL_CTX_free(r->ctx);
	if (r->fd >= 0)
		(void)close(r->fd);
	mem_deref(r->mb);
}


static int dial(struct rawtls *r, const char *url)
{
	const char *host = strstr(url, "://");
	struct sa sa;

	if (!host || sa_decode(&sa, host + 3, strlen(host + 3)))
		return EINVAL;

	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (r->fd < 0 || connect(r->fd, &sa.u.sa, sa.len))
		return errno;

	return 0;
}


static int shake(struct rawtls *r, const char *ca, int version)
{
	r->ctx = SSL_CTX_new(TLS_client_method());
	if (!r->ctx || SSL_CTX_load_verify_locations(r->ctx, ca, NULL) != 1)
		return ENOMEM;

	if (version) {
		SSL_CTX_set_security_level(r->ctx, 0);
		(void)SSL_CTX_set_max_proto_version(r->ctx, version);
	}
	SSL_CTX_set_verify(r->ctx, SSL_VERIFY_PEER, NULL);
	r->ssl = SSL_new(r->ctx);
	if (!r->ssl || SSL_set_fd(r->ssl, r->fd) != 1)
		return ENOMEM;

	return SSL_connect(r->ssl) == 1 ? 0 : EPROTO;
}


int rawtls_open(struct rawtls **rp, const struct pool *pool, size_t web)
{
	return rawtls_open_old(rp, pool, web, 0);
}


int rawtls_open_old(struct rawtls **rp, const struct pool *pool, size_t web,
		    int version)
{
	const struct pool_web *pw = pool_web(pool, web);
	struct rawtls *r = mem_zalloc(sizeof(*r), destructor);
	int err;

	if (!r)
		return ENOMEM;

	r->fd = -1;
	r->mb = mbuf_alloc(4096);
	err = pw && r->mb ? dial(r, pw->url) : EINVAL;
	if (!err)
		err = shake(r, pool_ca(pool), version);
	if (err)
		mem_deref(r);
	else
		*rp = r;

	return err;
}


void rawtls_peer(const struct rawtls *r, char *name, size_t size)
{
	X509 *cert = SSL_get1_peer_certificate(r->ssl);

	name[0] = '\0';
	if (cert)
		(void)X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
						NID_commonName, name,
						(int)size);
	X509_free(cert);
}


int rawtls_write(struct rawtls *r, const void *p, size_t len)
{
	return SSL_write(r->ssl, p, (int)len) == (int)len ? 0 : EPIPE;
}


int rawtls_printf(struct rawtls *r, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = re_vsdprintf(&text, fmt, ap);
	va_end(ap);
	if (!err)
		err = rawtls_write(r, text, strlen(text));
	mem_deref(text);

	return err;
}


/* 1: bytes came, 0: time is over, -1: it was closed */
static int more(struct rawtls *r, int timeout_ms)
{
	struct pollfd pfd = { .fd = r->fd, .events = POLLIN };
	uint8_t buf[4096];
	int n;

	if (!SSL_pending(r->ssl) && poll(&pfd, 1, timeout_ms) != 1)
		return 0;

	n = SSL_read(r->ssl, buf, sizeof(buf));
	if (n <= 0)
		return -1;
	r->mb->pos = r->mb->end;

	return mbuf_write_mem(r->mb, buf, (size_t)n) ? -1 : 1;
}


static const char *text(const struct rawtls *r)
{
	if (mbuf_write_u8(r->mb, '\0'))
		return "";
	--r->mb->end;
	r->mb->pos = r->mb->end;

	return (const char *)r->mb->buf;
}


static void take(struct rawtls *r, size_t len)
{
	len = MIN(len, r->mb->end);
	memmove(r->mb->buf, r->mb->buf + len, r->mb->end - len);
	r->mb->end -= len;
	r->mb->pos = r->mb->end;
}


/* Length of the first answer, 0: it is not all there */
static size_t answer_length(const struct rawtls *r, unsigned *statusp)
{
	const char *all = text(r), *end = strstr(all, "\r\n\r\n"), *p;
	size_t len, body;

	if (!end || strncmp(all, "HTTP/1.1 ", 9))
		return 0;

	*statusp = (unsigned)atoi(all + 9);
	len = (size_t)(end - all) + 4;
	p = strcasestr(all, "\r\nContent-Length:");
	body = p && p < end ? (size_t)atol(p + 17) : 0;

	return len + body <= r->mb->end ? len + body : 0;
}


unsigned rawtls_status(struct rawtls *r)
{
	const uint64_t until = tmr_jiffies() + ANSWER_MS;

	for (;;) {
		const uint64_t now = tmr_jiffies();
		unsigned status = 0;
		const size_t len = answer_length(r, &status);

		if (len) {
			take(r, len);
			return status;
		}
		if (now >= until || more(r, (int)(until - now)) < 1)
			return 0;
	}
}


bool rawtls_closed(struct rawtls *r, unsigned timeout_ms)
{
	return more(r, (int)timeout_ms) < 0;
}


bool rawtls_came(struct rawtls *r)
{
	return more(r, 0) != 0;
}


bool rawtls_begins(struct rawtls *r)
{
	return more(r, ANSWER_MS) > 0;
}
