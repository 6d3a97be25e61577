/**
 * @file common/json.h  jansson beside libre
 *
 * Both name an enumerator JSON_STRING and one JSON_NULL.  Jansson's get other
 * names here, and keep them, so that its macros go on working; libre's JSON
 * types are out of reach in a file that includes this.  Include <re.h> before.
 */
#pragma once

#define JSON_STRING JANSSON_STRING
#define JSON_NULL   JANSSON_NULL

#include <jansson.h>
