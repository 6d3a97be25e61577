/**
 * @file channel/sip/view_priv.h  What the files of views share
 */
#pragma once

static inline bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}


static inline void trim(struct pl *pl)
{
	while (pl->l && blank(pl->p[0]))
		pl_advance(pl, 1);

	while (pl->l && blank(pl->p[pl->l - 1]))
		--pl->l;
}


/* Most write names as the RFC does: that is seen without a function call */
static inline bool name_is(const struct pl *pl, const char *name)
{
	if ((pl->p[0] ^ name[0]) & ~0x20)
		return false;

	return 0 == memcmp(pl->p, name, pl->l) ||
		0 == strncasecmp(pl->p, name, pl->l);
}


/* The first thing that is wrong is the one that is told */
static inline void view_wrong(struct view *v, uint16_t code, const char *fault)
{
	if (v->fault)
		return;

	v->fault = fault;
	v->fcode = code;
}


/* view_first.c: what is there of it is taken */
void view_first_line(struct view *v, const struct pl *line);
