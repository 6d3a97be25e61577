/**
 * @file channel/sip/tls.c  TLS on a socket of ours
 */
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <re.h>
#include "common/log.h"
#include "common/secret.h"
#include "channel/sip/tls.h"

struct tlsio_ctx {
	SSL_CTX *server, *client;
};


static void destructor(void *data)
{
	struct tlsio_ctx *ctx = data;

	SSL_CTX_free(ctx->server);
	SSL_CTX_free(ctx->client);
}


static int failed(const char *what, const char *file)
{
	char buf[160];

	log_err("sip.tls", "what=\"%s\" file=%s error=\"%s\"", what, file,
		tlsio_error(buf, sizeof(buf)));
	return EBADMSG;
}


static int key_private(const char *key)
{
	struct stat st;

	if (stat(key, &st)) {
		log_err("sip.tls", "what=\"no key\" file=%s", key);
		return EBADMSG;
	}

	if (!secret_private(&st)) {
		log_err("sip.tls", "what=\"key may be read by others\" "
			"file=%s", key);
		return EBADMSG;
	}

	return 0;
}


static void options(SSL_CTX *ctx)
{
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
			    SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
			    SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
			 SSL_MODE_ENABLE_PARTIAL_WRITE |
			 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER |
			   SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);

	/* Front ends show in both roles the one certificate they have, often
	   for server use only: what counts is our authority and the name */
	SSL_CTX_set_purpose(ctx, X509_PURPOSE_ANY);
}


static int load(SSL_CTX **ctxp, const SSL_METHOD *method, const char *cert,
		const char *key, const char *ca)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (!ctx)
		return ENOMEM;

	*ctxp = ctx;
	options(ctx);

	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		return failed("certificate", cert);
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		return failed("key", key);
	if (SSL_CTX_check_private_key(ctx) != 1)
		return failed("key is not the certificate's", key);
	if (SSL_CTX_load_verify_file(ctx, ca) != 1)
		return failed("ca", ca);

	SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(ca));
	return 0;
}


int tlsio_ctx_alloc(struct tlsio_ctx **ctxp, const char *cert,
		    const char *key, const char *ca)
{
	struct tlsio_ctx *ctx;
	int err;

	if (!ctxp || !cert || !ca)
		return EBADMSG;

	if (!key)
		key = cert;

	err = key_private(key);
	if (err)
		return err;

	ctx = mem_zalloc(sizeof(*ctx), destructor);
	if (!ctx)
		return ENOMEM;

	/* OpenSSL writes with write(2): a reset peer would be a signal */
	(void)signal(SIGPIPE, SIG_IGN);

	err = load(&ctx->server, TLS_server_method(), cert, key, ca);
	if (err)
		goto out;

	err = load(&ctx->client, TLS_client_method(), cert, key, ca);

 out:
	if (err)
		mem_deref(ctx);
	else
		*ctxp = ctx;

	return err;
}


int tlsio_open(struct ssl_st **sslp, struct tlsio_ctx *ctx, int fd,
	       bool server)
{
	SSL *ssl;

	if (!sslp || !ctx)
		return EINVAL;

	ssl = SSL_new(server ? ctx->server : ctx->client);
	if (!ssl)
		return ENOMEM;

	if (SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return ENOMEM;
	}

	if (server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);

	*sslp = ssl;
	return 0;
}


void tlsio_close(struct ssl_st *ssl, bool clean)
{
	if (!ssl)
		return;

	ERR_clear_error();
	if (clean && SSL_is_init_finished(ssl))
		(void)SSL_shutdown(ssl);

	SSL_free(ssl);
}


static int outcome(SSL *ssl, int ret)
{
	switch (SSL_get_error(ssl, ret)) {

	case SSL_ERROR_NONE:        return 0;
	case SSL_ERROR_WANT_READ:   return EAGAIN;
	case SSL_ERROR_WANT_WRITE:  return EINPROGRESS;
	case SSL_ERROR_ZERO_RETURN: return ENOTCONN;
	case SSL_ERROR_SYSCALL:     return ENOTCONN;
	default:                    return EPROTO;
	}
}


int tlsio_handshake(struct ssl_st *ssl)
{
	ERR_clear_error();
	return outcome(ssl, SSL_do_handshake(ssl));
}


int tlsio_read(struct ssl_st *ssl, void *buf, size_t size, size_t *np)
{
	*np = 0;
	ERR_clear_error();
	return outcome(ssl, SSL_read_ex(ssl, buf, size, np));
}


int tlsio_write(struct ssl_st *ssl, const void *buf, size_t len, size_t *np)
{
	*np = 0;
	ERR_clear_error();
	return outcome(ssl, SSL_write_ex(ssl, buf, len, np));
}


bool tlsio_pending(struct ssl_st *ssl)
{
	return SSL_has_pending(ssl);
}


static bool common_name(X509 *x509, tlsio_name_h *h, void *arg)
{
	char cn[256];
	const int n = X509_NAME_get_text_by_NID(X509_get_subject_name(x509),
						NID_commonName, cn,
						sizeof(cn));

	return n > 0 && (size_t)n == strlen(cn) && h(cn, arg);
}


/* A name with a NUL inside is somebody's trick, not a name */
static bool dns_name(const GENERAL_NAME *gen, tlsio_name_h *h, void *arg)
{
	const char *name;

	name = (const char *)ASN1_STRING_get0_data(gen->d.dNSName);

	return (size_t)ASN1_STRING_length(gen->d.dNSName) == strlen(name) &&
		h(name, arg);
}


bool tlsio_peer_names(struct ssl_st *ssl, tlsio_name_h *h, void *arg)
{
	GENERAL_NAMES *names;
	X509 *x509 = SSL_get0_peer_certificate(ssl);
	bool found = false, any = false;

	if (!x509 || SSL_get_verify_result(ssl) != X509_V_OK)
		return false;

	names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
		const GENERAL_NAME *gen = sk_GENERAL_NAME_value(names, i);

		if (gen->type != GEN_DNS)
			continue;
		any   = true;
		found = dns_name(gen, h, arg);
	}
	GENERAL_NAMES_free(names);

	return any ? found : common_name(x509, h, arg);
}


const char *tlsio_error(char *buf, size_t size)
{
	const unsigned long e = ERR_peek_error();

	if (e)
		ERR_error_string_n(e, buf, size);
	else
		str_ncpy(buf, "closed", size);

	return buf;
}
