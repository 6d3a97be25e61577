/**
 * @file compliance/adapter/xmlside.c  What the original's XML has no words for
 *
 * The original has a list of file transfers, too, but nobody published what
 * it looks like.
 */
#include <sys/stat.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/outfile.h"
#include "compliance/adapter/filetype.h"
#include "compliance/adapter/xmlconv.h"
#include "compliance/adapter/xmlout.h"
#include "compliance/adapter/xmlside.h"


static void root(struct outfile *of, const char *name,
		 const struct adapter_batch *batch)
{
	outfile_printf(of, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<%s",
		       name);
	xmlout_int(of, "batch", (int64_t)batch->id);
	outfile_puts(of, ">\n");
}


static void attr_optional(struct outfile *of, const char *name,
			  const char *value)
{
	if (str_isset(value))
		xmlout_attr(of, name, value);
}


static void event(struct outfile *of, const struct adapter_room *room,
		  const struct adapter_event *ev)
{
	outfile_puts(of, "  <Event");
	xmlout_attr(of, "type", ev->type);
	xmlout_attr(of, "event", ev->id);
	if (room) {
		xmlout_attr(of, "channel", room->uri);
		attr_optional(of, "name", room->name);
	}
	if (ev->msg_id)
		xmlout_int(of, "id", ev->msg_id);
	attr_optional(of, "file", ev->file);
	outfile_puts(of, ">\n");

	xmlconv_sender(of, "    ", ev->user, ev->session);
	xmlout_time(of, "    ", "DateTimeUTC", ev->ts_us);

	if (ev->chat) {
		outfile_puts(of, "    <Content>");
		xmlout_text(of, ev->chat);
		outfile_puts(of, "</Content>\n");
	}
	if (ev->detail) {
		outfile_puts(of, "    <Detail>");
		xmlout_text(of, ev->detail);
		outfile_puts(of, "</Detail>\n");
	}

	outfile_puts(of, "  </Event>\n");
}


static bool is_additional(const struct adapter_conversation *conv,
			  const struct adapter_event *ev)
{
	return !conv->room || !xmlconv_standard(ev);
}


bool xmlside_any(const struct adapter_batch *batch)
{
	for (size_t i = 0; i < batch->convc; i++) {

		const struct adapter_conversation *conv = &batch->convv[i];

		for (size_t k = 0; k < conv->eventc; k++) {
			if (is_additional(conv, &conv->eventv[k]))
				return true;
		}
	}

	return false;
}


void xmlside_admin(struct outfile *of, const struct adapter_batch *batch)
{
	root(of, "AdditionalEvents", batch);

	for (size_t i = 0; i < batch->convc; i++) {

		const struct adapter_conversation *conv = &batch->convv[i];

		for (size_t k = 0; k < conv->eventc; k++) {
			if (is_additional(conv, &conv->eventv[k]))
				event(of, conv->room, &conv->eventv[k]);
		}
	}

	outfile_puts(of, "</AdditionalEvents>\n");
}


static void transfer(struct outfile *of, const struct adapter_room *room,
		     const struct adapter_event *ev)
{
	struct stat st;

	outfile_puts(of, "  <File");
	xmlout_attr(of, "type", ev->type);
	xmlout_attr(of, "name", ev->title ? ev->title : ev->file);
	xmlout_attr(of, "file", ev->file);
	xmlout_attr(of, "media", filetype(ev->title ? ev->title : ev->file));
	xmlout_attr(of, "channel", room ? room->uri : NULL);
	if (ev->lost)
		xmlout_attr(of, "lost", "true");
	if (ev->path) {
		xmlout_attr(of, "path", ev->path);
		if (!stat(ev->path, &st))
			xmlout_int(of, "size", st.st_size);
	}
	outfile_puts(of, ">\n");

	xmlconv_sender(of, "    ", ev->user, NULL);
	xmlout_time(of, "    ", "DateTimeUTC", ev->ts_us);
	outfile_puts(of, "  </File>\n");
}


void xmlside_attach(struct outfile *of, const struct adapter_batch *batch,
		    const struct adapter_conversation *only)
{
	root(of, "Attachments", batch);

	for (size_t i = 0; i < batch->convc; i++) {

		const struct adapter_conversation *conv = &batch->convv[i];

		for (size_t k = 0; k < conv->eventc; k++) {

			const struct adapter_event *ev = &conv->eventv[k];

			if ((!only || only == conv) &&
			    (ev->kind == EV_FILEUPLOAD ||
			     ev->kind == EV_FILEDOWNLOAD))
				transfer(of, conv->room, ev);
		}
	}

	outfile_puts(of, "</Attachments>\n");
}
