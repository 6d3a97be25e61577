/**
 * @file compliance/batch_read.h  Staged events as the batch that adapters get
 *
 * Rows come some at a time; what is held is records, each user once.  One
 * batch is bounded by run.events_max and run.bytes_max (compliance/run.h).
 */
#pragma once

struct adapter_batch;
struct bstore;
struct batch_read;

/**
 * Read one batch
 *
 * @param brp    Set on success; mem_deref() frees the batch
 * @param st     The compliance store
 * @param head   Id, times, directory and replay, which are taken over
 * @param adapter  Who is to have it: what its directory has already (the
 *                 table adopted) is left out
 * @param files  The compliance file store; NULL: there is none
 *
 * @return 0, ENOENT (not all of its eventc events are there any more),
 *         EBADMSG (an event is none), EPROTO (database), ENOMEM
 */
int batch_read(struct batch_read **brp, struct bstore *st,
	       const struct adapter_batch *head, const char *adapter,
	       const char *files);
/** Events left out */
uint64_t batch_read_adopted(const struct batch_read *br);
const struct adapter_batch *batch_read_batch(const struct batch_read *br);
/** Bytes that the records take */
size_t batch_read_size(const struct batch_read *br);
