/**
 * @file compliance/main.c  pchat-compliance: events into archives
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <re.h>
#include "common/daemon.h"
#include "compliance/adapter_load.h"
#include "compliance/checks.h"
#include "compliance/conf_keys.h"
#include "compliance/service.h"
#include "compliance/worker.h"


static int print_handler(const char *p, size_t size, void *arg)
{
	return fwrite(p, 1, size, arg) == size ? 0 : EIO;
}


static int print_sample(const char *type)
{
	struct re_printf pf = { print_handler, stdout };

	if (!adapter_print_sample(&pf, type))
		return 0;

	(void)re_fprintf(stderr, "no such adapter: %s; there are xml, eml, jsonl,"
			 " exec, webhook and null\n", type);

	return 2;
}


/* The daemon, one of the processes that it starts for its adapters, or the
   sample of an adapter's file */
int main(int argc, char *argv[])
{
	struct daemon_spec spec = compliance_daemon;

	if (argc == 2 && !strcmp(argv[1], WORKER_ARG))
		return worker_main();
	if (argc == 3 && !strcmp(argv[1], "--adapter"))
		return print_sample(argv[2]);

	spec.keyc   = compliance_keyc;
	spec.checkc = compliance_checkc;

	return daemon_main(&spec, argc, argv);
}
