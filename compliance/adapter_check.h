/**
 * @file compliance/adapter_check.h  Are the adapters as they must be?
 *
 * Told when the daemon starts and by --check, and not when the first batch
 * comes.  Blocks.
 */
#pragma once

struct config;

/**
 * @param conf      The daemon's
 * @param thorough  For --check: also open each adapter as its process will, and
 *                  ask the compliance store, if it answers, whether each
 *                  directory is of the chain that it knows
 * @param errmb     What is wrong, one line
 *
 * @return 0, EBADMSG, ENOMEM
 */
int adapter_check(const struct config *conf, bool thorough,
		  struct mbuf *errmb);
