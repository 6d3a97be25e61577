/**
 * @file channel/xccos/read.c  Questions to a document
 *
 * Clients differ in the case of attribute names and in how deep they nest
 * things, so questions name what they want and not where it is.  The tree is
 * walked in document order, without recursion.
 */
#include <string.h>
#include <strings.h>
#include <re.h>
#include <libxml/tree.h>
#include "channel/xccos/xccos.h"
#include "channel/xccos/node.h"


/** The node after @p node in document order, below @p top; NULL at the end.
 *  @p top may be an attribute: its text hangs below it like an element's */
static const xmlNode *next(const xmlNode *node, const xmlNode *top)
{
	const bool inner = node == top || node->type == XML_ELEMENT_NODE;

	if (inner && node->children)
		return node->children;

	while (node != top && !node->next)
		node = node->parent;

	return node == top ? NULL : node->next;
}


static const xmlNode *next_element(const xmlNode *node, const xmlNode *top)
{
	do {
		node = next(node, top);
	} while (node && node->type != XML_ELEMENT_NODE);

	return node;
}


static bool is_text(const xmlNode *node)
{
	return node->type == XML_TEXT_NODE ||
		node->type == XML_CDATA_SECTION_NODE;
}


/** Text in several pieces, put together; kept with the document's strings */
static const char *joined(const xmlNode *top)
{
	struct mbuf *mb = mbuf_alloc(256);
	const char *text = NULL;
	const xmlNode *node;
	int err = mb ? 0 : ENOMEM;

	for (node = next(top, top); node && !err; node = next(node, top)) {
		if (is_text(node) && node->content)
			err = mbuf_write_str(mb, (char *)node->content);
	}

	if (!err)
		text = (const char *)xmlDictLookup(top->doc->dict, mb->buf,
						   (int)mb->end);

	mem_deref(mb);

	return text;
}


static const char *content(const xmlNode *top)
{
	const xmlNode *child = top->children;

	if (!child)
		return "";

	if (child->next || !is_text(child))
		return joined(top);

	return child->content ? (const char *)child->content : "";
}


bool xccos_node_is(const void *node, const char *name)
{
	return !strcasecmp(xccos_node_name(node), name);
}


static const xmlNode *find(const struct xccos_prim *prim, const char *elem)
{
	const xmlNode *top = prim->node, *node = top;

	if (!elem)
		return top;

	do {
		node = next_element(node, top);
	} while (node && !xccos_node_is(node, elem));

	return node;
}


const char *xccos_node_attr(const void *node, const char *attr)
{
	const xmlNode *elem = node;
	const xmlAttr *a;

	if (!elem || !attr)
		return NULL;

	/* one with a prefix is another attribute: xml:id, xsi:type */
	for (a = elem->properties; a; a = a->next) {
		if (!a->ns && !strcasecmp((const char *)a->name, attr))
			return content((const xmlNode *)a);
	}

	return NULL;
}


const char *xccos_attr(const struct xccos_prim *prim, const char *elem,
		       const char *attr)
{
	return prim ? xccos_node_attr(find(prim, elem), attr) : NULL;
}


void xccos_node_each(const void *top, const char *elem,
		     xccos_elem_h *h, void *arg)
{
	const xmlNode *node = top;

	if (!top || !elem || !h)
		return;

	while ((node = next_element(node, top))) {
		if (xccos_node_is(node, elem) && h(node, arg))
			return;
	}
}


void xccos_node_walk(const void *top, xccos_elem_h *h, void *arg)
{
	const xmlNode *node;

	for (node = top; node; node = next_element(node, top)) {
		if (h(node, arg))
			return;
	}
}


const char *xccos_node_name(const void *node)
{
	const char *name = (const char *)((const xmlNode *)node)->name;
	/* a prefix that nobody declared stays part of the name */
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}


void xccos_each(const struct xccos_prim *prim, const char *elem,
		xccos_elem_h *h, void *arg)
{
	if (prim)
		xccos_node_each(prim->node, elem, h, arg);
}


/** @return true: the handler wants no more */
static bool attrs_of(const xmlNode *node, xccos_attr_h *h, void *arg)
{
	const xmlAttr *a;

	for (a = node->properties; a; a = a->next) {

		const char *value = content((const xmlNode *)a);

		if (value && h((const char *)a->name, value, arg))
			return true;
	}

	return false;
}


void xccos_node_attrs(const void *node, xccos_attr_h *h, void *arg)
{
	(void)attrs_of(node, h, arg);
}


void xccos_each_attr(const struct xccos_prim *prim, xccos_attr_h *h, void *arg)
{
	const xmlNode *node;

	if (!prim || !h)
		return;

	for (node = next_element(prim->node, prim->node); node;
	     node = next_element(node, prim->node)) {
		if (attrs_of(node, h, arg))
			return;
	}
}


const char *xccos_node_text(const void *node)
{
	return node ? content(node) : NULL;
}


const char *xccos_text(const struct xccos_prim *prim, const char *elem)
{
	return prim ? xccos_node_text(find(prim, elem)) : NULL;
}


bool xccos_bool(const char *value)
{
	return value && (!strcasecmp(value, "true") || !strcmp(value, "1"));
}
