/**
 * @file webfiles/route.h  From method and path to a handler
 */
#pragma once

struct route;

enum { ROUTE_PARAM_MAX = 4, ROUTE_VALUE_MAX = 512 };

/** What stood for the names in braces */
struct route_params {
	size_t n;
	struct {
		struct pl name;         /* in the route's path              */
		char value[ROUTE_VALUE_MAX];
	} v[ROUTE_PARAM_MAX];
};

/**
 * Decode %XX
 *
 * @return false: not well-formed, not UTF-8, a control character, or too long
 */
bool route_decode(char *buf, size_t size, const struct pl *pl, bool plus);

/**
 * Find the route
 *
 * HEAD is GET.  A segment that decodes to something with a slash, or to "." or
 * "..", matches nothing.
 *
 * @param routep   Set on success
 * @param allowed  Filled with the methods that the path has ("GET, PUT")
 *
 * @return 0, ENOENT (no such path), EPERM (path, but not that method)
 */
int route_find(const struct route **routep, struct route_params *params,
	       const char *method, const char *path,
	       char *allowed, size_t size);
