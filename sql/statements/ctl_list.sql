-- pchatctl: what its list and show commands print.  Lists are JSON arrays in
-- the spelling of the import file; times are RFC 3339 in UTC.
-- for: ctl

-- name: ctl_user_list
SELECT p.key, p.display, p.email,
       chat_enabled(p.policy_id),
       (ARRAY['enabled', 'disabled', 'deleted'])[p.state + 1]
  FROM principal p
 WHERE p.kind = 5
 ORDER BY p.key;
