/**
 * @file webfiles/route.c  From method and path to a handler
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/utf8.h"
#include "webfiles/http.h"
#include "webfiles/route.h"

static struct {
	const struct route *routev;
	size_t routec;
} tablev[32];

static size_t tablec;


void route_register(const struct route *routev, size_t routec)
{
	if (tablec >= ARRAY_SIZE(tablev))
		abort();

	tablev[tablec].routev = routev;
	tablev[tablec].routec = routec;
	++tablec;
}


const struct route *route_nth(size_t n)
{
	size_t i;

	for (i = 0; i < tablec; i++) {
		if (n < tablev[i].routec)
			return &tablev[i].routev[n];
		n -= tablev[i].routec;
	}

	return NULL;
}


bool route_decode(char *buf, size_t size, const struct pl *pl, bool plus)
{
	size_t i, n = 0;

	for (i = 0; i < pl->l; i++) {

		char c = pl->p[i];

		if (c == '%') {
			if (i + 2 >= pl->l || !isxdigit((uint8_t)pl->p[i + 1]) ||
			    !isxdigit((uint8_t)pl->p[i + 2]))
				return false;
			c = (char)(ch_hex(pl->p[i + 1]) << 4 |
				   ch_hex(pl->p[i + 2]));
			i += 2;
			if (!c)
				return false;
		}
		else if (c == '+' && plus) {
			c = ' ';
		}

		if (n + 1 >= size)
			return false;
		buf[n++] = c;
	}
	buf[n] = '\0';

	return utf8_xml_valid((const uint8_t *)buf, n);
}


/* Cuts the first segment off */
static struct pl segment(const char **p)
{
	struct pl pl;

	pl.p = *p;
	pl.l = strcspn(*p, "/");
	*p  += pl.l;
	if (**p)
		++*p;

	return pl;
}


static bool take(struct route_params *params, const struct pl *name,
		 const struct pl *value, bool rest)
{
	char *buf;

	if (params->n >= ROUTE_PARAM_MAX)
		return false;

	buf = params->v[params->n].value;
	if (!route_decode(buf, ROUTE_VALUE_MAX, value, false))
		return false;
	if (!rest && (!buf[0] || strchr(buf, '/') || !strcmp(buf, ".") ||
		      !strcmp(buf, "..")))
		return false;

	params->v[params->n++].name = *name;

	return true;
}


static bool matches(const struct route *route, struct route_params *params,
		    const char *path)
{
	const char *want = route->path;

	params->n = 0;
	for (;;) {

		struct pl name, value;

		if (!*want || !*path)
			return !*want && !*path;

		name = segment(&want);
		if (name.l && name.p[0] == '{') {

			const bool rest = !pl_strcmp(&name, "{*}");

			if (rest)
				pl_set_str(&value, path);
			else
				value = segment(&path);
			++name.p;
			name.l -= 2;
			if (!take(params, &name, &value, rest))
				return false;
			if (rest)
				return true;
		}
		else {
			value = segment(&path);
			if (pl_cmp(&name, &value))
				return false;
		}
	}
}


int route_find(const struct route **routep, struct route_params *params,
	       const char *method, const char *path,
	       char *allowed, size_t size)
{
	const bool head = !strcmp(method, "HEAD");
	const struct route *route;
	struct route_params tmp;
	size_t i, len = strlen(path);

	allowed[0] = '\0';
	if (len > 1 && path[len - 1] == '/')
		return ENOENT;

	len = 0;
	for (i = 0; (route = route_nth(i)); i++) {

		if (!matches(route, &tmp, path))
			continue;

		if (!strcmp(route->method, head ? "GET" : method)) {
			*params = tmp;
			*routep = route;
			return 0;
		}

		if (len < size)
			len += (size_t)snprintf(allowed + len, size - len,
						"%s%s", len ? ", " : "",
						route->method);
	}

	return allowed[0] ? EPERM : ENOENT;
}
