/**
 * @file channel/xccos/utf8.h  Strict UTF-8 and the characters of XML 1.0
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
size_t xccos_utf8_next(uint32_t *cp, const uint8_t *p, size_t len);

/** May it stand in an XML 1.0 document? */
bool xccos_utf8_allowed(uint32_t cp);

/** UTF-8 throughout, and nothing that XML 1.0 does not allow */
bool xccos_utf8_valid(const uint8_t *p, size_t len);
