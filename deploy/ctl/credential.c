/**
 * @file deploy/ctl/credential.c  What Digest needs of a password
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <re.h>
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


static int line_read(char **textp, FILE *f)
{
	char line[1024];
	int err;

	if (!fgets(line, sizeof(line), f))
		return ferror(f) ? errno : EBADMSG;

	line[strcspn(line, "\r\n")] = '\0';
	err = *line ? str_dup(textp, line) : EBADMSG;
	explicit_bzero(line, sizeof(line));

	return err;
}


int secret_read(char **textp, const char *path, FILE *err)
{
	struct stat st;
	FILE *f = fopen(path, "re");
	int e = 0;

	if (!f || fstat(fileno(f), &st))
		e = errno;
	else if (st.st_mode & (S_IRWXG | S_IRWXO))
		e = EACCES;
	else
		e = line_read(textp, f);

	if (e)
		(void)fprintf(err, "pchatctl: %s: %s\n", path,
			      e == EBADMSG ? "no password in it" :
			      f && e == EACCES ? "others than its owner may"
			      " read it" : strerror(e));
	if (f)
		(void)fclose(f);

	return e;
}
