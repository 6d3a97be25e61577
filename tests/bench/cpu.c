/**
 * @file tests/bench/cpu.c  CPU time of the pool's processes
 *
 * From /proc/PID/stat: the instances, the compliance daemons, and the
 * postmaster with all of its children, those that have ended included.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/bench/load.h"
#include "tests/support/poolfile.h"
#include "tests/support/proc.h"


static void child_handler(pid_t pid, void *arg)
{
	*(uint64_t *)arg += proc_cpu_ticks(pid);
}


static pid_t postmaster(const struct load *load)
{
	static pid_t pid;
	char dir[512], *slash;

	if (pid)
		return pid;

	(void)snprintf(dir, sizeof(dir), "%s", load->opt.pool);
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	pid = poolfile_postmaster(slash ? dir : ".");

	return pid;
}


struct cpu cpu_now(const struct load *load)
{
	const double ms = 1000.0 / (double)sysconf(_SC_CLK_TCK);
	const pid_t store = postmaster(load);
	uint64_t server = 0, compliance = 0, db;
	size_t i;

	for (i = 0; i < load->pf->instc; i++)
		server += proc_cpu_ticks(load->pf->instv[i].pid);

	for (i = 0; i < load->pf->compc; i++)
		compliance += proc_cpu_ticks(load->pf->compv[i].pid);

	db = proc_cpu_ticks(store) + proc_cpu_reaped(store);
	proc_children(store, child_handler, &db);

	return (struct cpu){ (double)server * ms, (double)db * ms,
			     (double)compliance * ms };
}


struct cpu cpu_since(const struct load *load, const struct cpu *before)
{
	const struct cpu now = cpu_now(load);

	return (struct cpu){ now.server_ms - before->server_ms,
			     now.store_ms - before->store_ms,
			     now.compliance_ms - before->compliance_ms };
}


double cpu_all_ms(const struct cpu *cpu)
{
	return cpu->server_ms + cpu->store_ms + cpu->compliance_ms;
}
