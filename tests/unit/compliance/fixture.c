/**
 * @file tests/unit/compliance/fixture.c  A batch, a host and a folder
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <libxml/xmlschemas.h>
#include <libxml/xpath.h>
#include <re.h>
#include "compliance/adapter.h"
#include "tests/support/proc.h"
#include "tests/unit/compliance/fixture.h"
#include "tests/unit/suite.h"


enum { TEXTS_MAX = 64, ARGS_MAX = 16, ITEMS_MAX = 32 };

/* 2013-11-05T14:00:00Z */
static const int64_t T0 = 1383660000LL * 1000000;

static const struct adapter_user alice = {
	10, "sip:alice@example.com", "Alice \"Al\" Smith",
	"alice.smith@example.com", true
};
static const struct adapter_user bob = {
	11, "sip:bob@example.com", NULL, NULL, false
};
static const struct adapter_user zoe = {
	12, "sip:zoe@example.com", "Zo\xc3\xab", "zoe@example.com", true
};

static const struct adapter_room trading = {
	"0e8f2a0c-3b1f-4a55-9a5e-0c6f6f2f8a01",
	"ma-chan://example.com/0e8f2a0c-3b1f-4a55-9a5e-0c6f6f2f8a01",
	"Trading", "Deals & <quotes>", "Finance", "closed", "normal", true
};
static const struct adapter_room office = {
	"5d7b44aa-8e0f-4d1c-9f5e-9d9c3c3b7b02",
	"ma-chan://example.com/5d7b44aa-8e0f-4d1c-9f5e-9d9c3c3b7b02",
	"B\xc3\xbcro", NULL, NULL, "open", "normal", true
};

static const struct adapter_user *const in_trading[] = { &alice };
static const struct adapter_user *const in_office[] = { &zoe };

static const struct adapter_event trading_events[] = {
	{ "e1", EV_JOIN, "JOIN", 0, 0, "s-bob", &bob, .chat = NULL },
	{ "e2", EV_CHAT, "CHAT", 0, 41, "s-alice", &alice,
	  .chat = "hello <Bob> & \"all\"\nsecond line", .rtf = "{\\rtf1 x}" },
	{ "e3", EV_CHAT, "CHAT", 0, 42, "s-bob", &bob, .chat = "hi" },
	{ "e4", EV_BACKCHAT, "BACKCHAT", 0, 0, "s-bob", &bob,
	  .detail = "{\"command\":\"bccontext\",\"ids\":[[1,40]]}" },
	{ "e5", EV_FILEUPLOAD, "FILEUPLOAD", 0, 0, "s-alice", &alice,
	  .file = "0988239a-bb66-4616-90a4-b07771a2097c.txt" },
	{ "e6", EV_FILEDOWNLOAD, "FILEDOWNLOAD", 0, 0, "s-bob", &bob,
	  .file = "0988239a-bb66-4616-90a4-b07771a2097c.txt" },
	{ "e7", EV_REPLACED, "REPLACED", 0, 41, NULL, &alice,
	  .chat = "removed", .detail = "{\"old\":\"hello\"}" },
	{ "e8", EV_PART, "PART", 0, 0, "s-bob", &bob, .chat = NULL },
};

static struct adapter_event officev[] = {
	{ "e9", EV_CHAT, "CHAT", 0, 7, "s-zoe", &zoe,
	  .chat = "Gr\xc3\xbc\xc3\x9f" "e \xf0\x9f\x8d\xb0" },
};
static struct adapter_event nowherev[] = {
	{ "e10", EV_PRINCIPAL, "PRINCIPAL", 0, 0, NULL, NULL,
	  .detail = "{\"action\":\"create\"}" },
};

struct adapter_batch fx_batch;
struct adapter_conversation fx_convv[3];
struct adapter_event fx_tradingv[8];
char fx_error[256];

static char dir[64], upload[128];
static struct mbuf *logmb;
static char *textv[TEXTS_MAX];
static size_t textc;
static unsigned wrotec;
static const struct adapter *adapter;
static void *state;
static pid_t server;


static const char *keep(char *text)
{
	ck_assert_uint_lt(textc, TEXTS_MAX);

	return textv[textc++] = text;
}


static void log_handler(void *arg, int level, const char *fmt, ...)
{
	char buf[1200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);

	ck_assert_int_eq(mbuf_printf(logmb, "%s\n", buf), 0);
}


static int wrote_handler(void *arg, const char *path)
{
	ck_assert_int_eq(access(path, R_OK), 0);
	++wrotec;

	return 0;
}


