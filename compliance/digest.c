/**
 * @file compliance/digest.c  SHA-256 and Ed25519 for the archive's manifests
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/stat.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <re.h>
#include "common/secret.h"
#include "compliance/digest.h"

enum { CHUNK = 64 * 1024 };

struct signkey {
	EVP_PKEY *pkey;
};


static void to_hex(char hex[DIGEST_HEXSIZE], const uint8_t *md)
{
	(void)re_snprintf(hex, DIGEST_HEXSIZE, "%w", md, (size_t)32);
}


int digest_mem(char hex[DIGEST_HEXSIZE], const void *p, size_t size)
{
	uint8_t md[EVP_MAX_MD_SIZE];

	if (!EVP_Digest(p, size, md, NULL, EVP_sha256(), NULL))
		return ENOMEM;

	to_hex(hex, md);

	return 0;
}


static int digest_fd(EVP_MD_CTX *ctx, uint64_t *sizep, int fd)
{
	uint8_t buf[CHUNK];
	ssize_t n;

	*sizep = 0;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (!EVP_DigestUpdate(ctx, buf, (size_t)n))
			return ENOMEM;
		*sizep += (uint64_t)n;
	}

	return 0;
}


int digest_file(char hex[DIGEST_HEXSIZE], uint64_t *sizep, const char *path)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t md[EVP_MAX_MD_SIZE];
	int fd, err = ENOMEM;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err = errno;
		goto out;
	}

	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
		goto out;

	err = digest_fd(ctx, sizep, fd);
	if (!err && !EVP_DigestFinal_ex(ctx, md, NULL))
		err = ENOMEM;
	if (!err)
		to_hex(hex, md);

 out:
	if (fd >= 0)
		(void)close(fd);
	EVP_MD_CTX_free(ctx);

	return err;
}


static void destructor(void *data)
{
	struct signkey *key = data;

	EVP_PKEY_free(key->pkey);
}


static int key_read(struct signkey *key, FILE *f, bool private)
{
	struct stat st;

	if (private && (fstat(fileno(f), &st) || !secret_private(&st)))
		return EPERM;

	key->pkey = private ? PEM_read_PrivateKey(f, NULL, NULL, NULL)
			    : PEM_read_PUBKEY(f, NULL, NULL, NULL);

	return key->pkey && EVP_PKEY_is_a(key->pkey, "ED25519") ? 0 : EBADMSG;
}


int signkey_load(struct signkey **keyp, const char *path, bool private)
{
	struct signkey *key;
	FILE *f;
	int err;

	if (!keyp || !path)
		return EINVAL;

	f = fopen(path, "re");
	if (!f)
		return errno;

	key = mem_zalloc(sizeof(*key), destructor);
	err = key ? key_read(key, f, private) : ENOMEM;
	(void)fclose(f);

	if (err)
		mem_deref(key);
	else
		*keyp = key;

	return err;
}


int signkey_id(char hex[DIGEST_HEXSIZE], const struct signkey *key)
{
	unsigned char *der = NULL;
	const int n = i2d_PUBKEY(key->pkey, &der);
	int err;

	if (n <= 0)
		return ENOMEM;

	err = digest_mem(hex, der, (size_t)n);
	OPENSSL_free(der);

	return err;
}


int signkey_sign(const struct signkey *key, uint8_t sig[SIGNATURE_SIZE],
		 const void *p, size_t size)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = SIGNATURE_SIZE;
	int ok;

	ok = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) > 0 &&
		EVP_DigestSign(ctx, sig, &n, p, size) > 0;
	EVP_MD_CTX_free(ctx);

	return ok && n == SIGNATURE_SIZE ? 0 : ENOMEM;
}


int signkey_check(const struct signkey *key, const uint8_t *sig,
		  size_t sig_size, const void *p, size_t size)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	if (!ctx)
		return ENOMEM;

	ok = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey) > 0 &&
		EVP_DigestVerify(ctx, sig, sig_size, p, size) == 1;
	EVP_MD_CTX_free(ctx);

	return ok ? 0 : EBADMSG;
}
