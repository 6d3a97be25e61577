/**
 * @file common/conf.c  Configuration from a key table: read, check, reload
 *
 * The syntax is that of libre's conf, read by a line parser of our own: an
 * error can then name the line, and a value may hold blanks (it is the rest
 * of the line, without blanks at either end).  A '#' starts a comment only
 * where a key could start.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/conf.h"
#include "common/conf_value.h"
#include "common/log.h"


enum {
	FILE_SIZE_MAX = 1<<20,
	HASH_SIZE = 64,
	NAME_SIZE = 128,
};

/* One key and what it is set to */
struct item {
	struct le le;
	const struct conf_key *key;
	struct list valuel;
	char *override;            /* NULL: none                         */
};

struct config {
	char *path;
	const struct conf_key *keyv;
	size_t keyc;
	struct item *itemv;        /* as many as keys, same order        */
	struct hash *ht_item;      /* the same by name                   */
};


static void config_destructor(void *data)
{
	struct config *conf = data;
	size_t i;

	hash_clear(conf->ht_item);
	mem_deref(conf->ht_item);

	for (i = 0; conf->itemv && i < conf->keyc; i++) {
		list_flush(&conf->itemv[i].valuel);
		mem_deref(conf->itemv[i].override);
	}

	mem_deref(conf->itemv);
	mem_deref(conf->path);
}


static bool name_handler(struct le *le, void *arg)
{
	const struct item *item = le->data;

	return !strcmp(item->key->name, arg);
}


static struct item *item_find(const struct config *conf, const char *name)
{
	return list_ledata(hash_lookup(conf->ht_item, hash_joaat_str(name),
				       name_handler, (void *)name));
}


static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}


static void trim(struct pl *pl)
{
	while (pl->l && blank(pl->p[0]))
		pl_advance(pl, 1);
	while (pl->l && blank(pl->p[pl->l-1]))
		--pl->l;
}


/* A line into its key and its value; an empty name: it has neither */
static int line_split(char name[NAME_SIZE], struct pl *line,
		      const struct conf_place *pc)
{
	struct pl key;

	name[0] = '\0';
	trim(line);
	if (!line->l || line->p[0] == '#')
		return 0;

	if (memchr(line->p, '\0', line->l))
		return conf_complain(pc, NULL, "not a line of text");

	key = *line;
	for (key.l = 0; key.l < line->l && !blank(key.p[key.l]); )
		++key.l;

	pl_advance(line, (ssize_t)key.l);
	trim(line);

	return pl_strcpy(&key, name, NAME_SIZE) ?
		conf_complain(pc, NULL, "not a line of text") : 0;
}


static int line_read(struct config *conf, const struct conf_place *pc,
		     struct pl *line)
{
	const struct conf_value *old;
	struct item *item;
	char name[NAME_SIZE];
	int err;

	err = line_split(name, line, pc);
	if (err || !name[0])
		return err;

	item = item_find(conf, name);
	if (!item)
		return conf_complain(pc, name, "there is no such key");

	old = list_ledata(list_head(&item->valuel));
	if (old && !(item->key->flags & CONF_MULTI))
		return conf_complain(pc, name, "given before, in line %u",
				old->line);

	if (!line->l && item->key->flags & CONF_REQUIRED)
		return conf_complain(pc, name, "needs a value");

	return conf_value_add(&item->valuel, item->key, pc, line);
}


static bool next_line(struct pl *line, struct pl *rest, struct conf_place *pc)
{
	const char *nl = rest->l ? memchr(rest->p, '\n', rest->l) : NULL;

	if (!rest->l)
		return false;

	*line = *rest;
	if (nl)
		line->l = (size_t)(nl - rest->p);

	pl_advance(rest, (ssize_t)(line->l + (nl ? 1 : 0)));
	++pc->line;

	return true;
}


static int lines_read(struct config *conf, struct conf_place *pc,
		      const struct mbuf *mb)
{
	struct pl rest = { (const char *)mb->buf, mb->end }, line;
	int err = 0;

	while (!err && next_line(&line, &rest, pc))
		err = line_read(conf, pc, &line);

	pc->line = 0;

	return err;
}


static int defaults_set(struct config *conf, const struct conf_place *pc)
{
	size_t i;
	int err = 0;

	for (i = 0; i < conf->keyc && !err; i++) {
		struct item *item = &conf->itemv[i];
		struct pl def;

		if (!list_isempty(&item->valuel))
			continue;

		if (item->key->flags & CONF_REQUIRED)
			return conf_complain(pc, item->key->name,
					"is missing and has no default");

		if (!item->key->def)
			continue;

		pl_set_str(&def, item->key->def);
		err = conf_value_add(&item->valuel, item->key, pc, &def);
	}

	return err;
}


/* errno of what went wrong, told in @p pc; not a word of it on ENOMEM */
static int file_read(struct mbuf *mb, const struct conf_place *pc)
{
	uint8_t buf[4096];
	FILE *f;
	size_t n;
	int err = 0;

	f = fopen(pc->path, "re");
	if (!f) {
		err = errno;
		(void)conf_complain(pc, NULL, "cannot be read: %m", err);
		return err;
	}

	while (!err && (n = fread(buf, 1, sizeof(buf), f)) > 0) {
		err = mbuf_write_mem(mb, buf, n);
		if (!err && mb->end > FILE_SIZE_MAX)
			err = conf_complain(pc, NULL, "is larger than 1 MB");
	}

	if (!err && ferror(f)) {
		err = EIO;
		(void)conf_complain(pc, NULL, "cannot be read: %m", errno);
	}

	(void)fclose(f);

	return err;
}


