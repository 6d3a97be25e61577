/**
 * @file compliance/outfile.h  A file that is there whole or not at all
 *
 * Written under a temporary name (".NAME.tmp" beside it) through one buffer,
 * so memory stays small whatever the size; outfile_commit() makes it durable
 * and gives it its name, which must be free.  The first error sticks: later
 * writes do nothing and outfile_commit() returns it.  mem_deref() before that
 * removes the temporary file.  Blocking; one thread.
 */
#pragma once

struct outfile;

/** Mode 0640.  0 or errno (EBUSY: another is writing it); a left-over of an
 * earlier try is overwritten */
int  outfile_open(struct outfile **ofp, const char *path);
/** A file without a name, for what is read again: outfile_rewind() */
int  outfile_temp(struct outfile **ofp, const char *dir);

void outfile_write(struct outfile *of, const void *p, size_t n);
void outfile_puts(struct outfile *of, const char *str);
/** libre's formats; any length */
void outfile_printf(struct outfile *of, const char *fmt, ...);
/** Bytes written so far */
uint64_t outfile_size(const struct outfile *of);
/** The name it has or will have; NULL: none */
const char *outfile_path(const struct outfile *of);
/** The first error */
int  outfile_error(const struct outfile *of);

/** fsync, rename, fsync of the directory; nothing can be written after.
 * EEXIST: something has the name, and keeps it */
int  outfile_commit(struct outfile *of);
/** The same, replacing what has the name */
int  outfile_replace(struct outfile *of);
/** All is in the file, which is at its beginning; the descriptor is of's */
int  outfile_rewind(struct outfile *of, int *fdp);
