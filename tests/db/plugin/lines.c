/**
 * @file tests/db/plugin/lines.c  An adapter of somebody else's
 *
 * Built by the tests out of our tree, with nothing of ours but adapter.h: a
 * file each batch, a line each event.  The key "mood" names a file that says
 * what it does next: "later", "refuse N", "mumble N", "crash N" or "hang N",
 * N a batch.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "compliance/adapter.h"

struct lines {
	const struct adapter_host *host;
	char name[64];
	char mood[256];
};

static const struct adapter_key keyv[] = {
	{ "mood", NULL, "File that says what to do." },
};


static int lines_open(void **statep, const struct adapter_setting *settingv,
		      size_t settingc, const struct adapter_host *host)
{
	struct lines *l = calloc(1, sizeof(*l));
	size_t i;

	if (!l)
		return ENOMEM;

	l->host = host;
	for (i = 0; i < settingc; i++) {
		const char *v = settingv[i].value;

		if (!strcmp(settingv[i].key, "name"))
			snprintf(l->name, sizeof(l->name), "%s", v);
		if (!strcmp(settingv[i].key, "mood"))
			snprintf(l->mood, sizeof(l->mood), "%s", v);
	}

	*statep = l;

	return 0;
}


static enum adapter_verdict mood(const struct lines *l,
				 unsigned long long batch)
{
	unsigned long long n = 0;
	char word[16] = "";
	FILE *f = fopen(l->mood, "r");
	enum adapter_verdict v = ADAPTER_TAKEN;

	if (!f)
		return v;
	if (fscanf(f, "%15s %llu", word, &n) < 1)
		word[0] = '\0';
	fclose(f);

	if (!strcmp(word, "later"))
		v = ADAPTER_LATER;
	else if (!strcmp(word, "refuse") && n == batch)
		v = ADAPTER_REFUSED;
	else if (!strcmp(word, "mumble") && n == batch)
		v = ADAPTER_REFUSED;
	else if (!strcmp(word, "crash") && n == batch)
		abort();
	else if (!strcmp(word, "hang") && n == batch)
		pause();

	return v;
}


static void people(FILE *f, const char *what,
		   const struct adapter_user *const *userv, size_t userc)
{
	size_t i;

	fprintf(f, "%s", what);
	for (i = 0; i < userc; i++)
		fprintf(f, " %s", userv[i]->uri);
	fprintf(f, "\n");
}


static void conversation(FILE *f, const struct adapter_conversation *conv)
{
	size_t i;

	fprintf(f, "room %s\n", conv->room ? conv->room->name : "-");
	people(f, "start", conv->startv, conv->startc);

	for (i = 0; i < conv->eventc; i++) {
		const struct adapter_event *ev = &conv->eventv[i];

		fprintf(f, "%s %lld %s %s %s\n", ev->type,
			(long long)ev->msg_id, ev->user ? ev->user->uri : "-",
			ev->chat ? ev->chat : "-", ev->path ? ev->path : "-");
	}

	people(f, "end", conv->endv, conv->endc);
}


static enum adapter_verdict lines_deliver(void *state,
					  const struct adapter_batch *batch,
					  char *errbuf, size_t errsize)
{
	struct lines *l = state;
	char path[512];
	enum adapter_verdict v;
	size_t i;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s-%012llu.txt", batch->dir, l->name,
		 (unsigned long long)batch->id);
	f = fopen(path, "w");
	if (!f)
		return ADAPTER_LATER;
	for (i = 0; i < batch->convc; i++)
		conversation(f, &batch->convv[i]);
	if (fclose(f))
		return ADAPTER_LATER;

	if (l->host->wrote(l->host->arg, path))
		return ADAPTER_LATER;

	/* late, so that something has been written */
	v = mood(l, batch->id);
	if (v != ADAPTER_TAKEN)
		snprintf(errbuf, errsize, v == ADAPTER_REFUSED ?
			 "not \xc3 in\x1b[31m the\r\nmood" : "not in the mood");

	return v;
}


static void lines_close(void *state)
{
	free(state);
}


static const struct adapter lines = {
	.abi = ADAPTER_ABI, .name = "lines", .help = "A line each event.",
	.keyv = keyv, .keyc = 1,
	.open = lines_open, .deliver = lines_deliver, .close = lines_close,
};


const struct adapter *pchat_adapter(void)
{
	return &lines;
}
