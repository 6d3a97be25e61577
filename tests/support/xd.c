/**
 * @file tests/support/xd.c  XCCOS documents as tests write and read them
 */
#include <stdlib.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <re.h>
#include "tests/support/xd.h"


#define XCCOS_NS "urn:parlano:xml:ns:xccos"

struct xd {
	xmlDocPtr doc;
	xmlXPathContextPtr ctx;
	struct list strl;              /* what xd_str() handed out */
};

struct held {
	struct le le;
	xmlChar *str;
};


static void held_destructor(void *data)
{
	struct held *held = data;

	list_unlink(&held->le);
	xmlFree(held->str);
}


static void destructor(void *data)
{
	struct xd *x = data;

	list_flush(&x->strl);
	xmlXPathFreeContext(x->ctx);
	xmlFreeDoc(x->doc);
}


/* Paths are written without prefixes: names lose their namespace */
static void strip(xmlNodePtr node)
{
	for (; node; node = node->next) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		node->ns = NULL;
		strip(node->children);
	}
}


int xd_parse(struct xd **xp, const char *body)
{
	struct xd *x;
	xmlNodePtr root;

	if (!xp || !body)
		return EINVAL;

	x = mem_zalloc(sizeof(*x), destructor);
	if (!x)
		return ENOMEM;

	x->doc = xmlReadMemory(body, (int)strlen(body), NULL, NULL,
			       XML_PARSE_NONET | XML_PARSE_NOERROR |
			       XML_PARSE_NOWARNING);
	root = xmlDocGetRootElement(x->doc);

	if (!root || !root->ns ||
	    strcmp((const char *)root->ns->href, XCCOS_NS)) {
		mem_deref(x);
		return EBADMSG;
	}

	strip(root);
	x->ctx = xmlXPathNewContext(x->doc);
	if (!x->ctx) {
		mem_deref(x);
		return ENOMEM;
	}

	*xp = x;

	return 0;
}


static xmlXPathObjectPtr eval(struct xd *x, const char *path)
{
	return x ? xmlXPathEvalExpression((const xmlChar *)path, x->ctx)
		 : NULL;
}


const char *xd_str(struct xd *x, const char *path)
{
	xmlXPathObjectPtr obj = eval(x, path);
	struct held *held;

	if (!obj)
		return "";

	held = mem_zalloc(sizeof(*held), held_destructor);
	if (held) {
		held->str = xmlXPathCastToString(obj);
		list_append(&x->strl, &held->le, held);
	}
	xmlXPathFreeObject(obj);

	return held && held->str ? (const char *)held->str : "";
}


size_t xd_count(struct xd *x, const char *path)
{
	xmlXPathObjectPtr obj = eval(x, path);
	size_t n;

	if (!obj)
		return 0;

	n = obj->nodesetval ? (size_t)obj->nodesetval->nodeNr : 0;
	xmlXPathFreeObject(obj);

	return n;
}


int64_t xd_num(struct xd *x, const char *path)
{
	return strtoll(xd_str(x, path), NULL, 10);
}


/* --------------------------------------------------------------- writing */

static const char *entity(char c)
{
	switch (c) {

	case '<':  return "&lt;";
	case '>':  return "&gt;";
	case '&':  return "&amp;";
	case '"':  return "&quot;";
	case '\r': return "&#13;";
	default:   return NULL;
	}
}


static int escape_handler(struct re_printf *pf, void *arg)
{
	const char *p;
	int err = 0;

	for (p = arg; *p && !err; p++) {

		const char *e = entity(*p);

		err = e ? pf->vph(e, strlen(e), pf->arg)
			: pf->vph(p, 1, pf->arg);
	}

	return err;
}


char *xd_escape(const char *text)
{
	char *str = NULL;

	(void)re_sdprintf(&str, "%H", escape_handler, text);

	return str;
}


char *xd_cmd(uint32_t envid, const char *verb, const char *data)
{
	char *str = NULL;

	(void)re_sdprintf(&str, "<xccos ver=\"1\" envid=\"%u\" xmlns=\""
			  XCCOS_NS "\"><cmd id=\"cmd:%s\" seqid=\"1\">"
			  "<data>%s</data></cmd></xccos>",
			  envid, verb, data ? data : "");

	return str;
}


char *xd_grpchat(uint32_t envid, const char *room, const char *author,
		 const char *text)
{
	char *str = NULL;

	(void)re_sdprintf(&str, "<xccos ver=\"1\" envid=\"%u\" xmlns=\""
			  XCCOS_NS "\"><grpchat id=\"grpchat\" seqid=\"1\" "
			  "chanUri=\"%s\" author=\"%s\" "
			  "ts=\"2013-05-14T14:26:17Z\"><chat>%H</chat>"
			  "</grpchat></xccos>",
			  envid, room, author, escape_handler, text);

	return str;
}


const char *xd_room_id(const char *room)
{
	const char *slash = room ? strrchr(room, '/') : NULL;

	return slash ? slash + 1 : "";
}
