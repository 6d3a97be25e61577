/**
 * @file channel/xccos/block.c  Users, rooms and who is where, as elements
 *
 * The order of attributes and children is the one of protocol.md 3.7 and 4.4.
 */
#include <string.h>
#include <re.h>
#include "channel/xccos/xccos.h"
#include "channel/xccos/emit.h"
#include "channel/xccos/tokens.h"


static const char *const visibilityv[] = {
	[XCCOS_OPEN]    = XT_OPEN,
	[XCCOS_SCOPED]  = XT_SCOPED,
	[XCCOS_PRIVATE] = XT_PRIVATE,
};


int xw_uib_attrs(struct mbuf *mb, const struct xccos_uib *uib)
{
	const bool group = uib->uri[0] != 's';
	int err = 0;

	if (uib->id >= 0)
		err = xw_attr_uint(mb, "id", (uint64_t)uib->id);

	err |= xw_attr(mb, "uri", uib->uri);

	if (uib->display) {
		if (uib->type)
			err |= xw_attr_uint(mb, XT_UIB_TYPE,
					    (uint64_t)uib->type);
		else
			err |= xw_attr(mb, XT_UIB_TYPE,
				       group ? XT_TYPE_GROUP : XT_TYPE_USER);
		err |= xw_attr(mb, XT_UIB_DISP, uib->display);
		err |= xw_attr_opt(mb, XT_UIB_GUID, uib->guid);
	}

	return err;
}


int xccos_uib(struct mbuf *mb, const struct xccos_uib *uib)
{
	int err;

	if (!mb || !uib || !xw_user_uri(uib->uri))
		return EINVAL;

	err  = XW_LIT(mb, "<uib");
	err |= xw_uib_attrs(mb, uib);
	err |= XW_LIT(mb, "/>");

	return err;
}


static int chanib_described(struct mbuf *mb, const struct xccos_chanib *chan)
{
	int err;

	err  = xw_attr(mb, "name", chan->name);
	err |= xw_attr(mb, "description", chan->description);
	err |= xw_attr_opt(mb, "topic", chan->topic);
	err |= xw_attr_opt(mb, XT_PARENT, chan->parent);
	err |= xw_attr(mb, XT_BEHAVIOR,
		       chan->auditorium ? XT_AUDITORIUM : XT_NORMAL);
	err |= xw_attr_bool(mb, XT_DISABLED, chan->disabled);
	err |= xw_attr_opt(mb, XT_ADDIN_GUID, chan->addin_guid);
	err |= xw_attr_opt(mb, XT_ADDIN_NAME, chan->addin_name);
	err |= xw_attr_opt(mb, XT_ADDIN_URL, chan->addin_url);

	return err;
}


int xccos_chanib_open(struct mbuf *mb, const struct xccos_chanib *chan)
{
	int err;

	if (!mb || !chan || !chan->uri)
		return EINVAL;

	err = XW_LIT(mb, "<chanib");
	if (chan->name)
		err |= chanib_described(mb, chan);
	err |= xw_attr(mb, "uri", chan->uri);
	err |= XW_LIT(mb, ">");

	return err;
}


static int prop(struct mbuf *mb, const char *id, bool value)
{
	int err;

	err  = XW_LIT(mb, "<prop id=\"urn:parlano:ma:prop:");
	err |= xw_str(mb, id);
	err |= xw_str(mb, value ? "\">true</prop>" : "\">false</prop>");

	return err;
}


int xccos_chanib_info(struct mbuf *mb, const struct xccos_chanib *chan)
{
	int err;

	if (!mb || !chan || chan->visibility > XCCOS_PRIVATE)
		return EINVAL;

	err  = XW_LIT(mb, "<info id=\"urn:parlano:ma:info:ucnt\">");
	err |= xw_uint(mb, chan->ucnt);
	err |= XW_LIT(mb, "</info>");

	/* "visibilty" is how clients know it */
	err |= XW_LIT(mb, "<info id=\"urn:parlano:ma:info:visibilty\">");
	err |= xw_str(mb, visibilityv[chan->visibility]);
	err |= XW_LIT(mb, "</info>");

	err |= prop(mb, "logged", chan->logged);
	err |= prop(mb, "invite", chan->invite);
	err |= prop(mb, "filepost", chan->filepost);

	return err;
}


int xccos_chanib_close(struct mbuf *mb)
{
	return mb ? XW_LIT(mb, "</chanib>") : EINVAL;
}


int xccos_aib(struct mbuf *mb, uint32_t mask, const uint32_t *idv, size_t idc)
{
	size_t i;
	int err;

	if (!mb || (!idv && idc))
		return EINVAL;

	err  = XW_LIT(mb, "<aib");
	err |= xw_attr_uint(mb, "key", mask);
	err |= XW_LIT(mb, " value=\"");

	for (i = 0; i < idc; i++) {
		if (i)
			err |= XW_LIT(mb, ",");
		err |= xw_uint(mb, idv[i]);
	}

	err |= XW_LIT(mb, "\"/>");

	return err;
}


int xccos_fib(struct mbuf *mb, const char *domain, const char *value)
{
	int err;

	if (!mb)
		return EINVAL;

	err  = XW_LIT(mb, "<fib key=\"OPERATION_FAILED\"");
	err |= xw_attr(mb, "value", value);
	err |= xw_attr(mb, "domain", domain);
	err |= XW_LIT(mb, "/>");

	return err;
}
