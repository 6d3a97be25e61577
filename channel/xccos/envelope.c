/**
 * @file channel/xccos/envelope.c  From bytes to a document and its primitives
 *
 * The bytes are checked first (size, UTF-8, characters), so that libxml2 has
 * no say in encodings and a declaration of another one is not believed.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <re.h>
#include "common/utf8.h"
#include "common/xml.h"
#include "channel/xccos/xccos.h"
#include "channel/xccos/node.h"


enum {
	ATTR_MAX   = 1000,          /* of an element: libxml2 compares each
	                               with all others                       */
	ATTR_SIZE  = 5,             /* the least that one takes: x="" and a
	                               blank                                 */
	VERB_MAX   = 64,
	NUMBER_MAX = 64,            /* envid and seqid, echoed as they came  */
};

/** What xccos_decode() hands out, and the tree that its strings live in */
struct document {
	struct xccos x;             /* first: this is what the caller sees   */
	xmlDoc *tree;
};


static void destructor(void *data)
{
	struct document *doc = data;

	if (doc->tree)
		xmlFreeDoc(doc->tree);
}


/** "join" of "CMD:Join", kept with the strings of the document */
static int verb_read(const char **verbp, const xmlNode *node, const char *id)
{
	xmlChar verb[VERB_MAX];
	size_t i, len;

	if (!id || strncasecmp(id, "cmd:", 4))
		return 0;

	len = strlen(id + 4);
	if (!len || len > sizeof(verb))
		return 0;

	for (i = 0; i < len; i++)
		verb[i] = (xmlChar)tolower((unsigned char)id[4 + i]);

	*verbp = (const char *)xmlDictLookup(node->doc->dict, verb, (int)len);

	return *verbp ? 0 : ENOMEM;
}


static enum xccos_kind kind_of(const xmlNode *node)
{
	if (xccos_node_is(node, "cmd"))
		return XCCOS_CMD;
	if (xccos_node_is(node, "grpchat"))
		return XCCOS_GRPCHAT;

	return XCCOS_OTHER;
}


static bool digits(const char *s)
{
	return str_isset(s) && strspn(s, "0123456789") == strlen(s) &&
		strlen(s) <= NUMBER_MAX;
}


static int prim_read(struct xccos_prim *prim, const xmlNode *node)
{
	const char *seqid = xccos_node_attr(node, "seqid");

	prim->node  = node;
	prim->kind  = kind_of(node);
	prim->id    = xccos_node_attr(node, "id");
	prim->seqid = digits(seqid) ? seqid : "1";

	if (prim->kind != XCCOS_CMD)
		return 0;

	return verb_read(&prim->verb, node, prim->id);
}


static int prims_read(struct xccos *x, const xmlNode *root)
{
	const xmlNode *node;
	int err = 0;

	for (node = root->children; node && !err; node = node->next) {

		if (node->type != XML_ELEMENT_NODE)
			continue;

		if (x->primc == XCCOS_PRIM_MAX)
			return EBADMSG;

		err = prim_read(&x->primv[x->primc++], node);
	}

	if (err)
		return err;

	return x->primc ? 0 : EBADMSG;
}


static int envelope_read(struct xccos *x, const xmlDoc *tree)
{
	const xmlNode *root = xmlDocGetRootElement(tree);

	if (!root || !xccos_node_is(root, "xccos"))
		return EBADMSG;

	x->envid = xccos_node_attr(root, "envid");
	if (!x->envid)
		x->envid = "0";
	else if (!digits(x->envid))
		return EBADMSG;

	return prims_read(x, root);
}


/**
 * Too many attributes for one element, before the parser meets them?
 *
 * A start tag lies between two '<', as no value may contain one; counted is
 * what looks like an attribute up to the next '<', the text included.
 */
static bool crowded(const struct pl *pl)
{
	uint32_t attrc = 0;
	bool equals = false;
	size_t i;

	if (pl->l < ATTR_MAX * ATTR_SIZE)
		return false;

	for (i = 0; i < pl->l && attrc <= ATTR_MAX; i++) {

		const char c = pl->p[i];

		if (c == '<')
			attrc = 0;
		else if (equals && (c == '"' || c == '\''))
			++attrc;

		if (!strchr(" \t\r\n", c))
			equals = c == '=';
	}

	return attrc > ATTR_MAX;
}


/** Without the byte order mark and white space that some put in front */
static struct pl body_trim(const struct pl *body)
{
	struct pl pl = *body;

	if (pl.l >= 3 && !memcmp(pl.p, "\xef\xbb\xbf", 3))
		pl_advance(&pl, 3);

	while (pl.l && strchr(" \t\r\n", *pl.p) && *pl.p)
		pl_advance(&pl, 1);

	return pl;
}


/** Another root's one primitive is itself */
static int root_read(struct xccos *x, const xmlDoc *tree, const char *name)
{
	const xmlNode *root = xmlDocGetRootElement(tree);

	if (!root || !xccos_node_is(root, name))
		return EBADMSG;

	x->envid = "0";
	x->primc = 1;

	return prim_read(&x->primv[0], root);
}


int xccos_decode_as(struct xccos **xp, const struct pl *body, const char *root)
{
	struct document *doc;
	struct pl pl;
	int err;

	if (!xp || !body)
		return EINVAL;

	if (!body->p || body->l > XCCOS_SIZE_MAX)
		return EBADMSG;

	pl = body_trim(body);
	if (!utf8_xml_valid((const uint8_t *)pl.p, pl.l) || crowded(&pl))
		return EBADMSG;

	doc = mem_zalloc(sizeof(*doc), destructor);
	if (!doc)
		return ENOMEM;

	err = xml_read(&doc->tree, &pl, XCCOS_DEPTH_MAX);
	if (err)
		goto out;

	err = root ? root_read(&doc->x, doc->tree, root) :
		     envelope_read(&doc->x, doc->tree);

 out:
	if (err)
		mem_deref(doc);
	else
		*xp = &doc->x;

	return err;
}


int xccos_decode(struct xccos **xp, const struct pl *body)
{
	return xccos_decode_as(xp, body, NULL);
}
