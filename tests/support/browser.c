/**
 * @file tests/support/browser.c  Somebody at the web service, on libcurl
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <curl/curl.h>
#include <re.h>
#include "common/json.h"
#include "tests/support/browser.h"
#include "tests/support/pool.h"

enum { ANSWER_S = 60, MEMBER_MAX = 512 };

struct browser {
	CURL *curl;
	char *url;
	char *csrf, *other_csrf;
	struct curl_slist *with;
	struct mbuf *body, *head;
	json_t *json;
	char member[MEMBER_MAX];
	char header[MEMBER_MAX];
};

struct source {
	const uint8_t *p;
	size_t left;
};


static void destructor(void *data)
{
	struct browser *b = data;

	curl_easy_cleanup(b->curl);
	curl_slist_free_all(b->with);
	json_decref(b->json);
	mem_deref(b->url);
	mem_deref(b->csrf);
	mem_deref(b->other_csrf);
	mem_deref(b->body);
	mem_deref(b->head);
}


static size_t keep(char *p, size_t size, size_t n, void *arg)
{
	return mbuf_write_mem(arg, (uint8_t *)p, size * n) ? 0 : size * n;
}


void browser_from(struct browser *b, const char *address)
{
	(void)curl_easy_setopt(b->curl, CURLOPT_INTERFACE, address);
	(void)curl_easy_setopt(b->curl, CURLOPT_FRESH_CONNECT, 1L);
}


int browser_open(struct browser **bp, const struct pool *pool, size_t web)
{
	const struct pool_web *pw = pool_web(pool, web);
	struct browser *b = mem_zalloc(sizeof(*b), destructor);

	if (!pw || !b)
		goto fail;

	b->curl = curl_easy_init();
	b->body = mbuf_alloc(4096);
	b->head = mbuf_alloc(1024);
	if (!b->curl || !b->body || !b->head || str_dup(&b->url, pw->url))
		goto fail;

	(void)curl_easy_setopt(b->curl, CURLOPT_CAINFO, pool_ca(pool));
	(void)curl_easy_setopt(b->curl, CURLOPT_COOKIEFILE, "");
	(void)curl_easy_setopt(b->curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(b->curl, CURLOPT_TIMEOUT, (long)ANSWER_S);
	(void)curl_easy_setopt(b->curl, CURLOPT_PATH_AS_IS, 1L);
	(void)curl_easy_setopt(b->curl, CURLOPT_WRITEFUNCTION, keep);
	(void)curl_easy_setopt(b->curl, CURLOPT_WRITEDATA, b->body);
	(void)curl_easy_setopt(b->curl, CURLOPT_HEADERFUNCTION, keep);
	(void)curl_easy_setopt(b->curl, CURLOPT_HEADERDATA, b->head);
	*bp = b;

	return 0;

 fail:
	mem_deref(b);

	return ENOMEM;
}


/* ---------------------------------------------------------------- a request */

static void add(struct browser *b, const char *line)
{
	b->with = curl_slist_append(b->with, line);
}


void browser_with(struct browser *b, const char *fmt, ...)
{
	char *line = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (!re_vsdprintf(&line, fmt, ap))
		add(b, line);
	va_end(ap);
	mem_deref(line);
}


void browser_csrf(struct browser *b, const char *csrf)
{
	b->other_csrf = mem_deref(b->other_csrf);
	if (csrf)
		(void)str_dup(&b->other_csrf, csrf);
}


void browser_cookie(struct browser *b, const char *cookie)
{
	(void)curl_easy_setopt(b->curl, CURLOPT_COOKIELIST, "ALL");
	(void)curl_easy_setopt(b->curl, CURLOPT_COOKIE, cookie);
}


