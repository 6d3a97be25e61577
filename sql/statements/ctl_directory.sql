-- pchatctl: users, groups, policies and endpoints one by one.  What changes
-- something answers with one value: nothing, true, or how many; false or 0
-- when it was so already.  See the functions of these names in sql/schema.
-- for: ctl

-- name: ctl_user_show
-- $1 text: canonical URI
SELECT p.key, p.guid, p.display, p.email,
       (ARRAY['enabled', 'disabled', 'deleted'])[p.state + 1],
       chat_enabled(p.policy_id),
       coalesce((SELECT y.name FROM policy y WHERE y.policy_id = p.policy_id), ''),
       EXISTS (SELECT FROM credential c WHERE c.principal_id = p.principal_id),
       coalesce((SELECT e.source || ': ' || e.dn FROM directory_entry e
                  WHERE e.principal_id = p.principal_id), ''),
       (SELECT coalesce(json_agg(g.key ORDER BY g.kind, g.key), '[]')
          FROM principal_member m JOIN principal g ON g.principal_id = m.group_id
         WHERE m.member_id = p.principal_id),
       (SELECT coalesce(json_agg(g.key ORDER BY g.kind, g.key), '[]')
          FROM principal_affiliation a JOIN principal g ON g.principal_id = a.ancestor_id
         WHERE a.principal_id = p.principal_id AND g.kind IN (8, 9, 10)),
       (SELECT count(*) FROM endpoint e
         WHERE e.principal_id = p.principal_id AND e.instance_id IS NOT NULL)
  FROM principal p
 WHERE p.kind = 5 AND p.key = $1::text;

-- name: ctl_user_create
-- $1 text: canonical URI, $2 text: its host, $3 text: display name or NULL,
-- $4 text: address or NULL, $5 text: policy or NULL, $6 boolean: the removed
-- user of that URI, not a new one
SELECT user_create($1::text, $2::text, $3::text, $4::text, $5::text, $6::boolean);

-- name: ctl_user_set
-- $1 text: canonical URI, $2 text: display name or NULL, $3 text: address or
-- NULL, $4 integer: state or NULL
SELECT user_set($1::text, $2::text, $3::text, $4::integer);

-- name: ctl_user_credential
-- $1 text: canonical URI, $2 text: user name, $3 text: realm, $4 text: HA1,
-- $5 text: HA1 of user@realm, $6 text: scrypt (common/kdf.h), $7 text and
-- $8 text: the two HA1 by SHA-256
SELECT user_set_credential($1::text, $2::text, $3::text, $4::text, $5::text, $6::text,
                           $7::text, $8::text);

-- name: ctl_user_remove
-- $1 text: canonical URI
SELECT user_remove($1::text);

-- name: ctl_group_list
SELECT p.key, CASE p.kind WHEN 8 THEN 'domain' WHEN 9 THEN 'group' ELSE 'folder' END,
       p.name,
       (SELECT count(*) FROM principal_member m WHERE m.group_id = p.principal_id),
       coalesce((SELECT e.source FROM directory_entry e
                  WHERE e.principal_id = p.principal_id), '')
  FROM principal p
 WHERE p.kind IN (8, 9, 10) AND p.state <> 2
 ORDER BY p.kind, p.key;

-- name: ctl_group_show
-- $1 text: key
SELECT p.key, p.name, p.guid,
       coalesce((SELECT e.source || ': ' || e.dn FROM directory_entry e
                  WHERE e.principal_id = p.principal_id), ''),
       (SELECT coalesce(json_agg(x.key ORDER BY x.kind, x.key), '[]')
          FROM principal_member m JOIN principal x ON x.principal_id = m.member_id
         WHERE m.group_id = p.principal_id),
       (SELECT coalesce(json_agg(x.key ORDER BY x.kind, x.key), '[]')
          FROM principal_affiliation a JOIN principal x ON x.principal_id = a.ancestor_id
         WHERE a.principal_id = p.principal_id AND x.kind IN (9, 10)
           AND x.principal_id <> p.principal_id),
       (SELECT coalesce(json_agg(x.key ORDER BY x.key), '[]')
          FROM principal_affiliation a JOIN principal x ON x.principal_id = a.principal_id
         WHERE a.ancestor_id = p.principal_id AND x.kind = 5),
       (SELECT count(*)
          FROM principal_affiliation a JOIN principal x ON x.principal_id = a.principal_id
         WHERE a.ancestor_id = p.principal_id AND x.kind = 5)
  FROM principal p
 WHERE p.kind IN (8, 9, 10) AND p.state <> 2 AND p.key = lower($1::text);

-- name: ctl_group_create
-- $1 text: name, $2 text: members, one a line, $3 boolean: the removed group of
-- that name, not a new one
SELECT group_create($1::text, string_to_array($2::text, E'\n'), $3::boolean);

-- name: ctl_group_set
-- $1 text: key, $2 text: new name
SELECT group_rename($1::text, $2::text);

-- name: ctl_group_remove
-- $1 text: key
SELECT group_remove($1::text);

-- name: ctl_group_add
-- $1 text: key, $2 text: who
SELECT group_change($1::text, ARRAY[$2::text], true);

-- name: ctl_group_drop
-- $1 text: key, $2 text: who
SELECT group_change($1::text, ARRAY[$2::text], false);

-- name: ctl_policy_list
SELECT p.name, p.scope, p.enable_chat,
       (SELECT count(*) FROM principal x WHERE x.policy_id = p.policy_id AND x.state <> 2),
       p.scope IN ('global', 'pool', 'user')
       OR coalesce(lower(p.name) = lower(setting_text('Site', NULL)), false),
       p.description
  FROM policy p
 ORDER BY array_position(ARRAY['global', 'site', 'pool', 'user'], p.scope), lower(p.name);

-- name: ctl_policy_show
-- $1 text: name
SELECT p.name, p.scope, p.enable_chat, p.description,
       p.scope IN ('global', 'pool', 'user')
       OR coalesce(lower(p.name) = lower(setting_text('Site', NULL)), false),
       (SELECT coalesce(json_agg(x.key ORDER BY x.key), '[]') FROM principal x
         WHERE x.policy_id = p.policy_id AND x.state <> 2)
  FROM policy p WHERE lower(p.name) = lower($1::text);

-- name: ctl_policy_create
-- $1 text: name, $2 text: scope, $3 boolean, $4 text: description or NULL
SELECT policy_create($1::text, $2::text, $3::boolean, $4::text);

-- name: ctl_policy_set
-- $1 text: name, $2 boolean or NULL, $3 text: description or NULL
SELECT policy_set($1::text, $2::boolean, $3::text);

-- name: ctl_policy_remove
-- $1 text: name
SELECT policy_remove($1::text);

-- name: ctl_policy_grant
-- $1 text: name, $2 text: to whom
SELECT policy_grant($1::text, $2::text);

-- name: ctl_policy_revoke
-- $1 text: from whom
SELECT policy_revoke($1::text);

-- name: ctl_endpoint_list
SELECT a.uri, a.display, a.updated_by,
       to_char(a.updated_on AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  FROM pool_address a ORDER BY a.uri;

-- name: ctl_endpoint_create
-- $1 text: canonical URI, $2 text: display name or NULL
SELECT pool_address_create($1::text, $2::text);

-- name: ctl_endpoint_remove
-- $1 text: canonical URI
SELECT pool_address_remove($1::text);

-- name: ctl_same_person
-- For the session: a removed principal whose name is used again is the same one.
SELECT set_config('pchat.same', 'on', false);
