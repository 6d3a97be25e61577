-- pchatctl: what its list and show commands print.  Lists are JSON arrays in
-- the spelling of the import file; times are RFC 3339 in UTC.

-- name: ctl_user_list
SELECT p.key, p.display, p.email,
       coalesce(u.enable_chat,
                (SELECT g.enable_chat FROM policy g
                  WHERE g.scope IN ('pool', 'site', 'global')
                  ORDER BY array_position(ARRAY['pool', 'site', 'global'], g.scope)
                  LIMIT 1), false),
       (ARRAY['enabled', 'disabled', 'deleted'])[p.state + 1]
  FROM principal p
  LEFT JOIN policy u ON u.policy_id = p.policy_id
 WHERE p.kind = 5
 ORDER BY p.key;
