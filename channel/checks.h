/**
 * @file channel/checks.h  What pchat-channel checks before it starts
 */
#pragma once

#include "common/check.h"

extern const struct check_row channel_checkv[];
extern const struct check_store channel_storev[];
extern const size_t channel_checkc;
