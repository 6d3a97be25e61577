/**
 * @file compliance/filestore.h  The files that people sent, kept for archives
 *
 * The web service keeps a file at DIR/<GUID of the room>/<GUID>.<ext>
 * (protocol.md 9.3), the compliance file store at
 * DIR/<first two characters>/<GUID>.<ext>.  An upload's event is acknowledged
 * when the copy is durable.
 */
#pragma once

struct filestore;

/** Where the compliance file store has it; EINVAL: no name of a file of ours */
int filestore_path(char **pathp, const char *dir, const char *file);

/**
 * Copy one file; there already is fine.  Blocks
 *
 * @param sent  "ROOM/FILE", as the web service has it
 *
 * @return 0, ENOENT (there is no such file), EINVAL, what reading and writing
 *         say
 */
int filestore_copy(const char *from, const char *to, const char *sent);

/** All of them are there, or have been lost before we came (logged), or err.
 * Called from the loop, never from within filestore_take() */
typedef void (filestore_h)(int err, void *arg);

/**
 * A copier with a thread of its own, so that the loop need not wait for disks
 *
 * @param from  The web service's file store
 * @param to    The compliance file store; its folders are made as needed
 *
 * mem_deref() waits for the copy under way; handlers are not called any more.
 */
int filestore_alloc(struct filestore **fsp, const char *from, const char *to);
/**
 * Copy the files that a batch of events tells of (FILEUPLOAD)
 *
 * @param events  JSON array, common/queue.h
 *
 * @return 0 and h is called, ENOENT (it tells of none), ENOMEM
 */
int filestore_take_events(struct filestore *fs, const char *events,
			  filestore_h *h, void *arg);
/** Copy these files ("ROOM/FILE") in order; @p h is called once */
int filestore_take(struct filestore *fs, const char *const *filev,
		   size_t filec, filestore_h *h, void *arg);
