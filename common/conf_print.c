/**
 * @file common/conf_print.c  The manual page and the sample of a key table
 */
#include <ctype.h>
#include <string.h>
#include <re.h>
#include "common/conf.h"


enum { SAMPLE_WIDTH = 72 };

static const char *type_name(enum conf_type type)
{
	static const char *const namev[] = {
		[CONF_STR]    = "text",
		[CONF_UINT]   = "number",
		[CONF_BOOL]   = "yes or no",
		[CONF_ENUM]   = "one of",
		[CONF_FILE]   = "file",
		[CONF_SECRET] = "file of mode 0600, or 0640 of root and our group",
	};

	return namev[type];
}


static int print_range(struct re_printf *pf, const struct conf_key *key)
{
	if (key->type != CONF_UINT || (!key->min && !key->max))
		return 0;

	if (!key->max)
		return re_hprintf(pf, ", from %llu",
				  (unsigned long long)key->min);

	return re_hprintf(pf, ", %llu to %llu", (unsigned long long)key->min,
			  (unsigned long long)key->max);
}


/* "number (s), 60 to 86400; default 1800; read again on SIGHUP" */
static int print_facts(struct re_printf *pf, const struct conf_key *key)
{
	int err;

	err = re_hprintf(pf, "%s", type_name(key->type));
	if (!err && key->type == CONF_ENUM)
		err = re_hprintf(pf, " %s", key->words);
	if (!err && key->unit)
		err = re_hprintf(pf, " (%s)", key->unit);
	if (!err)
		err = print_range(pf, key);
	if (!err && str_isset(key->def))
		err = re_hprintf(pf, "; default %s", key->def);
	if (!err && key->flags & CONF_REQUIRED)
		err = re_hprintf(pf, "; required");
	if (!err && key->flags & CONF_MULTI)
		err = re_hprintf(pf, "; may be given several times");
	if (!err && key->flags & CONF_RELOAD)
		err = re_hprintf(pf, "; read again on SIGHUP");

	return err;
}


/* Text that roff does not take for a request or an escape */
static int print_roff(struct re_printf *pf, const char *text)
{
	int err = 0;

	if (*text == '.' || *text == '\'')
		err = re_hprintf(pf, "\\&");

	for (; *text && !err; text++) {
		if (*text == '\\')
			err = re_hprintf(pf, "\\e");
		else if (*text == '-')
			err = re_hprintf(pf, "\\-");
		else
			err = pf->vph(text, 1, pf->arg);
	}

	return err;
}


static int print_head(struct re_printf *pf, const char *name)
{
	const char *p;
	int err;

	err = re_hprintf(pf, ".TH ");
	for (p = name; *p && !err; p++)
		err = re_hprintf(pf, "%c", toupper((unsigned char)*p));
	if (err)
		return err;

	return re_hprintf(pf, ".CONF 5\n"
		".SH NAME\n%s.conf \\- configuration and options of %s,"
		" a daemon of the pchat persistent chat server\n"
		".SH SYNOPSIS\n.B %s\n.B \\-f\n.I FILE\n"
		"[\\fB\\-\\-check\\fR [\\fB\\-\\-connect\\fR]]\n.br\n.B %s\n"
		"[\\fB\\-\\-man\\fR] [\\fB\\-\\-sample\\fR]"
		" [\\fB\\-\\-version\\fR] [\\fB\\-h\\fR]\n",
		name, name, name, name);
}


static int print_options(struct re_printf *pf)
{
	static const struct { const char *opt, *help; } optv[] = {
		{"-f FILE",   "The configuration file."},
		{"--check",   "Check the configuration and exit."},
		{"--connect", "With --check: also ask the stores and the"
			      " other processes."},
		{"--man",     "Print this manual page."},
		{"--sample",  "Print an annotated configuration file."},
		{"--version", "Print the version."},
		{"-h",        "Print a short help."},
	};
	static const struct { const char *sig, *help; } sigv[] = {
		{"TERM, INT", "Stop; a second one exits at once."},
		{"HUP",       "Read the configuration again."},
		{"USR1",      "Drain: take no new work, stop when the last"
			      " client has gone."},
	};
	size_t i;
	int err;

	err = re_hprintf(pf, ".SH OPTIONS\n");
	for (i = 0; i < ARRAY_SIZE(optv) && !err; i++) {
		err = re_hprintf(pf, ".TP\n.B ");
		if (!err)
			err = print_roff(pf, optv[i].opt);
		if (!err)
			err = re_hprintf(pf, "\n%s\n", optv[i].help);
	}

	if (!err)
		err = re_hprintf(pf, ".SH SIGNALS\n");
	for (i = 0; i < ARRAY_SIZE(sigv) && !err; i++)
		err = re_hprintf(pf, ".TP\n.B %s\n%s\n", sigv[i].sig,
				 sigv[i].help);

	if (!err)
		err = re_hprintf(pf, ".SH EXIT STATUS\n"
				 "0 stopped when asked, or nothing is wrong;"
				 " 1 failed, or a value is wrong; 2 usage, or"
				 " a line that cannot be read.\n");

	return err;
}


static int print_key(struct re_printf *pf, const struct conf_key *key)
{
	int err;

	err = re_hprintf(pf, ".TP\n.B %s\n%H.\n", key->name, print_facts, key);
	if (err || !key->help)
		return err;

	err = re_hprintf(pf, ".br\n");
	if (!err)
		err = print_roff(pf, key->help);
	if (!err)
		err = re_hprintf(pf, "\n");

	return err;
}


int config_print_man(struct re_printf *pf, const char *daemon,
		     const struct conf_key *keyv, size_t keyc)
{
	size_t i;
	int err;

	if (!pf || !daemon || !keyv)
		return EINVAL;

	err = print_head(pf, daemon);
	if (!err)
		err = print_options(pf);
	if (!err)
		err = re_hprintf(pf, ".SH CONFIGURATION\n"
				 "One key a line, blanks, and its value up to"
				 " the end of the line.  A line that begins\n"
				 "with # is a comment.\n");

	for (i = 0; i < keyc && !err; i++)
		err = print_key(pf, &keyv[i]);

	return err;
}


/* @p text as comment lines, broken at blanks */
static int print_comment(struct re_printf *pf, const char *text)
{
	int err = 0;

	while (*text && !err) {
		size_t n = strlen(text);

		if (n > SAMPLE_WIDTH) {
			n = SAMPLE_WIDTH;
			while (n && text[n] != ' ')
				--n;
			if (!n)
				n = strcspn(text, " ");
		}

		err = re_hprintf(pf, "# %b\n", text, n);
		text += n;
		text += strspn(text, " ");
	}

	return err;
}


int config_print_sample(struct re_printf *pf, const struct conf_key *keyv,
			size_t keyc)
{
	size_t i;
	int err = 0;

	if (!pf || !keyv)
		return EINVAL;

	for (i = 0; i < keyc && !err; i++) {
		const struct conf_key *key = &keyv[i];

		if (key->help)
			err = print_comment(pf, key->help);
		if (!err)
			err = re_hprintf(pf, "# %H\n#%s\t%s\n\n",
					 print_facts, key, key->name,
					 key->def ? key->def : "");
	}

	return err;
}
