/**
 * @file compliance/worker.h  The process that one adapter runs in
 *
 * Takes batch after batch from the compliance store, hands them to its
 * adapter, writes the manifest, records what became of it.  What it is to do
 * comes as one JSON line on standard input; when that ends, so does the
 * process, after the delivery under way.  Blocks as it likes.
 */
#pragma once

/** The argument that makes a daemon's program a worker */
#define WORKER_ARG "--worker"

enum { WORKER_DEATHS_MAX = 3 };   /* with the same batch: it is refused then */

/** main() of the process; libre is not initialised.  @return exit status */
int worker_main(void);
