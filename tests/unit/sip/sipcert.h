/**
 * @file tests/unit/sip/sipcert.h  Certificates for a test, in a folder of its
 * own
 */
#pragma once

struct certs;

/** A CA and a folder; mem_deref() removes the folder */
int certs_alloc(struct certs **cp);
/**
 * A certificate and its key, NAME.pem and NAME.key
 *
 * @param cn   Common name
 * @param san  "DNS:..." or NULL
 */
int certs_make(struct certs *certs, const char *name, const char *cn,
	       const char *san);
/** Path of a file in the folder ("ca.pem"), static storage */
const char *certs_path(const struct certs *certs, const char *file);
