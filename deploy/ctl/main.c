/**
 * @file deploy/ctl/main.c  pchatctl, the operator's command
 */
#include <re.h>
#include <locale.h>
#include "deploy/ctl/tool.h"


int main(int argc, char **argv)
{
	(void)setlocale(LC_CTYPE, "");

	return tool_main(argc, argv, stdout, stderr);
}
