/**
 * @file tests/bench/people.c  Scenarios: who is there, in which rooms
 *
 * Rooms take the users in turn, block after block, so that every user is in
 * about as many as every other.
 */
#include <stdlib.h>
#include <string.h>
#include <libpq-fe.h>
#include "tests/bench/load.h"
#include "tests/support/poolfile.h"


static const struct scenario scenariov[] = {
	{ 'A',   30, { {   1,   30 } },                           10, 4, 100 },
	{ 'B',  300, { {   1,  300 } },                           10, 4,  15 },
	{ 'C', 1000, { {   1, 1000 } },                           10, 4,   4 },
	{ 'D', 3000, { { 100,   30 } },                          100, 2, 100 },
	{ 'E', 2000, { { 800,   30 }, {  40, 100 }, {  4, 500 } }, 300, 1, 50 },
	{ 'M', 3000, { { 300, 30 }, {  20, 150 } },             3000, 1,  74 },
	{ 'J', 10000, { { 5333, 30 } },                          100, 2, 100 },
};


const struct scenario *scenario_find(char name)
{
	size_t i;

	for (i = 0; i < sizeof(scenariov) / sizeof(scenariov[0]); i++) {
		if (scenariov[i].name == name)
			return &scenariov[i];
	}

	return NULL;
}


static unsigned room_count(const struct scenario *sc)
{
	return sc->blockv[0].rooms + sc->blockv[1].rooms +
		sc->blockv[2].rooms;
}


static unsigned room_size(const struct scenario *sc, unsigned no)
{
	const struct block *b = sc->blockv;

	while (no >= b->rooms)
		no -= b++->rooms;

	return b->size;
}


int people_write(const struct scenario *sc, const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "w") : stdout;
	unsigned i;

	if (!f)
		return -1;

	(void)fprintf(f, "{\"users\":[");
	for (i = 0; i < sc->users; i++)
		(void)fprintf(f, "%s\n{\"uri\":\"sip:u%u@example.net\","
			      "\"display\":\"User %u\",\"enabled\":true}",
			      i ? "," : "", i, i);
	(void)fprintf(f, "],\n\"categories\":[{\"name\":\"Load\","
		      "\"allowed\":[\"domain:example.net\"]}],\n\"rooms\":[");
	for (i = 0; i < room_count(sc); i++)
		(void)fprintf(f, "%s\n{\"name\":\"%c%u\","
			      "\"category\":\"Load\",\"privacy\":\"open\"}",
			      i ? "," : "", sc->name, i);
	(void)fprintf(f, "]}\n");

	return f == stdout ? fflush(f) : fclose(f);
}


static void *zalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		die("no memory for %zu x %zu bytes", n, size);

	return p;
}


static void enter(struct user *u, struct room *room)
{
	u->memberv = realloc(u->memberv, (u->memberc + 1) *
			     sizeof(*u->memberv));
	if (!u->memberv)
		die("no memory");

	u->memberv[u->memberc++] = (struct member){ .room = room };
}


void people_make(struct load *load)
{
	const struct scenario *sc = load->sc;
	unsigned i, k, next = 0;

	load->userc = sc->users;
	load->userv = zalloc(load->userc, sizeof(*load->userv));
	load->roomc = room_count(sc);
	load->roomv = zalloc(load->roomc, sizeof(*load->roomv));

	for (i = 0; i < load->userc; i++)
		load->userv[i].no = i;

	for (i = 0; i < load->roomc; i++) {

		struct room *room = &load->roomv[i];

		room->size = room_size(sc, i);
		for (k = 0; k < room->size; k++)
			enter(&load->userv[next++ % load->userc], room);
	}
}


/* Names are the scenario's letter and the room's number */
void people_uris(struct load *load)
{
	PGconn *conn = PQconnectdb(load->pf->store);
	PGresult *res;
	unsigned found = 0;
	int i;

	res = PQexec(conn, "SELECT name, guid FROM room");
	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		die("store: %s", PQerrorMessage(conn));

	for (i = 0; i < PQntuples(res); i++) {

		const char *name = PQgetvalue(res, i, 0);
		const unsigned no = (unsigned)atoi(name + 1);

		if (name[0] != load->sc->name || no >= load->roomc)
			continue;

		(void)snprintf(load->roomv[no].uri,
			       sizeof(load->roomv[no].uri),
			       "ma-chan://%s/%s", load->pf->domain,
			       PQgetvalue(res, i, 1));
		++found;
	}

	PQclear(res);
	PQfinish(conn);

	if (found != load->roomc)
		die("the store has %u of the %u rooms of scenario %c: was "
		    "the pool started with its data (--data-only)?", found,
		    load->roomc, load->sc->name);
}
