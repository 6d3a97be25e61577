/**
 * @file channel/xccos/inner.c  A part of a document as XML of its own
 */
#include <errno.h>
#include <re.h>
#include <libxml/tree.h>
#include "channel/xccos/xccos.h"


/* A copy declares what its names need */
static int write_node(struct mbuf *mb, xmlDoc *doc, xmlBuffer *buf,
		      const xmlNode *node)
{
	xmlNode *copy = xmlDocCopyNode((xmlNode *)node, doc, 1);
	int n;

	if (!copy)
		return ENOMEM;

	xmlBufferEmpty(buf);
	n = xmlNodeDump(buf, doc, copy, 0, 0);
	xmlFreeNode(copy);

	return n < 0 ? ENOMEM : mbuf_write_mem(mb, xmlBufferContent(buf),
					       (size_t)n);
}


int xccos_node_inner(struct mbuf *mb, const void *node)
{
	const xmlNode *child = node ? ((const xmlNode *)node)->children : NULL;
	xmlBuffer *buf = xmlBufferCreate();
	xmlDoc *doc = xmlNewDoc(NULL);
	int err = buf && doc ? 0 : ENOMEM;

	for (; !err && child; child = child->next) {
		if (child->type == XML_ELEMENT_NODE ||
		    child->type == XML_TEXT_NODE)
			err = write_node(mb, doc, buf, child);
	}

	if (doc)
		xmlFreeDoc(doc);
	if (buf)
		xmlBufferFree(buf);

	return err;
}