static unsigned perform(struct browser *b, const char *method,
			const char *path)
{
	const char *csrf = b->other_csrf ? b->other_csrf : b->csrf;
	char *url = NULL;
	long status = 0;

	mbuf_reset(b->body);
	mbuf_reset(b->head);
	b->json = (json_decref(b->json), NULL);

	if (str_isset(csrf))
		browser_with(b, "X-CSRF-Token: %s", csrf);
	if (re_sdprintf(&url, "%s%s", b->url, path))
		return 0;

	(void)curl_easy_setopt(b->curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(b->curl, CURLOPT_CUSTOMREQUEST, method);
	(void)curl_easy_setopt(b->curl, CURLOPT_NOBODY,
			       (long)!strcmp(method, "HEAD"));
	(void)curl_easy_setopt(b->curl, CURLOPT_HTTPHEADER, b->with);
	if (!curl_easy_perform(b->curl))
		(void)curl_easy_getinfo(b->curl, CURLINFO_RESPONSE_CODE,
					&status);

	curl_slist_free_all(b->with);
	b->with = NULL;
	mem_deref(url);
	(void)mbuf_write_u8(b->body, '\0');
	(void)mbuf_write_u8(b->head, '\0');
	--b->body->end;

	return (unsigned)status;
}


static size_t give(char *p, size_t size, size_t n, void *arg)
{
	struct source *src = arg;
	const size_t len = MIN(size * n, src->left);

	memcpy(p, src->p, len);
	src->p    += len;
	src->left -= len;

	return len;
}


static unsigned send_body(struct browser *b, const char *method,
			  const char *type, const void *p, size_t len,
			  bool chunked, const char *path)
{
	struct source src = { p, len };
	unsigned status;

	if (*type)
		browser_with(b, "Content-Type: %s", type);
	add(b, "Expect:");
	if (chunked)
		add(b, "Transfer-Encoding: chunked");

	(void)curl_easy_setopt(b->curl, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(b->curl, CURLOPT_READFUNCTION, give);
	(void)curl_easy_setopt(b->curl, CURLOPT_READDATA, &src);
	(void)curl_easy_setopt(b->curl, CURLOPT_INFILESIZE_LARGE,
			       chunked ? (curl_off_t)-1 : (curl_off_t)len);
	status = perform(b, method, path);
	(void)curl_easy_setopt(b->curl, CURLOPT_UPLOAD, 0L);

	return status;
}


unsigned browser_get(struct browser *b, const char *fmt, ...)
{
	unsigned status = 0;
	char *path = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (!re_vsdprintf(&path, fmt, ap))
		status = perform(b, "GET", path);
	va_end(ap);
	mem_deref(path);

	return status;
}


unsigned browser_send(struct browser *b, const char *method, const char *body,
		      const char *fmt, ...)
{
	unsigned status = 0;
	char *path = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (!re_vsdprintf(&path, fmt, ap))
		status = *body ? send_body(b, method, "application/json", body,
					   strlen(body), false, path) :
			perform(b, method, path);
	va_end(ap);
	mem_deref(path);

	return status;
}


unsigned browser_put(struct browser *b, const char *method, const char *type,
		     const void *p, size_t len, bool chunked,
		     const char *fmt, ...)
{
	unsigned status = 0;
	char *path = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (!re_vsdprintf(&path, fmt, ap))
		status = send_body(b, method, type, p, len, chunked, path);
	va_end(ap);
	mem_deref(path);

	return status;
}


/* --------------------------------------------------------------- signing in */

unsigned browser_signin(struct browser *b, const char *name)
{
	char *body = NULL;
	unsigned status;

	b->csrf = mem_deref(b->csrf);
	if (re_sdprintf(&body, "{\"user\":\"%s\",\"password\":\"%s\"}", name,
			name))
		return 0;

	status = browser_send(b, "POST", body, "/api/v1/session");
	if (status == 201)
		(void)str_dup(&b->csrf, browser_member(b, "csrf"));
	mem_deref(body);

	return status;
}


struct browser *browser_as(const struct pool *pool, size_t web,
			   const char *name)
{
	struct browser *b;

	if (browser_open(&b, pool, web))
		return NULL;

	return browser_signin(b, name) == 201 ? b : mem_deref(b);
}


/* --------------------------------------------------------------- the answer */

const struct mbuf *browser_body(const struct browser *b)
{
	return b->body;
}


const char *browser_text(const struct browser *b)
{
	return (const char *)b->body->buf;
}


const char *browser_head(const struct browser *b, const char *name)
{
	struct browser *to = (struct browser *)b;
	const char *p = (const char *)b->head->buf;
	const size_t len = strlen(name);

	while ((p = strstr(p, "\r\n")) && p[2]) {
		p += 2;
		if (strncasecmp(p, name, len) || p[len] != ':')
			continue;
		p += len + 1;
		p += strspn(p, " ");
		(void)re_snprintf(to->header, sizeof(to->header), "%b", p,
				  strcspn(p, "\r"));
		return to->header;
	}

	return NULL;
}


static const json_t *find(struct browser *b, const char *path)
{
	const json_t *at;

	if (!b->json)
		b->json = json_loadb(browser_text(b), b->body->end, 0, NULL);
	at = b->json;

	while (at && *path) {

		const size_t len = strcspn(path, ".");
		char name[64];

		(void)re_snprintf(name, sizeof(name), "%b", path, len);
		at = json_is_array(at) ?
			json_array_get(at, (size_t)atoi(name)) :
			json_object_get(at, name);
		path += len + (path[len] == '.');
	}

	return at;
}


const char *browser_member(struct browser *b, const char *path)
{
	const json_t *at = find(b, path);

	b->member[0] = '\0';
	if (json_is_string(at))
		str_ncpy(b->member, json_string_value(at), MEMBER_MAX);
	else if (json_is_integer(at))
		(void)re_snprintf(b->member, MEMBER_MAX, "%lld",
				  (long long)json_integer_value(at));
	else if (json_is_boolean(at))
		str_ncpy(b->member, json_is_true(at) ? "true" : "false",
			 MEMBER_MAX);

	return b->member;
}


size_t browser_count(struct browser *b, const char *path)
{
	const json_t *at = find(b, path);

	return json_is_array(at) ? json_array_size(at) : json_object_size(at);
}
