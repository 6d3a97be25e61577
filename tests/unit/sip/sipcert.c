/**
 * @file tests/unit/sip/sipcert.c  Certificates for a test
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <dirent.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <re.h>
#include "tests/unit/sip/sipcert.h"

struct certs {
	char dir[64];
	X509 *ca;
	EVP_PKEY *cakey;
	long serial;
};


static void destructor(void *data)
{
	struct certs *certs = data;
	DIR *dir = opendir(certs->dir);
	struct dirent *ent;

	while (dir && (ent = readdir(dir)))
		(void)unlinkat(dirfd(dir), ent->d_name, 0);
	if (dir)
		closedir(dir);
	(void)rmdir(certs->dir);

	X509_free(certs->ca);
	EVP_PKEY_free(certs->cakey);
}


const char *certs_path(const struct certs *certs, const char *file)
{
	static char bufv[6][128];
	static unsigned n;
	char *buf = bufv[n++ % 6];

	(void)re_snprintf(buf, sizeof(bufv[0]), "%s/%s", certs->dir, file);
	return buf;
}


static void extension(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	X509_add_ext(x509, ext, -1);
	X509_EXTENSION_free(ext);
}


static X509 *make(struct certs *certs, EVP_PKEY *key, const char *cn,
		  const char *san)
{
	X509 *x509 = X509_new();
	X509_NAME *name = X509_get_subject_name(x509);

	X509_set_version(x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), ++certs->serial);
	X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x509), 86400);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(x509, certs->ca ?
			     X509_get_subject_name(certs->ca) : name);
	X509_set_pubkey(x509, key);
	extension(x509, NID_basic_constraints, certs->ca ?
		  "critical,CA:FALSE" : "critical,CA:TRUE");
	if (san)
		extension(x509, NID_subject_alt_name, san);
	X509_sign(x509, certs->cakey, EVP_sha256());

	return x509;
}


static int save(const char *path, X509 *x509, EVP_PKEY *key)
{
	const int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f)
		return EIO;

	if (x509)
		PEM_write_X509(f, x509);
	if (key)
		PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);

	return fclose(f) ? EIO : 0;
}


int certs_make(struct certs *certs, const char *name, const char *cn,
	       const char *san)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x509 = make(certs, key, cn, san);
	char file[64];
	int err;

	(void)re_snprintf(file, sizeof(file), "%s.pem", name);
	err = save(certs_path(certs, file), x509, NULL);
	(void)re_snprintf(file, sizeof(file), "%s.key", name);
	if (!err)
		err = save(certs_path(certs, file), NULL, key);

	X509_free(x509);
	EVP_PKEY_free(key);
	return err;
}


int certs_alloc(struct certs **cp)
{
	struct certs *certs = mem_zalloc(sizeof(*certs), destructor);

	if (!certs)
		return ENOMEM;

	str_ncpy(certs->dir, "/tmp/pchat-certs-XXXXXX", sizeof(certs->dir));
	if (!mkdtemp(certs->dir)) {
		mem_deref(certs);
		return EIO;
	}

	certs->cakey = EVP_EC_gen("P-256");
	certs->ca    = make(certs, certs->cakey, "Test CA", NULL);
	*cp = certs;
	return save(certs_path(certs, "ca.pem"), certs->ca, NULL);
}
