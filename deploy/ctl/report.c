/**
 * @file deploy/ctl/report.c  What was exported or imported, to read and to file
 */
#include <re.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#include "deploy/ctl/tool.h"
#include "deploy/ctl/report.h"


enum { NAME_SIZE = 4096 };

/* Where an output goes: into part, which then gets the name; or, when through
   is set, straight into what is there under the name */
struct target {
	char name[NAME_SIZE];
	char part[NAME_SIZE];
	bool through;
};


static int fail(FILE *err, const char *name, const char *why)
{
	(void)fprintf(err, "pchatctl: %s: %s\n", name, why);

	return EINVAL;
}


static int fail_errno(FILE *err, const char *name, int e)
{
	(void)fail(err, name, strerror(e));

	return e;
}


/* Names of descriptors: what they are may have no other name */
static bool is_descriptor(const char *name)
{
	return !strcmp(name, "/dev/stdout") || !strcmp(name, "/dev/stderr") ||
		!strncmp(name, "/dev/fd/", 8) || !strncmp(name, "/proc/", 6);
}


/* What a link leads to is written, the link stays */
static int resolve(struct target *t, const char *name, const struct stat *st,
		   FILE *err)
{
	if (S_ISDIR(st->st_mode))
		return fail(err, name, "is a directory");
	if (S_ISBLK(st->st_mode))
		return fail(err, name, "is a block device: give a file");
	if (S_ISSOCK(st->st_mode))
		return fail(err, name, "is a socket: give a file or a FIFO");

	t->through = !S_ISREG(st->st_mode) || is_descriptor(name);

	return t->through || realpath(name, t->name) ? 0 :
		fail_errno(err, name, errno);
}


static int target(struct target *t, const char *name, FILE *err)
{
	struct stat st;
	int e, n;

	t->through = false;
	n = snprintf(t->name, sizeof(t->name), "%s", name);
	if (n < 0 || n >= NAME_SIZE)
		return fail_errno(err, name, ENAMETOOLONG);

	if (!stat(name, &st)) {
		e = resolve(t, name, &st, err);
		if (e)
			return e;
	}
	else if (!lstat(name, &st)) {
		return fail(err, name, "is a link to nothing");
	}

	n = snprintf(t->part, sizeof(t->part), "%s.part", t->name);

	return n > 0 && n < NAME_SIZE ? 0 :
		fail_errno(err, name, ENAMETOOLONG);
}


int report_create(FILE **fp, const char *name, FILE *err)
{
	struct target t;
	int fd, e;

	e = target(&t, name, err);
	if (e)
		return e;

	if (t.through)
		fd = open(t.name, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	else
		fd = open(t.part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
			  O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_errno(err, t.through ? t.name : t.part, errno);

	*fp = fdopen(fd, "w");
	if (*fp)
		return 0;

	e = errno;
	(void)close(fd);

	return fail_errno(err, name, e);
}


int report_finish(FILE *f, const char *name, bool failed, FILE *err)
{
	struct target t;
	int e = 0;

	if (fflush(f) || ferror(f))
		e = errno ? errno : EIO;

	if (target(&t, name, err)) {
		(void)fclose(f);
		return EINVAL;
	}

	if (!e && !failed && !t.through && fsync(fileno(f)))
		e = errno;
	if (fclose(f) && !e)
		e = errno;
	if (!t.through) {
		if (!e && !failed && rename(t.part, t.name))
			e = errno;
		if (e || failed)
			(void)unlink(t.part);
	}

	return e ? fail_errno(err, name, e) : 0;
}


int report_open(FILE **fp, const struct tool *tool)
{
	const char *name = tool_opt(tool, "report");

	*fp = NULL;

	return name ? report_create(fp, name, tool->err) : 0;
}


int report_close(FILE *f, const struct tool *tool, bool failed)
{
	return f ? report_finish(f, tool_opt(tool, "report"), failed,
				 tool->err) : 0;
}


static void text(FILE *f, const char *s)
{
	for (; *s; s++) {
		switch (*s) {

		case '&': (void)fputs("&amp;", f);  break;
		case '<': (void)fputs("&lt;", f);   break;
		case '>': (void)fputs("&gt;", f);   break;
		case '"': (void)fputs("&quot;", f); break;
		default:  (void)fputc(*s, f);
		}
	}
}


static void cell(FILE *f, const char *tag, const char *s)
{
	(void)fprintf(f, "<%s>", tag);
	text(f, s);
	(void)fprintf(f, "</%s>", tag);
}


void report_begin(FILE *f, const char *title, const char *file,
		  const char *actor)
{
	const time_t now = time(NULL);
	char when[32];
	struct tm tm;

	(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC",
		       gmtime_r(&now, &tm));

	(void)fputs("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">"
		    "\n<style>body{font-family:sans-serif}"
		    "table{border-collapse:collapse;margin:1em 0}"
		    "td,th{border:1px solid #999;padding:.2em .6em;"
		    "text-align:left}</style>\n", f);
	cell(f, "title", title);
	(void)fputs("</head><body>\n", f);
	cell(f, "h1", title);
	(void)fputs("\n<p>", f);
	text(f, file);
	(void)fprintf(f, ", %s, by ", when);
	text(f, actor);
	(void)fputs("</p>\n<table>\n", f);
}


void report_count(FILE *f, const char *name, unsigned long long n)
{
	(void)fputs("<tr>", f);
	cell(f, "th", name);
	(void)fprintf(f, "<td>%llu</td></tr>\n", n);
}


void report_table(FILE *f, const char *caption, const PGresult *res,
		  const char *const *titlev, size_t titlec)
{
	int row;
	size_t i;

	(void)fputs("</table>\n<table>\n", f);
	cell(f, "caption", caption);
	(void)fputs("\n<tr>", f);
	for (i = 0; i < titlec; i++)
		cell(f, "th", titlev[i]);
	(void)fputs("</tr>\n", f);

	for (row = 0; row < PQntuples(res); row++) {
		(void)fputs("<tr>", f);
		for (i = 0; i < titlec; i++) {
			(void)fputs("<td>", f);
			cell(f, "bdi", PQgetvalue(res, row, (int)i));
			(void)fputs("</td>", f);
		}
		(void)fputs("</tr>\n", f);
	}
}


void report_end(FILE *f)
{
	(void)fputs("</table>\n</body></html>\n", f);
}
