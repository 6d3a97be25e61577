/**
 * @file tests/scenario/said.c  What was said, by the store and by archives
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <libxml/xpath.h>
#include <re.h>
#include "common/json.h"
#include "tests/scenario/chaos.h"
#include "tests/support/pool.h"
#include "tests/support/xd.h"


struct line {
	size_t nr;                     /* place in the archive               */
	char *room;                    /* GUID                               */
	char *text;                    /* all of the line                    */
};

struct said {
	struct line *linev;
	size_t linec, size;
};


static void add(struct said *s, const char *room, const char *msg_id,
		const char *text)
{
	struct line *line;

	if (s->linec == s->size) {
		s->size = s->size ? 2 * s->size : 1024;
		s->linev = realloc(s->linev, s->size * sizeof(*s->linev));
	}

	line = &s->linev[s->linec];
	line->nr = s->linec++;
	line->text = line->room = NULL;
	(void)str_dup(&line->room, room);
	(void)re_sdprintf(&line->text, "%s %s %s", room, msg_id, text);
}


static int compare(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	const int d = strcmp(x->room, y->room);

	return d ? d : x->nr < y->nr ? -1 : 1;
}


static char *text_of(struct said *s)
{
	struct mbuf *mb = mbuf_alloc(4096);
	char *text = NULL;
	size_t i;

	if (s->linec)
		qsort(s->linev, s->linec, sizeof(*s->linev), compare);

	for (i = 0; i < s->linec; i++) {
		(void)mbuf_printf(mb, "%s%s", i ? "\n" : "",
				  s->linev[i].text);
		mem_deref(s->linev[i].text);
		mem_deref(s->linev[i].room);
	}
	free(s->linev);

	mb->pos = 0;
	(void)mbuf_strdup(mb, &text, mbuf_get_left(mb));
	mem_deref(mb);

	return text;
}


/* ------------------------------------------------------------- JSON lines */

static void take_line(struct said *s, const char *line)
{
	json_t *obj = json_loads(line, 0, NULL);
	const char *type = json_string_value(json_object_get(obj, "type"));
	char id[24];

	if (type && !strcmp(type, "CHAT")) {
		(void)re_snprintf(id, sizeof(id), "%lld", (long long)
				  json_integer_value(json_object_get(
						     obj, "msg_id")));
		add(s, json_string_value(json_object_get(json_object_get(
					 obj, "room"), "id")), id,
		    json_string_value(json_object_get(obj, "chat")));
	}

	json_decref(obj);
}


static void take_jsonl(struct said *s, const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	while (f && getline(&line, &size, f) > 0)
		take_line(s, line);

	free(line);
	if (f)
		(void)fclose(f);
}


/* ------------------------------------------------------------------- XML */

static char *attr(xmlNodePtr node, const char *name)
{
	return (char *)xmlGetProp(node, (const xmlChar *)name);
}


static void take_message(struct said *s, xmlNodePtr node)
{
	xmlNodePtr conv = node->parent->parent;
	char *uri = attr(xmlFirstElementChild(conv), "uri");
	char *id = attr(node, "id"), *text = attr(node, "content");

	add(s, xd_room_id(uri), id, text);
	xmlFree(uri);
	xmlFree(id);
	xmlFree(text);
}


static void take_xml(struct said *s, const char *path)
{
	xmlDocPtr doc = xmlReadFile(path, NULL, XML_PARSE_HUGE);
	xmlXPathContextPtr ctx = xmlXPathNewContext(doc);
	xmlXPathObjectPtr obj = xmlXPathEvalExpression((const xmlChar *)
		"/Conversations/Conversation/Messages/Message[@type='CHAT']",
		ctx);
	int i;

	for (i = 0; obj && obj->nodesetval && i < obj->nodesetval->nodeNr; i++)
		take_message(s, obj->nodesetval->nodeTab[i]);

	xmlXPathFreeObject(obj);
	xmlXPathFreeContext(ctx);
	xmlFreeDoc(doc);
}


/* --------------------------------------------------------------- folders */

static bool ends_with(const char *name, const char *end)
{
	const size_t n = strlen(name), m = strlen(end);

	return n > m && !strcmp(name + n - m, end);
}


typedef void (file_h)(const char *path, void *arg);

/* In the order of their names, which begin with the batch's number */
static void each_file(const char *dir, const char *end, file_h *h, void *arg)
{
	struct dirent **namev = NULL;
	const int n = scandir(dir, &namev, NULL, alphasort);
	int i;

	for (i = 0; i < n; i++) {
		char path[512];

		(void)re_snprintf(path, sizeof(path), "%s/%s", dir,
				  namev[i]->d_name);
		if (ends_with(path, end) && !ends_with(path, "-admin.xml"))
			h(path, arg);
		free(namev[i]);
	}
	free(namev);
}


static void jsonl_handler(const char *path, void *arg)
{
	take_jsonl(arg, path);
}


static void xml_handler(const char *path, void *arg)
{
	take_xml(arg, path);
}


char *said_archive(const char *dir, bool xml)
{
	struct said s = { .linec = 0 };

	each_file(dir, xml ? ".xml" : ".jsonl", xml ? xml_handler :
		  jsonl_handler, &s);

	return text_of(&s);
}


char *said_store(const struct pool *pool)
{
	return pool_sql(pool, "SELECT string_agg(r.guid || ' ' || m.msg_id ||"
			" ' ' || m.chat, E'\\n' ORDER BY r.guid::text"
			" COLLATE \"C\", m.msg_id) FROM message m"
			" JOIN room r USING (room_id)", NULL);
}


/* ---------------------------------------------------------------- schema */

struct valid {
	xmlSchemaPtr schema;
	unsigned bad;
};


static void valid_handler(const char *path, void *arg)
{
	struct valid *v = arg;
	xmlSchemaValidCtxtPtr ctx = xmlSchemaNewValidCtxt(v->schema);

	if (xmlSchemaValidateFile(ctx, path, 0)) {
		(void)re_fprintf(stderr, "%s: not valid\n", path);
		++v->bad;
	}
	xmlSchemaFreeValidCtxt(ctx);
}


unsigned said_invalid(const char *dir)
{
	xmlSchemaParserCtxtPtr ctx = xmlSchemaNewParserCtxt(
		"deploy/compliance/conversations.xsd");
	struct valid v = { xmlSchemaParse(ctx), 0 };

	if (!v.schema)
		return 1;

	each_file(dir, ".xml", valid_handler, &v);
	xmlSchemaFree(v.schema);
	xmlSchemaFreeParserCtxt(ctx);

	return v.bad;
}
