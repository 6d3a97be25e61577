/**
 * @file compliance/adapter_load.c  An adapter's configuration and its code
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/conf.h"
#include "compliance/adapter.h"
#include "compliance/adapter/builtin.h"
#include "compliance/adapter_load.h"

#define ENTRY "pchat_adapter"

struct adapter_spec {
	struct adapter_common common;
	char *path;                /* of its file                      */
	char *type;
	char *name, *dir;          /* of a peek                        */
	void *so;                  /* of a plug-in                     */
	const struct adapter *code;
	struct conf_key *keyv;     /* the host's and its own           */
	size_t keyc;
	struct config *conf;
	struct adapter_setting *settingv;
	size_t settingc;
};

static const struct conf_key host_keyv[] = {
	{ "adapter.name", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "Its name, unique among the adapters: files are called after it, and "
	  "the compliance store knows under it what it has got." },
	{ "adapter.type", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "One of the adapters that are built in, or the path of a plug-in." },
	{ "adapter.required", CONF_BOOL, NULL, "yes", 0, 0, 0, NULL,
	  "Whether events are kept until it has them." },
	{ "adapter.directory", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "Where it writes files, and we the manifests; a directory of its "
	  "own." },
	{ "adapter.sign_key", CONF_SECRET, NULL, NULL, 0, 0, 0, NULL,
	  "PEM file with an Ed25519 private key that signs the manifests: "
	  "openssl genpkey -algorithm ed25519." },
	{ "adapter.timeout_s", CONF_UINT, "s", "3600", 1, 86400, 0, NULL,
	  "A delivery that takes longer is ended, and tried again." },
	{ "adapter.retry_min_s", CONF_UINT, "s", "1", 1, 3600, 0, NULL,
	  "Wait after a failure; each next one is twice as long, and all are a "
	  "quarter more or less by chance." },
	{ "adapter.retry_max_s", CONF_UINT, "s", "300", 1, 86400, 0, NULL,
	  "Longest wait between two tries." },
};


static void destructor(void *data)
{
	struct adapter_spec *spec = data;

	mem_deref(spec->conf);
	mem_deref(spec->keyv);
	mem_deref(spec->settingv);
	mem_deref(spec->type);
	mem_deref(spec->name);
	mem_deref(spec->dir);
	mem_deref(spec->path);
	if (spec->so)
		(void)dlclose(spec->so);
}


static int complain(struct mbuf *errmb, const struct adapter_spec *spec,
		    const char *what, const char *why)
{
	(void)mbuf_printf(errmb, "%s: adapter.type: %s: %s%s%s", spec->path,
			  spec->type, what, why ? ": " : "", why ? why : "");

	return EBADMSG;
}


static int load_plugin(struct adapter_spec *spec, struct mbuf *errmb)
{
	pchat_adapter_h *h;

	spec->so = dlopen(spec->type, RTLD_NOW | RTLD_LOCAL);
	if (!spec->so)
		return complain(errmb, spec, "cannot be loaded", dlerror());

	*(void **)&h = dlsym(spec->so, ENTRY);
	if (!h)
		return complain(errmb, spec, "is no adapter, it lacks " ENTRY
				"()", NULL);

	spec->code = h();

	return spec->code ? 0 : complain(errmb, spec, "gave nothing", NULL);
}


static int check_code(const struct adapter_spec *spec, struct mbuf *errmb)
{
	const struct adapter *code = spec->code;
	char why[64];

	if (code->abi != ADAPTER_ABI) {
		(void)re_snprintf(why, sizeof(why), "it has %u, this program "
				  "%u", code->abi, ADAPTER_ABI);
		return complain(errmb, spec, "another ABI", why);
	}

	if (!code->name || !code->open || !code->deliver || !code->close)
		return complain(errmb, spec, "its table is incomplete", NULL);

	return 0;
}


static int find_code(struct adapter_spec *spec, struct mbuf *errmb)
{
	int err = 0;

	if (strchr(spec->type, '/'))
		err = load_plugin(spec, errmb);
	else
		spec->code = adapter_builtin(spec->type);

	if (err)
		return err;
	if (!spec->code)
		return complain(errmb, spec, "no such adapter; the path of a "
				"plug-in has a /", NULL);

	return check_code(spec, errmb);
}


/* A key that must have a value */
static int peek_key(char **strp, const struct adapter_spec *spec,
		    const char *key, struct mbuf *errmb)
{
	int err;

	err = config_peek(strp, key, spec->path, errmb);
	if (err || str_isset(*strp))
		return err;

	*strp = mem_deref(*strp);
	(void)mbuf_printf(errmb, "%s: %s: is required", spec->path, key);

	return EBADMSG;
}


static int make_keys(struct conf_key **keyvp, size_t *keycp,
		     const struct adapter *code)
{
	const size_t hostc = ARRAY_SIZE(host_keyv);
	struct conf_key *keyv;
	size_t i;

	keyv = mem_zalloc((hostc + code->keyc) * sizeof(*keyv), NULL);
	if (!keyv)
		return ENOMEM;

	memcpy(keyv, host_keyv, sizeof(host_keyv));

	for (i = 0; i < code->keyc; i++) {

		struct conf_key *key = &keyv[hostc + i];

		key->name  = code->keyv[i].name;
		key->type  = CONF_STR;
		key->def   = code->keyv[i].def;
		key->flags = CONF_MULTI;
		key->help  = code->keyv[i].help;
	}

	*keyvp = keyv;
	*keycp = hostc + code->keyc;

	return 0;
}


