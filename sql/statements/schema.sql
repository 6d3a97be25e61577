-- for: channel web compliance ctl

-- name: schema_version
-- The newest migration that was applied to this store
SELECT coalesce(max(version), 0) AS version
  FROM schema_version;
