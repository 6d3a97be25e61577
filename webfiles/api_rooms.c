/**
 * @file webfiles/api_rooms.c  The API for rooms and what is said in them
 */
#include <re.h>
#include "webfiles/api.h"
#include "webfiles/http.h"

static const struct route routev[] = {

	{ "GET", "/api/v1/rooms", 0, api_run,
	  "Rooms that you may know of, by name",
	  API_ROW("api_rooms", 200, ME, { API_TEXT, "view", "all" }, TEXT("q"),
	      TEXT("category"), TEXT("after"), LIMIT("50")) },
	{ "POST", "/api/v1/rooms", 0, api_run, "Make a room",
	  API_ROW("api_room_create", 201, ME, BODY) },
	{ "GET", "/api/v1/rooms/{guid}", 0, api_run,
	  "A room, with its lists for who may see them",
	  API_ROW("api_room", 200, ME, GUID) },
	{ "PATCH", "/api/v1/rooms/{guid}", 0, api_run, "Change a room",
	  API_ROW("api_room_change", 200, ME, GUID, TAG, BODY) },
	{ "DELETE", "/api/v1/rooms/{guid}", ROUTE_ADMIN, api_run,
	  "Remove a room",
	  API_ROW("api_room_remove", 204, ME, GUID, TAG) },

	{ "GET", "/api/v1/rooms/{guid}/participants", 0, api_run,
	  "Who is in a room now", API_ROW("api_participants", 200, ME, GUID) },
	{ "GET", "/api/v1/rooms/{guid}/messages", 0, api_run,
	  "What was said in a room, the newest, or before or after an id",
	  API_ROW("api_messages", 200, ME, GUID, { API_ID, "before", 0 },
	      { API_ID, "after", 0 }, LIMIT("50")) },
	{ "POST", "/api/v1/rooms/{guid}/messages", 0, api_run,
	  "Say something in a room",
	  API_ROW("api_post", 201, ME, GUID, BODY) },
	{ "PUT", "/api/v1/rooms/{guid}/follow", 0, api_run, "Follow a room",
	  API_ROW("api_follow", 204, ME, GUID) },
	{ "DELETE", "/api/v1/rooms/{guid}/follow", 0, api_run,
	  "Follow a room no more",
	  API_ROW("api_unfollow", 204, ME, GUID) },
	{ "PUT", "/api/v1/rooms/{guid}/read", 0, api_run,
	  "Tell up to which message you have read; never goes back",
	  API_ROW("api_read", 200, ME, GUID, BODY) },
	{ "GET", "/api/v1/search", 0, api_run,
	  "Messages by words, author and time, in one room or all",
	  API_ROW("api_search", 200, ME, TEXT("q"), TEXT("room"), TEXT("author"),
	      TEXT("from"), TEXT("to"), { API_TEXT, "match", "all" },
	      { API_BOOL, "case", 0 }, LIMIT("50")) },

	{ "GET", "/api/v1/invitations", 0, api_run,
	  "Rooms that you were made a member of",
	  API_ROW("api_invitations", 200, ME, { API_ID, "after", "0" }) },
	{ "GET", "/api/v1/principals", 0, api_run,
	  "Who may be on the lists of a room or of a category's rooms",
	  API_ROW("api_principals", 200, ME, TEXT("q"), TEXT("room"),
	      TEXT("category"), LIMIT("50")) },
	{ "GET", "/api/v1/categories", 0, api_run,
	  "Categories that you may know of",
	  API_ROW("api_categories", 200, ME) },
	{ "GET", "/api/v1/addins", 0, api_run,
	  "Pages that may be shown beside a room",
	  API_ROW0("api_addins", 200) },
};


static void __attribute__((constructor)) init(void)
{
	route_register(routev, ARRAY_SIZE(routev));
}
