/**
 * @file channel/trace.h  What clients do that was not seen before
 *
 * The wire format of the original clients is not public in all parts
 * (protocol.md 12 and 14): each verb, element, attribute and answer other than
 * 200 that comes for the first time from a kind of client (its User-Agent) is
 * written to a file, one JSON object a line, with the document it came in.
 * What people say is left out: texts, and attributes that may hold some, are
 * written as their length in brackets.
 *
 * The file is opened once, mode 0600, and appended to; what is in it already
 * is not written again.  All functions take NULL for a trace: there is none.
 */
#pragma once

struct trace;
struct xccos;

/**
 * @param path      NULL or empty: none, *tracep is NULL
 * @param size_max  Bytes; a file that has them is not written to any more
 *
 * @return 0, ENOMEM, or why the file cannot be opened (logged)
 */
int  trace_open(struct trace **tracep, const char *path, uint64_t size_max);

/** A document that a client sent */
void trace_document(struct trace *trace, const char *agent,
		    const struct xccos *doc);
/** Something that has a name: "cmd:join 403", "INFO 481" */
void trace_seen(struct trace *trace, const char *agent, const char *fmt, ...);
