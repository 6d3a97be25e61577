/**
 * @file compliance/adapter/address.h  How a user is called outside of SIP
 */
#pragma once

/** "alice@example.com" of "sip:alice@example.com"; NULL is empty */
const char *address_of(const char *uri);
