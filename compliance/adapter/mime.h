/**
 * @file compliance/adapter/mime.h  Mail written straight into a file
 *
 * RFC 5322, 2045, 2047: lines end with CR LF, are ASCII and no longer than 78
 * characters unless a single word is.  Nothing from outside can end a line.
 */
#pragma once

struct outfile;

/** "NAME: VALUE", as encoded words where it is not plain ASCII */
void mime_header(struct outfile *of, const char *name, const char *value);
/** "Tue, 05 Nov 2013 14:26:17 +0000" */
void mime_date(struct outfile *of, const char *name, int64_t us);

/** Could it stand between "<" and ">"? */
bool mime_addr_ok(const char *addr);
/** "Display Name" <addr>; no line end */
void mime_address(struct outfile *of, const char *display, const char *addr);

/** The parameter "filename" of a Content-Disposition, on lines of its own:
 * quoted when it is plain, else as RFC 2231 has it, in UTF-8 */
void mime_filename(struct outfile *of, const char *name);

/** Quoted-printable text; '\n' ends a line.  Begin with { .of = of } */
struct mime_qp {
	struct outfile *of;
	unsigned col;
};

void mime_qp_write(struct mime_qp *qp, const char *p, size_t n);
/** The same with <, >, & and " as HTML wants them */
void mime_qp_html(struct mime_qp *qp, const char *text, size_t n);
/** No more than this is written for a text in both forms */
size_t mime_qp_cost(const char *text);

/** A file's content as base64.  0 or errno of reading it */
int mime_base64_file(struct outfile *of, const char *path);
