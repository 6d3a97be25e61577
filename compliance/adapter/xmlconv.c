/**
 * @file compliance/adapter/xmlconv.c  Conversations as the original has them
 */
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/outfile.h"
#include "compliance/adapter/address.h"
#include "compliance/adapter/xmlconv.h"
#include "compliance/adapter/xmlout.h"


/* The closed list of the original's schema */
static const struct {
	enum adapter_event_kind kind;
	const char *type;
} typev[] = {
	{ EV_JOIN,         "JOIN"         },
	{ EV_PART,         "PART"         },
	{ EV_CHAT,         "CHAT"         },
	{ EV_BACKCHAT,     "BACKCHAT"     },
	{ EV_FILEUPLOAD,   "FILEUPLOAD"   },
	{ EV_FILEDOWNLOAD, "FILEDOWNLOAD" },
};


static const char *type_of(const struct adapter_event *ev)
{
	for (size_t i = 0; i < ARRAY_SIZE(typev); i++) {
		if (typev[i].kind == ev->kind)
			return typev[i].type;
	}

	return NULL;
}


bool xmlconv_standard(const struct adapter_event *ev)
{
	return type_of(ev) != NULL;
}


static const struct adapter_event *first(
	const struct adapter_conversation *conv)
{
	for (size_t i = 0; conv->room && i < conv->eventc; i++) {
		if (xmlconv_standard(&conv->eventv[i]))
			return &conv->eventv[i];
	}

	return NULL;
}


bool xmlconv_any(const struct adapter_conversation *conv)
{
	return first(conv) != NULL;
}


/* Who has no name is called by the address, as the original does */
void xmlconv_sender(struct outfile *of, const char *indent,
		    const struct adapter_user *user, const char *session)
{
	const char *address;

	if (!user)
		return;

	address = address_of(user->uri);

	outfile_puts(of, indent);
	outfile_puts(of, "<Sender");
	xmlout_attr(of, "UserName",
		    str_isset(user->display) ? user->display : address);
	xmlout_int(of, "id", user->id);
	xmlout_attr(of, "email", user->email);
	xmlout_bool(of, "internal", user->internal);
	xmlout_attr(of, "uri", address);
	if (session)
		xmlout_attr(of, "session", session);
	outfile_puts(of, " />\n");
}


static const char *content(const struct adapter_event *ev)
{
	switch (ev->kind) {

	case EV_CHAT:         return ev->chat;
	case EV_BACKCHAT:     return ev->chat ? ev->chat : ev->detail;
	case EV_FILEUPLOAD:
	case EV_FILEDOWNLOAD: return ev->file;
	default:              return NULL;
	}
}


static const char *session_of(const struct adapter_event *ev,
			      const struct xmlconv_opt *opt)
{
	return opt->user ? ev->session : NULL;
}


/* FirstMessage or Message; indented by the two strings */
static void message(struct outfile *of, const char *name, const char *indent,
		    const char *within, const struct adapter_event *ev,
		    const struct xmlconv_opt *opt)
{
	outfile_puts(of, indent);
	outfile_write(of, "<", 1);
	outfile_puts(of, name);
	xmlout_attr(of, "type", type_of(ev));
	xmlout_attr(of, "content", content(ev));
	xmlout_int(of, "id", ev->kind == EV_CHAT ? ev->msg_id : 0);
	if (opt->id)
		xmlout_attr(of, "event", ev->id);
	outfile_write(of, ">\n", 2);

	xmlconv_sender(of, within, ev->user, session_of(ev, opt));
	xmlout_time(of, within, "DateTimeUTC", ev->ts_us);

	outfile_puts(of, indent);
	outfile_write(of, "</", 2);
	outfile_puts(of, name);
	outfile_write(of, ">\n", 2);
}


static void channel(struct outfile *of, const struct adapter_room *room,
		    const struct xmlconv_opt *opt)
{
	outfile_puts(of, "    <Channel");
	xmlout_attr(of, "uri", room->uri);
	xmlout_attr(of, "name", room->name);
	xmlout_bool(of, "islogged", room->logged);

	if (opt->room) {
		xmlout_attr(of, "guid", room->guid);
		xmlout_attr(of, "description", room->description);
		xmlout_attr(of, "category", room->category);
		xmlout_attr(of, "privacy", room->privacy);
		xmlout_attr(of, "type", room->type);
	}

	outfile_puts(of, " />\n");
}


static void people(struct outfile *of, const char *name,
		   const struct adapter_user *const *userv, size_t userc)
{
	outfile_printf(of, "      <%s>\n", name);

	for (size_t i = 0; i < userc; i++)
		xmlconv_sender(of, "        ", userv[i], NULL);

	outfile_printf(of, "      </%s>\n", name);
}


void xmlconv_open(struct outfile *of)
{
	outfile_puts(of, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		     "<Conversations"
		     " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
		     " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">\n");
}


/* What we add comes last: a reader that goes by place is not disturbed */
void xmlconv_write(struct outfile *of, const struct adapter_conversation *conv,
		   const struct xmlconv_opt *opt)
{
	const struct adapter_event *ev = first(conv);

	if (!ev)
		return;

	outfile_puts(of, "  <Conversation>\n");
	channel(of, conv->room, opt);
	message(of, "FirstMessage", "    ", "      ", ev, opt);

	outfile_puts(of, "    <Messages>\n");
	for (size_t i = 0; i < conv->eventc; i++) {
		if (xmlconv_standard(&conv->eventv[i]))
			message(of, "Message", "      ", "        ",
				&conv->eventv[i], opt);
	}
	outfile_puts(of, "    </Messages>\n");

	xmlout_time(of, "    ", "StartTimeUTC", conv->start_us);
	xmlout_time(of, "    ", "EndTimeUTC", conv->end_us);

	if (opt->present) {
		outfile_puts(of, "    <Participants>\n");
		people(of, "AtStart", conv->startv, conv->startc);
		people(of, "AtEnd", conv->endv, conv->endc);
		outfile_puts(of, "    </Participants>\n");
	}

	outfile_puts(of, "  </Conversation>\n");
}


void xmlconv_close(struct outfile *of)
{
	outfile_puts(of, "</Conversations>\n");
}
