/**
 * @file webfiles/auth.c  Ways to sign in: what the configuration says
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/conf.h"
#include "common/log.h"
#include "common/secret.h"
#include "webfiles/auth.h"
#include "webfiles/http.h"

struct range {
	struct le le;
	uint8_t ip[16];
	int af;
	uint32_t bits;
};


static void destructor(void *data)
{
	struct auth *auth = data;

	list_flush(&auth->trustedl);
	if (auth->password)
		explicit_bzero(auth->password, strlen(auth->password));
	mem_deref(auth->password);
}


/* --------------------------------------------------------- whom we trust */

static void range_destructor(void *data)
{
	struct range *range = data;

	list_unlink(&range->le);
}


/* The bytes of an address and how many bits they are */
static uint32_t bytes(uint8_t ip[16], const struct sa *sa)
{
	if (sa_af(sa) == AF_INET6) {
		sa_in6(sa, ip);
		return 128;
	}

	memcpy(ip, &sa->u.in.sin_addr, 4);

	return 32;
}


static int range_add(struct auth *auth, const struct pl *word)
{
	struct range *range = mem_zalloc(sizeof(*range), range_destructor);
	struct pl addr, prefix = PL_INIT;
	struct sa sa;
	uint32_t most;

	if (!range)
		return ENOMEM;

	list_append(&auth->trustedl, &range->le, range);
	if (re_regex(word->p, word->l, "[^/]+/[0-9]+", &addr, &prefix))
		addr = *word;
	if (sa_set(&sa, &addr, 0))
		return EINVAL;

	range->af = sa_af(&sa);
	most = bytes(range->ip, &sa);
	range->bits = pl_isset(&prefix) ? pl_u32(&prefix) : most;

	return range->bits <= most ? 0 : EINVAL;
}


static int ranges_read(struct auth *auth, const char *text)
{
	struct pl pl, word;
	int err = 0;

	pl_set_str(&pl, text);
	while (!err && !re_regex(pl.p, pl.l, "[^ \t]+", &word)) {
		err = range_add(auth, &word);
		pl_advance(&pl, word.p + word.l - pl.p);
		if (err == EINVAL)
			log_err("auth.trusted_addresses", "address=%H",
				log_quote, &word);
	}

	return err;
}


static bool inside(const struct range *range, const struct sa *sa)
{
	const uint32_t whole = range->bits / 8, rest = range->bits % 8;
	uint8_t ip[16];

	if (sa_af(sa) != range->af)
		return false;

	(void)bytes(ip, sa);

	return !memcmp(ip, range->ip, whole) &&
		(!rest || !((ip[whole] ^ range->ip[whole]) >> (8 - rest)));
}


bool auth_trusts(const struct auth *auth, const struct sa *peer)
{
	struct le *le;

	for (le = auth->trustedl.head; le; le = le->next) {
		if (inside(le->data, peer))
			return true;
	}

	return false;
}


static bool trusted(const struct auth *auth, const struct req *req)
{
	return auth_trusts(auth, req_peer(req));
}


int auth_canonical(const struct auth *auth, char key[CHATURI_SIZE],
		   const char *name)
{
	char whole[CHATURI_SIZE];
	struct pl pl;
	int n;

	n = strchr(name, '@') ? re_snprintf(whole, sizeof(whole), "%s", name) :
		re_snprintf(whole, sizeof(whole), "%s@%s", name,
			    auth->domain);
	if (n < 0)
		return EOVERFLOW;

	pl_set_str(&pl, whole);

	return useruri_canon(key, CHATURI_SIZE, &pl);
}


const char *auth_named(const struct auth *auth, const struct req *req)
{
	const char *name;

	if (auth->method != AUTH_HEADER || !trusted(auth, req))
		return NULL;

	name = req_header(req, auth->header);

	return str_isset(name) ? name : NULL;
}


/* The last one of a list is what our proxy saw; what is before, anybody may
   have written */
void auth_address(const struct auth *auth, const struct req *req,
		  char buf[AUTH_ADDRESS_MAX])
{
	const char *said = req_header(req, "X-Forwarded-For");
	const char *last = said ? strrchr(said, ',') : NULL;
	struct sa sa;

	if (said && trusted(auth, req)) {
		last = last ? last + 1 : said;
		if (!sa_set_str(&sa, last + strspn(last, " "), 0)) {
			(void)re_snprintf(buf, AUTH_ADDRESS_MAX, "%j", &sa);
			return;
		}
	}

	(void)re_snprintf(buf, AUTH_ADDRESS_MAX, "%j", req_peer(req));
}


/* ------------------------------------------------------------- directory */

static const char *ldap_wrong(const struct auth *auth)
{
	if (!auth->ldap.uri)
		return "ldap.uri is required";
	if (!ldapconn_private(auth->ldap.uri, auth->ldap.start_tls))
		return "passwords over the net in clear: use ldaps:// or "
			"ldap.start_tls";
	if (!auth->user_dn == !auth->base)
		return "either ldap.user_dn or ldap.base is required";
	if (auth->base && !strstr(auth->filter, "{user}") &&
	    !strstr(auth->filter, "{address}"))
		return "ldap.filter has neither {user} nor {address}";
	if (auth->user_dn && !strstr(auth->user_dn, "{user}") &&
	    !strstr(auth->user_dn, "{address}"))
		return "ldap.user_dn has neither {user} nor {address}";
	if (!auth->bind_dn != !auth->password)
		return "ldap.bind_dn and ldap.password_file go together";

	return NULL;
}


static int ldap_read(struct auth *auth, const struct config *conf)
{
	const char *path = config_str(conf, "ldap.password_file");
	const char *wrong;

	auth->ldap.uri       = config_str(conf, "ldap.uri");
	auth->ldap.start_tls = config_bool(conf, "ldap.start_tls");
	auth->ldap.ca        = config_str(conf, "ldap.ca");
	auth->ldap.timeout_s = (uint32_t)config_uint(conf, "ldap.timeout_s");
	auth->user_dn        = config_str(conf, "ldap.user_dn");
	auth->base           = config_str(conf, "ldap.base");
	auth->filter         = config_str(conf, "ldap.filter");
	auth->bind_dn        = config_str(conf, "ldap.bind_dn");

	wrong = path && secret_line(&auth->password, path) ?
		"ldap.password_file: no password that others cannot read" : ldap_wrong(auth);
	if (wrong)
		log_err("auth.ldap", "reason=\"%s\"", wrong);

	return wrong ? EINVAL : 0;
}


int auth_open(struct auth **authp, const struct config *conf)
{
	struct auth *auth = mem_zalloc(sizeof(*auth), destructor);
	const char *method = config_str(conf, "auth.method");
	int err;

	if (!auth)
		return ENOMEM;

	auth->method = !strcmp(method, "ldap") ? AUTH_LDAP :
		!strcmp(method, "header") ? AUTH_HEADER : AUTH_PASSWORD;
	auth->domain = config_str(conf, "pool.domain");
	auth->header = config_str(conf, "auth.header");
	err = ranges_read(auth, config_str(conf, "auth.trusted_addresses"));
	if (!err && auth->method == AUTH_LDAP)
		err = ldap_read(auth, conf);
	if (!err && auth->method == AUTH_HEADER && !auth->trustedl.head) {
		log_err("auth.header", "reason=\"auth.trusted_addresses "
			"names nobody\"");
		err = EINVAL;
	}

	if (err)
		mem_deref(auth);
	else
		*authp = auth;

	return err;
}
