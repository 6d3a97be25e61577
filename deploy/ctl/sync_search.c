/**
 * @file deploy/ctl/sync_search.c  An LDAP directory: pages and ranges
 */
#include <errno.h>
#include <string.h>
#include <ldap.h>
#include <re.h>
#include "common/conf.h"
#include "deploy/ctl/sync_dir_priv.h"


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
		err = dir_failed(dir, base, rc);

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


/* ------------------------------------------------------- values in ranges */

struct range {
	const char *attr;
	dir_value_h *h;
	void *arg;
	unsigned long next;      /* 0: that was the last */
	bool found;              /* one came             */
};


static int values(const struct dir_entry *entry, const char *desc,
		  dir_value_h *h, void *arg)
{
	struct berval **v = ldap_get_values_len(entry->dir->ld, entry->msg,
						desc);
	int err = 0;

	for (size_t i = 0; v && v[i] && !err; i++) {
		char *s = dir_text(v[i]);

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
	range->found = false;
	desc = ldap_first_attribute(entry->dir->ld, entry->msg, &ber);
	while (desc) {
		unsigned long last;

		if (!err && !strncasecmp(desc, range->attr, n) &&
		    !strncasecmp(desc + n, ";range=", 7)) {
			err = values(entry, desc, range->h, range->arg);
			range->found = true;
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
		if (!err && !range.found)
			err = dir_complain(entry, "its list breaks off");
	}
	ber_memfree(cookie.bv_val);

	return err;
}
