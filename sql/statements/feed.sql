-- for: channel

-- name: unread
-- The rooms a user follows and may read: the newest message, the last one
-- read, and how many of others there are in between.  $1 bigint: user,
-- $2 bigint[]: his ancestors, $3 integer: count no further
SELECT r.guid, r.name, h.last_id, p.msg_id, n.unread
  FROM (SELECT DISTINCT principal_id, room_id FROM followed WHERE principal_id = $1) AS f
  JOIN room r ON r.room_id = f.room_id
  JOIN room_head h ON h.room_id = f.room_id
  JOIN read_position p ON p.principal_id = f.principal_id AND p.room_id = f.room_id
 CROSS JOIN LATERAL (
       SELECT count(*) AS unread
         FROM (SELECT FROM message m
                WHERE m.room_id = f.room_id AND m.msg_id > p.msg_id
                  AND m.flags & 8 <> 8 AND m.author_id <> $1
                ORDER BY m.msg_id LIMIT $3) AS x) AS n
 WHERE room_readable(f.room_id, $2::bigint[])
 ORDER BY r.name_key;

-- name: read_set
-- See the function in sql/schema.  $1 bigint: user, $2 bigint[]: ancestors,
-- $3 uuid[]: rooms, $4 bigint[]: messages
SELECT guid, read_to FROM read_move($1::bigint, $2::bigint[], $3::uuid[], $4::bigint[]);

-- name: watch_list
-- $1 bigint: user
SELECT w.watch_id, w.kind, w.words FROM watch w
 WHERE w.principal_id = $1 ORDER BY w.watch_id;

-- name: watch_set
-- See the function of that name in sql/schema.  $1 bigint: user, $2 bigint:
-- watch or NULL, $3 integer: kind, $4 text: words, $5 integer: most watches
SELECT watch_set($1::bigint, $2::bigint, $3::integer, $4::text, $5::integer);

-- name: watch_delete
-- $1 bigint: user, $2 bigint: watch
DELETE FROM watch w WHERE w.principal_id = $1 AND w.watch_id = $2
RETURNING w.watch_id;

-- name: feed_step
-- See the function of that name in sql/schema.  $1 integer: messages,
-- $2 integer: what is kept of a watch
SELECT passed FROM feed_step($1::integer, $2::integer);

-- name: feed_last
-- The newest of all that was found
SELECT coalesce(max(feed_id), 0) FROM feed;

-- name: feed_read
-- What was found for users after a place, as far as they may read it now,
-- oldest first.  $1 bigint[]: users, $2 bigint: after, $3 integer: limit
SELECT m.msg_id, m.ts, m.flags, m.author_id, p.name, p.display, m.chat, m.rtf,
       f.feed_id, f.principal_id, f.watch_id, w.kind, r.guid
  FROM feed f
  JOIN watch w ON w.watch_id = f.watch_id
  JOIN room r ON r.room_id = f.room_id
  JOIN message m ON m.room_id = f.room_id AND m.msg_id = f.msg_id
                AND m.flags & 8 <> 8
  JOIN principal p ON p.principal_id = m.author_id
 WHERE f.principal_id = ANY ($1::bigint[]) AND f.feed_id > $2
   AND room_readable(f.room_id, user_ancestors(f.principal_id))
 ORDER BY f.feed_id LIMIT $3;

-- name: feed_forget
-- What is old; and of some rooms those that nobody with a watch follows any
-- more.  $1 integer: days, $2 integer: rooms
WITH old AS (
       DELETE FROM feed WHERE found_on < now() - make_interval(days => $1::integer)
     )
DELETE FROM feed_room r
 WHERE r.room_id = ANY (ARRAY(SELECT x.room_id FROM feed_room x
                               ORDER BY random() LIMIT $2::integer))
   AND NOT EXISTS (SELECT FROM followed f JOIN watch w ON w.principal_id = f.principal_id
                    WHERE f.room_id = r.room_id);
