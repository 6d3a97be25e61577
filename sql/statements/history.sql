-- for: channel

-- name: history_find
-- Messages by conditions, in the order in which a limit counts them; then rooms
-- that were named and of which the limit left out all.
-- $1 bigint[]: rooms, NULL: all that $2 bigint[], the user's ancestors, lets
-- him read; $3 text: words or NULL, $4 integer: 0 any, 1 all, 2 phrase,
-- $5 boolean: match case; $6 text[]: authors' URIs or NULL; $7, $8
-- timestamptz: from, to; $9 bigint: message to start from or NULL;
-- $10 boolean: backwards, $11 integer: limit, of each room that is named,
-- $12 integer: of all together
SELECT m.msg_id, m.ts, m.flags, m.author_id, p.name, p.display, m.chat, m.rtf,
       r.guid, f.more, (SELECT compliance_on())
  FROM history_rooms(coalesce($1::bigint[], rooms_readable($2::bigint[])),
                     $3::text, $4::integer, $5::boolean, $6::text[],
                     $7::timestamptz, $8::timestamptz, $9::bigint,
                     $10::boolean, $11::integer, $1 IS NOT NULL, $12::integer)
       WITH ORDINALITY AS f (room_id, msg_id, more, place)
  JOIN room r ON r.room_id = f.room_id
  LEFT JOIN message m ON m.room_id = f.room_id AND m.msg_id = f.msg_id
  LEFT JOIN principal p ON p.principal_id = m.author_id
 ORDER BY f.place;

-- name: backchat_tell
-- What a user is about to be given, for compliance: nothing when that is off.
-- $1 bigint: who, $2 bigint: his endpoint, $3 text: the command; $4 uuid[]:
-- rooms, $5 integer[]: place of each id's room in them, from 1, $6 bigint[]:
-- ids; $7 ... $15: what was asked, as $3 ... $11 of history_find
SELECT backchat_tell($1::bigint, $2::bigint, $3::text,
    jsonb_strip_nulls(jsonb_build_object(
        'words', $7::text,
        'match', CASE WHEN $7 IS NOT NULL
                      THEN (ARRAY['any', 'all', 'phrase'])[$8::integer + 1] END,
        'matchcase', CASE WHEN $7 IS NOT NULL THEN $9::boolean END,
        'authors', to_jsonb($10::text[]),
        'from', CASE WHEN isfinite($11::timestamptz) THEN $11 END,
        'to', CASE WHEN isfinite($12::timestamptz) THEN $12 END,
        'msgid', $13::bigint,
        'backwards', $14::boolean,
        'limit', $15::integer)),
    $4::uuid[], $5::integer[], $6::bigint[]);

-- name: search_index_step
-- See the function in sql/schema.  $1 bigint: room to go on after,
-- $2 integer: rooms, $3 integer: messages
SELECT next_room, passed
  FROM search_index_step($1::bigint, $2::integer, $3::integer);

-- name: retention_step
-- See the function in sql/schema.  $1 integer: seconds between passes,
-- $2 integer: messages looked at
SELECT more, gone, held FROM retention_step($1::integer, $2::integer);
