/**
 * @file channel/sip/diag.c  Ms-diagnostics lines (protocol.md 2.11)
 */
#include <stdio.h>
#include <string.h>
#include <re.h>
#include "channel/sip/core.h"

enum { LINE_SIZE = 384, SOURCE_SIZE = 256 };

static struct diag {
	unsigned id;
	const char *reason;
	char line[LINE_SIZE];
} diagv[] = {
	{ 20000, "Chat service busy", "" },
	{ 20001, "Could not initialize session", "" },
	{ 20002, "Missing participant information", "" },
	{ 20003, "Rejected session", "" },
	{ 20004, "Start handling new session failed", "" },
	{ 20005, "End handling new session failed", "" },
	{ 20006, "Unknown session", "" },
	{ 20007, "Chat service error", "" },
	{ 20008, "Rejected session (inbound queue full)", "" },
	{ 20009, "Rejected session (no more endpoints allowed)", "" },
	{ 20010, "Rejected session (principal not provisioned)", "" },
	{ 20011, "Rejected message (inbound queue full)", "" },
};

static char source[SOURCE_SIZE] = "pchat";
static char again[LINE_SIZE + 32];


static void print(char *line, unsigned id, const char *reason)
{
	(void)snprintf(line, LINE_SIZE, "Ms-diagnostics: %u;source=\"%s\";"
		       "reason=\"%.64s\";component=\"GroupChat\"\r\n", id,
		       source, reason);
}


void diag_source(const char *host)
{
	str_ncpy(source, str_isset(host) ? host : "pchat", sizeof(source));
	for (size_t i = 0; i < ARRAY_SIZE(diagv); i++)
		diagv[i].line[0] = '\0';
}


const char *diag_line(unsigned id)
{
	for (size_t i = 0; i < ARRAY_SIZE(diagv); i++) {

		struct diag *diag = &diagv[i];

		if (diag->id != id)
			continue;
		if (!diag->line[0])
			print(diag->line, id, diag->reason);
		return diag->line;
	}

	return NULL;
}


const char *diag_text(const char *reason)
{
	static char line[LINE_SIZE];

	print(line, DIAG_PARSING, reason);
	return line;
}


const char *diag_again(unsigned seconds, unsigned id, const char *reason)
{
	char line[LINE_SIZE];

	if (reason)
		print(line, id, reason);
	(void)snprintf(again, sizeof(again), "Retry-After: %u\r\n%s", seconds,
		       reason ? line : diag_line(id));
	return again;
}
