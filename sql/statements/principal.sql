-- name: user_by_uri
-- A user who may sign in, or why not.  $1 text: canonical URI
SELECT p.principal_id, p.name, p.display, p.guid, p.state = 0,
       chat_enabled(p.policy_id),
       (SELECT array_agg(a.ancestor_id) FROM principal_affiliation a
         WHERE a.principal_id = p.principal_id)
  FROM principal p
 WHERE p.key = lower($1::text) AND p.kind = 5 AND p.state <> 2;

-- name: invitations
-- Invitations above an id, oldest first, to rooms that can still be entered.
-- $1 bigint: user, $2 integer: id, $3 integer: limit
SELECT i.invite_id, i.created_on, r.guid, r.name, r.description
  FROM invitation i
  JOIN room r ON r.room_id = i.room_id AND r.deleted_at IS NULL AND NOT r.disabled
 WHERE i.principal_id = $1 AND i.invite_id > $2
 ORDER BY i.invite_id LIMIT $3;

-- name: store_identity
SELECT guid, root_guid, domain FROM store;
