/**
 * @file compliance/adapter/xslt.h  A stylesheet applied to a finished document
 *
 * The document is a tree in memory meanwhile, some ten times its size.
 */
#pragma once

struct outfile;
struct xslt;

/**
 * @param host  Whose log is told what libxml2 and libxslt say
 *
 * @return 0, EBADMSG (cannot be read, or is no stylesheet), ENOMEM
 */
int xslt_alloc(struct xslt **xsltp, const char *path,
	       const struct adapter_host *host);
/** The document that @p from begins with, transformed, to the end of @p to;
    EBADMSG: one of the two does not go with the other */
int xslt_apply(const struct xslt *xslt, struct outfile *from,
	       struct outfile *to);
