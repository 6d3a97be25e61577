/**
 * @file tests/unit/main.c  Runs the suites
 *
 * The main of unit-tests and of db-tests.  What the code under test logs below
 * an error is shown with V=1.
 */
#include <stdlib.h>
#include <re.h>
#include "common/log.h"
#include "tests/unit/suite.h"


int main(void)
{
	int status;

	if (libre_init())
		return 2;

	log_open("tests");
	if (!getenv("V"))
		log_level_set(LOG_ERR);

	status = suites_run();
	libre_close();

	return status;
}
