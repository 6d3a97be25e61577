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
-- How many rows changed.  $1: key, $2: value
WITH changed AS (
       INSERT INTO configuration AS c (key, value, updated_by)
       VALUES ($1, $2, admin_actor(NULL))
           ON CONFLICT (scope, key) DO UPDATE
          SET value = excluded.value, updated_by = excluded.updated_by,
              updated_on = now()
        WHERE c.value <> excluded.value
    RETURNING key
     )
SELECT count(*), count(pg_notify('pchat_config', '')),
       count(admin_audited(NULL, 'config.set', key,
                           jsonb_build_object('value', $2::text)))
  FROM changed;

-- name: ctl_config_remove
-- How many rows there were.  $1: key
WITH changed AS (
       DELETE FROM configuration WHERE scope = 'global' AND key = $1
    RETURNING key
     )
SELECT count(*), count(pg_notify('pchat_config', '')),
       count(admin_audited(NULL, 'config.remove', key, NULL))
  FROM changed;
