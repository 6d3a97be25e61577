/**
 * @file common/guid.h  GUIDs: 16 bytes inside, 36 lower-case characters outside
 */
#pragma once

enum { GUID_SIZE = 16, GUID_STRSIZE = 37 };

void guid_new(uint8_t guid[GUID_SIZE]);                 /* random, version 4 */
const char *guid_str(char buf[GUID_STRSIZE], const uint8_t guid[GUID_SIZE]);
/** The same as re_printf handler for %H */
int  guid_print(struct re_printf *pf, const uint8_t guid[GUID_SIZE]);
/** Any case, with or without braces.  EBADMSG otherwise */
int  guid_decode(uint8_t guid[GUID_SIZE], const struct pl *pl);
