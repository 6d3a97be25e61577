/**
 * @file compliance/adapter/xml.c  The XML of the original's built-in adapter
 *
 * One file a batch, or one a room of it; what its schema has no words for
 * goes into a file beside it (xmlside.c).  Streamed, whatever the size, unless
 * a stylesheet wants a tree.
 */
#include <errno.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/outfile.h"
#include "compliance/adapter/builtin.h"
#include "compliance/adapter/place.h"
#include "compliance/adapter/setting.h"
#include "compliance/adapter/xmlconv.h"
#include "compliance/adapter/xmlside.h"
#include "compliance/adapter/xslt.h"


struct xml {
	const struct adapter_host *host;
	struct xmlconv_opt opt;
	struct xslt *xslt;         /* NULL: the XML as it is    */
	char *name;
	bool per_room;
	bool admin;
	bool attach;
};

static const struct adapter_key keyv[] = {
	{ "OneChatRoomPerOutputFile", "False",
	  "A file for each room of a batch instead of one for all; the room's"
	  " GUID is in the name." },
	{ "AddChatRoomDetails", "False",
	  "Channel also says guid, description, category, privacy and type." },
	{ "AddUserDetails", "False",
	  "Sender also says the session of the client." },
	{ "AddParticipants", "False",
	  "A last element Participants says who was in the room at the start"
	  " (AtStart) and at the end (AtEnd).  filedump.xsl needs it." },
	{ "AddEventIds", "False",
	  "Message also says the event's GUID, as the manifest does." },
	{ "AdditionalEvents", "True",
	  "Events that the original's XML cannot say (messages replaced or"
	  " purged, administration, anything of no room) go to a file"
	  " NAME-...-admin.xml, when there are any." },
	{ "CreateFileAttachmentsManifest", "False",
	  "A list of file transfers, with the ending .ATTACH, beside every"
	  " file." },
	{ "CustomConfiguration", NULL,
	  "Path of an XSLT 1.0 stylesheet; its result is written instead of the"
	  " XML." },
};


static void destructor(void *data)
{
	struct xml *xml = data;

	mem_deref(xml->xslt);
	mem_deref(xml->name);
}


static void read_settings(struct xml *xml, struct settings *set)
{
	const char *name = setting_str(set, "name");

	xml->per_room    = setting_bool(set, "OneChatRoomPerOutputFile");
	xml->opt.room    = setting_bool(set, "AddChatRoomDetails");
	xml->opt.user    = setting_bool(set, "AddUserDetails");
	xml->opt.present = setting_bool(set, "AddParticipants");
	xml->opt.id      = setting_bool(set, "AddEventIds");
	xml->admin       = setting_bool(set, "AdditionalEvents");
	xml->attach      = setting_bool(set, "CreateFileAttachmentsManifest");

	if (!set->err)
		set->err = str_dup(&xml->name, name ? name : "xml");
}


static int xml_open(void **statep, const struct adapter_setting *settingv,
		    size_t settingc, const struct adapter_host *host)
{
	struct settings set;
	struct xml *xml;
	const char *sheet;

	xml = mem_zalloc(sizeof(*xml), destructor);
	if (!xml)
		return ENOMEM;

	xml->host = host;
	settings_init(&set, &adapter_xml, settingv, settingc, host);
	read_settings(xml, &set);

	sheet = setting_str(&set, "CustomConfiguration");
	if (str_isset(sheet) && !set.err &&
	    xslt_alloc(&xml->xslt, sheet, host))
		setting_complain(&set, EBADMSG, "CustomConfiguration",
				 "is no stylesheet that can be read");

	if (set.err)
		mem_deref(xml);
	else
		*statep = xml;

	return set.err;
}


static void write_all(const struct xml *xml, struct outfile *of,
		      const struct adapter_batch *batch,
		      const struct adapter_conversation *only)
{
	xmlconv_open(of);

	for (size_t i = 0; i < batch->convc; i++) {
		if (!only || only == &batch->convv[i])
			xmlconv_write(of, &batch->convv[i], &xml->opt);
	}

	xmlconv_close(of);
}


/* By way of a file without a name when a stylesheet comes between */
static int write_styled(const struct xml *xml, struct outfile *of,
			const struct adapter_batch *batch,
			const struct adapter_conversation *only)
{
	struct outfile *plain;
	int err;

	if (!xml->xslt) {
		write_all(xml, of, batch, only);
		return 0;
	}

	err = outfile_temp(&plain, batch->dir);
	if (err)
		return err;

	write_all(xml, plain, batch, only);
	err = xslt_apply(xml->xslt, plain, of);
	mem_deref(plain);

	return err;
}


static int conversations(const struct xml *xml,
			 const struct adapter_batch *batch,
			 const struct adapter_conversation *only)
{
	struct outfile *of = NULL;
	int err;

	err = place_open(&of, batch, xml->name,
			 only ? only->room->guid : NULL, "xml");
	if (!err)
		err = write_styled(xml, of, batch, only);
	if (!err)
		err = place_close(of, xml->host);

	mem_deref(of);

	return err;
}


static int attachments(const struct xml *xml,
		       const struct adapter_batch *batch,
		       const struct adapter_conversation *only)
{
	struct outfile *of = NULL;
	int err;

	err = place_open(&of, batch, xml->name,
			 only ? only->room->guid : NULL, "ATTACH");
	if (!err) {
		xmlside_attach(of, batch, only);
		err = place_close(of, xml->host);
	}

	mem_deref(of);

	return err;
}


static int file_pair(const struct xml *xml, const struct adapter_batch *batch,
		     const struct adapter_conversation *only)
{
	const int err = conversations(xml, batch, only);

	return err || !xml->attach ? err : attachments(xml, batch, only);
}


static int files(const struct xml *xml, const struct adapter_batch *batch)
{
	int err = 0;

	if (!xml->per_room)
		return file_pair(xml, batch, NULL);

	for (size_t i = 0; i < batch->convc && !err; i++) {
		if (xmlconv_any(&batch->convv[i]))
			err = file_pair(xml, batch, &batch->convv[i]);
	}

	return err;
}


static int additional(const struct xml *xml, const struct adapter_batch *batch)
{
	struct outfile *of = NULL;
	int err;

	if (!xml->admin || !xmlside_any(batch))
		return 0;

	err = place_open(&of, batch, xml->name, "admin", "xml");
	if (!err) {
		xmlside_admin(of, batch);
		err = place_close(of, xml->host);
	}

	mem_deref(of);

	return err;
}


static enum adapter_verdict xml_deliver(void *state,
					const struct adapter_batch *batch,
					char *errbuf, size_t errsize)
{
	const struct xml *xml = state;
	int err;

	err = files(xml, batch);
	if (!err)
		err = additional(xml, batch);

	/* The only fault that trying again does not mend */
	if (err == EBADMSG) {
		(void)re_snprintf(errbuf, errsize, "the stylesheet failed");
		return ADAPTER_REFUSED;
	}

	return place_result(err, "writing XML", errbuf, errsize);
}


const struct adapter adapter_xml = {
	.abi     = ADAPTER_ABI,
	.name    = "xml",
	.help    = "The XML of the original's built-in adapter.",
	.keyv    = keyv,
	.keyc    = ARRAY_SIZE(keyv),
	.open    = xml_open,
	.deliver = xml_deliver,
	.close   = place_leave,
};
