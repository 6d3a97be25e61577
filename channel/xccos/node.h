/**
 * @file channel/xccos/node.h  Elements of libxml2's tree, for the codec only
 */
#pragma once

/** Is it an element of that name, in any case, with any prefix? */
bool xccos_node_is(const void *node, const char *name);
