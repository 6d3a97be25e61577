/**
 * @file deploy/ctl/report.c  What was exported or imported, to read and to file
 */
#include <re.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "deploy/ctl/tool.h"
#include "deploy/ctl/report.h"


enum { NAME_SIZE = 4096 };


static int part_name(char buf[NAME_SIZE], const char *name)
{
	const int n = snprintf(buf, NAME_SIZE, "%s.part", name);

	return n > 0 && n < NAME_SIZE ? 0 : ENAMETOOLONG;
}


static int fail(FILE *err, const char *name, int e)
{
	(void)fprintf(err, "pchatctl: %s: %s\n", name, strerror(e));

	return e;
}


int report_create(FILE **fp, const char *name, FILE *err)
{
	char part[NAME_SIZE];
	int fd, e;

	e = part_name(part, name);
	if (e)
		return fail(err, name, e);

	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(err, part, errno);

	*fp = fdopen(fd, "w");
	if (*fp)
		return 0;

	e = errno;
	(void)close(fd);

	return fail(err, part, e);
}


int report_finish(FILE *f, const char *name, bool failed, FILE *err)
{
	char part[NAME_SIZE];
	int e = 0;

	if (part_name(part, name))
		return ENAMETOOLONG;

	if (fflush(f) || ferror(f) || (!failed && fsync(fileno(f))))
		e = errno ? errno : EIO;
	if (fclose(f) && !e)
		e = errno;
	if (!e && !failed && rename(part, name))
		e = errno;
	if (e || failed)
		(void)unlink(part);

	return e ? fail(err, name, e) : 0;
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