static struct {
	char name[192];
	enum adapter_verdict verdict;
} itemv[ITEMS_MAX];
static size_t itemc;


static size_t item_find(const char *item)
{
	size_t i;

	for (i = 0; i < itemc && strcmp(itemv[i].name, item); i++)
		;

	return i;
}


static bool due_handler(void *arg, const char *item)
{
	const size_t i = item_find(item);

	return i == itemc || itemv[i].verdict == ADAPTER_LATER;
}


static int settled_handler(void *arg, const char *item,
			   enum adapter_verdict verdict, const char *why)
{
	const size_t i = item_find(item);

	ck_assert_uint_lt(i, ITEMS_MAX);
	ck_assert(verdict == ADAPTER_TAKEN || *why);
	str_ncpy(itemv[i].name, item, sizeof(itemv[i].name));
	itemv[i].verdict = verdict;
	if (i == itemc)
		++itemc;

	return 0;
}


static const struct adapter_host host = {
	log_handler, wrote_handler, due_handler, settled_handler, NULL
};


static void make_batch(void)
{
	memcpy(fx_tradingv, trading_events, sizeof(trading_events));
	for (size_t i = 0; i < ARRAY_SIZE(fx_tradingv); i++)
		fx_tradingv[i].ts_us = T0 + 60000000 + (int64_t)i * 1000001;
	fx_tradingv[4].path = upload;
	officev[0].ts_us = nowherev[0].ts_us = T0 + 120000000;

	fx_convv[0] = (struct adapter_conversation){
		&trading, T0, T0 + 900000000, in_trading, 1, in_trading, 1,
		fx_tradingv, ARRAY_SIZE(fx_tradingv)
	};
	fx_convv[1] = (struct adapter_conversation){
		&office, T0, T0 + 900000000, in_office, 1, in_office, 1,
		officev, ARRAY_SIZE(officev)
	};
	fx_convv[2] = (struct adapter_conversation){
		NULL, T0, T0 + 900000000, NULL, 0, NULL, 0,
		nowherev, ARRAY_SIZE(nowherev)
	};
	fx_batch = (struct adapter_batch){
		7, T0, T0 + 900000000, fx_convv, ARRAY_SIZE(fx_convv), 10,
		dir, false
	};
}


void fx_setup(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)re_snprintf(dir, sizeof(dir), "%s/pchat-adapter-XXXXXX",
			  tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)re_snprintf(upload, sizeof(upload), "%s/upload", dir);

	logmb = mbuf_alloc(256);
	make_batch();
	wrotec = 0;
	itemc = 0;
}


void fx_teardown(void)
{
	if (state)
		adapter->close(state);
	state = NULL;

	if (server > 0) {
		(void)kill(server, SIGKILL);
		(void)waitpid(server, NULL, 0);
	}

	while (textc)
		mem_deref(textv[--textc]);

	mem_deref(logmb);
	proc_rmtree(dir);
}


const char *fx_path(const char *name)
{
	static char bufv[4][256];
	static unsigned n;
	char *buf = bufv[n++ % ARRAY_SIZE(bufv)];

	(void)re_snprintf(buf, sizeof(bufv[0]), "%s/%s", dir, name);

	return buf;
}


void fx_write(const char *name, const char *text, unsigned mode)
{
	FILE *f = fopen(fx_path(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(fx_path(name), mode), 0);
}


static const char *read_all(FILE *f)
{
	struct mbuf *mb = mbuf_alloc(4096);
	char buf[4096], *text = NULL;
	size_t n;

	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		ck_assert_int_eq(mbuf_write_mem(mb, (uint8_t *)buf, n), 0);

	mb->pos = 0;
	ck_assert_int_eq(mbuf_strdup(mb, &text, mb->end), 0);
	mem_deref(mb);

	return keep(text);
}


const char *fx_read(const char *name)
{
	FILE *f = fopen(fx_path(name), "r");
	const char *text = f ? read_all(f) : NULL;

	if (f)
		(void)fclose(f);

	return text;
}


unsigned fx_files(void)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	unsigned n = 0;

	while ((e = readdir(d)) != NULL)
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");

	(void)closedir(d);

	return n;
}


static int open_with(const struct adapter *ad, va_list ap)
{
	struct adapter_setting setv[ARGS_MAX];
	size_t n = 0;
	const char *key;

	while ((key = va_arg(ap, const char *)) != NULL) {
		ck_assert_uint_lt(n, ARGS_MAX);
		setv[n].key = key;
		setv[n++].value = va_arg(ap, const char *);
	}

	adapter = ad;

	return ad->open(&state, setv, n, &host);
}


