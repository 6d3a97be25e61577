/**
 * @file webfiles/conf_keys.h  The configuration keys of pchat-webfiles
 */
#pragma once

#include "common/conf.h"

extern const struct conf_key web_keyv[];
extern const size_t web_keyc;
