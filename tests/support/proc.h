/**
 * @file tests/support/proc.h  Run programs, with a limit on their time
 *
 * Blocking; for use outside the loop.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/**
 * Run a program in a session of its own and wait for it
 *
 * @param log         Its output is appended to this file
 * @param argv        NULL-terminated, argv[0] is looked up in PATH
 * @param timeout_ms  Beyond it its process group gets SIGKILL
 *
 * @return 0, ETIMEDOUT, EPROTO (exit status not 0), or errno
 */
int  proc_run(const char *log, const char *const argv[], unsigned timeout_ms);

/** Wait until a process that need not be our child is gone; ETIMEDOUT */
int  proc_wait_gone(pid_t pid, unsigned timeout_ms);

/** Copy a file to stderr */
void proc_show(const char *path);
/** Remove a folder and what is below it */
void proc_rmtree(const char *path);
/** CPU time of a process in clock ticks; 0 when it is gone */
uint64_t proc_cpu_ticks(pid_t pid);
/** The same for its children that have ended and were waited for */
uint64_t proc_cpu_reaped(pid_t pid);

typedef void (proc_child_h)(pid_t pid, void *arg);
/** Every child of a process */
void proc_children(pid_t parent, proc_child_h *h, void *arg);

/** A port of 127.0.0.1 that nobody has now, to be taken right after */
uint16_t proc_free_port(void);
