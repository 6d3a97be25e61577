/**
 * @file deploy/ctl/archive.h  Archives, for who checks them
 */
#pragma once

#include "compliance/verify.h"

struct tool;

enum { ARCHIVE_KEYS_MAX = 64 };

/** What --key, --after and --expect say */
struct archive_opt {
	struct verify_key keyv[ARCHIVE_KEYS_MAX];
	struct verify_opt verify;
};

/** For the options of a command that verifies */
#define ARCHIVE_OPTS \
	{ "key", "FILE[@FIRST[-LAST]]", "every manifest must be signed with " \
	  "this Ed25519 key (PEM, public); may be given often, each for the " \
	  "manifests with these numbers" }, \
	{ "after", "SERIAL:SHA256", "the archive begins behind this manifest, " \
	  "which was kept elsewhere" }, \
	{ "expect", "SERIAL:SHA256", "it must have this manifest: the end of " \
	  "the chain that an earlier run told" }

/** TOOL_OK, TOOL_FAILED or TOOL_USAGE, said why; archive_opt_reset() it */
int  archive_opt_read(struct archive_opt *opt, struct tool *tool);
void archive_opt_reset(struct archive_opt *opt);
