/**
 * @file channel/sip/diag.c  Ms-diagnostics lines (protocol.md 2.11)
 */
#include <re.h>
#include "channel/sip/uas.h"

#define LINE(id, reason) \
	{ id, "Ms-diagnostics: " #id ";source=\"pchat\";reason=\"" reason \
	      "\";component=\"GroupChat\"\r\n" }

static const struct {
	unsigned id;
	const char *line;
} diagv[] = {
	LINE(20000, "Chat service busy"),
	LINE(20001, "Could not initialize session"),
	LINE(20002, "Missing participant information"),
	LINE(20003, "Rejected session"),
	LINE(20004, "Start handling new session failed"),
	LINE(20005, "End handling new session failed"),
	LINE(20006, "Unknown session"),
	LINE(20007, "Chat service error"),
	LINE(20008, "Rejected session (inbound queue full)"),
	LINE(20009, "Rejected session (no more endpoints allowed)"),
	LINE(20010, "Rejected session (principal not provisioned)"),
	LINE(20011, "Rejected message (inbound queue full)"),
};


const char *diag_line(unsigned id)
{
	for (size_t i = 0; i < ARRAY_SIZE(diagv); i++) {
		if (diagv[i].id == id)
			return diagv[i].line;
	}

	return NULL;
}
