-- for: ctl

-- name: ctl_compliance_state
-- One row for pchatctl compliance status
SELECT coalesce((SELECT holder FROM lease WHERE until > clock_timestamp()), ''),
       CASE WHEN isfinite(r.done_on) THEN r.done_on::text ELSE '' END,
       (SELECT count(*) FROM staged WHERE batch_id IS NULL),
       (SELECT count(*) FROM staged WHERE batch_id IS NOT NULL),
       (SELECT coalesce(max(batch_id), 0) FROM batch),
       (SELECT count(*) FROM refused),
       coalesce(oldest_unarchived()::text, ''),
       coalesce(extract(epoch FROM clock_timestamp() - oldest_unarchived())::bigint, 0)
  FROM run r;

-- name: ctl_compliance_adapters
SELECT a.name, a.type, a.required, a.configured, a.state, a.batch_id,
       (SELECT count(*) FROM batch b WHERE b.batch_id > a.batch_id) AS waiting,
       (SELECT count(*) FROM refused r WHERE r.adapter = a.name) AS refused,
       a.tries, a.changed_on, a.serial, a.sha256, a.error
  FROM adapter a ORDER BY a.name;

-- name: ctl_compliance_refused
SELECT r.adapter, r.batch_id, b.eventc, b.from_ts, b.to_ts, r.refused_on,
       coalesce(r.verdict, ''), r.error
  FROM refused r JOIN batch b USING (batch_id) ORDER BY r.adapter, r.batch_id;

-- name: ctl_compliance_behind
-- How many adapters have not dealt with batch $1 bigint, refused ones counted
-- as dealt with
SELECT count(*) FROM adapter WHERE configured AND batch_id < $1::bigint;

-- name: ctl_compliance_judge
-- $1 adapter, $2 bigint: batch, $3 retry or skip, $4 actor
SELECT refused_judge($1, $2::bigint, $3, $4);

-- name: ctl_compliance_remove
-- An adapter that is not configured any more
DELETE FROM adapter WHERE name = $1 AND NOT configured RETURNING name;

-- name: ctl_archive_batches
-- Batches with events between $1 and $2, text: whether they are still here
SELECT batch_id, (extract(epoch FROM from_ts) * 1000000)::bigint,
       (extract(epoch FROM to_ts) * 1000000)::bigint, eventc, deleted_on IS NULL
  FROM batch
 WHERE to_ts > $1::timestamptz AND from_ts < $2::timestamptz
 ORDER BY batch_id;

-- name: ctl_check_events
-- What is here, for the attestation; to be read with batch_fetch.  place: k
-- the archives have it, w it waits for one
DECLARE batch_read NO SCROLL CURSOR FOR
SELECT s.guid, s.kind, s.room, s.msg_id, s.session,
       (extract(epoch FROM s.ts) * 1000000)::bigint,
       (SELECT string_agg((x ->> 0) || '-' || (x ->> 1), ',')
          FROM jsonb_array_elements(s.event::jsonb #> '{detail,ids}') AS x
         WHERE s.kind IN (10, 11)),
       CASE WHEN s.batch_id <= acknowledged() AND NOT EXISTS (
                     SELECT FROM refused r WHERE r.batch_id = s.batch_id)
            THEN 'k' ELSE 'w' END
  FROM staged s
 WHERE s.kind IN (1, 10, 11, 20, 21);

-- name: ctl_check_deleted
-- Batches of the period ($1, $2 bigint: us) whose events are gone from here
SELECT count(*) FROM batch b
 WHERE b.deleted_on IS NOT NULL
   AND b.to_ts >= timestamptz 'epoch' + $1::bigint * interval '1 us'
   AND b.from_ts < timestamptz 'epoch' + $2::bigint * interval '1 us';

-- name: ctl_check_chain
-- Where the chain of an adapter ends
SELECT serial, sha256 FROM adapter WHERE name = $1;
