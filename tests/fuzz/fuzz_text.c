/**
 * @file tests/fuzz/fuzz_text.c  URIs, GUIDs, times, and text shown to people
 *
 * What has a canonical form has it for good; what is shown has nothing in it
 * that moves a cursor.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/shown.h"
#include "common/utf8.h"
#include "common/xml.h"
#include "compliance/oneline.h"
#include "tests/fuzz/fuzz.h"


static void user_any(const struct pl *pl)
{
	char once[320], twice[320];
	struct pl again;

	if (useruri_canon(once, sizeof(once), pl))
		return;

	fuzz_check(!strncmp(once, "sip:", 4) && strchr(once, '@'));
	fuzz_check(utf8_xml_valid((uint8_t *)once, strlen(once)));
	pl_set_str(&again, once);
	fuzz_check(!useruri_canon(twice, sizeof(twice), &again));
	fuzz_check(!strcmp(once, twice));
}


static void room_any(const struct pl *pl)
{
	uint8_t guid[GUID_SIZE], again[GUID_SIZE];
	char buf[CHATURI_SIZE], text[GUID_STRSIZE];
	struct pl uri;

	for (int kind = CHATURI_ROOM; kind <= CHATURI_CATEGORY; kind++) {
		if (chaturi_decode(guid, kind, pl))
			continue;
		fuzz_check(!chaturi_print(buf, sizeof(buf), kind, "a.example",
					  guid));
		pl_set_str(&uri, buf);
		fuzz_check(!chaturi_decode(again, kind, &uri) &&
			   !memcmp(guid, again, GUID_SIZE));
	}

	if (guid_decode(guid, pl))
		return;
	pl_set_str(&uri, guid_str(text, guid));
	fuzz_check(!guid_decode(again, &uri) && !memcmp(guid, again, GUID_SIZE));
}


static void time_any(const struct pl *pl)
{
	char buf[CLOCK_TS_SIZE];
	struct pl again;
	int64_t us, same;

	if (clock_ts_decode(&us, pl))
		return;

	pl_set_str(&again, clock_ts(buf, us));
	fuzz_check(!clock_ts_decode(&same, &again) && us == same);
}


static bool is_control(const char *p)
{
	const uint8_t c = (uint8_t)*p;

	return (c < ' ' && c != '\n' && c != '\t') || c == 0x7f ||
		(c == 0xc2 && (uint8_t)p[1] >= 0x80 && (uint8_t)p[1] < 0xa0);
}


static void shown_any(const char *text, size_t len)
{
	char buf[SHOWN_MAX + 1], *line;
	size_t pos = 0, n, taken;

	while (pos < len) {
		taken = shown_next(buf, &n, text + pos, len - pos);
		fuzz_check(taken && taken <= len - pos && n <= SHOWN_MAX);
		buf[n] = '\0';
		for (size_t i = 0; i < n; i++)
			fuzz_check(!is_control(&buf[i]));
		pos += taken;
	}

	line = shown_line(text);
	fuzz_check(line && !strchr(line, '\n'));
	mem_deref(line);
}


static void line_any(const char *text, const struct pl *pl)
{
	char buf[64], *log = NULL;

	oneline(buf, sizeof(buf), text);
	fuzz_check(strlen(buf) < sizeof(buf) &&
		   utf8_xml_valid((uint8_t *)buf, strlen(buf)));
	for (const char *p = buf; *p; p++)
		fuzz_check(!is_control(p) && *p != '\n');

	fuzz_check(!re_sdprintf(&log, "%H", log_quote, pl));
	for (const char *p = log; *p; p++)
		fuzz_check(!is_control(p) && *p != '\n');
	mem_deref(log);
}


static void xml_any(const struct pl *pl)
{
	xmlDoc *doc;

	if (utf8_xml_valid((const uint8_t *)pl->p, pl->l) &&
	    !xml_read(&doc, pl, 16))
		xmlFreeDoc(doc);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	struct pl pl;
	size_t l;
	char *block = fuzz_block(&in, size, &l), *text;

	fuzz_init();
	pl.p = block;
	pl.l = l;
	user_any(&pl);
	room_any(&pl);
	time_any(&pl);
	xml_any(&pl);

	in = (struct fuzz_in){ data, size };
	text = fuzz_text(&in, '\0', &l);
	shown_any(text, l);
	line_any(text, &pl);
	free(text);
	free(block);

	return 0;
}
