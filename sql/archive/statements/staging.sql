-- for: compliance

-- name: schema_version
-- for: compliance ctl
-- The newest migration that was applied to this database
SELECT coalesce(max(version), 0) AS version
  FROM schema_version;

-- name: stage
-- Stage events; one row, how many were new.  $1 uuid[], $2 integer[] kinds,
-- $3 bigint[] us since 1970, $4 uuid[] rooms, $5 bigint[] message ids, $6 text[]
-- sessions, $7 text[] events
SELECT stage($1, $2, $3, $4, $5, $6, $7);

-- name: staged_state
-- How many events wait (counted up to a limit), and for how many ms the oldest
-- has.  $1 integer: limit
SELECT (SELECT count(*) FROM (SELECT FROM staged WHERE batch_id IS NULL
                               LIMIT $1) AS x),
       coalesce((SELECT (extract(epoch FROM clock_timestamp() - s.ts) * 1000)::bigint
                   FROM staged s WHERE s.batch_id IS NULL
                  ORDER BY s.ts LIMIT 1), 0);
