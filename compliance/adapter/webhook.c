/**
 * @file compliance/adapter/webhook.c  Batches posted over HTTPS
 *
 * A batch goes in parts of a limited size, each with a key of its own that is
 * the same whenever the part comes again, and signed.  A part that is refused
 * is set aside, the others go on; parts that were taken are not posted again.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/adapter/builtin.h"
#include "compliance/adapter/hmac.h"
#include "compliance/adapter/jsonline.h"
#include "compliance/adapter/jsonpart.h"
#include "compliance/adapter/net.h"
#include "compliance/adapter/place.h"
#include "compliance/adapter/setting.h"


enum { FORMAT_JSONL, FORMAT_JSON };
enum { RETRY_AFTER_MAX_S = 86400 };

struct webhook {
	const struct adapter_host *host;
	struct net_opt net;
	struct jsonline_opt opt;
	char *name, *url, *secret;
	unsigned format;
	uint64_t part_bytes;
	CURL *curl;
	char error[CURL_ERROR_SIZE];
	uint64_t after_ms;         /* not asked again before              */
};

static const struct adapter_key keyv[] = {
	{ "url", NULL, "Where to post to; https only." },
	{ "secret_file", NULL,
	  "Its first line is the key of the HMAC-SHA256 signature; mode 0600." },
	{ "format", "jsonl",
	  "jsonl: lines as of the adapter jsonl (application/x-ndjson); json:"
	  " the same objects in an array (application/json)." },
	{ "part_bytes", "1048576",
	  "A part is closed before it would be larger than this; 1024 to"
	  " 67108864.  One event alone may be." },
	JSONLINE_KEYS("no"),
	NET_KEYS,
};


static void destructor(void *data)
{
	struct webhook *wh = data;

	curl_easy_cleanup(wh->curl);
	net_opt_reset(&wh->net);
	mem_deref(wh->name);
	mem_deref(wh->url);
	mem_deref(wh->secret);
}


static void read_settings(struct webhook *wh, struct settings *set)
{
	const char *name = setting_str(set, "name");
	const char *url = setting_need(set, "url");

	if (*url && strncasecmp(url, "https://", 8))
		setting_complain(set, EINVAL, "url", "is no https:// URL");

	(void)setting_need(set, "secret_file");
	setting_secret(set, "secret_file", &wh->secret);
	wh->format     = setting_enum(set, "format", "jsonl json");
	wh->part_bytes = setting_uint(set, "part_bytes", 1024, 67108864);
	jsonline_opt_read(&wh->opt, set);
	net_opt_read(&wh->net, set);

	if (!set->err)
		set->err = str_dup(&wh->url, url);
	if (!set->err)
		set->err = str_dup(&wh->name, name ? name : "webhook");
}


static size_t ignore_handler(char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	(void)arg;

	return size * n;
}


static int make_handle(struct webhook *wh)
{
	wh->curl = net_handle(&wh->net, wh->error);
	if (!wh->curl)
		return ENOMEM;

	(void)curl_easy_setopt(wh->curl, CURLOPT_PROTOCOLS_STR, "https");
	(void)curl_easy_setopt(wh->curl, CURLOPT_URL, wh->url);
	(void)curl_easy_setopt(wh->curl, CURLOPT_WRITEFUNCTION,
			       ignore_handler);

	return 0;
}


static int webhook_open(void **statep, const struct adapter_setting *settingv,
			size_t settingc, const struct adapter_host *host)
{
	struct settings set;
	struct webhook *wh;

	wh = mem_zalloc(sizeof(*wh), destructor);
	if (!wh)
		return ENOMEM;

	wh->host = host;
	settings_init(&set, &adapter_webhook, settingv, settingc, host);
	read_settings(wh, &set);
	if (!set.err)
		set.err = make_handle(wh);

	if (set.err)
		mem_deref(wh);
	else
		*statep = wh;

	return set.err;
}


static int header(struct curl_slist **listp, const char *fmt, ...)
{
	struct curl_slist *list;
	char *line = NULL;
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = re_vsdprintf(&line, fmt, ap);
	va_end(ap);
	if (err)
		return err;

	list = curl_slist_append(*listp, line);
	mem_deref(line);
	if (!list)
		return ENOMEM;

	*listp = list;

	return 0;
}


static int headers(struct curl_slist **listp, const struct webhook *wh,
		   const struct jsonpart *part)
{
	const struct adapter_batch *batch = part->jl.batch;
	char hex[HMAC_HEX_SIZE], *stem = NULL, *key = NULL;
	int err;

	err = place_stem(&stem, batch, wh->name);
	if (!err)
		err = re_sdprintf(&key, "%s-%u", stem, part->nr);
	if (!err)
		err = hmac_hex(hex, wh->secret, key, part->body);
	if (!err)
		err = header(listp, "Content-Type: application/%s",
			     wh->format == FORMAT_JSON ? "json" : "x-ndjson");
	if (!err)
		err = header(listp, "Idempotency-Key: %s", key);
	if (!err)
		err = header(listp, "X-Pchat-Signature: sha256=%s", hex);
	if (!err)
		err = header(listp, "X-Pchat-Batch: %llu", batch->id);
	if (!err)
		err = header(listp, "X-Pchat-Part: %u%s", part->nr,
			     part->last ? "; last" : "");
	if (!err)
		err = header(listp, "Expect:");

	mem_deref(stem);
	mem_deref(key);

	return err;
}


