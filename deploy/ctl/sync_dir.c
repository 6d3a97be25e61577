/**
 * @file deploy/ctl/sync_dir.c  An LDAP directory: TLS and bind
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/conf.h"
#include "common/ldapconn.h"
#include "deploy/ctl/credential.h"
#include "deploy/ctl/sync_dir_priv.h"


static void destructor(void *data)
{
	struct dir *dir = data;

	if (dir->ld)
		(void)ldap_unbind_ext_s(dir->ld, NULL, NULL);
}


int dir_failed(const struct dir *dir, const char *what, int rc)
{
	char *more = NULL;

	if (dir->ld)
		(void)ldap_get_option(dir->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE,
				      &more);
	(void)fprintf(dir->err, "pchatctl: directory: %s: %s%s%s\n", what,
		      ldap_err2string(rc), str_isset(more) ? ": " : "",
		      str_isset(more) ? more : "");
	ldap_memfree(more);

	return rc == LDAP_NO_MEMORY ? ENOMEM : EPROTO;
}


static int bind_as(struct dir *dir, const char *dn)
{
	const char *path = config_str(dir->conf, "ldap.password_file");
	struct berval none = { 0, NULL };
	char *password = NULL;
	int rc, err;

	if (dn && !path) {
		(void)fprintf(dir->err, "pchatctl: directory: %s: no"
			      " ldap.password_file\n", dn);
		return EINVAL;
	}
	if (path) {
		err = secret_read(&password, path, dir->err);
		if (err)
			return err;
	}

	if (password) {
		rc = ldapconn_bind(dir->ld, dn, password);
		explicit_bzero(password, strlen(password));
		mem_deref(password);
	}
	else {
		rc = ldap_sasl_bind_s(dir->ld, NULL, LDAP_SASL_SIMPLE, &none,
				      NULL, NULL, NULL);
	}
	if (!rc)
		return 0;

	(void)dir_failed(dir, dn ? dn : "bind", rc);

	return ECONNREFUSED;
}


static int connect_to(struct dir *dir)
{
	const struct ldapconn_conf lc = {
		.uri       = config_str(dir->conf, "ldap.uri"),
		.start_tls = config_bool(dir->conf, "ldap.start_tls"),
		.ca        = config_str(dir->conf, "ldap.ca"),
		.timeout_s = (uint32_t)config_uint(dir->conf,
						   "ldap.timeout_s"),
	};
	const char *dn = config_str(dir->conf, "ldap.bind_dn");
	const char *what;
	int rc;

	if (dn && !ldapconn_private(lc.uri, lc.start_tls)) {
		(void)fprintf(dir->err, "pchatctl: directory: %s: a password"
			      " over the net in clear: use ldaps:// or"
			      " ldap.start_tls\n", lc.uri);
		return EACCES;
	}

	rc = ldapconn_open(&dir->ld, &lc, &what);
	if (rc) {
		(void)dir_failed(dir, what, rc);
		return rc == LDAP_NO_MEMORY ? ENOMEM : ECONNREFUSED;
	}

	return bind_as(dir, dn);
}


int dir_open(struct dir **dirp, const struct config *conf, FILE *err)
{
	struct dir *dir = mem_zalloc(sizeof(*dir), destructor);
	int e;

	if (!dir)
		return ENOMEM;

	dir->conf = conf;
	dir->err = err;
	e = connect_to(dir);
	if (e)
		mem_deref(dir);
	else
		*dirp = dir;

	return e;
}
