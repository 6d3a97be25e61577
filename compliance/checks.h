/**
 * @file compliance/checks.h  What pchat-compliance checks before it starts
 */
#pragma once

#include "common/check.h"

extern const struct check_row compliance_checkv[];
extern const struct check_store compliance_storev[];
extern const size_t compliance_checkc;
