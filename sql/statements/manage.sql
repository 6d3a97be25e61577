-- Rooms managed while people are in them: what became of their rights, lists
-- of principals, and the commands that make, change and remove a room.
-- for: channel

-- name: user_standing
-- What users are now, to those who have them signed in.  $1 bigint[]: users
SELECT w.id, user_ancestors(w.id) FROM unnest($1::bigint[]) AS w (id);

-- name: room_standing
-- Rooms with what decides whether somebody may still be there: the columns of
-- room_facts, then the place of the pair and the generations of the room's
-- rights and of people (sql/schema).  No row: the room is gone.
-- $1 bigint[]: rooms, $2 bigint[]: users, in pairs
WITH want AS MATERIALIZED (
       SELECT * FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY
           AS w (room_id, user_id, nth)
     ), who AS MATERIALIZED (
       SELECT u.user_id, user_ancestors(u.user_id) AS ancv
         FROM (SELECT DISTINCT user_id FROM want) AS u
     )
SELECT r.room_id, r.guid, r.name, r.description, r.topic, r.privacy,
       r.behavior, r.disabled, c.guid, c.invitations AND r.invitations,
       c.files, c.history, h.last_id, a.guid, a.name, a.url,
       scope.inside, roles.member, roles.manager, roles.presenter,
       0 AS participants, want.nth, h.rights, g.people
  FROM want
 CROSS JOIN rights g
  JOIN who ON who.user_id = want.user_id
  JOIN room r ON r.room_id = want.room_id AND r.deleted_at IS NULL
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

-- name: roster_removed
-- Endpoints that left rooms or were put out of them.  $1 bigint[]: endpoints,
-- $2 bigint[]: rooms, in pairs
DELETE FROM roster o
 USING unnest($1::bigint[], $2::bigint[]) AS w (endpoint_id, room_id)
 WHERE o.endpoint_id = w.endpoint_id AND o.room_id = w.room_id;

-- name: roster_mask
-- $1 bigint: endpoint, $2 bigint: room, $3 integer: mask
UPDATE roster SET mask = $3 WHERE endpoint_id = $1 AND room_id = $2;

-- name: room_audited
-- One room with what decides what a user may do in it: the columns of
-- room_facts, then who made and changed it, and whether the user is an
-- administrator.  $1 bigint[]: ancestors, $2 uuid: room
SELECT r.room_id, r.guid, r.name, r.description, r.topic, r.privacy,
       r.behavior, r.disabled, c.guid, c.invitations AND r.invitations,
       c.files, c.history, 0::bigint, a.guid, a.name, a.url,
       scope_admits(r.category_id, $1::bigint[]),
       roles.member, roles.manager, roles.presenter,
       (SELECT count(DISTINCT e.principal_id) FROM roster o
          JOIN endpoint e ON e.endpoint_id = o.endpoint_id
         WHERE o.room_id = r.room_id AND e.instance_id IS NOT NULL)::integer,
       r.created_by, r.created_on, r.updated_by, r.updated_on,
       is_administrator($1::bigint[])
  FROM room r
  JOIN category c ON c.category_id = r.category_id
  LEFT JOIN addin a ON a.addin_id = r.addin_id
 CROSS JOIN LATERAL (
       SELECT coalesce(bool_or(x.role = 1), false) AS member,
              coalesce(bool_or(x.role = 2), false) AS manager,
              coalesce(bool_or(x.role = 3), false) AS presenter
         FROM room_role x
        WHERE x.room_id = r.room_id AND x.role IN (1, 2, 3)
          AND x.principal_id = ANY ($1::bigint[])
       ) AS roles
 WHERE r.guid = $2::uuid AND r.deleted_at IS NULL;

-- ------------------------------------------------------ lists of principals
-- Columns: kind, key, display, guid, mask.

-- name: room_role_list
-- $1 bigint: room, $2 integer: role
SELECT p.kind, p.key, p.display, p.guid, 0
  FROM room_role x JOIN principal p ON p.principal_id = x.principal_id
 WHERE x.room_id = $1 AND x.role = $2 AND p.state <> 2
 ORDER BY p.kind, p.key;

