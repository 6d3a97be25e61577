/**
 * @file channel/trace.c  What clients do that was not seen before
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/trace.h"
#include "channel/xccos/xccos.h"

enum {
	BUCKETS  = 1024,
	KEYS_MAX = 20000,
	SEEN_MAX = 160,               /* bytes of what was seen               */
	AGENT_MAX = 120,
	DOC_MAX  = 16384,
};

struct trace {
	struct hash *ht;
	uint32_t keys;
	uint64_t left;                /* bytes                                */
	int fd;                       /* -1: full, or broken                  */
};

struct key {
	struct le he;
	char text[];                  /* agent, tab, what was seen            */
};

/** A document being looked through */
struct walk {
	struct trace *trace;
	const char *agent;
	const char *prim;             /* "cmd:join"                           */
	const void *node;             /* of the primitive                     */
	const char *elem;
};

static uint64_t n_seen, n_dropped;

static const struct stats_row rowv[] = {
	{ "trace_seen",    &n_seen,    false,
	  "First-seen verbs, attributes and answers in the trace file" },
	{ "trace_dropped", &n_dropped, false,
	  "Those that the trace file had no room for" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct trace *trace = data;

	hash_flush(trace->ht);
	mem_deref(trace->ht);
	if (trace->fd >= 0)
		(void)close(trace->fd);
}


static void key_destructor(void *data)
{
	struct key *key = data;

	hash_unlink(&key->he);
}


static bool key_cmp(struct le *le, void *arg)
{
	const struct key *key = le->data;

	return !strcmp(key->text, arg);
}


/* @return whether it is new */
static bool remember(struct trace *trace, const char *agent, const char *what)
{
	const size_t size = strlen(agent) + strlen(what) + 2;
	struct key *key;
	uint32_t h;

	if (trace->keys == KEYS_MAX)
		return false;

	key = mem_zalloc(sizeof(*key) + size, key_destructor);
	if (!key)
		return false;

	(void)re_snprintf(key->text, size, "%s\t%s", agent, what);
	h = hash_joaat_str(key->text);
	if (hash_lookup(trace->ht, h, key_cmp, key->text)) {
		mem_deref(key);
		return false;
	}

	hash_append(trace->ht, h, &key->he, key);
	++trace->keys;

	return true;
}


/* --------------------------------------------------------------- the file */

static void recall_line(struct trace *trace, const char *line, size_t len)
{
	json_t *obj = json_loadb(line, len, 0, NULL);
	const char *agent, *seen;

	if (obj && !json_unpack(obj, "{s:s, s:s}", "agent", &agent, "seen",
				&seen))
		(void)remember(trace, agent, seen);
	json_decref(obj);
}


/* What was seen by a process that ran before */
static int recall(struct trace *trace, const char *path)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *f = fopen(path, "re");

	if (!f)
		return errno;

	while ((n = getline(&line, &size, f)) > 0)
		recall_line(trace, line, (size_t)n);
	free(line);
	(void)fclose(f);

	return 0;
}


static int file_open(struct trace *trace, const char *path, uint64_t size_max)
{
	struct stat st;

	trace->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC |
			 O_NOFOLLOW, 0600);
	if (trace->fd < 0 || fchmod(trace->fd, 0600) ||
	    fstat(trace->fd, &st))
		return errno;
	if (!S_ISREG(st.st_mode))
		return EINVAL;

	if ((uint64_t)st.st_size < size_max)
		trace->left = size_max - (uint64_t)st.st_size;

	return recall(trace, path);
}


int trace_open(struct trace **tracep, const char *path, uint64_t size_max)
{
	struct trace *trace;
	int err;

	if (!str_isset(path))
		return 0;

	trace = mem_zalloc(sizeof(*trace), destructor);
	if (!trace)
		return ENOMEM;

	trace->fd = -1;
	err = hash_alloc(&trace->ht, BUCKETS);
	if (!err)
		err = file_open(trace, path, size_max);
	if (err) {
		log_err("trace.open", "path=%s error=\"%m\"", path, err);
		mem_deref(trace);
		return err;
	}

	*tracep = trace;

	return 0;
}