/* The answer's code and what it asks for */
static enum adapter_verdict verdict(struct webhook *wh, char *errbuf,
				    size_t errsize)
{
	curl_off_t after = 0;
	long code = 0;

	(void)curl_easy_getinfo(wh->curl, CURLINFO_RESPONSE_CODE, &code);
	if (code >= 200 && code < 300)
		return ADAPTER_TAKEN;

	(void)re_snprintf(errbuf, errsize, "the server answers %d",
			  (int)code);

	if (code != 408 && code != 429 && code < 500)
		return ADAPTER_REFUSED;

	(void)curl_easy_getinfo(wh->curl, CURLINFO_RETRY_AFTER, &after);
	if (after > RETRY_AFTER_MAX_S)
		after = RETRY_AFTER_MAX_S;
	if (after > 0)
		wh->after_ms = tmr_jiffies() + (uint64_t)after * 1000;

	return ADAPTER_LATER;
}


static enum adapter_verdict post(struct webhook *wh,
				 const struct jsonpart *part, char *errbuf,
				 size_t errsize)
{
	struct curl_slist *list = NULL;
	enum adapter_verdict v;
	CURLcode code;
	int err;

	err = headers(&list, wh, part);
	if (err) {
		curl_slist_free_all(list);
		return place_result(err, "post", errbuf, errsize);
	}

	(void)curl_easy_setopt(wh->curl, CURLOPT_HTTPHEADER, list);
	(void)curl_easy_setopt(wh->curl, CURLOPT_POSTFIELDSIZE_LARGE,
			       (curl_off_t)part->body->end);
	(void)curl_easy_setopt(wh->curl, CURLOPT_POSTFIELDS,
			       (const char *)part->body->buf);

	wh->error[0] = '\0';
	code = curl_easy_perform(wh->curl);
	if (code == CURLE_OK) {
		v = verdict(wh, errbuf, errsize);
	}
	else {
		(void)re_snprintf(errbuf, errsize, "%s", wh->error[0] ?
				  wh->error : curl_easy_strerror(code));
		v = ADAPTER_LATER;
	}

	(void)curl_easy_setopt(wh->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(list);

	return v;
}


static enum adapter_verdict post_part(struct webhook *wh,
				      const struct jsonpart *part,
				      char *errbuf, size_t errsize)
{
	const struct adapter_host *host = wh->host;
	enum adapter_verdict v;
	char item[32];
	int err;

	(void)re_snprintf(item, sizeof(item), "part %u", part->nr);
	if (!host->due(host->arg, item))
		return ADAPTER_TAKEN;

	v = post(wh, part, errbuf, errsize);
	if (v == ADAPTER_LATER)
		return v;

	err = host->settled(host->arg, item, v, errbuf);

	return place_result(err, "post", errbuf, errsize);
}


static enum adapter_verdict post_all(struct webhook *wh,
				     struct jsonpart *part, char *errbuf,
				     size_t errsize)
{
	enum adapter_verdict v;
	int err;

	while (0 == (err = jsonpart_next(part))) {

		v = post_part(wh, part, errbuf, errsize);
		if (v != ADAPTER_TAKEN)
			return v;
	}

	return place_result(err == ENOENT ? 0 : err, "post", errbuf, errsize);
}


static bool too_early(const struct webhook *wh, char *errbuf, size_t errsize)
{
	const uint64_t now = tmr_jiffies();

	if (now >= wh->after_ms)
		return false;

	(void)re_snprintf(errbuf, errsize,
			  "the server asked to wait, %llu s are left",
			  (wh->after_ms - now + 999) / 1000);

	return true;
}


static enum adapter_verdict webhook_deliver(void *state,
					    const struct adapter_batch *batch,
					    char *errbuf, size_t errsize)
{
	struct webhook *wh = state;
	enum adapter_verdict v;
	struct jsonpart part;
	int err;

	if (too_early(wh, errbuf, errsize))
		return ADAPTER_LATER;

	err = jsonpart_init(&part, batch, &wh->opt, wh->part_bytes,
			    wh->format == FORMAT_JSON);
	v = err ? place_result(err, "post", errbuf, errsize)
		: post_all(wh, &part, errbuf, errsize);

	jsonpart_reset(&part);

	return v;
}


const struct adapter adapter_webhook = {
	.abi     = ADAPTER_ABI,
	.name    = "webhook",
	.help    = "Posts batches as signed JSON over HTTPS.",
	.keyv    = keyv,
	.keyc    = ARRAY_SIZE(keyv),
	.open    = webhook_open,
	.deliver = webhook_deliver,
	.close   = place_leave,
};
