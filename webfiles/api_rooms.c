/**
 * @file webfiles/api_rooms.c  The API for rooms and what is said in them
 */
#include <re.h>
#include "webfiles/api.h"
#include "webfiles/http.h"

#define ROW(stmt, ok, ...) \
	&(const struct api_row){ stmt, ok, { __VA_ARGS__, { API_END, 0, 0 } } }
#define ME           { API_ME, 0, 0 }
#define GUID         { API_GUID, "guid", 0 }
#define TEXT(n)      { API_TEXT, n, 0 }
#define TAG          { API_TAG, 0, 0 }
#define BODY         { API_BODY, 0, 0 }
#define LIMIT(n)     { API_LIMIT, "limit", n }

static const struct route routev[] = {

	{ "GET", "/api/v1/rooms", 0, api_run,
	  "Rooms that you may know of, by name",
	  ROW("api_rooms", 200, ME, { API_TEXT, "view", "all" }, TEXT("q"),
	      TEXT("category"), TEXT("after"), LIMIT("50")) },
	{ "POST", "/api/v1/rooms", 0, api_run, "Make a room",
	  ROW("api_room_create", 201, ME, BODY) },
	{ "GET", "/api/v1/rooms/{guid}", 0, api_run,
	  "A room, with its lists for who may see them",
	  ROW("api_room", 200, ME, GUID) },
	{ "PATCH", "/api/v1/rooms/{guid}", 0, api_run, "Change a room",
	  ROW("api_room_change", 200, ME, GUID, TAG, BODY) },
	{ "DELETE", "/api/v1/rooms/{guid}", ROUTE_ADMIN, api_run,
	  "Remove a room",
	  ROW("api_room_remove", 204, ME, GUID, TAG) },

	{ "GET", "/api/v1/rooms/{guid}/participants", 0, api_run,
	  "Who is in a room now", ROW("api_participants", 200, ME, GUID) },
	{ "GET", "/api/v1/rooms/{guid}/messages", 0, api_run,
	  "What was said in a room, the newest, or before or after an id",
	  ROW("api_messages", 200, ME, GUID, { API_ID, "before", 0 },
	      { API_ID, "after", 0 }, LIMIT("50")) },
	{ "POST", "/api/v1/rooms/{guid}/messages", 0, api_run,
	  "Say something in a room",
	  ROW("api_post", 201, ME, GUID, BODY) },
	{ "GET", "/api/v1/search", 0, api_run,
	  "Messages by words, author and time, in one room or all",
	  ROW("api_search", 200, ME, TEXT("q"), TEXT("room"), TEXT("author"),
	      TEXT("from"), TEXT("to"), { API_TEXT, "match", "all" },
	      { API_BOOL, "case", 0 }, LIMIT("50")) },

	{ "GET", "/api/v1/invitations", 0, api_run,
	  "Rooms that you were made a member of",
	  ROW("api_invitations", 200, ME, { API_ID, "after", "0" }) },
	{ "GET", "/api/v1/principals", 0, api_run,
	  "Who may be on the lists of a room or of a category's rooms",
	  ROW("api_principals", 200, ME, TEXT("q"), TEXT("room"),
	      TEXT("category"), LIMIT("50")) },
	{ "GET", "/api/v1/categories", 0, api_run,
	  "Categories that you may know of",
	  ROW("api_categories", 200, ME) },
	{ "GET", "/api/v1/addins", 0, api_run,
	  "Pages that may be shown beside a room",
	  &(const struct api_row){ "api_addins", 200, { { API_END, 0, 0 } } } },
};


static void __attribute__((constructor)) init(void)
{
	route_register(routev, ARRAY_SIZE(routev));
}