static void put_line(struct trace *trace, char *text)
{
	const size_t len = strlen(text);

	text[len] = '\n';
	if (trace->left < len + 1 ||
	    write(trace->fd, text, len + 1) != (ssize_t)len + 1) {
		log_warn("trace.full", "keys=%u", trace->keys);
		(void)close(trace->fd);
		trace->fd = -1;
		++n_dropped;
		return;
	}
	trace->left -= len + 1;
	++n_seen;
}


static void put(struct trace *trace, const char *agent, const char *what,
		const char *doc)
{
	char ts[CLOCK_TS_SIZE];
	json_t *obj;
	char *text;

	if (trace->fd < 0) {
		++n_dropped;
		return;
	}

	obj = json_pack("{s:s, s:s, s:s}", "ts", clock_ts(ts, clock_us()),
			"agent", agent, "seen", what);
	if (obj && doc)
		json_object_set_new(obj, "doc", json_string(doc));
	text = obj ? json_dumps(obj, JSON_COMPACT) : NULL;
	/* the NUL becomes the line's end */
	if (text)
		put_line(trace, text);

	free(text);
	json_decref(obj);
}


/* ------------------------------------------------------------- documents */

/* Names come from strangers: printable ASCII of them, so much */
static void clean(char *buf, size_t size, const char *s)
{
	size_t i;

	for (i = 0; i < size - 1 && s[i]; i++)
		buf[i] = s[i] >= ' ' && s[i] < 0x7f ? s[i] : '?';
	buf[i] = '\0';
}


/* @return whether it was new */
static bool note(struct trace *trace, const char *agent, const void *node,
		 const char *fmt, va_list ap)
{
	char what[SEEN_MAX], name[SEEN_MAX], who[AGENT_MAX];
	struct mbuf *mb = NULL;

	(void)re_vsnprintf(name, sizeof(name), fmt, ap);
	clean(what, sizeof(what), name);
	clean(who, sizeof(who), str_isset(agent) ? agent : "-");
	if (!remember(trace, who, what))
		return false;

	if (node)
		mb = mbuf_alloc(1024);
	if (mb && (xccos_node_outline(mb, node, DOC_MAX) ||
		   mbuf_write_u8(mb, '\0')))
		mb = mem_deref(mb);
	put(trace, who, what, mb ? (const char *)mb->buf : NULL);
	mem_deref(mb);

	return true;
}


void trace_seen(struct trace *trace, const char *agent, const char *fmt, ...)
{
	va_list ap;

	if (!trace)
		return;

	va_start(ap, fmt);
	(void)note(trace, agent, NULL, fmt, ap);
	va_end(ap);
}


/* The document stands beside the first new thing in it */
static void in_document(struct walk *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (note(w->trace, w->agent, w->node, fmt, ap))
		w->node = NULL;
	va_end(ap);
}


static bool attr_handler(const char *name, const char *value, void *arg)
{
	struct walk *w = arg;

	(void)value;

	in_document(w, "%s %s@%s", w->prim, w->elem, name);

	return false;
}


static bool elem_handler(const void *node, void *arg)
{
	struct walk *w = arg;

	w->elem = xccos_node_name(node);
	in_document(w, "%s %s", w->prim, w->elem);
	xccos_node_attrs(node, attr_handler, w);

	return false;
}


void trace_document(struct trace *trace, const char *agent,
		    const struct xccos *doc)
{
	uint32_t i;

	for (i = 0; trace && i < doc->primc; i++) {
		const struct xccos_prim *prim = &doc->primv[i];
		struct walk w = {
			.trace = trace, .agent = agent, .node = prim->node,
			.prim = prim->id ? prim->id :
				xccos_node_name(prim->node),
		};

		in_document(&w, "%s", w.prim);
		xccos_node_walk(prim->node, elem_handler, &w);
	}
}
