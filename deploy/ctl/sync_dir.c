/**
 * @file deploy/ctl/sync_dir.c  An LDAP directory, read
 */
#include <errno.h>
#include <string.h>
#include <sys/time.h>
#include <ldap.h>
#include <re.h>
#include "common/conf.h"
#include "deploy/ctl/credential.h"
#include "deploy/ctl/sync_dir.h"

struct dir {
	LDAP *ld;
	const struct config *conf;
	FILE *err;
};

struct dir_entry {
	struct dir *dir;
	LDAPMessage *msg;
	char *dn;
	char *text;              /* the value last asked for */
};


static void destructor(void *data)
{
	struct dir *dir = data;

	if (dir->ld)
		(void)ldap_unbind_ext_s(dir->ld, NULL, NULL);
}


static int complain(const struct dir *dir, const char *what, int rc)
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


/* ----------------------------------------------------------------- opening */

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

	return rc ? complain(dir, ca ? ca : "options", rc) : 0;
}


/* Whether nobody else can listen to what goes to all of these servers */
static bool is_private(const char *uris, bool start_tls)
{
	static const char *const goodv[] = {
		"ldaps://", "ldapi://", "ldap://127.", "ldap://[::1]",
		"ldap://localhost"
	};
	const char *p = uris;
	size_t i;

	while (p && *p && !start_tls) {
		for (i = 0; i < ARRAY_SIZE(goodv); i++) {
			if (!strncasecmp(p, goodv[i], strlen(goodv[i])))
				break;
		}
		if (i == ARRAY_SIZE(goodv))
			return false;

		p = strchr(p, ' ');
		p += p ? strspn(p, " ") : 0;
	}

	return true;
}


static int bind_as(struct dir *dir, const char *dn)
{
	const char *path = config_str(dir->conf, "ldap.password_file");
	struct berval cred = { 0, NULL };
	char *password = NULL;
	int rc, err;

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

	(void)complain(dir, dn ? dn : "bind", rc);

	return ECONNREFUSED;
}


