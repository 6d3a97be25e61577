-- for: channel

-- name: configuration
-- for: channel compliance
-- The pool's stored settings, the narrower scope where both have one.
SELECT DISTINCT ON (key) key, value FROM configuration
 WHERE scope IN ('global', 'pool')
 ORDER BY key, (scope = 'pool') DESC;

-- name: pool_addresses
SELECT a.uri FROM pool_address a ORDER BY a.uri;

-- name: ctl_config_list
-- for: ctl
SELECT key, value, scope, updated_by,
       to_char(updated_on AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  FROM configuration ORDER BY key, scope;

-- name: ctl_config_set
-- for: ctl
-- How many rows changed.  $1: key, $2: value
SELECT config_set(NULL, $1::text, $2::text);

-- name: ctl_config_remove
-- for: ctl
-- How many rows there were.  $1: key
SELECT config_remove(NULL, $1::text);

-- name: web_config_set
-- for: web
-- $1 bigint: user, $2 text: key, $3 text: value
SELECT config_set($1::bigint, $2::text, $3::text);

-- name: web_config_remove
-- for: web
-- $1 bigint: user, $2 text: key
SELECT config_remove($1::bigint, $2::text);