static void read_common(struct adapter_spec *spec)
{
	struct adapter_common *c = &spec->common;

	c->name        = config_str(spec->conf, "adapter.name");
	c->type        = spec->type;
	c->dir         = config_str(spec->conf, "adapter.directory");
	c->sign_key    = config_str(spec->conf, "adapter.sign_key");
	c->required    = config_bool(spec->conf, "adapter.required");
	c->timeout_s   = (uint32_t)config_uint(spec->conf,
					       "adapter.timeout_s");
	c->retry_min_s = (uint32_t)config_uint(spec->conf,
					       "adapter.retry_min_s");
	c->retry_max_s = (uint32_t)config_uint(spec->conf,
					       "adapter.retry_max_s");
}


/* Defaults are the adapter's own business */
static size_t given(struct adapter_setting *v, const struct adapter_spec *spec,
		    const struct conf_key *key)
{
	const char *value;
	size_t n;

	for (n = 0; (value = config_nth(spec->conf, key->name, n)); n++) {

		if (key->def && !n && !strcmp(value, key->def))
			break;
		if (v) {
			v[n].key   = key->name;
			v[n].value = value;
		}
	}

	return n;
}


static int read_settings(struct adapter_spec *spec)
{
	size_t i, n = 1;

	for (i = ARRAY_SIZE(host_keyv); i < spec->keyc; i++)
		n += given(NULL, spec, &spec->keyv[i]);

	spec->settingv = mem_zalloc(n * sizeof(*spec->settingv), NULL);
	if (!spec->settingv)
		return ENOMEM;

	spec->settingv[0].key   = "name";
	spec->settingv[0].value = spec->common.name;
	spec->settingc = 1;

	for (i = ARRAY_SIZE(host_keyv); i < spec->keyc; i++)
		spec->settingc += given(spec->settingv + spec->settingc, spec,
					&spec->keyv[i]);

	return 0;
}


static int load(struct adapter_spec *spec, struct mbuf *errmb)
{
	int err;

	err = find_code(spec, errmb);
	if (!err)
		err = make_keys(&spec->keyv, &spec->keyc, spec->code);
	if (!err)
		err = config_load(&spec->conf, spec->keyv, spec->keyc,
				  spec->path, errmb);
	if (err)
		return err;

	read_common(spec);

	return read_settings(spec);
}


static int spec_alloc(struct adapter_spec **specp, const char *path,
		      struct mbuf *errmb)
{
	struct adapter_spec *spec;
	int err;

	if (!specp || !path || !errmb)
		return EINVAL;

	spec = mem_zalloc(sizeof(*spec), destructor);
	if (!spec)
		return ENOMEM;

	err = str_dup(&spec->path, path);
	if (!err)
		err = peek_key(&spec->type, spec, "adapter.type", errmb);

	if (err)
		mem_deref(spec);
	else
		*specp = spec;

	return err;
}


int adapter_load(struct adapter_spec **specp, const char *path,
		 struct mbuf *errmb)
{
	struct adapter_spec *spec = NULL;
	int err;

	err = spec_alloc(&spec, path, errmb);
	if (!err)
		err = load(spec, errmb);

	if (err)
		mem_deref(spec);
	else
		*specp = spec;

	return err;
}


static int peek(struct adapter_spec *spec, struct mbuf *errmb)
{
	char *required = NULL;
	int err;

	err = peek_key(&spec->name, spec, "adapter.name", errmb);
	if (!err)
		err = config_peek(&spec->dir, "adapter.directory", spec->path,
				  errmb);
	if (!err)
		err = config_peek(&required, "adapter.required", spec->path,
				  errmb);

	spec->common.name     = spec->name;
	spec->common.dir      = spec->dir;
	spec->common.type     = spec->type;
	spec->common.required = !required || strcmp(required, "no") != 0;
	mem_deref(required);

	return err;
}


int adapter_peek(struct adapter_spec **specp, const char *path,
		 struct mbuf *errmb)
{
	struct adapter_spec *spec = NULL;
	int err;

	err = spec_alloc(&spec, path, errmb);
	if (!err)
		err = peek(spec, errmb);

	if (err)
		mem_deref(spec);
	else
		*specp = spec;

	return err;
}


const struct adapter_common *adapter_spec_common(
	const struct adapter_spec *spec)
{
	return &spec->common;
}


const struct adapter *adapter_spec_code(const struct adapter_spec *spec)
{
	return spec->code;
}


bool adapter_spec_writes(const struct adapter_spec *spec)
{
	const char *name = spec->code->name;

	if (strchr(spec->type, '/'))
		return false;

	return !strcmp(name, "xml") || !strcmp(name, "jsonl") ||
		(!strcmp(name, "eml") &&
		 !str_isset(config_str(spec->conf, "smtp_url")));
}


int adapter_spec_open(const struct adapter_spec *spec, void **statep,
		      const struct adapter_host *host)
{
	return spec->code->open(statep, spec->settingv, spec->settingc, host);
}


int adapter_print_sample(struct re_printf *pf, const char *type)
{
	const struct adapter *code = adapter_builtin(type);
	struct conf_key *keyv = NULL;
	size_t keyc = 0;
	int err;

	if (!code)
		return ENOENT;

	err = make_keys(&keyv, &keyc, code);
	if (err)
		return err;

	/* those that may come several times say so themselves */
	for (size_t i = ARRAY_SIZE(host_keyv); i < keyc; i++)
		keyv[i].flags = 0;
	err = re_hprintf(pf, "adapter.type\t%s\n\n", code->name);
	if (!err)
		err = config_print_sample(pf, keyv, keyc);
	mem_deref(keyv);

	return err;
}
