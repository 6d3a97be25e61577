/**
 * @file common/xml.h  XML from strangers: libxml2 without its dangers
 *
 * No document type, so no entities; no network; depth, attributes and
 * namespaces limited.  The bytes are taken as UTF-8, whatever a declaration
 * says: check them before.
 */
#pragma once

#include <libxml/tree.h>

/**
 * Parse a document
 *
 * @param treep      Set on success; xmlFreeDoc() it
 * @param depth_max  Elements in elements, the root is one
 *
 * @return 0, EBADMSG (not well-formed, a document type, too deep), ENOMEM
 */
int  xml_read(xmlDoc **treep, const struct pl *body, int depth_max);
