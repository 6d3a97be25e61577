-- Files in rooms: see the functions of these names in sql/schema.
-- for: web

-- name: file_token_make
-- for: channel
-- $1 bigint: user, $2 uuid: room, $3 integer: direction, $4 text: file name,
-- $5 integer: valid ones of a user at most
SELECT status, token::text
  FROM file_token_make($1::bigint, $2::uuid, $3, $4::text, $5::integer);

-- name: file_upload_begin
-- What a token allows.  $1 text: token, $2 uuid: room
SELECT t.status, t.who, l.size_max, l.room_left
  FROM file_token_user($1::uuid, $2::uuid, 1) AS t
 CROSS JOIN file_room_left($2::uuid, NULL::uuid) AS l;

-- name: file_piece_begin
-- The same for a piece of a file, which keeps the place of the whole.
-- $1 text: token, $2 uuid: room, $3 uuid: file, $4 bigint: bytes of the whole,
-- $5 integer: unfinished ones of a user at most, $6 integer: seconds after
-- which one is given up
SELECT status, who, size_max, room_left
  FROM file_piece_begin($1::uuid, $2::uuid, $3::uuid, $4, $5, $6);

-- name: file_upload_begin_as
-- The same for a user who is known.  $1 bigint: user, $2 uuid: room
SELECT file_right($1::bigint, $2::uuid, 1), $1::bigint, l.size_max, l.room_left
  FROM file_room_left($2::uuid, NULL::uuid) AS l;

-- name: file_uploaded
-- $1 bigint: user, $2 uuid: room, $3 uuid: file, $4 text: name,
-- $5 text: extension, $6 bigint: bytes, $7 text: SHA-256 in hex, $8 text: link
-- to post, or NULL
SELECT file_uploaded($1::bigint, $2::uuid, $3::uuid, $4::text, $5::text, $6::bigint,
                     $7::text, $8::text);

-- name: file_download
-- By token.  $1 text: token, $2 uuid: room, $3 uuid: file, $4 boolean: tell
-- compliance
SELECT CASE t.status WHEN 'ok' THEN d.status ELSE t.status END,
       d.file_name, d.ext, d.size, d.digest
  FROM file_token_user($1::uuid, $2::uuid, 2) AS t
  LEFT JOIN LATERAL file_downloaded(t.who, $2::uuid, $3::uuid, $4) AS d
    ON t.status = 'ok';

-- name: file_download_as
-- By a user who is known.  $1 bigint: user, $2 uuid: room, $3 uuid: file,
-- $4 boolean: tell compliance
SELECT status, file_name, ext, size, digest
  FROM file_downloaded($1::bigint, $2::uuid, $3::uuid, $4);

-- name: file_size_max_kb
SELECT setting_number('MaxFileSizeKB', 20000);

-- name: file_pieces_clean
-- Nobody goes on with these.  $1 integer: seconds since their last piece
DELETE FROM file_piece WHERE touched_on < now() - make_interval(secs => $1::integer);

-- name: files_clean
-- Files to remove from disk now: room, file, extension.  $1 integer: hours
-- after which they go, $2 integer: how many at most
SELECT room, id, ext FROM files_clean($1, $2);

-- name: files_forget
-- They are gone from disk.  $1 uuid[]: files
DELETE FROM file WHERE file_id = ANY ($1::uuid[]) AND purged_on IS NOT NULL;

-- name: files_known
-- Which of them the store has.  $1 uuid[]: files
SELECT file_id FROM file WHERE file_id = ANY ($1::uuid[]);
