/**
 * @file channel/main.c  pchat-channel: rooms over SIP
 */
#include <re.h>
#include "common/daemon.h"
#include "channel/checks.h"
#include "channel/conf_keys.h"
#include "channel/service.h"


int main(int argc, char *argv[])
{
	struct daemon_spec spec = channel_daemon;

	spec.keyc   = channel_keyc;
	spec.checkc = channel_checkc;

	return daemon_main(&spec, argc, argv);
}
