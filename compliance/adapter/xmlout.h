/**
 * @file compliance/adapter/xmlout.h  XML written straight into a file
 *
 * What XML 1.0 has no way to say (control characters, U+FFFE) and what is not
 * UTF-8 becomes U+FFFD; tabs and line ends survive as character references.
 */
#pragma once

struct outfile;

/** Text between tags, or of an attribute in double quotes */
void xmlout_text(struct outfile *of, const char *text);
/** ' NAME="VALUE"'; NULL is empty */
void xmlout_attr(struct outfile *of, const char *name, const char *value);
void xmlout_int(struct outfile *of, const char *name, int64_t value);
void xmlout_bool(struct outfile *of, const char *name, bool value);
/** INDENT<NAME since1970=".." string=".." long=".." /> and a line end */
void xmlout_time(struct outfile *of, const char *indent, const char *name,
		 int64_t us);
