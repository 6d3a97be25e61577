/**
 * @file deploy/ctl/sync_entry.c  An LDAP directory: names and values
 */
#include <errno.h>
#include <string.h>
#include <ldap.h>
#include <re.h>
#include "common/conf.h"
#include "deploy/ctl/sync_dir_priv.h"


/* ASCII, whatever the locale */
static void lower(char *s)
{
	for (; *s; s++)
		*s = (char)(*s >= 'A' && *s <= 'Z' ? *s - 'A' + 'a' : *s);
}


/* caseIgnoreMatch (RFC 4518): no blanks around, one for several inside */
static void fold_blanks(struct berval *bv)
{
	ber_len_t i, n = 0;

	for (i = 0; i < bv->bv_len; i++) {
		if (bv->bv_val[i] != ' ' || (n && bv->bv_val[n - 1] != ' '))
			bv->bv_val[n++] = bv->bv_val[i];
	}
	if (n && bv->bv_val[n - 1] == ' ')
		--n;

	bv->bv_len = n;
}


static void dn_fold(LDAPDN dn)
{
	for (int i = 0; dn && dn[i]; i++) {
		for (int k = 0; dn[i][k]; k++)
			fold_blanks(&dn[i][k]->la_value);
	}
}


/* In one spelling; letters beyond ASCII are folded by the store */
static int dn_print(char **dnp, LDAPDN dn)
{
	char *text = NULL;
	int err;

	dn_fold(dn);
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


char *dir_text(const struct berval *bv)
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
		e->text = dir_text(v[n]);
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
		e->text = dir_text(v[0]);
	if (e->text)
		lower(e->text);
	ldap_value_free_len(v);

	return e->text;
}
