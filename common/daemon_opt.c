/**
 * @file common/daemon_opt.c  The command line that all daemons have
 */
#include <getopt.h>
#include <re.h>
#include "common/conf.h"
#include "common/daemon_opt.h"


static int print_handler(const char *p, size_t size, void *arg)
{
	return fwrite(p, 1, size, arg) == size ? 0 : EIO;
}


int daemon_opt_usage(const char *name, FILE *f)
{
	(void)re_fprintf(f, "usage: %s -f FILE [--check [--connect]]\n"
			 "       %s --man | --sample | --version | -h\n",
			 name, name);

	return f == stdout ? EXIT_OK : EXIT_CONFIG;
}


int daemon_opt_print(enum daemon_mode mode, const char *name,
		     const struct conf_key *keyv, size_t keyc)
{
	struct re_printf pf = { .vph = print_handler, .arg = stdout };
	int err = 0;

	if (mode == MODE_HELP)
		return daemon_opt_usage(name, stdout);
	else if (mode == MODE_MAN)
		err = config_print_man(&pf, name, keyv, keyc);
	else if (mode == MODE_SAMPLE)
		err = config_print_sample(&pf, keyv, keyc);
	else
		err = re_hprintf(&pf, "%s %s\n", name, PCHAT_VERSION);

	return err || fflush(stdout) ? EXIT_FAILED : EXIT_OK;
}


bool daemon_opt_read(struct daemon_opt *opt, int argc, char *argv[])
{
	static const struct option optv[] = {
		{ "check",   no_argument, NULL, MODE_CHECK   },
		{ "connect", no_argument, NULL, 'c'          },
		{ "man",     no_argument, NULL, MODE_MAN     },
		{ "sample",  no_argument, NULL, MODE_SAMPLE  },
		{ "version", no_argument, NULL, MODE_VERSION },
		{ "help",    no_argument, NULL, MODE_HELP    },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	opt->mode = MODE_RUN;
	opt->path = NULL;
	opt->connect = false;

	while ((c = getopt_long(argc, argv, "f:h", optv, NULL)) != -1) {
		if (c == 'f')
			opt->path = optarg;
		else if (c == 'h')
			opt->mode = MODE_HELP;
		else if (c == 'c')
			opt->connect = true;
		else if (c == '?')
			return false;
		else
			opt->mode = (enum daemon_mode)c;
	}

	if (optind != argc || (opt->connect && opt->mode != MODE_CHECK))
		return false;

	return opt->path || (opt->mode != MODE_RUN && opt->mode != MODE_CHECK);
}
