/**
 * @file channel/roaming_doc.c  Presence documents, and why one is not taken
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/clock.h"
#include "common/db/db.h"
#include "channel/publish.h"
#include "channel/roaming.h"
#include "channel/xccos/emit.h"

#define NS "http://schemas.microsoft.com/2006/09/sip/"


static int write_category(struct mbuf *mb, const struct db_res *res,
			  uint32_t row)
{
	const struct pl body = db_get_text(res, row, 6);
	char ts[CLOCK_TS_SIZE];
	int err;

	err  = XW_LIT(mb, "<category");
	err |= xw_attr(mb, "name", db_get_text(res, row, 0).p);
	err |= xw_attr_uint(mb, "instance",
			    (uint64_t)db_get_int(res, row, 1));
	err |= xw_attr(mb, "publishTime",
		       clock_ts(ts, db_get_time(res, row, 4)));
	err |= xw_attr_uint(mb, "container",
			    (uint64_t)db_get_int(res, row, 2));
	err |= xw_attr_uint(mb, "version", (uint64_t)db_get_int(res, row, 3));
	err |= xw_attr(mb, "expireType", db_get_text(res, row, 5).p);
	err |= XW_LIT(mb, ">");
	err |= xw_put(mb, body.p, body.l);
	err |= XW_LIT(mb, "</category>");

	return err;
}


static bool has_name(const struct db_res *res, const char *name)
{
	uint32_t i;

	for (i = 0; i < db_rows(res); i++) {
		if (!strcmp(db_get_text(res, i, 0).p, name))
			return true;
	}

	return false;
}


/* A category without instance and container: there is none left */
static int write_gone(struct mbuf *mb, const struct db_res *res,
		      const char *const *namev, size_t namec)
{
	size_t i, k;
	int err = 0;

	for (i = 0; i < namec; i++) {
		for (k = 0; k < i; k++) {
			if (!strcmp(namev[i], namev[k]))
				break;
		}
		if (k < i || has_name(res, namev[i]))
			continue;
		err |= XW_LIT(mb, "<category");
		err |= xw_attr(mb, "name", namev[i]);
		err |= XW_LIT(mb, "/>");
	}

	return err;
}


int roaming_write(struct mbuf *mb, const char *uri, const struct db_res *res,
		  const char *const *namev, size_t namec)
{
	uint32_t i;
	int err;

	err  = XW_LIT(mb, "<roamingData xmlns=\"" NS "roaming-self\">"
		      "<categories xmlns=\"" NS "categories\"");
	err |= xw_attr(mb, "uri", uri);
	err |= XW_LIT(mb, ">");
	for (i = 0; i < db_rows(res); i++)
		err |= write_category(mb, res, i);
	err |= write_gone(mb, res, namev, namec);
	err |= XW_LIT(mb, "</categories></roamingData>");

	return err;
}


int roaming_write_fault(struct mbuf *mb, const struct publish *pub,
			const struct db_res *res)
{
	uint32_t i;
	int err;

	err = XW_LIT(mb, "<Fault><Faultcode>Client.BadCall.WrongDelta"
		     "</Faultcode><details>");
	for (i = 0; i < db_rows(res); i++) {
		const uint64_t place = (uint64_t)db_get_int(res, i, 0);

		err |= XW_LIT(mb, "<operation");
		err |= xw_attr_uint(mb, "index", place);
		err |= xw_attr_uint(mb, "version",
				    (uint64_t)pub->v[place - 1].version);
		err |= xw_attr_uint(mb, "curVersion",
				    (uint64_t)db_get_int(res, i, 1));
		err |= XW_LIT(mb, "/>");
	}
	err |= XW_LIT(mb, "</details></Fault>");

	return err;
}
