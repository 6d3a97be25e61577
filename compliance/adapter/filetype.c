/**
 * @file compliance/adapter/filetype.c  The media type of a file
 *
 * Names of the IANA registry, for what people send in offices.  A receiver
 * that wants more looks into the file.
 */
#include <string.h>
#include <strings.h>
#include <re.h>
#include "compliance/adapter/filetype.h"

#define OOXML "application/vnd.openxmlformats-officedocument."
#define ODF "application/vnd.oasis.opendocument."

static const struct {
	const char *ext, *type;
} typev[] = {
	{ "7z",   "application/x-7z-compressed" },
	{ "bmp",  "image/bmp" },
	{ "csv",  "text/csv" },
	{ "doc",  "application/msword" },
	{ "docx", OOXML "wordprocessingml.document" },
	{ "eml",  "message/rfc822" },
	{ "gif",  "image/gif" },
	{ "gz",   "application/gzip" },
	{ "htm",  "text/html" },
	{ "html", "text/html" },
	{ "ics",  "text/calendar" },
	{ "jpeg", "image/jpeg" },
	{ "jpg",  "image/jpeg" },
	{ "json", "application/json" },
	{ "log",  "text/plain" },
	{ "mp3",  "audio/mpeg" },
	{ "mp4",  "video/mp4" },
	{ "msg",  "application/vnd.ms-outlook" },
	{ "odp",  ODF "presentation" },
	{ "ods",  ODF "spreadsheet" },
	{ "odt",  ODF "text" },
	{ "pdf",  "application/pdf" },
	{ "png",  "image/png" },
	{ "ppt",  "application/vnd.ms-powerpoint" },
	{ "pptx", OOXML "presentationml.presentation" },
	{ "rtf",  "application/rtf" },
	{ "svg",  "image/svg+xml" },
	{ "tif",  "image/tiff" },
	{ "tiff", "image/tiff" },
	{ "txt",  "text/plain" },
	{ "vcf",  "text/vcard" },
	{ "wav",  "audio/vnd.wave" },
	{ "webp", "image/webp" },
	{ "xls",  "application/vnd.ms-excel" },
	{ "xlsx", OOXML "spreadsheetml.sheet" },
	{ "xml",  "application/xml" },
	{ "zip",  "application/zip" },
};


const char *filetype(const char *name)
{
	const char *dot = name ? strrchr(name, '.') : NULL;

	for (size_t i = 0; dot && i < ARRAY_SIZE(typev); i++) {
		if (!strcasecmp(dot + 1, typev[i].ext))
			return typev[i].type;
	}

	return "application/octet-stream";
}
