/**
 * @file compliance/adapter/jsonline.h  A batch as lines of JSON
 *
 * One object a line, UTF-8, in the order of the batch.  Every line has
 * "line": "header" (first), "event" or "trailer" (last).  The field names are
 * for ever; fields may be added.  deploy/compliance.md lists them.
 */
#pragma once

struct jsonline_opt {
	bool frame;              /* header and trailer, too                */
	bool rtf;                /* the formatted form of texts, too       */
};

/** Where in a batch we are; begin with { .batch = .., .opt = .. } */
struct jsonline {
	const struct adapter_batch *batch;
	struct jsonline_opt opt;
	size_t conv, ev;         /* the next event                         */
	size_t eventc;           /* events so far                          */
	bool begun, ended;
};

/**
 * Append the next line, with its line end
 *
 * @return 0, ENOENT (there are no more), EBADMSG (a text is not UTF-8, or a
 *         detail not JSON), ENOMEM
 */
int jsonline_next(struct jsonline *jl, struct mbuf *mb);
