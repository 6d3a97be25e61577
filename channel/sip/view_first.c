/**
 * @file channel/sip/view_first.c  The first line of a SIP message
 */
#include <string.h>
#include <strings.h>
#include <re.h>
#include "channel/sip/view.h"
#include "channel/sip/view_priv.h"


static enum sip_met method(const struct pl *met)
{
	static const struct {
		struct pl name;
		enum sip_met met;
	} metv[] = {
		{ PL("INFO"),      MET_INFO      },
		{ PL("ACK"),       MET_ACK       },
		{ PL("BYE"),       MET_BYE       },
		{ PL("INVITE"),    MET_INVITE    },
		{ PL("CANCEL"),    MET_CANCEL    },
		{ PL("UPDATE"),    MET_UPDATE    },
		{ PL("OPTIONS"),   MET_OPTIONS   },
		{ PL("SUBSCRIBE"), MET_SUBSCRIBE },
		{ PL("MESSAGE"),   MET_OTHER     },
		{ PL("NOTIFY"),    MET_OTHER     },
		{ PL("REFER"),     MET_OTHER     },
		{ PL("REGISTER"),  MET_OTHER     },
		{ PL("PUBLISH"),   MET_OTHER     },
		{ PL("PRACK"),     MET_OTHER     },
		{ PL("SERVICE"),   MET_SERVICE   },
		{ PL("BENOTIFY"),  MET_OTHER     },
	};

	for (size_t i = 0; i < ARRAY_SIZE(metv); i++) {
		if (metv[i].name.l == met->l && name_is(met, metv[i].name.p))
			return metv[i].met;
	}

	return MET_UNKNOWN;
}


static void status_line(struct view *v, const struct pl *line)
{
	const char *p = line->p + 8;
	uint16_t code = 0;

	for (int i = 0; i < 3 && line->l >= 11; i++) {
		if (p[i] < '0' || p[i] > '9')
			break;
		code = (uint16_t)(code * 10 + (p[i] - '0'));
	}

	if (code < 100 || code > 699) {
		view_wrong(v, 400, "Bad status line");
		return;
	}

	v->scode = code;
	v->reason.p = p + 3;
	v->reason.l = line->l - 11;
	trim(&v->reason);
}


/* Method, blank, URI, blank, version: what is there of it is taken */
static void request_line(struct view *v, const struct pl *line)
{
	static const struct pl ver = PL("SIP/2.0");
	const char *end = line->p + line->l, *sp, *last;

	sp = memchr(line->p, ' ', line->l);
	last = sp ? memrchr(sp, ' ', (size_t)(end - sp)) : NULL;
	if (!last || (size_t)(end - last) < 5 ||
	    strncasecmp(last + 1, "SIP/", 4) != 0) {
		v->alien = true;
		view_wrong(v, 400, "Bad request line");
		return;
	}

	v->met.p = line->p;
	v->met.l = (size_t)(sp - line->p);
	v->method = method(&v->met);
	if (last > sp) {
		v->ruri.p = sp + 1;
		v->ruri.l = (size_t)(last - sp - 1);
	}

	if ((size_t)(end - last - 1) != ver.l ||
	    strncasecmp(last + 1, ver.p, ver.l) != 0)
		view_wrong(v, 505, "Version Not Supported");
	else if (!v->met.l || !v->ruri.l ||
		 memchr(v->ruri.p, ' ', v->ruri.l) ||
		 memchr(v->ruri.p, '\t', v->ruri.l))
		view_wrong(v, 400, "Bad request line");
}


void view_first_line(struct view *v, const struct pl *line)
{
	v->response = line->l >= 4 && !strncasecmp(line->p, "SIP/", 4);

	if (!v->response)
		request_line(v, line);
	else if (line->l >= 8 && !strncasecmp(line->p, "SIP/2.0 ", 8))
		status_line(v, line);
	else
		view_wrong(v, 400, "Bad status line");
}
