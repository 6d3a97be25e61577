/**
 * @file common/utf8.h  Strict UTF-8 and the characters of XML 1.0
 */
#pragma once

/**
 * Decode one character; surrogates and noncharacters are decoded, too
 *
 * @param cp  Set on success
 * @param len At least 1
 *
 * @return Bytes taken; 0: not UTF-8 (overlong, cut short, beyond U+10FFFF)
 */
size_t utf8_next(uint32_t *cp, const uint8_t *p, size_t len);

/** Characters of a text that is UTF-8; NULL: none */
size_t utf8_count(const char *s);
/** The same of so many bytes */
size_t utf8_countn(const char *s, size_t len);

/** May it stand in an XML 1.0 document? */
bool utf8_xml_allowed(uint32_t cp);

/** UTF-8 throughout, and nothing that XML 1.0 does not allow */
bool utf8_xml_valid(const uint8_t *p, size_t len);
