/**
 * @file common/secret.h  Secrets in files
 */
#pragma once

struct stat;

/**
 * May a file with this owner and mode hold a secret: nobody but its owner reads
 * it; or it is root's, and one group that is not root's may read it, which is
 * how a service reads what it must not change
 */
bool secret_private(const struct stat *st);

/**
 * The first line of a file that nobody else may read
 *
 * @param textp  Set on success; explicit_bzero() and mem_deref() it
 *
 * @return 0, EPERM (others may read it), EBADMSG (empty), or errno of reading
 */
int secret_line(char **textp, const char *path);
