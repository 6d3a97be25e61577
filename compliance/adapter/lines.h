/**
 * @file compliance/adapter/lines.h  Line breaks in text from outside
 *
 * What some reader takes for the end of a line: LF, CR, CR LF, VT, FF, NEL and
 * the line and paragraph separators of Unicode.
 */
#pragma once

/** Bytes of the line break at the start of @p str; 0: there is none */
size_t line_break(const char *str);
/** Bytes before the first line break, or of the whole */
size_t line_length(const char *str);
