/**
 * @file compliance/adapter/address.c  How a user is called outside of SIP
 */
#include <string.h>
#include "compliance/adapter/address.h"


const char *address_of(const char *uri)
{
	if (!uri)
		return "";
	if (!strncmp(uri, "sip:", 4))
		return uri + 4;
	if (!strncmp(uri, "sips:", 5))
		return uri + 5;

	return uri;
}
