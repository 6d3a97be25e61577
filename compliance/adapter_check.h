/**
 * @file compliance/adapter_check.h  Are the adapters as they must be?
 *
 * Told when the daemon starts and by --check, and not when the first batch
 * comes.  Blocks.
 */
#pragma once

#include "common/check.h"

/**
 * The row of the key "adapter"
 *
 * Each adapter's file and code, names and directories that two adapters share,
 * and whose each directory is.  When thorough: also whether the directory is
 * there, open each adapter as its process will, and ask the compliance store,
 * if it answers, whether each directory is of the chain that it knows.
 */
check_h adapter_check;
