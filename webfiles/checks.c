/**
 * @file webfiles/checks.c  What pchat-webfiles checks before it starts
 */
#include <string.h>
#include <re.h>
#include "common/check.h"
#include "common/conf.h"
#include "common/db/db.h"
#include "webfiles/checks.h"


static bool given(const struct check *ck, const char *key)
{
	return str_isset(config_str(ck->conf, key));
}


static void listener(struct check *ck, const char *key)
{
	const char *value = config_str(ck->conf, key);
	const bool ports = ck->ports;
	struct sa sa;

	ck->ports = ports && !config_bool(ck->conf, "http.share_port");
	check_listen(ck, key);
	ck->ports = ports;
	if (!given(ck, "http.certificate") &&
	    !sa_decode(&sa, value, strlen(value)) && !sa_is_loopback(&sa))
		check_wrong(ck, key, "without http.certificate it must be a"
			    " loopback address");
}


static void certificate(struct check *ck, const char *key)
{
	check_pair(ck, key, "http.key");
}


static void method(struct check *ck, const char *key)
{
	const char *value = config_str(ck->conf, key);

	if (!strcmp(value, "header") && !given(ck, "auth.trusted_addresses"))
		check_wrong(ck, key, "needs auth.trusted_addresses: nobody could"
			    " name a user");
	if (strcmp(value, "ldap"))
		return;

	if (!given(ck, "ldap.uri"))
		check_wrong(ck, key, "needs ldap.uri");
	if (!given(ck, "ldap.user_dn") && !given(ck, "ldap.base"))
		check_wrong(ck, key, "needs ldap.user_dn or ldap.base");
	if (given(ck, "ldap.bind_dn") != given(ck, "ldap.password_file"))
		check_wrong(ck, "ldap.bind_dn", "and ldap.password_file go"
			    " together");
}


static void connections(struct check *ck, const char *key)
{
	check_order(ck, key, "http.connections_max");
}


static void session(struct check *ck, const char *key)
{
	check_order(ck, key, "session.age_s");
}


const struct check_row web_checkv[] = {
	{ "store.conninfo",               check_conninfo    },
	{ "pool.domain",                  check_host        },
	{ "http.listen",                  listener          },
	{ "http.certificate",             certificate       },
	{ "http.connections_per_address", connections       },
	{ "files.dir",                    check_folder      },
	{ "session.idle_s",               session           },
	{ "auth.trusted_addresses",       check_networks    },
	{ "auth.method",                  method            },
	{ "ldap.ca",                      check_authorities },
	{ "ctl.socket",                   check_file_place  },
};

const size_t web_checkc = ARRAY_SIZE(web_checkv);

const struct check_store web_storev[] = {
	{ "store.conninfo", &sql_store, "web" },
	{ NULL, NULL, NULL },
};
