/**
 * @file compliance/adapter/jsonline.h  A batch as lines of JSON
 *
 * One object a line, UTF-8, in the order of the batch.  Every line has
 * "line": "header" (first), "presence" (before a room's events), "event" or
 * "trailer" (last).  The field names are for ever; fields may be added.
 * deploy/compliance.md lists them.
 */
#pragma once

struct jsonline_opt {
	bool frame;              /* header and trailer, too                */
	bool rtf;                /* the formatted form of texts, too       */
	bool presence;           /* who was in a room at start and end     */
};

/** Where in a batch we are; begin with { .batch = .., .opt = .. } */
struct jsonline {
	const struct adapter_batch *batch;
	struct jsonline_opt opt;
	size_t conv, ev;         /* the next event                         */
	bool begun, ended;
	size_t told;             /* conversations whose presence was said  */
};

/** The keys of these options, for a key table; @p def is frame's default */
#define JSONLINE_KEYS(def)                                                \
	{ "frame", def,                                                   \
	  "A first line (header) and a last one (trailer) with the batch's" \
	  " interval and number of events." },                            \
	{ "presence", "no",                                               \
	  "Before a room's events a line that says who was in it at the"  \
	  " start and at the end." },                                     \
	{ "rtf", "no", "Formatted texts, too." }

struct settings;

/** Errors stay in @p set */
void jsonline_opt_read(struct jsonline_opt *opt, struct settings *set);

/**
 * Append the next line, with its line end
 *
 * @return 0, ENOENT (there are no more), EBADMSG (a text is not UTF-8, or a
 *         detail not JSON), ENOMEM
 */
int jsonline_next(struct jsonline *jl, struct mbuf *mb);
