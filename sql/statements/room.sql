-- Rooms as one user sees them.  The columns of room_facts, room_search and
-- room_mine are the same, in one order: common/store/room.c reads them.

-- name: room_facts
-- Rooms by GUID with everything that decides what a user may do in them; no
-- row for a room that does not exist.  $1 bigint[]: the user's ancestors,
-- $2 uuid[]: rooms
SELECT r.room_id, r.guid, r.name, r.description, r.topic, r.privacy,
       r.behavior, r.disabled, c.guid, c.invitations AND r.invitations,
       c.files, c.history, h.last_id, a.guid, a.name, a.url,
       scope.inside, roles.member, roles.manager, roles.presenter,
       0 AS participants
  FROM unnest($2::uuid[]) AS want (guid)
  JOIN room r ON r.guid = want.guid AND r.deleted_at IS NULL
  JOIN category c ON c.category_id = r.category_id
  JOIN room_head h ON h.room_id = r.room_id
  LEFT JOIN addin a ON a.addin_id = r.addin_id
 CROSS JOIN LATERAL (
       SELECT count(*) > 0 AND NOT coalesce(bool_or(s.denied), false) AS inside
         FROM category_scope s
        WHERE s.category_id = r.category_id
          AND s.denied IN (true, false) AND s.principal_id = ANY ($1::bigint[])
       ) AS scope
 CROSS JOIN LATERAL (
       SELECT coalesce(bool_or(x.role = 1), false) AS member,
              coalesce(bool_or(x.role = 2), false) AS manager,
              coalesce(bool_or(x.role = 3), false) AS presenter
         FROM room_role x
        WHERE x.room_id = r.room_id AND x.role IN (1, 2, 3)
          AND x.principal_id = ANY ($1::bigint[])
       ) AS roles;

-- name: room_search
-- Rooms that a user may find, by name.  $1 bigint[]: ancestors, $2 text: LIKE
-- pattern in any case, $3 boolean: descriptions too, $4 integer: limit
WITH scope AS MATERIALIZED (
       SELECT s.category_id FROM category_scope s
        WHERE s.principal_id = ANY ($1::bigint[])
        GROUP BY s.category_id HAVING NOT bool_or(s.denied)
     ), mine AS MATERIALIZED (
       SELECT x.room_id, bool_or(x.role = 1) AS member,
              bool_or(x.role = 2) AS manager, bool_or(x.role = 3) AS presenter
         FROM room_role x WHERE x.principal_id = ANY ($1::bigint[])
        GROUP BY x.room_id
     ), found AS MATERIALIZED (
       SELECT r.*, m.member, m.manager, m.presenter
         FROM room r
         JOIN scope ON scope.category_id = r.category_id
         LEFT JOIN mine m ON m.room_id = r.room_id
        WHERE r.deleted_at IS NULL
          AND (r.name_key LIKE lower($2) OR ($3 AND lower(r.description) LIKE lower($2)))
          AND (NOT r.disabled OR coalesce(m.manager, false))
          AND (r.privacy <> 2 OR coalesce(m.member OR m.manager, false))
        ORDER BY r.name_key LIMIT $4
     )
SELECT r.room_id, r.guid, r.name, r.description, r.topic, r.privacy,
       r.behavior, r.disabled, c.guid, c.invitations AND r.invitations,
       c.files, c.history, 0::bigint, a.guid, a.name, a.url,
       true, coalesce(r.member, false), coalesce(r.manager, false),
       coalesce(r.presenter, false),
       (SELECT count(DISTINCT e.principal_id) FROM roster o
          JOIN endpoint e ON e.endpoint_id = o.endpoint_id
         WHERE o.room_id = r.room_id AND e.instance_id IS NOT NULL)::integer
  FROM found r
  JOIN category c ON c.category_id = r.category_id
  LEFT JOIN addin a ON a.addin_id = r.addin_id
 ORDER BY r.name_key;

-- name: room_mine
-- Rooms on whose member (or manager) list a user is, himself or through a
-- group.  $1 bigint[]: ancestors, $2 integer: role, $3 integer: limit
WITH scope AS MATERIALIZED (
       SELECT s.category_id FROM category_scope s
        WHERE s.principal_id = ANY ($1::bigint[])
        GROUP BY s.category_id HAVING NOT bool_or(s.denied)
     ), mine AS MATERIALIZED (
       SELECT x.room_id, bool_or(x.role = 1) AS member,
              bool_or(x.role = 2) AS manager, bool_or(x.role = 3) AS presenter
         FROM room_role x WHERE x.principal_id = ANY ($1::bigint[])
        GROUP BY x.room_id HAVING bool_or(x.role = $2)
     )
SELECT r.room_id, r.guid, r.name, r.description, r.topic, r.privacy,
       r.behavior, r.disabled, c.guid, c.invitations AND r.invitations,
       c.files, c.history, 0::bigint, a.guid, a.name, a.url,
       true, m.member, m.manager, m.presenter,
       (SELECT count(DISTINCT e.principal_id) FROM roster o
          JOIN endpoint e ON e.endpoint_id = o.endpoint_id
         WHERE o.room_id = r.room_id AND e.instance_id IS NOT NULL)::integer
  FROM mine m
  JOIN room r ON r.room_id = m.room_id
  JOIN scope ON scope.category_id = r.category_id
  JOIN category c ON c.category_id = r.category_id
  LEFT JOIN addin a ON a.addin_id = r.addin_id
 WHERE r.deleted_at IS NULL AND (NOT r.disabled OR m.manager)
 ORDER BY r.name_key LIMIT $3;

-- name: room_heads
-- The counters of open rooms, to see what did not arrive.  $1 bigint[]: rooms
SELECT h.room_id, h.last_id FROM room_head h WHERE h.room_id = ANY ($1::bigint[]);
