/**
 * @file common/kdf.c  Passwords, hashed so that guessing stays expensive
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <re.h>
#include "common/kdf.h"

enum {
	LOG2N     = 15,
	LOG2N_MAX = 20,
	COST_R    = 8,
	COST_P    = 1,
	SALT_SIZE = 16,
	HASH_SIZE = 32,
	B64_MAX   = 64,
	MEMORY    = 256 * 1024 * 1024,
};

struct parts {
	unsigned log2n, r, p;
	uint8_t salt[SALT_SIZE];
	uint8_t hash[HASH_SIZE];
};


static int derive(uint8_t hash[HASH_SIZE], const struct parts *parts,
		  const char *password)
{
	return EVP_PBE_scrypt(password, strlen(password), parts->salt,
			      SALT_SIZE, 1ull << parts->log2n, parts->r,
			      parts->p, MEMORY, hash, HASH_SIZE) == 1 ?
		0 : ENOMEM;
}


int kdf_hash(char *text, size_t size, const char *password)
{
	struct parts parts = { .log2n = LOG2N, .r = COST_R, .p = COST_P };
	char salt[B64_MAX], hash[B64_MAX];
	size_t sn = sizeof(salt), hn = sizeof(hash);
	int err, n;

	if (strlen(password) > KDF_PASSWORD_MAX)
		return EOVERFLOW;
	if (RAND_bytes(parts.salt, SALT_SIZE) != 1)
		return ENOMEM;

	err = derive(parts.hash, &parts, password);
	if (!err)
		err = base64_encode(parts.salt, SALT_SIZE, salt, &sn);
	if (!err)
		err = base64_encode(parts.hash, HASH_SIZE, hash, &hn);
	if (err)
		return err;

	n = snprintf(text, size, "scrypt$%u$%u$%u$%.*s$%.*s", parts.log2n,
		     parts.r, parts.p, (int)sn, salt, (int)hn, hash);

	return n < 0 || (size_t)n >= size ? EOVERFLOW : 0;
}


static int decode(uint8_t *buf, size_t size, const char *text)
{
	uint8_t raw[B64_MAX];      /* padding counts at first               */
	size_t n = sizeof(raw);

	if (base64_decode(text, strlen(text), raw, &n) || n != size)
		return EINVAL;
	memcpy(buf, raw, size);

	return 0;
}


static int parse(struct parts *parts, const char *text)
{
	char salt[B64_MAX], hash[B64_MAX];

	if (sscanf(text, "scrypt$%u$%u$%u$%63[^$]$%63s", &parts->log2n,
		   &parts->r, &parts->p, salt, hash) != 5)
		return EINVAL;
	if (parts->log2n < 1 || parts->log2n > LOG2N_MAX ||
	    parts->r > 32 || parts->p > 16)
		return EINVAL;

	return decode(parts->salt, SALT_SIZE, salt) ? EINVAL :
		decode(parts->hash, HASH_SIZE, hash);
}


int kdf_check(const char *text, const char *password)
{
	struct parts parts = { .log2n = LOG2N, .r = COST_R, .p = COST_P };
	uint8_t hash[HASH_SIZE];
	int err;

	if (strlen(password) > KDF_PASSWORD_MAX)
		return EACCES;

	err = text ? parse(&parts, text) : 0;
	if (!err)
		err = derive(hash, &parts, password);
	if (err)
		return err;

	return text && !CRYPTO_memcmp(hash, parts.hash, HASH_SIZE) ?
		0 : EACCES;
}
