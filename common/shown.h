/**
 * @file common/shown.h  Text of others on a terminal and in a log
 *
 * A name or a message may have characters that move the cursor, ring the
 * bell, turn round what follows, or that nobody sees.  People get such a
 * character as \xHH (a byte) or \u{HHHH} instead.
 */
#pragma once

enum { SHOWN_MAX = 12 };         /* bytes of one character, as it is shown */

/**
 * The next character of a text as people may see it
 *
 * @param buf   Filled: the character itself, or what stands for it
 * @param lenp  Set to the bytes in buf
 * @param p     Text
 * @param len   Its bytes, at least 1
 *
 * @return Bytes taken from the text; line ends and TAB are taken as they are
 */
size_t shown_next(char buf[SHOWN_MAX], size_t *lenp, const char *p,
		  size_t len);

/** A copy for people on one line, line ends as \xHH too.  Freed with
 *  mem_deref(); NULL: out of memory */
char *shown_line(const char *text);

/**
 * A stream that writes to another one what people may see
 *
 * @return The stream, which the caller closes before the other one; NULL: out
 *         of memory
 */
FILE *shown_stream(FILE *to);
