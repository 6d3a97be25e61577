-- name: history_find
-- Messages by conditions, in the order in which a limit counts them.
-- $1 bigint[]: rooms, NULL: all that $2 bigint[], the user's ancestors, lets
-- him read; $3 text: words or NULL, $4 integer: 0 any, 1 all, 2 phrase,
-- $5 boolean: match case; $6 text[]: authors' URIs or NULL; $7, $8
-- timestamptz: from, to; $9 bigint: message to start from or NULL;
-- $10 boolean: backwards, $11 integer: limit
SELECT m.msg_id, m.ts, m.flags, m.author_id, p.name, p.display, m.chat, m.rtf,
       r.guid
  FROM history_find(coalesce($1::bigint[], rooms_readable($2::bigint[])),
                    $3::text, $4::integer, $5::boolean, $6::text[],
                    $7::timestamptz, $8::timestamptz, $9::bigint,
                    $10::boolean, $11::integer)
       WITH ORDINALITY AS f (room_id, msg_id, place)
  JOIN message m ON m.room_id = f.room_id AND m.msg_id = f.msg_id
  JOIN principal p ON p.principal_id = m.author_id
  JOIN room r ON r.room_id = m.room_id
 ORDER BY f.place;

-- name: search_index_step
-- See the function in sql/schema.  $1 bigint: room to go on after,
-- $2 integer: rooms, $3 integer: messages
SELECT next_room, passed
  FROM search_index_step($1::bigint, $2::integer, $3::integer);