static int config_alloc(struct config **confp, const struct conf_key *keyv,
			size_t keyc, const char *path)
{
	struct config *conf;
	size_t i;
	int err;

	conf = mem_zalloc(sizeof(*conf), config_destructor);
	if (!conf)
		return ENOMEM;

	conf->keyv = keyv;
	conf->keyc = keyc;

	err = str_dup(&conf->path, path);
	if (err)
		goto out;

	err = hash_alloc(&conf->ht_item, HASH_SIZE);
	if (err)
		goto out;

	conf->itemv = mem_zalloc((keyc + 1) * sizeof(*conf->itemv), NULL);
	if (!conf->itemv) {
		err = ENOMEM;
		goto out;
	}

	for (i = 0; i < keyc; i++) {
		struct item *item = &conf->itemv[i];

		item->key = &keyv[i];
		hash_append(conf->ht_item, hash_joaat_str(keyv[i].name),
			    &item->le, item);
	}

 out:
	if (err)
		mem_deref(conf);
	else
		*confp = conf;

	return err;
}


int config_load(struct config **confp, const struct conf_key *keyv,
		size_t keyc, const char *path, struct mbuf *errmb)
{
	struct conf_place pc = { .path = path, .errmb = errmb };
	struct config *conf = NULL;
	struct mbuf *mb;
	int err;

	if (!confp || !keyv || !path)
		return EINVAL;

	mb = mbuf_alloc(4096);
	if (!mb)
		return ENOMEM;

	err = file_read(mb, &pc);
	if (err)
		goto out;

	err = config_alloc(&conf, keyv, keyc, path);
	if (err)
		goto out;

	err = lines_read(conf, &pc, mb);
	if (err)
		goto out;

	err = defaults_set(conf, &pc);

 out:
	mem_deref(mb);

	if (err)
		mem_deref(conf);
	else
		*confp = conf;

	return err;
}


static int peek(char **valp, const char *key, const struct mbuf *mb,
		struct conf_place *pc)
{
	struct pl rest = { (const char *)mb->buf, mb->end }, line;
	char name[NAME_SIZE];
	int err;

	while (next_line(&line, &rest, pc)) {
		err = line_split(name, &line, pc);
		if (err)
			return err;
		if (!strcmp(name, key))
			return pl_strdup(valp, &line);
	}

	return 0;
}


int config_peek(char **valp, const char *key, const char *path,
		struct mbuf *errmb)
{
	struct conf_place pc = { .path = path, .errmb = errmb };
	struct mbuf *mb;
	int err;

	if (!valp || !key || !path)
		return EINVAL;

	*valp = NULL;
	mb = mbuf_alloc(4096);
	if (!mb)
		return ENOMEM;

	err = file_read(mb, &pc);
	if (!err)
		err = peek(valp, key, mb, &pc);
	mem_deref(mb);

	return err;
}


static bool values_equal(const struct list *a, const struct list *b)
{
	const struct le *la = list_head(a), *lb = list_head(b);

	for (; la && lb; la = la->next, lb = lb->next) {
		const struct conf_value *va = la->data, *vb = lb->data;

		if (strcmp(va->text, vb->text))
			return false;
	}

	return !la && !lb;
}


static void values_move(struct list *to, struct list *from)
{
	struct le *le;

	while ((le = list_head(from))) {
		list_unlink(le);
		list_append(to, le, le->data);
	}
}


int config_reload(struct config *conf, struct mbuf *errmb)
{
	struct config *fresh;
	size_t i;
	int err;

	if (!conf)
		return EINVAL;

	err = config_load(&fresh, conf->keyv, conf->keyc, conf->path, errmb);
	if (err)
		return err;

	for (i = 0; i < conf->keyc; i++) {
		struct item *item = &conf->itemv[i];
		struct item *new = &fresh->itemv[i];

		if (values_equal(&item->valuel, &new->valuel))
			continue;

		if (!(item->key->flags & CONF_RELOAD)) {
			log_warn("conf.needs_restart", "key=%s",
				 item->key->name);
			continue;
		}

		list_flush(&item->valuel);
		values_move(&item->valuel, &new->valuel);
	}

	mem_deref(fresh);

	return 0;
}


static const struct conf_value *value_get(const struct config *conf,
				     const char *name, size_t n)
{
	const struct item *item;
	const struct le *le;

	item = conf && name ? item_find(conf, name) : NULL;
	if (!item)
		abort();

	for (le = list_head(&item->valuel); le && n; n--)
		le = le->next;

	return list_ledata(le);
}


const char *config_str(const struct config *conf, const char *key)
{
	const struct conf_value *val = value_get(conf, key, 0);
	const struct item *item = item_find(conf, key);

	if (item->override)
		return item->override;

	return val ? val->text : NULL;
}


int config_override(struct config *conf, const char *key, const char *text)
{
	struct item *item = item_find(conf, key);
	char *copy;
	int err;

	if (!item)
		abort();

	err = str_dup(&copy, text);
	if (err)
		return err;

	mem_deref(item->override);
	item->override = copy;

	return 0;
}


const char *config_nth(const struct config *conf, const char *key, size_t n)
{
	const struct conf_value *val = value_get(conf, key, n);

	return val ? val->text : NULL;
}


const char *config_path(const struct config *conf)
{
	return conf->path;
}


unsigned config_line(const struct config *conf, const char *key, size_t n)
{
	const struct conf_value *val = value_get(conf, key, n);

	return val ? val->line : 0;
}


uint64_t config_uint(const struct config *conf, const char *key)
{
	const struct conf_value *val = value_get(conf, key, 0);

	return val ? val->num : 0;
}


bool config_bool(const struct config *conf, const char *key)
{
	return config_uint(conf, key) != 0;
}
