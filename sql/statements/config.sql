-- name: configuration
-- The pool's stored settings, the narrower scope where both have one.
SELECT DISTINCT ON (key) key, value FROM configuration
 WHERE scope IN ('global', 'pool')
 ORDER BY key, (scope = 'pool') DESC;

-- name: pool_addresses
SELECT a.uri FROM pool_address a ORDER BY a.uri;

-- name: ctl_config_list
SELECT key, value, scope, updated_by,
       to_char(updated_on AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  FROM configuration ORDER BY key, scope;

-- name: ctl_config_set
-- One row when it changed anything.  $1: key, $2: value, $3: who
WITH changed AS (
       INSERT INTO configuration AS c (key, value, updated_by)
       VALUES ($1, $2, $3)
           ON CONFLICT (scope, key) DO UPDATE
          SET value = excluded.value, updated_by = excluded.updated_by,
              updated_on = now()
        WHERE c.value <> excluded.value
    RETURNING key
     ), audited AS (
       INSERT INTO admin_audit (actor, action, object, detail)
       SELECT $3, 'config set', key, jsonb_build_object('value', $2::text)
         FROM changed
     )
SELECT key, pg_notify('pchat_config', '') FROM changed;

-- name: ctl_config_remove
-- One row when there was one.  $1: key, $2: who
WITH changed AS (
       DELETE FROM configuration WHERE scope = 'global' AND key = $1
    RETURNING key
     ), audited AS (
       INSERT INTO admin_audit (actor, action, object)
       SELECT $2, 'config remove', key FROM changed
     )
SELECT key, pg_notify('pchat_config', '') FROM changed;
