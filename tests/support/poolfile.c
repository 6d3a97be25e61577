/**
 * @file tests/support/poolfile.c  What pool.json says
 *
 * Takes libre's headers one by one: the whole of re.h and jansson.h define
 * the same names.
 */
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <jansson.h>
#include <re_types.h>
#include <re_fmt.h>
#include <re_mem.h>
#include "tests/support/poolfile.h"


static void destructor(void *data)
{
	struct poolfile *pf = data;
	size_t i;

	for (i = 0; i < pf->instc; i++) {
		mem_deref(pf->instv[i].name);
		mem_deref(pf->instv[i].sip_tcp);
		mem_deref(pf->instv[i].sip_tls);
		mem_deref(pf->instv[i].ctl);
		mem_deref(pf->instv[i].conf);
	}

	for (i = 0; i < pf->compc; i++) {
		mem_deref(pf->compv[i].name);
		mem_deref(pf->compv[i].ctl);
		mem_deref(pf->compv[i].conf);
	}

	for (i = 0; i < pf->webc; i++) {
		mem_deref(pf->webv[i].name);
		mem_deref(pf->webv[i].url);
		mem_deref(pf->webv[i].ctl);
		mem_deref(pf->webv[i].conf);
	}

	mem_deref(pf->webv);
	mem_deref(pf->ca);
	mem_deref(pf->compv);
	mem_deref(pf->compliance_store);
	mem_deref(pf->archive);
	mem_deref(pf->instv);
	mem_deref(pf->store);
	mem_deref(pf->pool_uri);
	mem_deref(pf->domain);
	mem_deref(pf->reg_tcp);
	mem_deref(pf->reg_tls);
	mem_deref(pf->reg_ctl);
	mem_deref(pf->reg_fifo);
}


static char *text_of(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));
	char *str = NULL;

	if (s && *s)
		(void)str_dup(&str, s);

	return str;
}


static pid_t pid_of(const json_t *obj)
{
	return (pid_t)json_integer_value(json_object_get(obj, "pid"));
}


static int inst_load(struct poolfile *pf, const json_t *arr)
{
	const size_t n = json_array_size(arr);
	size_t i;

	pf->instv = mem_zalloc((n + 1) * sizeof(*pf->instv), NULL);
	if (!pf->instv)
		return ENOMEM;

	for (i = 0; i < n; i++) {

		const json_t *o = json_array_get(arr, i);
		struct pool_inst *inst = &pf->instv[i];

		inst->name    = text_of(o, "name");
		inst->sip_tcp = text_of(o, "sip_tcp");
		inst->sip_tls = text_of(o, "sip_tls");
		inst->ctl     = text_of(o, "ctl");
		inst->conf    = text_of(o, "conf");
		inst->pid     = pid_of(o);
	}

	pf->instc = n;

	return 0;
}


static int comp_load(struct poolfile *pf, const json_t *arr)
{
	const size_t n = json_array_size(arr);
	size_t i;

	pf->compv = mem_zalloc((n + 1) * sizeof(*pf->compv), NULL);
	if (!pf->compv)
		return ENOMEM;

	for (i = 0; i < n; i++) {

		const json_t *o = json_array_get(arr, i);
		struct pool_compliance *comp = &pf->compv[i];

		comp->name = text_of(o, "name");
		comp->ctl  = text_of(o, "ctl");
		comp->conf = text_of(o, "conf");
		comp->pid  = pid_of(o);
	}

	pf->compc = n;

	return 0;
}


static int web_load(struct poolfile *pf, const json_t *arr)
{
	const size_t n = json_array_size(arr);
	size_t i;

	pf->webv = mem_zalloc((n + 1) * sizeof(*pf->webv), NULL);
	if (!pf->webv)
		return ENOMEM;

	for (i = 0; i < n; i++) {

		const json_t *o = json_array_get(arr, i);
		struct pool_web *web = &pf->webv[i];

		web->name = text_of(o, "name");
		web->url  = text_of(o, "url");
		web->ctl  = text_of(o, "ctl");
		web->conf = text_of(o, "conf");
		web->pid  = pid_of(o);
	}

	pf->webc = n;

	return 0;
}


static int fill(struct poolfile *pf, const json_t *json)
{
	const json_t *reg = json_object_get(json, "registrar");
	int err;

	pf->store    = text_of(json, "store");
	pf->pool_uri = text_of(json, "pool_uri");
	pf->domain   = text_of(json, "domain");
	pf->reg_tcp  = text_of(reg, "tcp");
	pf->reg_tls  = text_of(reg, "tls");
	pf->reg_ctl  = text_of(reg, "ctl");
	pf->reg_fifo = text_of(reg, "fifo");
	pf->reg_pid  = pid_of(reg);

	pf->compliance_store = text_of(json, "compliance_store");
	pf->archive = text_of(json, "archive");

	pf->ca = text_of(json, "ca");

	err = inst_load(pf, json_object_get(json, "instances"));
	if (!err)
		err = comp_load(pf, json_object_get(json, "compliance"));
	if (!err)
		err = web_load(pf, json_object_get(json, "web"));

	return err;
}


int poolfile_load(struct poolfile **pfp, const char *path)
{
	struct poolfile *pf;
	json_error_t jerr;
	json_t *json;
	int err;

	if (!pfp || !path)
		return EINVAL;

	json = json_load_file(path, 0, &jerr);
	if (!json) {
		(void)re_fprintf(stderr, "%s: %s\n", path, jerr.text);
		return EBADMSG;
	}

	pf = mem_zalloc(sizeof(*pf), destructor);
	err = pf ? fill(pf, json) : ENOMEM;

	json_decref(json);
	if (err)
		mem_deref(pf);
	else
		*pfp = pf;

	return err;
}


static pid_t postmaster_found;


static int postmaster_handler(const char *path, const struct stat *st,
			      int type, struct FTW *ftw)
{
	FILE *f;
	int pid;

	(void)st;

	if (type != FTW_F || strcmp(path + ftw->base, "postmaster.pid"))
		return 0;

	f = fopen(path, "r");
	if (!f)
		return 0;

	if (fscanf(f, "%d", &pid) == 1)
		postmaster_found = (pid_t)pid;
	(void)fclose(f);

	return 1;
}


pid_t poolfile_postmaster(const char *dir)
{
	postmaster_found = 0;
	(void)nftw(dir, postmaster_handler, 16, FTW_PHYS);

	return postmaster_found;
}
