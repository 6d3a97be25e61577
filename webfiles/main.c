/**
 * @file webfiles/main.c  pchat-webfiles: files and rooms over HTTP
 */
#include <re.h>
#include "common/daemon.h"
#include "webfiles/checks.h"
#include "webfiles/conf_keys.h"
#include "webfiles/service.h"


int main(int argc, char *argv[])
{
	struct daemon_spec spec = web_daemon;

	spec.keyc   = web_keyc;
	spec.checkc = web_checkc;

	return daemon_main(&spec, argc, argv);
}
