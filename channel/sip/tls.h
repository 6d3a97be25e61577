/**
 * @file channel/sip/tls.h  TLS on a socket of ours: OpenSSL without BIOs of
 * libre in between
 *
 * Both sides show a certificate of the configured CA; whose name it carries is
 * for the caller to check.  TLS 1.2 and later, no resumption, no
 * renegotiation, buffers released while a connection is silent.
 */
#pragma once

struct tlsio_ctx;
struct ssl_st;

/**
 * @param key  File of mode 0600 or stricter; NULL: in @p cert
 *
 * @return 0, EBADMSG (files do not load or fit, the key may be read by
 *         others), ENOMEM; the cause is in the log
 */
int  tlsio_ctx_alloc(struct tlsio_ctx **ctxp, const char *cert,
		     const char *key, const char *ca);

/** @param server  We accepted; else we dialled.  tlsio_close() it */
int  tlsio_open(struct ssl_st **sslp, struct tlsio_ctx *ctx, int fd,
		bool server);
/** Says goodbye when @p clean; NULL is fine */
void tlsio_close(struct ssl_st *ssl, bool clean);

/*
 * Each returns 0 (done), EAGAIN (wait for input), EINPROGRESS (wait until it
 * can write), ENOTCONN (closed by the peer), EPROTO
 */
int  tlsio_handshake(struct ssl_st *ssl);
int  tlsio_read(struct ssl_st *ssl, void *buf, size_t size, size_t *np);
int  tlsio_write(struct ssl_st *ssl, const void *buf, size_t len, size_t *np);

/** Decrypted or undecrypted bytes wait inside: no event will tell */
bool tlsio_pending(struct ssl_st *ssl);

/** @return true stops */
typedef bool (tlsio_name_h)(const char *name, void *arg);
/** The DNS names of the peer's certificate, else its common name;
 *  true when the handler stopped */
bool tlsio_peer_names(struct ssl_st *ssl, tlsio_name_h *h, void *arg);
/** The last failure in words, for the log */
const char *tlsio_error(char *buf, size_t size);
