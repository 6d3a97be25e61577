/**
 * @file compliance/core.h  What the parts of the compliance daemon share
 *
 * Each part is opened and closed in service.c and nowhere else.
 */
#pragma once

struct announce;
struct archive;
struct config;
struct filestore;
struct db;
struct intake;
struct queue_in;

struct compliance {
	struct config *conf;
	int64_t daemon_id;            /* random                              */

	struct db *db_store;          /* the Persistent Chat Store           */
	struct db *db_staging;        /* the compliance store                */
	struct tmr tmr_store;         /* ask for its schema again            */
	struct tmr tmr_staging;
	bool store_known;             /* has the schema that it must have    */
	bool staging_known;

	struct queue_in *queue;
	struct announce *announce;
	struct filestore *files;      /* NULL: files are not copied          */
	struct intake *intake;
	struct archive *archive;
};