static int connect_to(struct dir *dir)
{
	const char *uri = config_str(dir->conf, "ldap.uri");
	const char *dn = config_str(dir->conf, "ldap.bind_dn");
	const bool tls = config_bool(dir->conf, "ldap.start_tls");
	int rc, err;

	if (dn && !is_private(uri, tls)) {
		(void)fprintf(dir->err, "pchatctl: directory: %s: a password"
			      " over the net in clear: use ldaps:// or"
			      " ldap.start_tls\n", uri);
		return EACCES;
	}

	rc = ldap_initialize(&dir->ld, uri);
	if (rc)
		return complain(dir, uri, rc);

	err = options(dir);
	if (err)
		return err;

	if (tls) {
		rc = ldap_start_tls_s(dir->ld, NULL, NULL);
		if (rc) {
			(void)complain(dir, "StartTLS", rc);
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


/* --------------------------------------------------------------- searching */

static int each(struct dir *dir, LDAPMessage *res, dir_entry_h *h, void *arg)
{
	struct dir_entry entry = { .dir = dir };
	int err = 0;

	entry.msg = ldap_first_entry(dir->ld, res);
	while (!err && entry.msg) {
		entry.dn = ldap_get_dn(dir->ld, entry.msg);
		err = entry.dn ? h(&entry, arg) : ENOMEM;
		ldap_memfree(entry.dn);
		entry.text = mem_deref(entry.text);
		entry.msg = ldap_next_entry(dir->ld, entry.msg);
	}

	return err;
}


/* The server's place for the next page; empty: that was the last */
static int next_page(struct dir *dir, LDAPMessage *res, struct berval *cookie)
{
	LDAPControl **ctrlv = NULL, *ctrl;
	ber_int_t estimate;
	int rc, code = 0;

	ber_memfree(cookie->bv_val);
	cookie->bv_val = NULL;
	cookie->bv_len = 0;

	rc = ldap_parse_result(dir->ld, res, &code, NULL, NULL, NULL, &ctrlv,
			       0);
	ctrl = rc ? NULL : ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, ctrlv,
					     NULL);
	if (ctrl)
		rc = ldap_parse_pageresponse_control(dir->ld, ctrl, &estimate,
						     cookie);
	ldap_controls_free(ctrlv);

	return rc ? rc : code;
}


static int page(struct dir *dir, const char *base, int scope,
		const char *filter, const char *const *attrv,
		struct berval *cookie, dir_entry_h *h, void *arg)
{
	LDAPControl *ctrlv[2] = { NULL, NULL };
	LDAPMessage *res = NULL;
	int rc, err = 0;

	rc = ldap_create_page_control(dir->ld, (ber_int_t)
				      config_uint(dir->conf, "ldap.page_size"),
				      cookie, 0, &ctrlv[0]);
	if (!rc)
		rc = ldap_search_ext_s(dir->ld, base, scope, filter,
				       (char **)attrv, 0, ctrlv, NULL, NULL,
				       LDAP_NO_LIMIT, &res);
	if (!rc)
		err = each(dir, res, h, arg);
	if (!rc && !err)
		rc = next_page(dir, res, cookie);
	if (rc)
		err = complain(dir, base, rc);

	ldap_msgfree(res);
	ldap_control_free(ctrlv[0]);

	return err;
}


int dir_search(struct dir *dir, const char *base, const char *filter,
	       const char *const *attrv, dir_entry_h *h, void *arg)
{
	struct berval cookie = { 0, NULL };
	int err;

	do {
		err = page(dir, base, LDAP_SCOPE_SUBTREE, filter, attrv,
			   &cookie, h, arg);
	} while (!err && cookie.bv_len);

	ber_memfree(cookie.bv_val);

	return err;
}


static int usn_handler(const struct dir_entry *entry, void *arg)
{
	char **usnp = arg;
	const char *usn = dir_value(entry, "highestCommittedUSN", 0);
	char *n = NULL;
	int err;

	err = usn ? str_dup(&n, usn) : 0;
	if (n)
		err = re_sdprintf(usnp, "usn:%s:%s", n,
				  dir_value(entry, "dsServiceName", 0));
	mem_deref(n);

	return err;
}


char *dir_usn(struct dir *dir)
{
	static const char *const attrv[] = { "highestCommittedUSN",
		"dsServiceName", NULL };
	struct berval cookie = { 0, NULL };
	char *usn = NULL;

	(void)page(dir, "", LDAP_SCOPE_BASE, "(objectClass=*)", attrv,
		   &cookie, usn_handler, &usn);
	ber_memfree(cookie.bv_val);

	return usn;
}


/* ----------------------------------------------------------------- entries */

/* ASCII, whatever the locale */
static void lower(char *s)
{
	for (; *s; s++)
		*s = (char)(*s >= 'A' && *s <= 'Z' ? *s - 'A' + 'a' : *s);
}


static int dn_print(char **dnp, LDAPDN dn)
{
	char *text = NULL;
	int err;

	if (ldap_dn2str(dn, &text, LDAP_DN_FORMAT_LDAPV3 | LDAP_DN_PRETTY))
		return EBADMSG;

	err = str_dup(dnp, text);
	if (!err)
		lower(*dnp);
	ldap_memfree(text);

	return err;
}


int dir_dn_normal(char **dnp, const char *dn)
{
	LDAPDN parsed;
	int err;

	if (ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3))
		return EBADMSG;

	err = dn_print(dnp, parsed);
	ldap_dnfree(parsed);

	return err;
}


static int dn_split(struct dir_dn *dn, LDAPDN parsed)
{
	const struct berval *rdn = parsed ? &parsed[0][0]->la_value : NULL;
	struct pl pl;
	int err;

	if (!rdn)
		return EBADMSG;

	pl.p = rdn->bv_val;
	pl.l = rdn->bv_len;
	err = pl_strdup(&dn->rdn, &pl);
	if (!err)
		err = dn_print(&dn->dn, parsed);
	if (!err)
		err = dn_print(&dn->parent, parsed + 1);

	return err;
}


int dir_dn(struct dir_dn *dn, const struct dir_entry *entry)
{
	LDAPDN parsed = NULL;
	int err = EBADMSG;

	memset(dn, 0, sizeof(*dn));
	if (!ldap_str2dn(entry->dn, &parsed, LDAP_DN_FORMAT_LDAPV3))
		err = dn_split(dn, parsed);
	ldap_dnfree(parsed);

	if (err)
		(void)fprintf(entry->dir->err, "pchatctl: directory: not a"
			      " DN: %s\n", entry->dn);

	return err;
}


void dir_dn_reset(struct dir_dn *dn)
{
	dn->dn = mem_deref(dn->dn);
	dn->parent = mem_deref(dn->parent);
	dn->rdn = mem_deref(dn->rdn);
}


int dir_complain(const struct dir_entry *entry, const char *problem)
{
	(void)fprintf(entry->dir->err, "pchatctl: directory: %s: %s\n",
		      entry->dn, problem);

	return EPROTO;
}


static char *text_of(const struct berval *bv)
{
	const struct pl pl = { bv->bv_val, bv->bv_len };
	char *s = NULL;

	(void)pl_strdup(&s, &pl);

	return s;
}


const char *dir_value(const struct dir_entry *entry, const char *attr,
		      size_t n)
{
	struct dir_entry *e = (struct dir_entry *)entry;
	struct berval **v = ldap_get_values_len(e->dir->ld, e->msg, attr);

	e->text = mem_deref(e->text);
	if ((size_t)ldap_count_values_len(v) > n)
		e->text = text_of(v[n]);
	ldap_value_free_len(v);

	return e->text;
}


const char *dir_id(const struct dir_entry *entry)
{
	struct dir_entry *e = (struct dir_entry *)entry;
	const char *attr = config_str(e->dir->conf, "ldap.id");
	const bool binary = !strcasecmp(attr, "objectGUID");
	struct berval **v = ldap_get_values_len(e->dir->ld, e->msg, attr);

	e->text = mem_deref(e->text);
	if (v && v[0] && binary)
		(void)re_sdprintf(&e->text, "%w", v[0]->bv_val, v[0]->bv_len);
	else if (v && v[0])
		e->text = text_of(v[0]);
	if (e->text)
		lower(e->text);
	ldap_value_free_len(v);

	return e->text;
}


/* ------------------------------------------------------- values in ranges */

struct range {
	const char *attr;
	dir_value_h *h;
	void *arg;
	unsigned long next;      /* 0: that was the last */
};


static int values(const struct dir_entry *entry, const char *desc,
		  dir_value_h *h, void *arg)
{
	struct berval **v = ldap_get_values_len(entry->dir->ld, entry->msg,
						desc);
	int err = 0;

	for (size_t i = 0; v && v[i] && !err; i++) {
		char *s = text_of(v[i]);

		err = s ? h(s, arg) : ENOMEM;
		mem_deref(s);
	}
	ldap_value_free_len(v);

	return err;
}


/* A server that shortens long lists says "member;range=0-1499" */
static int range_handler(const struct dir_entry *entry, void *arg)
{
	const size_t n = strlen(((struct range *)arg)->attr);
	struct range *range = arg;
	BerElement *ber = NULL;
	char *desc;
	int err = 0;

	range->next = 0;
	desc = ldap_first_attribute(entry->dir->ld, entry->msg, &ber);
	while (desc) {
		unsigned long last;

		if (!err && !strncasecmp(desc, range->attr, n) &&
		    !strncasecmp(desc + n, ";range=", 7)) {
			err = values(entry, desc, range->h, range->arg);
			if (sscanf(desc + n + 7, "%*u-%lu", &last) == 1)
				range->next = last + 1;
		}
		ldap_memfree(desc);
		desc = ldap_next_attribute(entry->dir->ld, entry->msg, ber);
	}
	ber_free(ber, 0);

	return err;
}


int dir_values(const struct dir_entry *entry, const char *attr,
	       dir_value_h *h, void *arg)
{
	struct range range = { .attr = attr, .h = h, .arg = arg };
	struct berval cookie = { 0, NULL };
	char more[128];
	const char *const attrv[] = { more, NULL };
	int err;

	err = values(entry, attr, h, arg);
	if (!err)
		err = range_handler(entry, &range);

	while (!err && range.next) {
		(void)snprintf(more, sizeof(more), "%s;range=%lu-*", attr,
			       range.next);
		err = page(entry->dir, entry->dn, LDAP_SCOPE_BASE,
			   "(objectClass=*)", attrv, &cookie, range_handler,
			   &range);
	}
	ber_memfree(cookie.bv_val);

	return err;
}
