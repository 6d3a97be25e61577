/**
 * @file webfiles/ldap.c  Passwords of a directory
 *
 * The user's DN comes from a template or from a search; his password is right
 * when the directory lets him bind with it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <re.h>
#include "webfiles/auth.h"
#include "webfiles/signin.h"

enum { DN_MAX = 1024, USER_MAX = 320 };


/* \XX is good in DNs (RFC 4514) and filters (RFC 4515) */
static bool escape(char *buf, size_t size, const char *text, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++) {

		const unsigned char c = (unsigned char)text[i];
		const bool plain = (c >= '0' && c <= '9') ||
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(i && c == '-') || (i && c == '.') || c == '_' ||
			c == '@';

		if (n + 4 > size)
			return false;
		n += (size_t)snprintf(buf + n, size - n, plain ? "%c" :
				      "\\%02x", c);
	}

	return n > 0;
}


static bool append(char *buf, size_t *pos, const char *text, size_t len)
{
	if (*pos + len >= DN_MAX)
		return false;

	memcpy(buf + *pos, text, len);
	*pos += len;
	buf[*pos] = '\0';

	return true;
}


/* {user} is the name before the @, {address} all of it.  A name of another
   domain than the pool's is not the same person's */
static bool fill(char buf[DN_MAX], const char *form, const struct signin *s)
{
	const char *address = s->key + strlen("sip:");
	const size_t len = strcspn(address, "@");
	char user[USER_MAX], whole[USER_MAX];
	size_t pos = 0;

	if (!escape(user, sizeof(user), address, len) ||
	    !escape(whole, sizeof(whole), address, strlen(address)))
		return false;
	if (strstr(form, "{user}") && !strstr(form, "{address}") &&
	    strcasecmp(address + len + 1, s->auth->domain))
		return false;

	while (*form) {

		const bool is_user = !strncmp(form, "{user}", 6);
		const bool is_whole = !strncmp(form, "{address}", 9);
		const char *text = is_user ? user : is_whole ? whole : form;
		const size_t n = is_user || is_whole ? strlen(text) : 1;

		if (!append(buf, &pos, text, n))
			return false;
		form += is_user ? 6 : is_whole ? 9 : 1;
	}

	return pos > 0;
}


/* The one entry that the search finds */
static int find(char dn[DN_MAX], LDAP *ld, const struct signin *s)
{
	const struct auth *auth = s->auth;
	struct timeval tv = { .tv_sec = (time_t)auth->ldap.timeout_s };
	char filter[DN_MAX], none[] = LDAP_NO_ATTRS, *attrv[] = { none, NULL };
	LDAPMessage *res = NULL, *entry;
	char *found = NULL;
	int rc = LDAP_SUCCESS;

	if (!fill(filter, auth->filter, s))
		return LDAP_NO_SUCH_OBJECT;

	if (auth->bind_dn)
		rc = ldapconn_bind(ld, auth->bind_dn, auth->password);
	if (rc)
		return rc == LDAP_INVALID_CREDENTIALS ?
			LDAP_INAPPROPRIATE_AUTH : rc;

	rc = ldap_search_ext_s(ld, auth->base, LDAP_SCOPE_SUBTREE, filter,
			       attrv, 0, NULL, NULL, &tv, 2, &res);
	if (rc == LDAP_NO_SUCH_OBJECT)
		rc = LDAP_NAMING_VIOLATION;     /* there is no such base */
	entry = rc ? NULL : ldap_first_entry(ld, res);
	if (!rc)
		rc = LDAP_NO_SUCH_OBJECT;
	if (entry && !ldap_next_entry(ld, entry)) {
		found = ldap_get_dn(ld, entry);
		if (found && snprintf(dn, DN_MAX, "%s", found) < DN_MAX)
			rc = LDAP_SUCCESS;
	}
	ldap_memfree(found);
	(void)ldap_msgfree(res);

	return rc;
}


static int try_bind(const struct signin *s, LDAP **ldp, const char **whatp)
{
	char dn[DN_MAX] = "";
	int rc;

	rc = ldapconn_open(ldp, &s->auth->ldap, whatp);
	if (rc)
		return rc;

	*whatp = "search";
	if (!s->auth->user_dn)
		rc = find(dn, *ldp, s);
	else if (!fill(dn, s->auth->user_dn, s))
		rc = LDAP_NO_SUCH_OBJECT;
	if (rc)
		return rc;

	*whatp = "bind";

	return ldapconn_bind(*ldp, dn, s->password);
}


/* What says something of the user; anything else, of the directory */
static bool is_wrong(int rc)
{
	return rc == LDAP_INVALID_CREDENTIALS || rc == LDAP_NO_SUCH_OBJECT ||
		rc == LDAP_INVALID_DN_SYNTAX || rc == LDAP_SIZELIMIT_EXCEEDED ||
		rc == LDAP_CONSTRAINT_VIOLATION ||
		rc == LDAP_UNWILLING_TO_PERFORM;
}


void ldap_check(struct signin *s)
{
	const char *what = "";
	LDAP *ld = NULL;
	const int rc = try_bind(s, &ld, &what);

	s->result = !rc ? SIGNIN_GOOD : is_wrong(rc) ? SIGNIN_WRONG :
		SIGNIN_AWAY;
	if (s->result == SIGNIN_AWAY)
		(void)snprintf(s->why, sizeof(s->why), "%s: %s", what,
			       ldap_err2string(rc));
	if (ld)
		(void)ldap_unbind_ext_s(ld, NULL, NULL);
}
