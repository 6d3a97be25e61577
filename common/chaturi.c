/**
 * @file common/chaturi.c  ma-chan:, ma-cat: and user URIs
 *
 * What is printed here is compared byte by byte by clients and by the store,
 * so there is one spelling of everything: lower case, no parameters.
 */
#include <ctype.h>
#include <string.h>
#include <re.h>
#include "common/chaturi.h"


static const char *prefix(enum chaturi_kind kind)
{
	return kind == CHATURI_ROOM ? "ma-chan://" : "ma-cat://";
}


int chaturi_print(char *buf, size_t size, enum chaturi_kind kind,
		  const char *domain, const uint8_t guid[GUID_SIZE])
{
	char id[GUID_STRSIZE];

	if (!buf || !str_isset(domain) || !guid)
		return EINVAL;

	if (re_snprintf(buf, size, "%s%s/%s", prefix(kind), domain,
			guid_str(id, guid)) < 0)
		return EOVERFLOW;

	return 0;
}


static bool skip_word(struct pl *pl, const char *word)
{
	const size_t len = strlen(word);

	if (pl->l < len || strncasecmp(pl->p, word, len))
		return false;

	pl_advance(pl, (ssize_t)len);

	return true;
}


int chaturi_decode(uint8_t guid[GUID_SIZE], enum chaturi_kind kind,
		   const struct pl *uri)
{
	struct pl rest;
	const char *slash;

	if (!guid || !uri)
		return EINVAL;

	if (!pl_isset(uri))
		return EBADMSG;

	rest = *uri;
	if (!skip_word(&rest, prefix(kind)))
		return EBADMSG;

	slash = memchr(rest.p, '/', rest.l);
	if (!slash || slash == rest.p)
		return EBADMSG;

	pl_advance(&rest, slash + 1 - rest.p);
	if (!rest.l)
		return EBADMSG;

	return guid_decode(guid, &rest) ? ENOENT : 0;
}


static void trim(struct pl *pl)
{
	while (pl->l && isspace((unsigned char)pl->p[0]))
		pl_advance(pl, 1);
	while (pl->l && isspace((unsigned char)pl->p[pl->l-1]))
		--pl->l;
}


/* A quoted display name may hold brackets, and another user's URI in them */
static bool skip_quoted(struct pl *pl)
{
	if (pl->p[0] != '"')
		return true;

	for (pl_advance(pl, 1); pl->l; pl_advance(pl, 1)) {
		if (pl->p[0] == '\\' && pl->l > 1) {
			pl_advance(pl, 1);
		}
		else if (pl->p[0] == '"') {
			pl_advance(pl, 1);
			return pl->l > 0;
		}
	}

	return false;
}


/* What is between < and >, or all of it */
static bool unbracket(struct pl *pl)
{
	const char *open, *close;

	if (!skip_quoted(pl))
		return false;

	open = memchr(pl->p, '<', pl->l);
	if (!open)
		return true;

	pl_advance(pl, open + 1 - pl->p);
	close = memchr(pl->p, '>', pl->l);
	if (!close)
		return false;

	pl->l = (size_t)(close - pl->p);
	trim(pl);

	return true;
}


static bool user_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-_.!~*'()&=+$,?/%#", c));
}


static bool host_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-.", c));
}


static bool ipv6_char(char c)
{
	return isxdigit((unsigned char)c) || (c && strchr(":.", c));
}


static bool all(const struct pl *pl, bool (*h)(char c))
{
	size_t i;

	for (i = 0; i < pl->l; i++)
		if (!h(pl->p[i]))
			return false;

	return pl->l > 0;
}


/* Cut at the first of @p stops */
static void cut(struct pl *pl, const char *stops)
{
	size_t i;

	for (i = 0; i < pl->l; i++)
		if (strchr(stops, pl->p[i]))
			break;

	pl->l = i;
}


static bool split_host(struct pl *host)
{
	const char *close;
	struct pl in;

	if (!host->l || host->p[0] != '[') {
		cut(host, ":;?");
		return all(host, host_char);
	}

	close = memchr(host->p, ']', host->l);
	if (!close)
		return false;

	host->l = (size_t)(close + 1 - host->p);
	in.p = host->p + 1;
	in.l = host->l - 2;

	return all(&in, ipv6_char);
}


/* The user part may carry parameters of its own: "alice;ext=7@host" */
static bool split(struct pl *user, struct pl *host, const struct pl *pl)
{
	const char *at = memchr(pl->p, '@', pl->l);

	if (!at)
		return false;

	user->p = pl->p;
	user->l = (size_t)(at - pl->p);
	host->p = at + 1;
	host->l = pl->l - user->l - 1;

	cut(user, ";");

	return all(user, user_char) && split_host(host);
}


static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';

	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


/* RFC 3261 19.1.4: an escape is what it stands for, but for characters that
   mean something else when they are not escaped.  buf: as long as user */
static bool unescape(struct pl *user, char *buf)
{
	size_t n = 0;

	for (size_t i = 0; i < user->l; i++) {

		int c = (unsigned char)user->p[i];

		if (c == '%') {
			const int hi = i + 2 < user->l ? hex(user->p[i + 1]) :
				-1;
			const int lo = hi < 0 ? -1 : hex(user->p[i + 2]);

			if (lo < 0)
				return false;
			c = 16 * hi + lo;
			if (!isalnum(c) && !(c && strchr("-_.!~*'()", c))) {
				memcpy(buf + n, user->p + i, 3);
				n += 3;
				i += 2;
				continue;
			}
			i += 2;
		}

		buf[n++] = (char)c;
	}

	user->p = buf;
	user->l = n;
	return true;
}


int useruri_canon(char *buf, size_t size, const struct pl *uri)
{
	struct pl rest, user, host;
	char plain[CHATURI_SIZE];
	char *p;

	if (!buf || !uri)
		return EINVAL;

	if (!pl_isset(uri))
		return EBADMSG;

	rest = *uri;
	trim(&rest);

	if (!rest.l || !unbracket(&rest) || !rest.l)
		return EBADMSG;

	if (!skip_word(&rest, "sip:"))
		(void)skip_word(&rest, "sips:");

	if (!rest.l || !split(&user, &host, &rest))
		return EBADMSG;
	if (user.l > sizeof(plain))
		return EOVERFLOW;
	if (memchr(user.p, '%', user.l) &&
	    !unescape(&user, plain))
		return EBADMSG;

	if (re_snprintf(buf, size, "sip:%r@%r", &user, &host) < 0)
		return EOVERFLOW;

	for (p = buf; *p; p++)
		*p = (char)tolower((unsigned char)*p);

	return 0;
}