-- name: room_participants
-- $1 bigint: room
SELECT p.kind, p.key, p.display, p.guid, max(o.mask)
  FROM roster o
  JOIN endpoint e ON e.endpoint_id = o.endpoint_id AND e.instance_id IS NOT NULL
  JOIN principal p ON p.principal_id = e.principal_id
 WHERE o.room_id = $1
 GROUP BY p.principal_id
 ORDER BY min(o.joined_on), p.key;

-- name: user_search
-- $1 text: LIKE pattern in any case, $2 integer: limit
SELECT p.kind, p.key, p.display, p.guid, 0
  FROM principal p
 WHERE p.kind = 5 AND p.state = 0
   AND lower(p.name || ' ' || p.display || ' ' || p.email) LIKE lower($1::text)
 ORDER BY p.display, p.key LIMIT $2;

-- name: scoped_principals
-- Who may be on the lists of a category's rooms, for those who may make or
-- manage them.  $1 bigint: category, $2 text: LIKE pattern in any case,
-- $3 integer: limit
SELECT kind, key, display, guid, 0
  FROM eligible_principals($1, NULL, lower($2::text), $3);

-- ------------------------------------------------------ categories, add-ins
-- Columns: guid, name, description, invitations, files, history, id.

-- name: category_seen
-- $1 bigint[]: ancestors
SELECT c.guid, c.name, c.description, c.invitations, c.files, c.history,
       c.category_id
  FROM category c
 WHERE scope_admits(c.category_id, $1::bigint[]) OR is_administrator($1::bigint[])
 ORDER BY c.name_key;

-- name: category_creatable
-- $1 bigint[]: ancestors
SELECT c.guid, c.name, c.description, c.invitations, c.files, c.history,
       c.category_id
  FROM category c
 WHERE is_administrator($1::bigint[])
    OR (scope_admits(c.category_id, $1::bigint[]) AND EXISTS (
        SELECT FROM category_creator k
         WHERE k.category_id = c.category_id
           AND k.principal_id = ANY ($1::bigint[])))
 ORDER BY c.name_key;

-- name: category_managed
-- The category of a node or room in which a user may say who is on lists; one
-- row for what he may see, its second column tells.  $1 bigint[]: ancestors,
-- $2 uuid: category or NULL, $3 uuid: room or NULL
SELECT c.category_id,
       is_administrator($1::bigint[])
       OR EXISTS (SELECT FROM category_creator k
                   WHERE k.category_id = c.category_id
                     AND k.principal_id = ANY ($1::bigint[]))
       OR EXISTS (SELECT FROM room_role x
                   WHERE x.room_id = r.room_id AND x.role = 2
                     AND x.principal_id = ANY ($1::bigint[]))
  FROM category c
  LEFT JOIN room r ON r.guid = $3::uuid AND r.deleted_at IS NULL
 WHERE (c.guid = $2::uuid OR c.category_id = r.category_id)
   AND (scope_admits(c.category_id, $1::bigint[]) OR is_administrator($1::bigint[]))
   AND (r.privacy IS DISTINCT FROM 2 OR is_administrator($1::bigint[])
        OR EXISTS (SELECT FROM room_role x
                    WHERE x.room_id = r.room_id AND x.role IN (1, 2)
                      AND x.principal_id = ANY ($1::bigint[])));

-- name: addin_list
SELECT a.guid, a.name, a.url FROM addin a ORDER BY a.name_key;

-- ------------------------------------------------------------ the commands
-- See the functions of these names in sql/schema.

-- name: room_create
SELECT status, room_guid
  FROM room_create($1::bigint, $2::text, $3::text, $4::uuid, $5::integer,
                   $6::integer, $7::boolean, $8::boolean, $9::uuid,
                   $10::text[], $11::text[], $12::text[]);

-- name: room_modify
SELECT status, $2::uuid
  FROM room_modify($1::bigint, $2::uuid, $3::text, $4::text, $5::text,
                   $6::uuid, $7::integer, $8::integer, $9::boolean,
                   $10::boolean, $11::boolean, $12::uuid,
                   $13::text[], $14::text[], $15::text[]);

-- name: room_delete
SELECT status, $2::uuid
  FROM room_delete($1::bigint, $2::uuid, $3::text);
