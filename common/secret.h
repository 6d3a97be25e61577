/**
 * @file common/secret.h  Secrets in files
 */
#pragma once

/**
 * The first line of a file that nobody else may read
 *
 * @param textp  Set on success; explicit_bzero() and mem_deref() it
 *
 * @return 0, EPERM (others may read it), EBADMSG (empty), or errno of reading
 */
int secret_line(char **textp, const char *path);
