-- pchatctl: messages as administrators treat them, retention and holds.
-- for: ctl

-- name: ctl_message_conditions
-- $1 ... $10: see the function in sql/schema
SELECT message_conditions($1, $2, $3, $4, $5, $6, $7, $8, $9::boolean, $10);

-- name: ctl_message_list
-- $1 jsonb: conditions, $2 integer: how many
SELECT m.msg_id, to_char(m.ts AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       r.name, 'ma-chan://' || s.domain || '/' || r.guid, p.name, l.held,
       m.flags & 4 <> 0, m.chat,
       left(regexp_replace(m.chat, '\s+', ' ', 'g'), 60)
  FROM message_list($1::jsonb, $2::integer) AS l
  JOIN message m ON m.room_id = l.room_id AND m.msg_id = l.msg_id
  JOIN room r ON r.room_id = l.room_id
  JOIN principal p ON p.principal_id = m.author_id
 CROSS JOIN store s
 ORDER BY r.name_key, r.room_id, m.msg_id;

-- name: ctl_message_audit
-- $1 text: what, $2 text: to what, $3 jsonb: conditions or counts
SELECT admin_audited(NULL, $1, $2, $3::jsonb - 'action');

-- name: ctl_message_sweep
-- $1 jsonb: conditions, $2 bigint: room and $3 bigint: id to go on after,
-- $4 integer: slice, $5 boolean: only count
SELECT gone, held, next_room, next_msg
  FROM message_sweep($1::jsonb, $2::bigint, $3::bigint, $4::integer, $5::boolean);

-- name: ctl_hold_list
SELECT h.name, r.name, p.name,
       CASE WHEN h.lifted_on IS NULL THEN 'active' ELSE 'lifted' END,
       h.set_by, to_char(h.set_on AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       h.lifted_by, to_char(h.lifted_on AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  FROM hold h
  LEFT JOIN room r ON r.room_id = h.room_id
  LEFT JOIN principal p ON p.principal_id = h.principal_id
 ORDER BY h.lifted_on IS NOT NULL, h.name;

-- name: ctl_hold_show
-- $1 text: name
SELECT h.name, r.name, p.name,
       CASE WHEN h.lifted_on IS NULL THEN 'active' ELSE 'lifted' END,
       h.set_by, to_char(h.set_on AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       h.lifted_by, to_char(h.lifted_on AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       (SELECT count(*) FROM message m
         WHERE m.room_id = h.room_id OR m.author_id = h.principal_id)
  FROM hold h
  LEFT JOIN room r ON r.room_id = h.room_id
  LEFT JOIN principal p ON p.principal_id = h.principal_id
 WHERE h.name = $1;

-- name: ctl_hold_create
-- $1 text: name, $2 text: room or NULL, $3 text: user or NULL
SELECT hold_create($1, $2, $3);

-- name: ctl_hold_lift
-- $1 text: name
SELECT hold_lift($1);

-- name: ctl_retention_list
-- What the next pass would remove, and what holds keep
SELECT r.name, k.name, coalesce(r.retention_d, k.retention_d),
       CASE WHEN r.retention_d IS NULL THEN 'category' ELSE 'room' END,
       r.deleted_at IS NOT NULL, n.due - n.held, n.held
  FROM room r
  LEFT JOIN category k ON k.category_id = r.category_id
 CROSS JOIN LATERAL (
       SELECT count(*) AS due, count(*) FILTER (WHERE EXISTS (
                  SELECT FROM hold h
                   WHERE h.lifted_on IS NULL
                     AND (h.room_id = m.room_id OR h.principal_id = m.author_id))) AS held
         FROM message m
        WHERE m.room_id = r.room_id AND m.flags & 8 <> 8
          AND m.msg_id < message_at(r.room_id, now() - make_interval(
                  days => coalesce(r.retention_d, k.retention_d)))) AS n
 WHERE coalesce(r.retention_d, k.retention_d) IS NOT NULL
   AND (r.deleted_at IS NULL OR n.due > 0)
 ORDER BY r.name_key;
