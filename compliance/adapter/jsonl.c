/**
 * @file compliance/adapter/jsonl.c  One JSON object per event per line
 */
#include <errno.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/outfile.h"
#include "compliance/adapter/builtin.h"
#include "compliance/adapter/jsonline.h"
#include "compliance/adapter/place.h"
#include "compliance/adapter/setting.h"


struct jsonl {
	const struct adapter_host *host;
	struct jsonline_opt opt;
	char *name;
};

static const struct adapter_key keyv[] = {
	JSONLINE_KEYS("yes"),
};


static void destructor(void *data)
{
	struct jsonl *jsonl = data;

	mem_deref(jsonl->name);
}


static int jsonl_open(void **statep, const struct adapter_setting *settingv,
		      size_t settingc, const struct adapter_host *host)
{
	struct settings set;
	struct jsonl *jsonl;
	const char *name;

	jsonl = mem_zalloc(sizeof(*jsonl), destructor);
	if (!jsonl)
		return ENOMEM;

	settings_init(&set, &adapter_jsonl, settingv, settingc, host);
	jsonl->host = host;
	jsonline_opt_read(&jsonl->opt, &set);

	name = setting_str(&set, "name");
	if (!set.err)
		set.err = str_dup(&jsonl->name, name ? name : "jsonl");

	if (set.err)
		mem_deref(jsonl);
	else
		*statep = jsonl;

	return set.err;
}


static int write_lines(const struct jsonl *jsonl, struct outfile *of,
		       const struct adapter_batch *batch)
{
	struct jsonline jl = { .batch = batch, .opt = jsonl->opt };
	struct mbuf *mb = mbuf_alloc(4096);
	int err = mb ? 0 : ENOMEM;

	while (!err) {
		mbuf_rewind(mb);
		err = jsonline_next(&jl, mb);
		if (!err)
			outfile_write(of, mb->buf, mb->end);
	}

	mem_deref(mb);

	return err == ENOENT ? 0 : err;
}


static enum adapter_verdict jsonl_deliver(void *state,
					  const struct adapter_batch *batch,
					  char *errbuf, size_t errsize)
{
	const struct jsonl *jsonl = state;
	struct outfile *of = NULL;
	int err;

	err = place_open(&of, batch, jsonl->name, NULL, "jsonl");
	if (!err)
		err = write_lines(jsonl, of, batch);
	if (!err)
		err = place_close(of, jsonl->host);

	mem_deref(of);

	return place_result(err, "writing JSON lines", errbuf, errsize);
}


const struct adapter adapter_jsonl = {
	.abi     = ADAPTER_ABI,
	.name    = "jsonl",
	.help    = "Files of one JSON object per event per line.",
	.keyv    = keyv,
	.keyc    = ARRAY_SIZE(keyv),
	.open    = jsonl_open,
	.deliver = jsonl_deliver,
	.close   = place_leave,
};
