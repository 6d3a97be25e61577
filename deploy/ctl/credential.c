/**
 * @file deploy/ctl/credential.c  What Digest needs of a password
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/secret.h"
#include "deploy/ctl/credential.h"


static void hex(char out[CREDENTIAL_HEX], const uint8_t md[MD5_SIZE])
{
	(void)re_snprintf(out, CREDENTIAL_HEX, "%w", md, (size_t)MD5_SIZE);
}


void credential_make(struct credential *cred, const char *key,
		     const char *password)
{
	uint8_t md[MD5_SIZE];
	char *at;

	str_ncpy(cred->username, key + strlen("sip:"),
		 sizeof(cred->username));
	at = strrchr(cred->username, '@');
	*at = '\0';
	cred->realm = at + 1;

	if (!password)
		return;

	(void)md5_printf(md, "%s:%s:%s", cred->username, cred->realm,
			 password);
	hex(cred->ha1, md);
	(void)md5_printf(md, "%s@%s:%s:%s", cred->username, cred->realm,
			 cred->realm, password);
	hex(cred->ha1b, md);
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
