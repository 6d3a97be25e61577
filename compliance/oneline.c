/**
 * @file compliance/oneline.c  Text of an adapter's as one line for operators
 *
 * It goes into logs, terminals and the compliance store, which refuses what
 * is no UTF-8: an adapter of somebody else's may say anything.
 */
#include <string.h>
#include <re.h>
#include "common/utf8.h"
#include "compliance/oneline.h"


static bool is_wanted(uint32_t cp)
{
	return cp >= 0x20 && (cp < 0x7f || cp > 0x9f) && cp != 0x2028 &&
		cp != 0x2029 && (cp < 0xd800 || cp > 0xdfff);
}


void oneline(char *buf, size_t size, const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text), n = 0;

	while (left && n + 1 < size) {

		uint32_t cp = 0;
		const size_t len = utf8_next(&cp, p, left);
		const size_t step = len ? len : 1;

		if (len && is_wanted(cp)) {
			if (n + len >= size)
				break;
			memmove(buf + n, p, len);
			n += len;
		}
		else {
			buf[n++] = ' ';
		}

		p    += step;
		left -= step;
	}

	buf[n] = '\0';
}
