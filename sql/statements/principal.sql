-- for: channel

-- name: user_by_uri
-- A user who may sign in, or why not.  $1 text: canonical URI
SELECT p.principal_id, p.name, p.display, p.guid, p.state = 0,
       chat_enabled(p.policy_id),
       (SELECT array_agg(a.ancestor_id) FROM principal_affiliation a
         WHERE a.principal_id = p.principal_id)
  FROM principal p
 WHERE p.key = lower($1::text) AND p.kind = 5 AND p.state <> 2;

-- name: store_identity
SELECT guid, root_guid, domain FROM store;
