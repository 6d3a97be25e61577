/**
 * @file deploy/ctl/credential.c  What Digest needs of a password
 */
#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <re.h>
#include "common/secret.h"
#include "deploy/ctl/credential.h"


/* HA1 of a name by both algorithms */
static void hash(char md5hex[CREDENTIAL_HEX], char sha256[CREDENTIAL_HEX256],
		 const char *user, const char *realm, const char *password)
{
	uint8_t md[SHA256_DIGEST_LENGTH];
	char *text = NULL;

	if (re_sdprintf(&text, "%s:%s:%s", user, realm, password))
		return;

	(void)SHA256((const uint8_t *)text, strlen(text), md);
	(void)re_snprintf(sha256, CREDENTIAL_HEX256, "%w", md,
			  (size_t)SHA256_DIGEST_LENGTH);
	md5((const uint8_t *)text, strlen(text), md);
	(void)re_snprintf(md5hex, CREDENTIAL_HEX, "%w", md, (size_t)MD5_SIZE);
	OPENSSL_cleanse(text, strlen(text));
	mem_deref(text);
}


void credential_make(struct credential *cred, const char *key,
		     const char *password)
{
	char full[CREDENTIAL_SIZE];
	char *at;

	cred->ha1[0] = cred->ha1b[0] = '\0';
	cred->sha256[0] = cred->sha256b[0] = '\0';
	str_ncpy(full, key + strlen("sip:"), sizeof(full));
	str_ncpy(cred->username, full, sizeof(cred->username));
	at = strrchr(cred->username, '@');
	*at = '\0';
	cred->realm = at + 1;

	if (!password)
		return;

	hash(cred->ha1, cred->sha256, cred->username, cred->realm, password);
	hash(cred->ha1b, cred->sha256b, full, cred->realm, password);
}


int secret_read(char **textp, const char *path, FILE *err)
{
	const int e = secret_line(textp, path);

	if (e)
		(void)fprintf(err, "pchatctl: %s: %s\n", path,
			      e == EBADMSG ? "no password in it" :
			      e == EPERM ? "others than its owner may"
			      " read it" : strerror(e));

	return e;
}
