-- Rooms as one user sees them.  The columns of room_facts, room_find and
-- invitations begin alike, in one order: common/store/room.c reads them.
-- for: channel

-- name: room_facts
-- Rooms by GUID with everything that decides what a user may do in them; no
-- row for a room that does not exist, one for a room named twice.  $1 bigint[]: the user's ancestors,
-- $2 uuid[]: rooms
SELECT r.room_id, r.guid, r.name, r.description, r.topic, r.privacy,
       r.behavior, r.disabled, c.guid, c.invitations AND r.invitations,
       c.files, c.history, h.last_id, a.guid, a.name, a.url,
       scope.inside, roles.member, roles.manager, roles.presenter,
       0 AS participants
  FROM (SELECT DISTINCT unnest($2::uuid[])) AS want (guid)
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

-- name: join_facts
-- The same for a user as they are now, with the generations of the room's rights
-- and of people, which roster_add compares.  $1 bigint: user, $2 uuid[]: rooms
WITH who AS MATERIALIZED (SELECT user_ancestors($1::bigint) AS ancv)
SELECT r.room_id, r.guid, r.name, r.description, r.topic, r.privacy,
       r.behavior, r.disabled, c.guid, c.invitations AND r.invitations,
       c.files, c.history, h.last_id, a.guid, a.name, a.url,
       scope.inside, roles.member, roles.manager, roles.presenter,
       0 AS participants, h.rights, g.people
  FROM unnest($2::uuid[]) AS want (guid)
 CROSS JOIN who
 CROSS JOIN rights g
  JOIN room r ON r.guid = want.guid AND r.deleted_at IS NULL
  JOIN category c ON c.category_id = r.category_id
  JOIN room_head h ON h.room_id = r.room_id
  LEFT JOIN addin a ON a.addin_id = r.addin_id
 CROSS JOIN LATERAL (
       SELECT count(*) > 0 AND NOT coalesce(bool_or(s.denied), false) AS inside
         FROM category_scope s
        WHERE s.category_id = r.category_id
          AND s.denied IN (true, false) AND s.principal_id = ANY (who.ancv)
       ) AS scope
 CROSS JOIN LATERAL (
       SELECT coalesce(bool_or(x.role = 1), false) AS member,
              coalesce(bool_or(x.role = 2), false) AS manager,
              coalesce(bool_or(x.role = 3), false) AS presenter
         FROM room_role x
        WHERE x.room_id = r.room_id AND x.role IN (1, 2, 3)
          AND x.principal_id = ANY (who.ancv)
       ) AS roles;

-- name: room_find
-- Rooms that a user may find: see the function of this name in sql/schema.
-- $1 bigint: user, $2 bigint[]: ancestors, $3 text[]: LIKE patterns,
-- $4 boolean: every one, $5 boolean: descriptions and topics too, $6 integer:
-- own role, $7 boolean: invited, $8 uuid: category, $9 text: who joined, $10
-- text: member, $11 text: manager, $12 uuid: add-in, $13 boolean: disabled,
-- $14 integer: privacy, $15 integer: behaviour, $16 boolean: invitations,
-- $17 integer: limit
SELECT r.room_id, r.guid, r.name, r.description, r.topic, r.privacy,
       r.behavior, r.disabled, c.guid, c.invitations AND r.invitations,
       c.files, c.history, 0::bigint, a.guid, a.name, a.url,
       f.in_scope, f.is_member, f.is_manager, f.is_presenter,
       (SELECT count(DISTINCT e.principal_id) FROM roster o
          JOIN endpoint e ON e.endpoint_id = o.endpoint_id
         WHERE o.room_id = r.room_id AND e.instance_id IS NOT NULL)::integer
  FROM room_find($1::bigint, $2::bigint[], $3::text[], $4::boolean, $5::boolean,
                 $6::integer, $7::boolean, $8::uuid, $9::text, $10::text,
                 $11::text, $12::uuid, $13::boolean, $14::integer,
                 $15::integer, $16::boolean, $17::integer) AS f
  JOIN room r ON r.room_id = f.room_id
  JOIN category c ON c.category_id = r.category_id
  LEFT JOIN addin a ON a.addin_id = r.addin_id
 ORDER BY r.name_key;

-- name: room_heads
-- The counters of open rooms, to see what did not arrive.  $1 bigint[]: rooms
SELECT h.room_id, h.last_id FROM room_head h WHERE h.room_id = ANY ($1::bigint[]);
