-- name: user_by_uri
-- A user who may sign in, or why not.  $1 text: canonical URI
SELECT p.principal_id, p.name, p.display, p.guid, p.state = 0,
       coalesce(u.enable_chat,
                (SELECT g.enable_chat FROM policy g
                  WHERE g.scope IN ('pool', 'site', 'global')
                  ORDER BY array_position(ARRAY['pool', 'site', 'global'], g.scope)
                  LIMIT 1), false),
       (SELECT array_agg(a.ancestor_id) FROM principal_affiliation a
         WHERE a.principal_id = p.principal_id)
  FROM principal p
  LEFT JOIN policy u ON u.policy_id = p.policy_id
 WHERE p.key = lower($1::text) AND p.kind = 5 AND p.state <> 2;

-- name: store_identity
SELECT guid, root_guid, domain FROM store;
