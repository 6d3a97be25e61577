/**
 * @file tests/purple/saxfix.c  Lets SIPE 1.25 read XML with Debian 12's libxml2
 *
 * The plugin hands libxml2 a table of SAX1 callbacks that is marked as SAX2.
 * Since the fix for CVE-2023-39615 libxml2 believes the mark, calls none of
 * them, and every document looks empty to the client.  This function stands
 * before libxml2's: a table that is marked SAX2 and has callbacks of SAX1
 * only is passed on as SAX1.  The plugin's file stays as it was shipped.
 */
#include <dlfcn.h>
#include <libxml/parser.h>

typedef int (sax_parse_h)(xmlSAXHandlerPtr sax, void *arg, const char *buf,
			  int size);


static int is_mislabelled(const xmlSAXHandler *sax)
{
	return sax->initialized == XML_SAX2_MAGIC &&
		(sax->startElement || sax->endElement) &&
		!sax->startElementNs && !sax->endElementNs;
}


int xmlSAXUserParseMemory(xmlSAXHandlerPtr sax, void *arg, const char *buf,
			  int size)
{
	static sax_parse_h *parseh;
	xmlSAXHandler sax1;

	if (!parseh)
		*(void **)&parseh = dlsym(RTLD_NEXT, "xmlSAXUserParseMemory");
	if (!parseh)
		return -1;

	if (!sax || !is_mislabelled(sax))
		return parseh(sax, arg, buf, size);

	sax1 = *sax;
	sax1.initialized = 1;

	return parseh(&sax1, arg, buf, size);
}
