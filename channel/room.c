/**
 * @file channel/room.c  Open rooms: the tables, and what a room is
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/store/room.h"
#include "channel/pressure.h"
#include "channel/roomtab.h"

enum { BUCKETS = 1<<14, OCC_BUCKETS = 1<<16 };


static void tab_destructor(void *data)
{
	struct roomtab *tab = data;

	mem_deref(tab->ht_id);
	mem_deref(tab->ht_guid);
	mem_deref(tab->ht_occ);
	mem_deref(tab->ht_pres);
	mem_deref(tab->domain);
}


int roomtab_alloc(struct roomtab **tabp, const char *domain,
		  room_open_h *openh, struct service *svc)
{
	struct roomtab *tab = mem_zalloc(sizeof(*tab), tab_destructor);
	int err;

	if (!tab)
		return ENOMEM;

	tab->openh = openh;
	tab->svc = svc;

	err = hash_alloc(&tab->ht_id, BUCKETS);
	if (!err)
		err = hash_alloc(&tab->ht_guid, BUCKETS);
	if (!err)
		err = hash_alloc(&tab->ht_occ, OCC_BUCKETS);
	if (!err)
		err = hash_alloc(&tab->ht_pres, OCC_BUCKETS);
	if (!err)
		err = str_dup(&tab->domain, domain);

	if (err)
		mem_deref(tab);
	else
		*tabp = tab;

	return err;
}


static uint32_t guid_key(const uint8_t guid[GUID_SIZE])
{
	uint32_t key;

	memcpy(&key, guid, sizeof(key));

	return key;
}


struct room *roomtab_by_id(const struct roomtab *tab, int64_t id)
{
	struct le *le = list_head(hash_list(tab->ht_id, (uint32_t)id));

	for (; le; le = le->next) {
		struct room *room = le->data;

		if (room->id == id)
			return room;
	}

	return NULL;
}


struct room *roomtab_by_guid(const struct roomtab *tab,
			     const uint8_t guid[GUID_SIZE])
{
	struct le *le = list_head(hash_list(tab->ht_guid, guid_key(guid)));

	for (; le; le = le->next) {
		struct room *room = le->data;

		if (!memcmp(room->guid, guid, GUID_SIZE))
			return room;
	}

	return NULL;
}


struct list *roomtab_list(struct roomtab *tab)
{
	return &tab->rooml;
}


struct list *roomtab_young(struct roomtab *tab)
{
	return &tab->youngl;
}


uint32_t roomtab_count(const struct roomtab *tab)
{
	return tab->rooms;
}


static void destructor(void *data)
{
	struct room *room = data;
	struct le *le;

	if (room->he_id.list) {
		room->tab->openh(room->svc, room, false);
		--room->tab->rooms;
	}

	tmr_cancel(&room->tmr_gap);
	if (room->lagging)
		pressure_lagging(room->svc, false);
	while ((le = list_head(&room->remotel)))
		room_leave(le->data, NULL);
	list_flush(&room->afterl);
	order_flush(&room->order);
	list_flush(&room->fanl);
	list_flush(&room->partedl);

	hash_unlink(&room->he_id);
	hash_unlink(&room->he_guid);
	list_unlink(&room->le);
	list_unlink(&room->le_young);
	list_unlink(&room->le_due);
	mem_deref(room->uri);
	mem_deref(room->parent);
	mem_deref(room->name);
	mem_deref(room->description);
	mem_deref(room->topic);
	mem_deref(room->addin_guid);
	mem_deref(room->addin_name);
	mem_deref(room->addin_url);
	mem_deref(room->tab);
}


static int set_text(struct room *room, char **sp, const struct pl *pl)
{
	if (*sp ? pl->p && !pl_strcmp(pl, *sp) : !pl->p)
		return 0;

	room->modified = true;
	*sp = mem_deref(*sp);

	return pl->p ? pl_strdup(sp, pl) : 0;
}


static int set_guid(struct room *room, char **sp, const uint8_t *guid)
{
	char buf[GUID_STRSIZE];
	struct pl pl = PL_INIT;

	if (guid)
		pl_set_str(&pl, guid_str(buf, guid));

	return set_text(room, sp, &pl);
}


static void set_flag(struct room *room, bool *flagp, bool value)
{
	if (*flagp != value)
		room->modified = true;
	*flagp = value;
}


/* What may change while a room is open */
static int take_over(struct room *room, const struct room_rec *rec)
{
	char uri[CHATURI_SIZE];
	struct pl parent;
	int err;

	if (room->privacy != (int)rec->privacy)
		room->modified = true;
	room->privacy = rec->privacy;
	set_flag(room, &room->auditorium, rec->auditorium);
	set_flag(room, &room->disabled, rec->disabled);
	set_flag(room, &room->invitations, rec->invitations);
	set_flag(room, &room->files, rec->files);
	set_flag(room, &room->history, rec->history);

	err = chaturi_print(uri, sizeof(uri), CHATURI_CATEGORY,
			    room->tab->domain, rec->category);
	pl_set_str(&parent, uri);
	if (!err)
		err = set_text(room, &room->parent, &parent);
	if (!err)
		err = set_text(room, &room->name, &rec->name);
	if (!err)
		err = set_text(room, &room->description, &rec->description);
	if (!err)
		err = set_text(room, &room->topic, &rec->topic);
	if (!err)
		err = set_guid(room, &room->addin_guid, rec->addin);
	if (!err)
		err = set_text(room, &room->addin_name, &rec->addin_name);
	if (!err)
		err = set_text(room, &room->addin_url, &rec->addin_url);

	return err;
}


static int alloc(struct room **roomp, struct roomtab *tab,
		 const struct room_rec *rec)
{
	struct room *room = mem_zalloc(sizeof(*room), destructor);
	char uri[CHATURI_SIZE];
	int err;

	if (!room)
		return ENOMEM;

	room->tab = mem_ref(tab);
	room->svc = tab->svc;
	room->id = rec->id;
	room->opened_ms = tmr_jiffies();
	memcpy(room->guid, rec->guid, GUID_SIZE);
	(void)guid_str(room->guid_text, rec->guid);
	order_init(&room->order, rec->last_id);

	err = chaturi_print(uri, sizeof(uri), CHATURI_ROOM, tab->domain,
			    rec->guid);
	if (!err)
		err = str_dup(&room->uri, uri);
	if (!err)
		err = take_over(room, rec);
	if (err) {
		mem_deref(room);
		return err;
	}

	room->modified = false;
	hash_append(tab->ht_id, (uint32_t)room->id, &room->he_id, room);
	hash_append(tab->ht_guid, guid_key(room->guid), &room->he_guid, room);
	list_append(&tab->rooml, &room->le, room);
	list_append(&tab->youngl, &room->le_young, room);
	++tab->rooms;
	tab->openh(tab->svc, room, true);

	*roomp = room;

	return 0;
}


int room_open(struct room **roomp, struct roomtab *tab,
	      const struct room_rec *rec)
{
	struct room *room = roomtab_by_id(tab, rec->id);
	int err;

	if (!room)
		return alloc(roomp, tab, rec);

	err = take_over(room, rec);
	if (!err)
		*roomp = mem_ref(room);

	return err;
}


void room_silence(struct room *room, uint32_t limit)
{
	if (room->users > limit)
		room->silent = true;
	else if (room->users < limit - limit / 5)
		room->silent = false;
}
