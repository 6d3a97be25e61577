/**
 * @file compliance/adapter/xslt.c  A stylesheet applied to a finished document
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/xslt.h>
#include <libxslt/xsltInternals.h>
#include <libxslt/xsltutils.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/outfile.h"
#include "compliance/adapter/xslt.h"


struct xslt {
	xsltStylesheet *sheet;
	xsltSecurityPrefs *sec;
	const struct adapter_host *host;
};

/* A stylesheet computes a text; it neither reads nor writes anything else */
static const xsltSecurityOption forbiddenv[] = {
	XSLT_SECPREF_READ_FILE, XSLT_SECPREF_WRITE_FILE,
	XSLT_SECPREF_CREATE_DIRECTORY, XSLT_SECPREF_READ_NETWORK,
	XSLT_SECPREF_WRITE_NETWORK,
};


static void destructor(void *data)
{
	struct xslt *x = data;

	xsltFreeStylesheet(x->sheet);
	xsltFreeSecurityPrefs(x->sec);
}


/* Comes in pieces; a line has its end */
static void say_handler(void *arg, const char *fmt, ...)
{
	const struct xslt *x = arg;
	char buf[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);

	buf[strcspn(buf, "\n")] = '\0';
	if (*buf && x->host && x->host->log)
		x->host->log(x->host->arg, ADAPTER_WARN, "xslt: %s", buf);
}


static int forbid(struct xslt *x)
{
	x->sec = xsltNewSecurityPrefs();
	if (!x->sec)
		return ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(forbiddenv); i++)
		(void)xsltSetSecurityPrefs(x->sec, forbiddenv[i],
					   xsltSecurityForbid);

	return 0;
}


static int load(struct xslt *x, const char *path)
{
	xsltSetGenericErrorFunc(x, say_handler);
	xmlSetGenericErrorFunc(x, say_handler);
	x->sheet = xsltParseStylesheetFile((const xmlChar *)path);
	xsltSetGenericErrorFunc(NULL, NULL);
	xmlSetGenericErrorFunc(NULL, NULL);

	return x->sheet && !x->sheet->errors ? 0 : EBADMSG;
}


int xslt_alloc(struct xslt **xsltp, const char *path,
	       const struct adapter_host *host)
{
	struct xslt *x;
	int err;

	if (!xsltp || !path)
		return EINVAL;

	x = mem_zalloc(sizeof(*x), destructor);
	if (!x)
		return ENOMEM;

	x->host = host;

	err = forbid(x);
	if (!err)
		err = load(x, path);

	if (err)
		mem_deref(x);
	else
		*xsltp = x;

	return err;
}


static xmlDoc *transform(const struct xslt *x, xmlDoc *doc)
{
	xsltTransformContext *ctx = xsltNewTransformContext(x->sheet, doc);
	xmlDoc *res;

	if (!ctx)
		return NULL;

	xsltSetTransformErrorFunc(ctx, (void *)x, say_handler);
	(void)xsltSetCtxtSecurityPrefs(x->sec, ctx);
	res = xsltApplyStylesheetUser(x->sheet, doc, NULL, NULL, NULL, ctx);

	if (ctx->state != XSLT_STATE_OK) {
		xmlFreeDoc(res);
		res = NULL;
	}

	xsltFreeTransformContext(ctx);

	return res;
}


static int write_handler(void *arg, const char *p, int n)
{
	outfile_write(arg, p, (size_t)n);

	return n;
}


/* In the form that the sheet's xsl:output asks for */
static int save(const struct xslt *x, xmlDoc *res, struct outfile *to)
{
	xmlOutputBuffer *out;
	xmlCharEncodingHandler *enc = NULL;
	int n;

	if (x->sheet->encoding)
		enc = xmlFindCharEncodingHandler(
			(const char *)x->sheet->encoding);

	out = xmlOutputBufferCreateIO(write_handler, NULL, to, enc);
	if (!out)
		return ENOMEM;

	n = xsltSaveResultTo(out, res, x->sheet);
	if (xmlOutputBufferClose(out) < 0 || n < 0)
		return EBADMSG;

	return 0;
}


int xslt_apply(const struct xslt *x, struct outfile *from, struct outfile *to)
{
	xmlDoc *doc, *res;
	int fd, err;

	err = outfile_rewind(from, &fd);
	if (err)
		return err;

	doc = xmlReadFd(fd, NULL, NULL, XML_PARSE_NONET | XML_PARSE_HUGE |
			XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	res = doc ? transform(x, doc) : NULL;
	err = res ? save(x, res, to) : EBADMSG;

	xmlFreeDoc(res);
	xmlFreeDoc(doc);

	return err;
}
