/**
 * @file webfiles/core.h  What the parts of a webfiles process share
 *
 * Each part is opened and closed in service.c and nowhere else, and reaches
 * those that it stands on through this record.
 */
#pragma once

struct auth;
struct clean;
struct config;
struct db;
struct filestore;
struct http;
struct limits;
struct worker;

struct web {
	struct config *conf;
	const char *domain;
	struct db *db;
	struct http *http;
	struct auth *auth;
	struct limits *limits;
	struct worker *worker;     /* for files                             */
	struct list signinl;       /* under way                             */
	struct worker *doors;      /* for sign-ins, which may take long      */
	struct filestore *files;
	struct clean *clean;
	struct tmr tmr_identify, tmr_stop;
	bool identified;           /* the store has our schema               */
};
