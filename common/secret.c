/**
 * @file common/secret.c  Secrets in files
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <re.h>
#include "common/secret.h"


bool secret_private(const struct stat *st)
{
	if (!(st->st_mode & (S_IRWXG | S_IRWXO)))
		return true;

	/* systemd's credentials are root's, of mode 0440: the group's bits
	   stand for an access list that names the service's user */
	return !st->st_uid && (st->st_gid || !(st->st_mode & S_IWUSR)) &&
		!(st->st_mode & (S_IWGRP | S_IXGRP | S_IRWXO));
}


static int line_read(char **textp, FILE *f)
{
	char line[1024];
	int err;

	if (!fgets(line, sizeof(line), f))
		return ferror(f) ? errno : EBADMSG;

	line[strcspn(line, "\r\n")] = '\0';
	err = *line ? str_dup(textp, line) : EBADMSG;
	explicit_bzero(line, sizeof(line));

	return err;
}


int secret_line(char **textp, const char *path)
{
	struct stat st;
	FILE *f = fopen(path, "re");
	int err;

	if (!f || fstat(fileno(f), &st))
		err = errno;
	else if (!secret_private(&st))
		err = EPERM;
	else
		err = line_read(textp, f);
	if (f)
		(void)fclose(f);

	return err;
}
