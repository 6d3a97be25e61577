/**
 * @file common/xml.c  XML from strangers: libxml2 without its dangers
 *
 * The parser is stopped where a document type or one level too many opens,
 * before anything of it is read: no entity is ever declared, let alone
 * expanded.  Each document has a parser of its own.  A kept one would be no
 * faster, and its dictionary would grow with every name that strangers invent.
 */
#include <errno.h>
#include <re.h>
#include <libxml/parser.h>
#include <libxml/SAX2.h>
#include "common/xml.h"

enum { NS_MAX = 64 };              /* in scope: each prefix is looked for  */


static void refuse(xmlParserCtxt *ctxt)
{
	ctxt->wellFormed = 0;
	xmlStopParser(ctxt);
}


static void doctype_handler(void *arg, const xmlChar *name,
			    const xmlChar *public_id, const xmlChar *system_id)
{
	(void)name;
	(void)public_id;
	(void)system_id;

	refuse(arg);
}


static void element_handler(void *arg, const xmlChar *name,
			    const xmlChar *prefix, const xmlChar *uri,
			    int nsc, const xmlChar **nsv,
			    int attrc, int defaultc, const xmlChar **attrv)
{
	xmlParserCtxt *ctxt = arg;
	const int *depth_max = ctxt->_private;

	/* nsTab holds pairs */
	if (ctxt->nodeNr >= *depth_max || ctxt->nsNr > 2 * NS_MAX)
		refuse(ctxt);
	else
		xmlSAX2StartElementNs(ctxt, name, prefix, uri, nsc, nsv,
				      attrc, defaultc, attrv);
}


int xml_read(xmlDoc **treep, const struct pl *body, int depth_max)
{
	const int opt = XML_PARSE_NONET | XML_PARSE_NOERROR |
		XML_PARSE_NOWARNING | XML_PARSE_NOCDATA |
		XML_PARSE_IGNORE_ENC | XML_PARSE_COMPACT;
	xmlParserCtxt *ctxt;
	int err = 0;

	ctxt = xmlNewParserCtxt();
	if (!ctxt)
		return ENOMEM;

	ctxt->_private = &depth_max;
	ctxt->sax->internalSubset = doctype_handler;
	ctxt->sax->startElementNs = element_handler;

	*treep = xmlCtxtReadMemory(ctxt, body->p, (int)body->l, NULL, NULL,
				   opt);
	if (!*treep)
		err = ctxt->errNo == XML_ERR_NO_MEMORY ? ENOMEM : EBADMSG;

	xmlFreeParserCtxt(ctxt);

	return err;
}
