/**
 * @file webfiles/tls.h  Our certificate, read again while we run
 *
 * libmicrohttpd does TLS with GnuTLS and asks for the certificate at every
 * handshake, without telling for which listener: one per process.
 */
#pragma once

#include <gnutls/abstract.h>

struct config;
struct web_tls;

/**
 * Read http.certificate and http.key
 *
 * @param tlsp  Set on success; NULL when no certificate is configured
 *
 * @return 0, EINVAL (cannot be read, or they do not belong together; logged)
 */
int  web_tls_open(struct web_tls **tlsp, const struct config *conf);
/** The same again; on EINVAL what was read before stays */
int  web_tls_reload(struct web_tls *tls, const struct config *conf);

/** A gnutls_certificate_retrieve_function2 */
int  web_tls_retrieve(gnutls_session_t session,
		      const gnutls_datum_t *req_ca_rdn, int nreqs,
		      const gnutls_pk_algorithm_t *pk_algos, int pk_algosc,
		      gnutls_pcert_st **pcertv, unsigned *pcertc,
		      gnutls_privkey_t *key);
