/**
 * @file common/harden.c  What a daemon gives up before it does anything
 */
#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <re.h>
#include "common/harden.h"


static int no_core(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none))
		return errno;

	/* The limit does not count for a core_pattern that is a pipe; this
	   does.  The leak checker is a debugger */
#ifndef __SANITIZE_ADDRESS__
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return errno;
#endif

	return 0;
}


int harden(bool core_dumps)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return errno;

	return core_dumps ? 0 : no_core();
}
