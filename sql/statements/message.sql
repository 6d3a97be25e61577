-- for: channel

-- name: post_batch
-- Store a batch of messages: see the function of that name in sql/schema.
SELECT room_id, base_id, ts, state
  FROM post_batch($1::bigint, $2::bigint, $3::bigint, $4::bigint[], $5::integer[],
                  $6::bigint[], $7::bigint[], $8::integer[], $9::integer[],
                  $10::bigint[], $11::bigint[], $12::integer[], $13::text[],
                  $14::text[]);

-- name: post_abort
-- End what may still be at work for a connection that was lost: a backend that
-- waits for a lock does not notice, and would store the batch after we looked.
-- False: it would not end.  $1 integer: its pid, $2 text: the connection's name
SELECT coalesce(bool_and(pg_terminate_backend(a.pid, 1000)), true)
  FROM pg_stat_activity a
 WHERE a.pid = $1 AND a.application_name = $2 AND a.usename = current_user
   AND a.pid <> pg_backend_pid();

-- name: post_outcome
-- What became of a batch whose connection was lost: rows as post_batch gives
-- them; every id is NULL when it was not stored.  A room whose messages were
-- refused is one to be checked again.  $1 bigint: batch, $2 bigint[]: rooms,
-- $3 bigint[]: an id of each room from before the batch
SELECT w.room_id, min(m.msg_id) - 1, min(m.ts),
       CASE WHEN min(m.msg_id) IS NULL THEN 2 ELSE 0 END
  FROM unnest($2::bigint[], $3::bigint[]) AS w (room_id, after_id)
  LEFT JOIN message m ON m.room_id = w.room_id AND m.msg_id > w.after_id
                     AND m.origin = $1::bigint
 GROUP BY w.room_id
 ORDER BY w.room_id;

-- name: message_range
-- Messages between two ids, both excluded, oldest first.  $1 bigint: room,
-- $2 bigint: after, $3 bigint: before, $4 integer: limit
SELECT m.msg_id, m.ts, m.flags, m.author_id, p.name, p.display, m.chat, m.rtf
  FROM message m
  JOIN principal p ON p.principal_id = m.author_id
 WHERE m.room_id = $1 AND m.msg_id > $2 AND m.msg_id < $3
 ORDER BY m.msg_id LIMIT $4;

-- name: message_last
-- The newest messages of a room that are kept, newest first.  $1 bigint:
-- room, $2 integer: limit.  Said as "<> 8", the planner takes it for true of
-- most rows; "= 0" it takes for rare, and reads the whole room
SELECT m.msg_id, m.ts, m.flags, m.author_id, p.name, p.display, m.chat, m.rtf,
       (SELECT compliance_on())
  FROM message m
  JOIN principal p ON p.principal_id = m.author_id
 WHERE m.room_id = $1 AND m.flags & 8 <> 8
 ORDER BY m.msg_id DESC LIMIT $2;

-- name: message_forget
-- See the function of that name in sql/schema.  $1 integer: how many seconds
-- messages of rooms without history are kept
SELECT message_forget($1::integer);
