/**
 * @file compliance/adapter/hmac.c  The signature of a post
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include <openssl/evp.h>
#include "compliance/adapter/hmac.h"


static bool digest(unsigned char *mac, size_t *lenp, EVP_MD_CTX *ctx,
		   EVP_PKEY *pkey, const char *key, const struct mbuf *body)
{
	return ctx && pkey &&
		EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey) > 0 &&
		EVP_DigestSignUpdate(ctx, key, strlen(key)) > 0 &&
		EVP_DigestSignUpdate(ctx, ".", 1) > 0 &&
		EVP_DigestSignUpdate(ctx, body->buf, body->end) > 0 &&
		EVP_DigestSignFinal(ctx, mac, lenp) > 0;
}


int hmac_hex(char hex[HMAC_HEX_SIZE], const char *secret, const char *key,
	     const struct mbuf *body)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	size_t len = sizeof(mac);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(
		EVP_PKEY_HMAC, NULL, (const unsigned char *)secret,
		strlen(secret));
	const bool ok = digest(mac, &len, ctx, pkey, key, body);

	EVP_PKEY_free(pkey);
	EVP_MD_CTX_free(ctx);

	if (!ok || 2 * len + 1 != HMAC_HEX_SIZE)
		return ENOMEM;

	(void)re_snprintf(hex, HMAC_HEX_SIZE, "%w", mac, len);

	return 0;
}
