/**
 * @file tests/support/inbox.c  The INFO bodies that a client got, in order
 */
#include <string.h>
#include <re.h>
#include "tests/support/inbox.h"
#include "tests/support/wait.h"


struct inbox {
	struct list letterl;
	inbox_match_h *watchh;
	void *watch_arg;
};

struct letter {
	struct le le;
	char *body;
};


static void letter_destructor(void *data)
{
	struct letter *letter = data;

	list_unlink(&letter->le);
	mem_deref(letter->body);
}


static void destructor(void *data)
{
	inbox_flush(data);
}


int inbox_alloc(struct inbox **ip)
{
	struct inbox *inbox;

	if (!ip)
		return EINVAL;

	inbox = mem_zalloc(sizeof(*inbox), destructor);
	if (!inbox)
		return ENOMEM;

	*ip = inbox;

	return 0;
}


void inbox_put(struct inbox *inbox, const struct mbuf *mb)
{
	struct letter *letter = mem_zalloc(sizeof(*letter),
					   letter_destructor);

	if (!letter)
		return;

	if (re_sdprintf(&letter->body, "%b", mbuf_buf(mb),
			mbuf_get_left(mb)) ||
	    (inbox->watchh && inbox->watchh(letter->body, inbox->watch_arg)))
		mem_deref(letter);
	else
		list_append(&inbox->letterl, &letter->le, letter);
}


struct search {
	struct inbox *inbox;
	inbox_match_h *h;
	void *arg;
	struct letter *found;
};


static bool is_found(void *arg)
{
	struct search *s = arg;
	struct le *le;

	for (le = list_head(&s->inbox->letterl); le && !s->found;
	     le = le->next) {

		struct letter *letter = le->data;

		if (s->h(letter->body, s->arg))
			s->found = letter;
	}

	return s->found != NULL;
}


int inbox_take(struct inbox *inbox, inbox_match_h *h, void *arg,
	       unsigned timeout_ms, char **bodyp)
{
	struct search s = { inbox, h, arg, NULL };
	int err;

	if (!inbox || !h)
		return EINVAL;

	err = wait_for(is_found, &s, timeout_ms);
	if (err)
		return err;

	if (bodyp)
		*bodyp = mem_ref(s.found->body);
	mem_deref(s.found);

	return 0;
}


static bool contains(const char *body, void *arg)
{
	return strstr(body, arg) != NULL;
}


int inbox_expect(struct inbox *inbox, const char *part, unsigned timeout_ms,
		 char **bodyp)
{
	return inbox_take(inbox, contains, (void *)part, timeout_ms, bodyp);
}


size_t inbox_count(const struct inbox *inbox, const char *part)
{
	const struct le *le = inbox ? list_head(&inbox->letterl) : NULL;
	size_t n = 0;

	for (; le; le = le->next) {

		const struct letter *letter = le->data;

		if (!part || strstr(letter->body, part))
			++n;
	}

	return n;
}


void inbox_watch(struct inbox *inbox, inbox_match_h *h, void *arg)
{
	if (!inbox)
		return;

	inbox->watchh = h;
	inbox->watch_arg = arg;
}


void inbox_flush(struct inbox *inbox)
{
	if (inbox)
		list_flush(&inbox->letterl);
}
