/**
 * @file compliance/main.c  pchat-compliance: events into archives
 */
#include <re.h>
#include "common/daemon.h"
#include "compliance/conf_keys.h"
#include "compliance/service.h"


int main(int argc, char *argv[])
{
	struct daemon_spec spec = compliance_daemon;

	spec.keyc = compliance_keyc;

	return daemon_main(&spec, argc, argv);
}
