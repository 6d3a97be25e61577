/**
 * @file channel/user.c  The table of users
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "channel/user.h"

enum { BUCKETS = 1<<14 };

struct usertab {
	struct hash *ht;
};


static void tab_destructor(void *data)
{
	struct usertab *tab = data;

	mem_deref(tab->ht);
}


int usertab_alloc(struct usertab **tabp)
{
	struct usertab *tab = mem_zalloc(sizeof(*tab), tab_destructor);
	int err;

	if (!tab)
		return ENOMEM;

	err = hash_alloc(&tab->ht, BUCKETS);
	if (err)
		mem_deref(tab);
	else
		*tabp = tab;

	return err;
}


static void destructor(void *data)
{
	struct user *user = data;

	hash_unlink(&user->he);
	mem_deref(user->uri);
	mem_deref(user->display);
	mem_deref(user->ancv);
}


static int set_text(char **sp, const struct pl *pl)
{
	char *s = NULL;
	int err;

	if (*sp && !pl_strcmp(pl, *sp))
		return 0;

	err = pl->p ? pl_strdup(&s, pl) : str_dup(&s, "");
	if (err)
		return err;

	mem_deref(*sp);
	*sp = s;

	return 0;
}


struct user *user_find(const struct usertab *tab, int64_t id)
{
	struct le *le = list_head(hash_list(tab->ht, (uint32_t)id));

	for (; le; le = le->next) {
		struct user *user = le->data;

		if (user->id == id)
			return user;
	}

	return NULL;
}


int user_get(struct user **userp, struct usertab *tab, int64_t id,
	     const struct pl *uri, const struct pl *display,
	     const uint8_t *guid)
{
	struct user *user = mem_ref(user_find(tab, id));
	int err;

	if (!user) {
		user = mem_zalloc(sizeof(*user), destructor);
		if (!user)
			return ENOMEM;
		user->id = id;
		hash_append(tab->ht, (uint32_t)id, &user->he, user);
	}

	if (guid)
		memcpy(user->guid, guid, GUID_SIZE);
	err = set_text(&user->uri, uri);
	if (!err)
		err = set_text(&user->display, display);

	if (err)
		mem_deref(user);
	else
		*userp = user;

	return err;
}


void user_set_ancestors(struct user *user, int64_t *ancv, size_t ancc)
{
	mem_deref(user->ancv);
	user->ancv = ancv;
	user->ancc = ancc;
}
