/**
 * @file webfiles/password.c  Passwords of the store
 */
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <re.h>
#include "webfiles/signin.h"

enum { MD5_TEXT_MAX = 2048 };


/* Kept for Digest at the registrar; the pages' own hash follows from the
   first sign-in with it */
static bool ha1_matches(const struct signin *s)
{
	char text[MD5_TEXT_MAX], hex[2 * EVP_MAX_MD_SIZE + 1];
	unsigned char md[EVP_MAX_MD_SIZE];
	size_t len = 0, i;
	bool same = false;

	if (s->ha1 && (size_t)snprintf(text, sizeof(text), "%s:%s:%s",
				       s->username, s->realm, s->password) <
	    sizeof(text) &&
	    EVP_Q_digest(NULL, "MD5", NULL, text, strlen(text), md, &len)) {

		for (i = 0; i < len; i++)
			(void)snprintf(hex + 2 * i, 3, "%02x", md[i]);
		same = strlen(s->ha1) == 2 * len &&
			!CRYPTO_memcmp(hex, s->ha1, 2 * len);
	}

	OPENSSL_cleanse(text, sizeof(text));

	return same;
}


/* The same work whether there is such a user or not */
void password_check(struct signin *s)
{
	bool good;

	if (s->kdf) {
		good = !kdf_check(s->kdf, s->password);
	}
	else if (ha1_matches(s)) {
		good = !kdf_hash(s->rehash, sizeof(s->rehash), s->password);
	}
	else {
		(void)kdf_check(NULL, s->password);
		good = false;
	}

	s->result = good ? SIGNIN_GOOD : SIGNIN_WRONG;
}
