/**
 * @file compliance/digest.h  SHA-256 and Ed25519 for the archive's manifests
 *
 * Over OpenSSL.  Any thread; blocks on files.
 */
#pragma once

enum { DIGEST_HEXSIZE = 65, SIGNATURE_SIZE = 64 };

struct signkey;

/** In hexadecimal, lower case */
int digest_mem(char hex[DIGEST_HEXSIZE], const void *p, size_t size);
/**
 * Of a whole file, and its size
 *
 * @return 0, what open or read say (EISDIR: not a file), ENOMEM
 */
int digest_file(char hex[DIGEST_HEXSIZE], uint64_t *sizep, const char *path);

/**
 * An Ed25519 key of a PEM file: openssl genpkey -algorithm ed25519, and
 * openssl pkey -pubout for the public one
 *
 * @param keyp     Set on success; mem_deref() it
 * @param private  The private key, whose file nobody but its owner may read
 *
 * @return 0, ENOENT, EPERM (others may read a private key), EBADMSG (no such
 *         key in it), ENOMEM
 */
int signkey_load(struct signkey **keyp, const char *path, bool private);
/** What names it: the SHA-256 of its public half (DER, SubjectPublicKeyInfo).
 * 0 or ENOMEM */
int  signkey_id(char hex[DIGEST_HEXSIZE], const struct signkey *key);
int signkey_sign(const struct signkey *key, uint8_t sig[SIGNATURE_SIZE],
		 const void *p, size_t size);
/** EBADMSG: not signed with this key, or changed since */
int signkey_check(const struct signkey *key, const uint8_t *sig,
		  size_t sig_size, const void *p, size_t size);
