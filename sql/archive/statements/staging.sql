-- name: schema_version
-- The newest migration that was applied to this database
SELECT coalesce(max(version), 0) AS version
  FROM schema_version;

-- name: stage
-- Stage events; one row, how many were new.  $1 text: JSON array
SELECT stage($1::jsonb);

-- name: staged_state
-- How many events wait (counted up to a limit), and for how many ms the oldest
-- has.  $1 integer: limit
SELECT (SELECT count(*) FROM (SELECT FROM staged WHERE batch_id IS NULL
                               LIMIT $1) AS x),
       coalesce((SELECT (extract(epoch FROM clock_timestamp() - s.ts) * 1000)::bigint
                   FROM staged s WHERE s.batch_id IS NULL
                  ORDER BY s.ts LIMIT 1), 0);
