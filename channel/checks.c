/**
 * @file channel/checks.c  What pchat-channel checks before it starts
 */
#include <string.h>
#include <re.h>
#include "common/check.h"
#include "common/conf.h"
#include "common/db/db.h"
#include "channel/checks.h"


static bool below(const struct pl *host, const char *domain)
{
	const size_t n = strlen(domain);
	struct pl tail;

	if (!pl_strcasecmp(host, domain))
		return true;
	if (host->l <= n + 1 || host->p[host->l - n - 1] != '.')
		return false;

	tail.p = host->p + host->l - n;
	tail.l = n;

	return !pl_strcasecmp(&tail, domain);
}


static void pool_uri(struct check *ck, const char *key)
{
	const char *domain = config_str(ck->conf, "pool.domain"), *text;
	struct uri uri;
	struct pl pl;

	for (size_t i = 0; (text = config_nth(ck->conf, key, i)); i++) {

		pl_set_str(&pl, text);
		if (uri_decode(&uri, &pl) || (pl_strcasecmp(&uri.scheme, "sip") &&
					      pl_strcasecmp(&uri.scheme, "sips")))
			check_wrong_nth(ck, key, i, "is not a SIP URI");
		else if (!pl_isset(&uri.user))
			check_wrong_nth(ck, key, i, "names no user: "
					"sip:USER@DOMAIN");
		else if (!below(&uri.host, domain))
			check_wrong_nth(ck, key, i, "is in another domain than "
					"pool.domain, %s", domain);
	}
}


static void listeners(struct check *ck, const char *key)
{
	const bool tcp = str_isset(config_str(ck->conf, "sip.listen_tcp"));
	const bool tls = str_isset(config_str(ck->conf, "sip.listen_tls"));

	if (!tcp && !tls)
		check_wrong(ck, key, "neither sip.listen_tls nor sip.listen_tcp"
			    " is given: nobody could connect");
	if (tls && !str_isset(config_str(ck->conf, "sip.certificate")))
		check_wrong(ck, key, "needs sip.certificate and sip.key");
	if (tls && !str_isset(config_str(ck->conf, "sip.trusted_names")))
		check_wrong(ck, key, "needs sip.trusted_names: nobody could"
			    " connect");
	if (tcp && !str_isset(config_str(ck->conf, "sip.trusted_addresses")))
		check_wrong(ck, "sip.listen_tcp", "needs"
			    " sip.trusted_addresses: nobody could connect");
	if (tls && !str_isset(config_str(ck->conf, "sip.ca")))
		check_wrong(ck, key, "needs sip.ca, which peers' certificates"
			    " come from");
}


static void certificate(struct check *ck, const char *key)
{
	check_pair(ck, key, "sip.key");
}


static void sizes(struct check *ck, const char *key)
{
	check_order(ck, "message.size_max", "message.story_size_max");
	check_order(ck, "message.story_size_max", "body.size_max");
	check_order(ck, key, "reply.size_max");
}


static void url(struct check *ck, const char *key)
{
	const char *value = config_str(ck->conf, key);

	if (str_isset(value) && strncmp(value, "https://", 8) &&
	    strncmp(value, "http://", 7))
		check_wrong(ck, key, "is not an http:// or https:// address");
}


const struct check_row channel_checkv[] = {
	{ "store.conninfo",          check_conninfo    },
	{ "pool.domain",             check_host        },
	{ "pool.uri",                pool_uri          },
	{ "sip.listen_tls",          listeners         },
	{ "sip.listen_tls",          check_listen      },
	{ "sip.listen_tcp",          check_listen      },
	{ "sip.certificate",         certificate       },
	{ "sip.ca",                  check_authorities },
	{ "sip.trusted_addresses",   check_networks    },
	{ "bus.listen",              check_bus         },
	{ "lease.period_ms",         check_lease       },
	{ "message.story_size_max",  sizes             },
	{ "trace.file",              check_file_place  },
	{ "ctl.socket",              check_file_place  },
	{ "web.room_management_url", url               },
	{ "web.file_service_url",    url               },
};

const size_t channel_checkc = ARRAY_SIZE(channel_checkv);

const struct check_store channel_storev[] = {
	{ "store.conninfo", &sql_store, "channel" },
	{ NULL, NULL, NULL },
};
