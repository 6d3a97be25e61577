/**
 * @file webfiles/checks.h  What pchat-webfiles checks before it starts
 */
#pragma once

#include "common/check.h"

extern const struct check_row web_checkv[];
extern const struct check_store web_storev[];
extern const size_t web_checkc;
