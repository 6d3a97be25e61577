/**
 * @file deploy/ctl/sync_dir.c  An LDAP directory: TLS and bind
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/time.h>
#include <ldap.h>
#include <re.h>
#include "common/conf.h"
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


static int options(struct dir *dir)
{
	const char *ca = config_str(dir->conf, "ldap.ca");
	const int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND;
	const int client = 0;
	const struct timeval tv = {
		.tv_sec = (time_t)config_uint(dir->conf, "ldap.timeout_s")
	};
	int rc;

	rc = ldap_set_option(dir->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	if (!rc)
		rc = ldap_set_option(dir->ld, LDAP_OPT_REFERRALS,
				     LDAP_OPT_OFF);
	if (!rc)
		rc = ldap_set_option(dir->ld, LDAP_OPT_NETWORK_TIMEOUT, &tv);
	if (!rc)
		rc = ldap_set_option(dir->ld, LDAP_OPT_TIMEOUT, &tv);
	if (!rc)
		rc = ldap_set_option(dir->ld, LDAP_OPT_X_TLS_REQUIRE_CERT,
				     &demand);
	if (!rc && ca)
		rc = ldap_set_option(dir->ld, LDAP_OPT_X_TLS_CACERTFILE, ca);
	if (!rc)
		rc = ldap_set_option(dir->ld, LDAP_OPT_X_TLS_NEWCTX, &client);

	return rc ? dir_failed(dir, ca ? ca : "options", rc) : 0;
}


static bool is_this_host(const char *host)
{
	struct in_addr in;
	struct in6_addr in6;

	if (inet_pton(AF_INET, host, &in) == 1)
		return ntohl(in.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &in6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&in6);

	return !strcasecmp(host, "localhost");
}


/* Whether nobody else can listen to what goes to one of these servers */
static bool is_private(const char *uris)
{
	char copy[1024], *save = NULL, *word;
	LDAPURLDesc *url = NULL;
	bool good = true;

	str_ncpy(copy, uris, sizeof(copy));
	word = strtok_r(copy, " ,", &save);
	for (; word && good; word = strtok_r(NULL, " ,", &save)) {
		good = !ldap_url_parse(word, &url) &&
			(strcasecmp(url->lud_scheme, "ldap") ||
			 is_this_host(url->lud_host));
		ldap_free_urldesc(url);
		url = NULL;
	}

	return good;
}


static int bind_as(struct dir *dir, const char *dn)
{
	const char *path = config_str(dir->conf, "ldap.password_file");
	struct berval cred = { 0, NULL };
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
		cred.bv_val = password;
		cred.bv_len = strlen(password);
	}

	rc = ldap_sasl_bind_s(dir->ld, dn, LDAP_SASL_SIMPLE, &cred, NULL, NULL,
			      NULL);
	if (password)
		explicit_bzero(password, cred.bv_len);
	mem_deref(password);
	if (!rc)
		return 0;

	(void)dir_failed(dir, dn ? dn : "bind", rc);

	return ECONNREFUSED;
}


static int connect_to(struct dir *dir)
{
	const char *uri = config_str(dir->conf, "ldap.uri");
	const char *dn = config_str(dir->conf, "ldap.bind_dn");
	const bool tls = config_bool(dir->conf, "ldap.start_tls");
	int rc, err;

	if (dn && !tls && !is_private(uri)) {
		(void)fprintf(dir->err, "pchatctl: directory: %s: a password"
			      " over the net in clear: use ldaps:// or"
			      " ldap.start_tls\n", uri);
		return EACCES;
	}

	rc = ldap_initialize(&dir->ld, uri);
	if (rc)
		return dir_failed(dir, uri, rc);

	err = options(dir);
	if (err)
		return err;

	if (tls) {
		rc = ldap_start_tls_s(dir->ld, NULL, NULL);
		if (rc) {
			(void)dir_failed(dir, "StartTLS", rc);
			return ECONNREFUSED;
		}
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
