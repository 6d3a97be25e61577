/**
 * @file compliance/adapter/hmac.h  The signature of a post
 */
#pragma once

enum { HMAC_HEX_SIZE = 65 };

/** HMAC-SHA256 of "KEY.BODY" in hexadecimal digits; 0 or ENOMEM */
int hmac_hex(char hex[HMAC_HEX_SIZE], const char *secret, const char *key,
	     const struct mbuf *body);
