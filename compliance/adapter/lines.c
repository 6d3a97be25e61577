/**
 * @file compliance/adapter/lines.c  Line breaks in text from outside
 */
#include <string.h>
#include <re.h>
#include "compliance/adapter/lines.h"

static const char *const breakv[] = {
	"\r\n", "\n", "\r", "\v", "\f", "\xc2\x85", "\xe2\x80\xa8",
	"\xe2\x80\xa9"
};

/* The bytes that breaks begin with */
#define FIRST "\r\n\v\f\xc2\xe2"


size_t line_break(const char *str)
{
	for (size_t i = 0; i < ARRAY_SIZE(breakv); i++) {

		const size_t n = strlen(breakv[i]);

		if (!strncmp(str, breakv[i], n))
			return n;
	}

	return 0;
}


size_t line_length(const char *str)
{
	const char *p = str;

	for (p += strcspn(p, FIRST); *p && !line_break(p);
	     p += strcspn(p, FIRST))
		++p;

	return (size_t)(p - str);
}
