/**
 * @file channel/xccos/outline.c  What a document looks like, without what it
 *                                says
 */
#include <string.h>
#include <strings.h>
#include <re.h>
#include <libxml/tree.h>
#include "channel/xccos/xccos.h"
#include "channel/xccos/emit.h"

enum { VALUE_MAX = 120 };

struct outline {
	struct mbuf *mb;
	size_t max;
	int err;
};

/* Attributes that hold somebody's words, or a secret, however short */
static const char *const hiddenv[] = {
	"content", "criteria", "description", "name", "password",
	"search", "subject", "text", "title", "token", "topic", "words",
};


static bool hidden(const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hiddenv); i++) {
		if (!strcasecmp(name, hiddenv[i]))
			return true;
	}

	return strlen(value) > VALUE_MAX || strpbrk(value, " \t\r\n");
}


static int write_length(struct mbuf *mb, size_t len)
{
	int err;

	err  = XW_LIT(mb, "[");
	err |= xw_uint(mb, len);
	err |= XW_LIT(mb, "]");

	return err;
}


static bool attr_handler(const char *name, const char *value, void *arg)
{
	struct outline *o = arg;

	if (hidden(name, value)) {
		o->err |= XW_LIT(o->mb, " ");
		o->err |= xw_str(o->mb, name);
		o->err |= XW_LIT(o->mb, "=\"");
		o->err |= write_length(o->mb, strlen(value));
		o->err |= XW_LIT(o->mb, "\"");
	}
	else {
		o->err |= xw_attr(o->mb, name, value);
	}

	return o->err || o->mb->end > o->max;
}


/* As deep as a document may be: XCCOS_DEPTH_MAX */
static void write_node(struct outline *o, const xmlNode *node)
{
	const xmlNode *child;

	if (o->err || o->mb->end > o->max)
		return;

	if (node->type == XML_TEXT_NODE && node->content &&
	    !xmlIsBlankNode(node))
		o->err |= write_length(o->mb,
				       strlen((const char *)node->content));
	if (node->type != XML_ELEMENT_NODE)
		return;

	o->err |= XW_LIT(o->mb, "<");
	o->err |= xw_str(o->mb, (const char *)node->name);
	xccos_node_attrs(node, attr_handler, o);
	o->err |= XW_LIT(o->mb, ">");
	for (child = node->children; child; child = child->next)
		write_node(o, child);
	o->err |= XW_LIT(o->mb, "</");
	o->err |= xw_str(o->mb, (const char *)node->name);
	o->err |= XW_LIT(o->mb, ">");
}


int xccos_node_outline(struct mbuf *mb, const void *node, size_t max)
{
	struct outline o = { .mb = mb, .max = mb->end + max };

	write_node(&o, node);

	return o.err;
}
