/**
 * @file channel/sip/route.c  Where a route or a Via leads, without asking DNS
 */
#include <re.h>
#include "channel/sip/core.h"
#include "channel/sip/peer.h"


static int dial(struct conn **connp, struct uas *uas, const struct pl *host,
		uint16_t port, bool tls)
{
	struct sa sa;
	int err;

	err = sa_set(&sa, host, 0);
	if (err)
		err = peers_lookup(conns_peers(uas->conns), host, &sa);
	if (err)
		return err;

	sa_set_port(&sa, port ? port : SIP_PORT + tls);
	return conns_dial(connp, uas->conns, tls, &sa);
}


int route_dial(struct conn **connp, struct uas *uas, const struct pl *route)
{
	struct uri uri;
	struct pl val;
	bool tls;
	int err;

	err = uri_decode(&uri, route);
	if (err)
		return err;

	tls = !pl_strcasecmp(&uri.scheme, "sips");
	if (!msg_param_decode(&uri.params, "transport", &val))
		tls = !pl_strcasecmp(&val, "tls");

	return dial(connp, uas, &uri.host, uri.port, tls);
}


int route_dial_via(struct conn **connp, struct uas *uas, const struct pl *via,
		   bool tls)
{
	struct pl by, host, port = PL_INIT;
	int err;

	view_sentby(via, &by);
	err = uri_decode_hostport(&by, &host, &port);
	if (err)
		return err;

	return dial(connp, uas, &host, (uint16_t)pl_u32(&port), tls);
}
