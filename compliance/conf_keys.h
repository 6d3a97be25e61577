/**
 * @file compliance/conf_keys.h  The configuration keys of pchat-compliance
 */
#pragma once

#include "common/conf.h"

extern const struct conf_key compliance_keyv[];
extern const size_t compliance_keyc;
