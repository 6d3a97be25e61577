/**
 * @file channel/conf_keys.h  The configuration keys of pchat-channel
 */
#pragma once

#include "common/conf.h"

extern const struct conf_key channel_keyv[];
extern const size_t channel_keyc;
