/**
 * @file channel/sip/identity.c  Who sent a request
 */
#include <string.h>
#include <re.h>
#include "channel/sip/identity.h"
#include "channel/sip/view.h"


/* One field may carry a sip: and a tel: address, comma between them */
static int asserted_of(const struct pl *val, struct pl *uri)
{
	struct pl rest = *val;

	while (rest.l) {
		const char *comma;

		if (!view_uri(&rest, uri) && view_uri_is_sip(uri))
			return 0;

		if (!uri->p || uri->p < rest.p)
			return ENOENT;

		comma = memchr(uri->p, ',', (size_t)(rest.p + rest.l -
						     uri->p));
		if (!comma)
			return ENOENT;
		pl_advance(&rest, comma + 1 - rest.p);
	}

	return ENOENT;
}


static int asserted(const struct view *v, struct pl *uri)
{
	struct pl val;

	for (unsigned n = 0;
	     view_hdr(v, "P-Asserted-Identity", 0, n, &val); n++) {
		*uri = pl_null;
		if (!asserted_of(&val, uri))
			return 0;
	}

	return ENOENT;
}


static void display_name(const struct pl *from, struct pl *name)
{
	struct sip_addr addr;

	*name = pl_null;
	if (!pl_strchr(from, '<') || sip_addr_decode(&addr, from))
		return;

	*name = addr.dname;
	while (name->l && (name->p[name->l - 1] == ' ' ||
			   name->p[name->l - 1] == '\t'))
		--name->l;
}


int identity_decode(struct identity *id, const struct view *v)
{
	struct pl uri;
	int err;

	if (!id || !v)
		return EINVAL;

	if (asserted(v, &uri)) {
		err = view_uri(&v->from, &uri);
		if (err)
			return err;
		if (!view_uri_is_sip(&uri))
			return EBADMSG;
	}

	err = useruri_canon(id->user, sizeof(id->user), &uri);
	if (err)
		return err;

	display_name(&v->from, &id->display);
	id->epid = pl_null;
	(void)view_param(&v->from, "epid", &id->epid);

	return 0;
}
