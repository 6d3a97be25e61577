/**
 * @file common/check_pem.c  Are certificates and keys right?
 */
#include <stdio.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <re.h>
#include "common/check.h"
#include "common/conf.h"


static FILE *file(const struct check *ck, const char *key)
{
	const char *path = config_str(ck->conf, key);

	return str_isset(path) ? fopen(path, "re") : NULL;
}


/* @return whether it is good at this time; has complained if not */
static bool of_this_time(struct check *ck, const char *key, const X509 *x)
{
	if (X509_cmp_current_time(X509_get0_notBefore(x)) > 0)
		check_wrong(ck, key, "the certificate is not valid yet");
	else if (X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
		check_wrong(ck, key, "the certificate has expired");
	else
		return true;

	return false;
}


void check_authorities(struct check *ck, const char *key)
{
	FILE *f = file(ck, key);
	unsigned n = 0, good = 0;
	X509 *x;

	if (!f)
		return;

	while ((x = PEM_read_X509(f, NULL, NULL, NULL))) {
		++n;
		good += X509_cmp_current_time(X509_get0_notAfter(x)) > 0;
		X509_free(x);
	}

	(void)fclose(f);
	ERR_clear_error();

	if (!n)
		check_wrong(ck, key, "has no certificate in PEM form");
	else if (!good)
		check_wrong(ck, key, "all its certificates have expired");
}


static X509 *certificate(struct check *ck, const char *key)
{
	FILE *f = file(ck, key);
	X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;

	if (f)
		(void)fclose(f);

	if (!x)
		check_wrong(ck, key, "has no certificate in PEM form");
	else
		(void)of_this_time(ck, key, x);

	return x;
}


static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;

	return -1;
}


static EVP_PKEY *private_key(struct check *ck, const char *key)
{
	FILE *f = file(ck, key);
	EVP_PKEY *pk = f ? PEM_read_PrivateKey(f, NULL, no_passphrase, NULL) :
		NULL;

	if (f)
		(void)fclose(f);
	if (!pk)
		check_wrong(ck, key, "has no private key in PEM form without"
			    " passphrase");

	return pk;
}


void check_pair(struct check *ck, const char *cert, const char *key)
{
	const bool has_cert = str_isset(config_str(ck->conf, cert));
	const bool has_key = str_isset(config_str(ck->conf, key));
	X509 *x;
	EVP_PKEY *pk;

	if (has_cert != has_key)
		check_wrong(ck, has_cert ? cert : key, "needs %s",
			    has_cert ? key : cert);
	if (!has_cert || !has_key)
		return;

	x  = certificate(ck, cert);
	pk = private_key(ck, key);
	if (x && pk && !X509_check_private_key(x, pk))
		check_wrong(ck, key, "is not the key of %s (%s)", cert,
			    config_str(ck->conf, cert));

	X509_free(x);
	EVP_PKEY_free(pk);
	ERR_clear_error();
}