int fx_open(const struct adapter *ad, ...)
{
	va_list ap;
	int err;

	va_start(ap, ad);
	err = open_with(ad, ap);
	va_end(ap);

	return err;
}


void fx_must_open(const struct adapter *ad, ...)
{
	va_list ap;
	int err;

	va_start(ap, ad);
	err = open_with(ad, ap);
	va_end(ap);

	ck_assert_msg(!err, "%d: %s", err, fx_log());
}


int fx_deliver(void)
{
	fx_error[0] = '\0';

	return (int)adapter->deliver(state, &fx_batch, fx_error,
				     sizeof(fx_error));
}


void fx_forget(void)
{
	itemc = 0;
}


const char *fx_items(void)
{
	static const char *const namev[] = { "taken", "later", "refused" };
	struct mbuf *mb = mbuf_alloc(256);
	char *text = NULL;

	for (size_t i = 0; i < itemc; i++)
		ck_assert_int_eq(mbuf_printf(mb, "%s: %s\n", itemv[i].name,
					     namev[itemv[i].verdict]), 0);
	mb->pos = 0;
	ck_assert_int_eq(mbuf_strdup(mb, &text, mb->end), 0);
	mem_deref(mb);

	return keep(text);
}


const char *fx_log(void)
{
	char *text = NULL;

	logmb->pos = 0;
	ck_assert_int_eq(mbuf_strdup(logmb, &text, logmb->end), 0);
	logmb->pos = logmb->end;

	return keep(text);
}


unsigned fx_wrote(void)
{
	return wrotec;
}


const char *fx_xpath(const char *name, const char *xpath)
{
	xmlDoc *doc = xmlReadFile(fx_path(name), NULL, XML_PARSE_NONET);
	xmlXPathContext *ctx = xmlXPathNewContext(doc);
	xmlXPathObject *obj;
	char *text = NULL;
	xmlChar *str;

	ck_assert_ptr_nonnull(doc);
	obj = xmlXPathEvalExpression((const xmlChar *)xpath, ctx);
	ck_assert_ptr_nonnull(obj);
	str = xmlXPathCastToString(obj);
	ck_assert_int_eq(str_dup(&text, (const char *)str), 0);

	xmlFree(str);
	xmlXPathFreeObject(obj);
	xmlXPathFreeContext(ctx);
	xmlFreeDoc(doc);

	return keep(text);
}


bool fx_valid(const char *name)
{
	xmlSchemaParserCtxt *pctx = xmlSchemaNewParserCtxt(
		"deploy/compliance/conversations.xsd");
	xmlSchema *schema = xmlSchemaParse(pctx);
	xmlSchemaValidCtxt *vctx = xmlSchemaNewValidCtxt(schema);
	const int res = xmlSchemaValidateFile(vctx, fx_path(name), 0);

	ck_assert_ptr_nonnull(schema);
	xmlSchemaFreeValidCtxt(vctx);
	xmlSchemaFree(schema);
	xmlSchemaFreeParserCtxt(pctx);

	return !res;
}


/* Its output; what it complains of is for the reader of the test */
static FILE *python(pid_t *pidp, const char *script, va_list ap)
{
	char path[128];
	const char *argv[ARGS_MAX + 1] = { "/usr/bin/python3", path };
	size_t n = 2;
	int fdv[2];

	(void)re_snprintf(path, sizeof(path), "tests/unit/compliance/%s",
			  script);
	while ((argv[n] = va_arg(ap, const char *)) != NULL)
		ck_assert_uint_lt(++n, ARGS_MAX);

	ck_assert_int_eq(pipe(fdv), 0);
	*pidp = fork();
	if (!*pidp) {
		(void)dup2(fdv[1], 1);
		closefrom(3);
		(void)execvp(argv[0], (char *const *)argv);
		_exit(127);
	}

	(void)close(fdv[1]);

	return fdopen(fdv[0], "r");
}


const char *fx_python(const char *script, ...)
{
	const char *text;
	int status = -1;
	va_list ap;
	pid_t pid;
	FILE *f;

	va_start(ap, script);
	f = python(&pid, script, ap);
	va_end(ap);

	text = read_all(f);
	(void)fclose(f);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);

	return text;
}


unsigned fx_server(const char *script, ...)
{
	char line[32] = "";
	va_list ap;
	FILE *f;

	va_start(ap, script);
	f = python(&server, script, ap);
	va_end(ap);

	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	(void)fclose(f);

	return (unsigned)atoi(line);
}
