/**
 * @file common/guid.c  GUIDs: printed, read and made
 */
#include <string.h>
#include <re.h>
#include "common/guid.h"


enum { GUID_STRLEN = GUID_STRSIZE - 1 };

/* Bytes that a dash comes before: 8-4-4-4-12 digits */
static bool dash_before(size_t i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}


void guid_new(uint8_t guid[GUID_SIZE])
{
	rand_bytes(guid, GUID_SIZE);

	guid[6] = (guid[6] & 0x0f) | 0x40;   /* version 4: random  */
	guid[8] = (guid[8] & 0x3f) | 0x80;   /* variant: RFC 4122  */
}


const char *guid_str(char buf[GUID_STRSIZE], const uint8_t guid[GUID_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	char *p = buf;
	size_t i;

	for (i = 0; i < GUID_SIZE; i++) {
		if (dash_before(i))
			*p++ = '-';
		*p++ = hex[guid[i] >> 4];
		*p++ = hex[guid[i] & 0x0f];
	}
	*p = '\0';

	return buf;
}


static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;

	return -1;
}


int guid_print(struct re_printf *pf, const uint8_t guid[GUID_SIZE])
{
	char buf[GUID_STRSIZE];

	return re_hprintf(pf, "%s", guid_str(buf, guid));
}


int guid_decode(uint8_t guid[GUID_SIZE], const struct pl *pl)
{
	uint8_t tmp[GUID_SIZE];
	const char *p;
	size_t i, len;

	if (!guid || !pl)
		return EINVAL;

	p = pl->p;
	len = pl->l;

	if (p && len == GUID_STRLEN + 2 && p[0] == '{' && p[len-1] == '}') {
		++p;
		len -= 2;
	}

	if (!p || len != GUID_STRLEN)
		return EBADMSG;

	for (i = 0; i < GUID_SIZE; i++) {
		int hi, lo;

		if (dash_before(i) && *p++ != '-')
			return EBADMSG;

		hi = hex_value(*p++);
		lo = hex_value(*p++);
		if (hi < 0 || lo < 0)
			return EBADMSG;

		tmp[i] = (uint8_t)(hi << 4 | lo);
	}

	memcpy(guid, tmp, GUID_SIZE);

	return 0;
}
