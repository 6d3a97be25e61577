/**
 * @file common/ctl_sock.h  UNIX stream sockets for both ends of ctl.h
 *
 * Private to ctl.c and ctl_call.c.
 */
#pragma once

/**
 * Bind, mode 0600, and listen; a file that nobody listens to any more is
 * replaced.  The socket does not block.
 *
 * @return 0, EADDRINUSE (somebody answers there, or it is no socket),
 *         ENAMETOOLONG, or the errno of socket, bind, listen
 */
int ctl_sock_listen(int *fdp, const char *path, int backlog);

/** Connect, blocking.  @return 0, ECONNREFUSED, ENOENT, ENAMETOOLONG, ... */
int ctl_sock_connect(int *fdp, const char *path);
