/**
 * @file tests/differ/gen_priv.h  A message in the making
 */
#pragma once

#include "tests/differ/differ.h"

enum { DRAFT_LINES = 48, DRAFT_LINE = 4096 };

struct draft {
	uint64_t rnd;
	size_t linec;                  /* the first is the first line        */
	char linev[DRAFT_LINES][DRAFT_LINE];
	char body[1024];
	char length[64];               /* of Content-Length; "" is right     */
	const char *eol;
	bool no_length;
};

/** A number below n */
uint32_t draft_roll(struct draft *d, uint32_t n);
/** Add a line */
void draft_add(struct draft *d, const char *fmt, ...);
/** Do one thing to it */
void draft_bend(struct draft *d);

#define PICK(d, v) ((v)[draft_roll((d), ARRAY_SIZE(v))])
