/**
 * @file deploy/ctl/archive.h  Archives, for who checks them
 */
#pragma once

struct signkey;
struct tool;

/** The key of --key; NULL when not given.  Said why not */
int archive_key(struct signkey **keyp, const struct tool *tool);
