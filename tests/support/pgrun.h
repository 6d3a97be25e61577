/**
 * @file tests/support/pgrun.h  PostgreSQL's programs in a test run
 *
 * As the user postgres if we are root, in folders below one of the test run's
 * own, which is gone when the run has ended.  For store.c.
 */
#pragma once

/** Find programs and user, make the folder of the test run; once or often */
int pgrun_prepare(void);
const char *pgrun_dir(void);

/** A folder that belongs to the server's user */
int pgrun_mkdir(const char *dir);
/** Start argv[0] of PostgreSQL's programs; its output goes to the log */
pid_t pgrun_spawn(const char *dir, char *const argv[]);
/** Until it has ended.  0, or EPROTO (exit status not 0) */
int pgrun_wait(pid_t pid);
/** Path of the log; valid until the next call */
const char *pgrun_log(const char *dir);

/** Say on standard error what went wrong.  @return errno, never 0 */
int pgrun_fail(const char *what);
