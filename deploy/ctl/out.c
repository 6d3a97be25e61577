/**
 * @file deploy/ctl/out.c  Results of queries for people and for programs
 *
 * One description of the columns serves both, so that a table and its JSON
 * cannot drift apart.
 */
#include <re.h>
#include <stdlib.h>
#include <string.h>
#include "common/json.h"
#include <libpq-fe.h>
#include "common/shown.h"
#include "deploy/ctl/out.h"


enum { WIDTH_MAX = 64 };     /* a wider column pushes the rest aside */


/* Characters, not bytes; what stands two columns wide is rare enough */
static int width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;

	return n;
}


/* "2026-01-31 12:00:00.5+00" as 2026-01-31T12:00:00.5Z: the session's zone is
   UTC (tool.c) */
static const char *value_time(char buf[40], const char *v)
{
	size_t n;

	str_ncpy(buf, v, 40);
	n = strlen(buf);
	if (n < 19 || buf[10] != ' ')
		return buf;

	buf[10] = 'T';
	if (!strcmp(buf + n - 3, "+00"))
		(void)strcpy(buf + n - 3, "Z");

	return buf;
}


static json_t *value_json(const PGresult *res, int row, int col,
			  enum out_kind kind)
{
	const char *v = PQgetvalue(res, row, col);
	char buf[40];

	if (PQgetisnull(res, row, col))
		return json_null();

	switch (kind) {

	case OUT_INT:  return json_integer(strtoll(v, NULL, 10));
	case OUT_BOOL: return json_boolean(*v == 't');
	case OUT_JSON: return json_loads(v, JSON_DECODE_ANY, NULL);
	case OUT_TIME: return *v ? json_string(value_time(buf, v)) :
			json_null();
	default:       return json_string(v);
	}
}


static json_t *row_json(const PGresult *res, int row,
			const struct out_col *colv, size_t colc)
{
	json_t *obj = json_object();

	for (size_t i = 0; obj && i < colc; i++) {

		json_t *v = value_json(res, row, (int)i, colv[i].kind);

		if (json_object_set_new(obj, colv[i].key, v)) {
			json_decref(obj);
			return NULL;
		}
	}

	return obj;
}


static int json_print(FILE *f, const json_t *obj, size_t flags)
{
	if (json_dumpf(obj, f, flags | JSON_ENSURE_ASCII))
		return EPROTO;

	return 0;
}


/* Row by row: a store has 80,000 users */
static int table_json(FILE *f, const PGresult *res,
		      const struct out_col *colv, size_t colc)
{
	int err = 0;

	(void)fputc('[', f);

	for (int row = 0; row < PQntuples(res) && !err; row++) {

		json_t *obj = row_json(res, row, colv, colc);

		if (!obj)
			return ENOMEM;

		(void)fputs(row ? ",\n " : "\n ", f);
		err = json_print(f, obj, 0);
		json_decref(obj);
	}

	(void)fputs("\n]\n", f);

	return err;
}


/* "a, b" of ["a","b"], to be freed */
static char *list_text(const char *json)
{
	json_t *list = json_loads(json, 0, NULL), *v;
	struct mbuf *mb = mbuf_alloc(128);
	char *str = NULL, *shown;
	size_t i;
	int err = mb ? 0 : ENOMEM;

	json_array_foreach(list, i, v) {
		if (err)
			break;
		err = mbuf_printf(mb, "%s%s", i ? ", " : "",
				  json_string_value(v));
	}

	if (!err) {
		mb->pos = 0;
		(void)mbuf_strdup(mb, &str, mb->end);
	}

	shown = shown_line(str);
	mem_deref(mb);
	mem_deref(str);
	json_decref(list);

	return shown;
}


/* What people see of a value; may point into buf, which is to be freed */
static const char *value_text(char **bufp, const PGresult *res, int row,
			      int col, enum out_kind kind)
{
	const char *v = PQgetvalue(res, row, col);

	if (PQgetisnull(res, row, col) || (kind == OUT_TIME && !*v))
		return "-";
	if (kind == OUT_BOOL)
		return *v == 't' ? "yes" : "no";

	if (kind == OUT_JSON)
		*bufp = list_text(v);
	else if (kind == OUT_TIME && (*bufp = mem_alloc(40, NULL)))
		(void)value_time(*bufp, v);
	else
		*bufp = shown_line(v);

	return *bufp ? *bufp : "?";
}


static int column_width(const PGresult *res, int col,
			const struct out_col *out)
{
	int max = width(out->title);

	for (int row = 0; row < PQntuples(res); row++) {

		char *buf = NULL;
		const int w = width(value_text(&buf, res, row, col,
					       out->kind));

		mem_deref(buf);
		if (w > max && w <= WIDTH_MAX)
			max = w;
	}

	return max;
}


/* Nothing is padded at the end of a line */
static void cell_print(FILE *f, const char *text, int to, bool right,
		       bool last)
{
	int pad = to - width(text);

	if (pad < 0)
		pad = 0;

	if (right)
		(void)fprintf(f, "%*s%s", pad, "", text);
	else
		(void)fprintf(f, "%s%*s", text, last ? 0 : pad, "");

	(void)fputs(last ? "\n" : "  ", f);
}


static void line_print(FILE *f, const PGresult *res, int row,
		       const struct out_col *colv, size_t colc,
		       const int *widthv)
{
	for (size_t i = 0; i < colc; i++) {

		char *buf = NULL;

		if (!colv[i].title)
			continue;

		cell_print(f, row < 0 ? colv[i].title :
			   value_text(&buf, res, row, (int)i, colv[i].kind),
			   widthv[i], colv[i].kind == OUT_INT,
			   i + 1 == colc);
		mem_deref(buf);
	}
}


int out_table(FILE *f, bool json, const PGresult *res,
	      const struct out_col *colv, size_t colc)
{
	int widthv[32] = { 0 };

	if (colc > ARRAY_SIZE(widthv) || PQnfields(res) != (int)colc)
		return EPROTO;

	if (json)
		return table_json(f, res, colv, colc);

	for (size_t i = 0; i < colc; i++) {
		if (colv[i].title)
			widthv[i] = column_width(res, (int)i, &colv[i]);
	}

	for (int row = -1; row < PQntuples(res); row++)
		line_print(f, res, row, colv, colc, widthv);

	return 0;
}


static int record_json(FILE *f, const PGresult *res,
		       const struct out_col *colv, size_t colc)
{
	json_t *obj = row_json(res, 0, colv, colc);
	int err;

	if (!obj)
		return ENOMEM;

	err = json_print(f, obj, JSON_INDENT(1));
	(void)fputc('\n', f);
	json_decref(obj);

	return err;
}


int out_record(FILE *f, bool json, const PGresult *res,
	       const struct out_col *colv, size_t colc)
{
	int to = 0;

	if (PQntuples(res) < 1 || PQnfields(res) != (int)colc)
		return EPROTO;

	if (json)
		return record_json(f, res, colv, colc);

	for (size_t i = 0; i < colc; i++) {
		if (colv[i].title && width(colv[i].title) > to)
			to = width(colv[i].title);
	}

	for (size_t i = 0; i < colc; i++) {

		char *buf = NULL;

		if (!colv[i].title)
			continue;

		cell_print(f, colv[i].title, to, false, false);
		cell_print(f, value_text(&buf, res, 0, (int)i, colv[i].kind),
			   0, false, true);
		mem_deref(buf);
	}

	return 0;
}
