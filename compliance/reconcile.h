/**
 * @file compliance/reconcile.h  What a directory has, against what is known
 *
 * The compliance store knows where an adapter's chain of manifests ends, and
 * the directory shows it.  Either may have been set back to an earlier point,
 * made anew or exchanged.  Nothing is delivered before the two agree: what the
 * directory has more is taken over, what it has less is named, and what is
 * another chain's is left alone.  Blocks.
 */
#pragma once

struct bstore;
struct outdir;

/**
 * @param od     Locked
 * @param errmb  What an operator has to mend, in words
 *
 * @return 0, EEXIST (it is another's, see errmb), EPROTO (the connection to the
 *         store is of no use), what reading the directory says (errmb)
 */
int reconcile(struct outdir *od, struct bstore *st, const char *adapter,
	      struct mbuf *errmb);
