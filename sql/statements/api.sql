-- Routes of the web service's API: see the functions in sql/schema.  Each
-- gives one row: status, body as JSON text, tag.
-- for: web

-- name: api_rooms
-- $1 bigint: user, $2 text: view, $3 text: words, $4 text: category or NULL,
-- $5 text: name to go on after or NULL, $6 integer: limit
SELECT status, body, tag FROM api_rooms($1::bigint, $2::text, $3::text, $4::text, $5::text, $6::integer);

-- name: api_room
SELECT status, body, tag FROM api_room($1::bigint, $2::uuid);

-- name: api_room_create
SELECT status, body, tag FROM api_task('room_create', $1::bigint, NULL, NULL, $2::jsonb);

-- name: api_room_change
SELECT status, body, tag
  FROM api_task('room_modify', $1::bigint, $2::uuid::text, $3::text, $4::jsonb);

-- name: api_room_remove
SELECT status, body, tag FROM api_task('room_remove', $1::bigint, $2::uuid::text, $3::text, NULL);

-- name: api_participants
SELECT status, body, tag FROM api_participants($1::bigint, $2::uuid);

-- name: api_messages
-- $1 bigint: user, $2 uuid: room, $3 bigint: before, $4 bigint: after, or
-- NULL, $5 integer: limit
SELECT status, body, tag FROM api_messages($1::bigint, $2::uuid, $3::bigint, $4::bigint, $5::integer);

-- name: api_search
SELECT status, body, tag
  FROM api_search($1::bigint, $2::text, $3::text, $4::text, $5::text, $6::text,
                  $7::text, $8::boolean, $9::integer);

-- name: api_principals
SELECT status, body, tag FROM api_principals($1::bigint, $2::text, $3::text, $4::text, $5::integer);

-- name: api_categories
SELECT status, body, tag FROM api_categories($1::bigint);

-- name: api_addins
SELECT status, body, tag FROM api_addins();

-- name: api_invitations
SELECT status, body, tag FROM api_invitations($1::bigint, $2::bigint);

-- name: api_post
SELECT status, body, tag FROM api_post($1::bigint, $2::uuid, $3::jsonb);

-- name: api_follow
SELECT status, body, tag FROM api_task('follow', $1::bigint, $2::uuid::text, NULL, NULL);

-- name: api_unfollow
SELECT status, body, tag FROM api_task('unfollow', $1::bigint, $2::uuid::text, NULL, NULL);

-- name: api_read
SELECT status, body, tag FROM api_task('read', $1::bigint, $2::uuid::text, NULL, $3::jsonb);

-- What administrators see and change: $1 bigint: user, then object, tag and
-- body as the task needs them.

-- name: api_category
SELECT status, body, tag FROM api_admin('category_read', $1::bigint, $2::uuid::text, NULL, NULL);

-- name: api_category_create
SELECT status, body, tag FROM api_admin('category_create', $1::bigint, NULL, NULL, $2::jsonb);

-- name: api_category_modify
SELECT status, body, tag
  FROM api_admin('category_modify', $1::bigint, $2::uuid::text, $3::text, $4::jsonb);

-- name: api_category_remove
SELECT status, body, tag FROM api_admin('category_remove', $1::bigint, $2::uuid::text, $3::text, NULL);

-- name: api_addin
SELECT status, body, tag FROM api_admin('addin_read', $1::bigint, $2::uuid::text, NULL, NULL);

-- name: api_addin_create
SELECT status, body, tag FROM api_admin('addin_create', $1::bigint, NULL, NULL, $2::jsonb);

-- name: api_addin_modify
SELECT status, body, tag
  FROM api_admin('addin_modify', $1::bigint, $2::uuid::text, $3::text, $4::jsonb);

-- name: api_addin_remove
SELECT status, body, tag FROM api_admin('addin_remove', $1::bigint, $2::uuid::text, $3::text, NULL);

-- name: api_user_modify
SELECT status, body, tag FROM api_admin('user_modify', $1::bigint, $2::uuid::text, NULL, $3::jsonb);

-- name: api_policy_modify
SELECT status, body, tag FROM api_admin('policy_modify', $1::bigint, $2::text, NULL, $3::jsonb);

-- name: api_users
-- $1 text: words, $2 text: key to go on after or NULL, $3 integer: limit
SELECT status, body, tag FROM api_users($1::text, $2::text, $3::integer);

-- name: api_policies
SELECT status, body, tag FROM api_policies();

-- name: api_principals_all
SELECT status, body, tag FROM api_principals_all($1::text, $2::integer);

-- name: api_pool
SELECT status, body, tag FROM api_pool();

-- name: api_compliance
SELECT status, body, tag FROM api_compliance();

-- name: api_holds
SELECT status, body, tag FROM api_holds();

-- name: api_audit
-- $1 bigint: id to go on before or NULL, $2 text: words, $3 integer: limit
SELECT status, body, tag FROM api_audit($1::bigint, $2::text, $3::integer);
