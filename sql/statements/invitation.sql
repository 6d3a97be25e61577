-- Invitations: made in the background (invite_step), read by whom they are for.
-- for: channel

-- name: invite_step
-- $1 integer: users looked at
SELECT made, refused, more, stored, entries, ceiling, warn_above
  FROM invite_step($1::integer);

-- name: invitations
-- for: channel ctl
-- Invitations to rooms that the invited may enter as a member: the columns of
-- room_facts, then id, when, and to whom; the oldest first.  $1 bigint[]:
-- users, $2 integer[]: the first id of each, $3 boolean: only that one,
-- $4 integer: limit
SELECT r.room_id, r.guid, r.name, r.description, r.topic, r.privacy,
       r.behavior, r.disabled, c.guid, c.invitations AND r.invitations,
       c.files, c.history, 0::bigint, a.guid, a.name, a.url,
       true, true, false, false,
       (SELECT count(DISTINCT e.principal_id) FROM roster o
          JOIN endpoint e ON e.endpoint_id = o.endpoint_id
         WHERE o.room_id = r.room_id AND e.instance_id IS NOT NULL)::integer,
       i.invite_id, i.created_on, i.principal_id
  FROM unnest($1::bigint[], $2::integer[]) AS w (user_id, id)
 CROSS JOIN LATERAL (SELECT user_ancestors(w.user_id) AS ancv OFFSET 0) AS who
  JOIN invitation i ON i.principal_id = w.user_id AND i.invite_id >= w.id
   AND (NOT $3::boolean OR i.invite_id = w.id)
  JOIN room r ON r.room_id = i.room_id AND r.deleted_at IS NULL AND NOT r.disabled
  JOIN category c ON c.category_id = r.category_id
  LEFT JOIN addin a ON a.addin_id = r.addin_id
 WHERE scope_admits(r.category_id, who.ancv)
   AND EXISTS (SELECT FROM room_role x
                WHERE x.room_id = r.room_id AND x.role = 1
                  AND x.principal_id = ANY (who.ancv))
 ORDER BY i.principal_id, i.invite_id LIMIT $4::integer;
