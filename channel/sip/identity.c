/**
 * @file channel/sip/identity.c  Who sent a request
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "channel/sip/addr.h"
#include "channel/sip/identity.h"
#include "channel/sip/view.h"


/* One more asserted address: not SIP, the first, or the first once more */
static int take(char *user, const struct pl *uri)
{
	char canon[CHATURI_SIZE];
	int err;

	if (!view_uri_is_sip(uri))
		return 0;

	err = useruri_canon(canon, sizeof(canon), uri);
	if (err)
		return err;

	if (user[0] && strcmp(user, canon) != 0)
		return EACCES;

	memcpy(user, canon, sizeof(canon));
	return 0;
}


static int asserted(char *user, const struct view *v)
{
	const char *pos = NULL;
	struct addr addr;
	struct pl val;
	int err;

	user[0] = '\0';
	while (view_next(v, &pos, "P-Asserted-Identity", 0, &val)) {

		do {
			err = addr_next(&addr, &val);
			if (!err)
				err = take(user, &addr.uri);
		} while (!err);

		if (err != ENOENT)
			return err;
	}

	return user[0] ? 0 : EACCES;
}


static int stated(char *user, const struct addr *from)
{
	if (!view_uri_is_sip(&from->uri))
		return EBADMSG;

	return useruri_canon(user, CHATURI_SIZE, &from->uri);
}


int identity_decode(struct identity *id, const struct view *v,
		    bool from_counts)
{
	struct addr from;
	int err = EACCES;

	if (!id || !v)
		return EINVAL;

	if (addr_decode(&from, &v->from))
		return EBADMSG;

	if (v->asserted.p)
		err = asserted(id->user, v);
	if (err == EACCES && from_counts && !(v->asserted.p && id->user[0]))
		err = stated(id->user, &from);
	if (err)
		return err;

	id->display = from.display;
	id->epid = pl_null;
	(void)view_param(&v->from, "epid", &id->epid);

	return 0;
}


const struct pl *identity_field(const struct view *v, bool from_counts)
{
	if (v->assertedc == 1)
		return &v->asserted;

	return !v->assertedc && from_counts ? &v->from : NULL;
}
