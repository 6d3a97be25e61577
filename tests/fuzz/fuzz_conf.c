/**
 * @file tests/fuzz/fuzz_conf.c  Configuration files of the daemons, of
 *                               adapters and of the LDAP synchronisation
 *
 * The first byte says whose keys.  A file that is refused is refused with one
 * line that names it; one that is taken is taken again, and an adapter's name
 * is the same to both who read its file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/conf.h"
#include "channel/conf_keys.h"
#include "compliance/adapter.h"
#include "compliance/adapter_load.h"
#include "compliance/conf_keys.h"
#include "webfiles/conf_keys.h"
#include "tests/fuzz/fuzz.h"

enum { CHANNEL, COMPLIANCE, WEB, LOOSE, ADAPTER, KINDS };

/* A key of each type, none required */
static const struct conf_key loosev[] = {
	{ "name", CONF_STR,  NULL, NULL, 0, 0, CONF_RELOAD, NULL, "n" },
	{ "idle", CONF_UINT, "s", "5", 1, 9000, CONF_RELOAD, NULL, "i" },
	{ "big",  CONF_UINT, NULL, NULL, 0, 0, 0, NULL, "b" },
	{ "tls",  CONF_BOOL, NULL, "yes", 0, 0, CONF_RELOAD, NULL, "t" },
	{ "mode", CONF_ENUM, NULL, "open", 0, 0, 0, "open closed", "m" },
	{ "peer", CONF_STR,  NULL, NULL, 0, 0, CONF_MULTI | CONF_RELOAD, NULL,
	  "p" },
	{ "cert", CONF_FILE, NULL, NULL, 0, 0, 0, NULL, "c" },
	{ "key",  CONF_SECRET, NULL, NULL, 0, 0, 0, NULL, "k" },
};


static void complaint(const struct mbuf *mb, const char *path)
{
	const size_t l = strlen(path);

	fuzz_check(mb->end > l && !memcmp(mb->buf, path, l));
	fuzz_check(!memchr(mb->buf, '\n', mb->end) &&
		   !memchr(mb->buf, '\0', mb->end));
}


static void values(const struct config *conf, const struct conf_key *keyv,
		   size_t keyc)
{
	for (size_t i = 0; i < keyc; i++) {
		const struct conf_key *key = &keyv[i];
		const uint64_t n = config_uint(conf, key->name);

		for (size_t k = 0; config_nth(conf, key->name, k); k++)
			;
		if (key->type == CONF_UINT && config_str(conf, key->name))
			fuzz_check(n >= key->min && (!key->max || n <= key->max));
	}
}


static void daemon_any(const struct conf_key *keyv, size_t keyc,
		       const char *path, const struct fuzz_in *next)
{
	struct mbuf *err = mbuf_alloc(256);
	struct config *conf;

	if (config_load(&conf, keyv, keyc, path, err)) {
		complaint(err, path);
		mem_deref(err);
		return;
	}

	values(conf, keyv, keyc);
	fuzz_check(!err->end && !config_reload(conf, err));
	fuzz_file(path, next->p, next->l);
	if (config_reload(conf, err))
		complaint(err, path);
	values(conf, keyv, keyc);
	mem_deref(conf);
	mem_deref(err);
}


static void quiet(void *arg, int level, const char *fmt, ...)
{
	(void)arg;
	(void)level;
	(void)fmt;
}


static void same(const char *a, const char *b)
{
	fuzz_check(!a == !b && (!a || !strcmp(a, b)));
}


static void adapter_any(const char *path)
{
	static const struct adapter_host host = { .log = quiet };
	struct mbuf *err = mbuf_alloc(256);
	struct adapter_spec *spec, *peek;
	void *state = NULL;

	if (adapter_load(&spec, path, err)) {
		complaint(err, path);
		mem_deref(err);
		return;
	}

	fuzz_check(!adapter_peek(&peek, path, err));
	same(adapter_spec_common(spec)->name, adapter_spec_common(peek)->name);
	same(adapter_spec_common(spec)->dir, adapter_spec_common(peek)->dir);
	fuzz_check(adapter_spec_common(spec)->required ==
		   adapter_spec_common(peek)->required);
	if (!adapter_spec_open(spec, &state, &host))
		adapter_spec_code(spec)->close(state);
	mem_deref(peek);
	mem_deref(spec);
	mem_deref(err);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct { const struct conf_key *v; size_t c; } tabv[] = {
		[CHANNEL]    = { channel_keyv, channel_keyc },
		[COMPLIANCE] = { compliance_keyv, compliance_keyc },
		[WEB]        = { web_keyv, web_keyc },
		[LOOSE]      = { loosev, ARRAY_SIZE(loosev) },
	};
	struct fuzz_in in = { data, size };
	const uint8_t kind = fuzz_byte(&in) % KINDS;
	const char *path = fuzz_path("conf");
	size_t l;
	char *text = fuzz_text(&in, 0xff, &l);

	fuzz_init();
	fuzz_file(path, text, l);

	/* a path is code or a file of this machine: not to be opened */
	if (kind != ADAPTER)
		daemon_any(tabv[kind].v, tabv[kind].c, path, &in);
	else if (!memchr(text, '/', l))
		adapter_any(path);
	free(text);

	return 0;
}
