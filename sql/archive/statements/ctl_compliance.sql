-- for: ctl

-- name: ctl_compliance_state
-- One row for pchatctl compliance status
SELECT coalesce((SELECT holder FROM lease WHERE until > clock_timestamp()), ''),
       CASE WHEN isfinite(r.done_on) THEN r.done_on::text ELSE '' END,
       (SELECT count(*) FROM staged WHERE batch_id IS NULL),
       (SELECT count(*) FROM staged WHERE batch_id IS NOT NULL),
       (SELECT coalesce(max(batch_id), 0) FROM batch),
       (SELECT count(*) FROM refused),
       (SELECT count(*) FROM lost_file),
       r.held_by,
       coalesce(oldest_unarchived()::text, ''),
       coalesce(extract(epoch FROM clock_timestamp() - oldest_unarchived())::bigint, 0)
  FROM run r;

-- name: ctl_compliance_adapters
SELECT a.name, a.type, a.required, a.configured, a.state, a.batch_id,
       (SELECT count(*) FROM batch b WHERE b.batch_id > a.batch_id) AS waiting,
       (SELECT count(*) FROM refused r WHERE r.adapter = a.name) AS refused,
       a.tries, a.changed_on, coalesce(a.failing_since::text, ''),
       coalesce(CASE WHEN a.state = 'waiting' THEN a.next_try::text END, ''),
       a.serial, a.sha256, a.error
  FROM adapter a ORDER BY a.name;

-- name: ctl_compliance_refused
SELECT r.adapter, r.batch_id, b.eventc, b.from_ts, b.to_ts, r.refused_on,
       coalesce(r.verdict, ''), r.error
  FROM refused r JOIN batch b USING (batch_id) ORDER BY r.adapter, r.batch_id;

-- name: ctl_compliance_items
-- What was refused of a batch of which the rest was taken
SELECT d.adapter, d.batch_id, d.item, d.changed_on, d.error
  FROM delivery_item d
 WHERE d.state = 'refused' ORDER BY d.adapter, d.batch_id, d.item;

-- name: ctl_compliance_forks
SELECT f.what, coalesce(f.adapter, ''), f.found_on, f.detail
  FROM fork f ORDER BY f.fork_id;

-- name: ctl_compliance_lost
SELECT guid, file, found_on FROM lost_file ORDER BY found_on, file;

-- name: ctl_compliance_behind
-- How many adapters have not dealt with batch $1 bigint, refused ones counted
-- as dealt with; which, and why
SELECT count(*), coalesce(string_agg(format('%s: %s%s', name, state,
                 CASE WHEN error <> '' THEN ': ' || error ELSE '' END), '; '), '')
  FROM adapter WHERE configured AND batch_id < $1::bigint;

-- name: ctl_compliance_held
-- Whether events from before $1 text are in no batch, up to when all are, and
-- who holds the others back
SELECT upto < $1::timestamptz AND held_by <> '', upto::text, held_by FROM run;

-- name: ctl_compliance_judge
-- $1 adapter, $2 bigint: batch, $3 retry or skip, $4 actor
SELECT refused_judge($1, $2::bigint, $3, $4);

-- name: ctl_compliance_judge_all
-- The same for every refused batch of an adapter: how many
SELECT count(*) FILTER (WHERE refused_judge(r.adapter, r.batch_id, $2, $3))
  FROM refused r WHERE r.adapter = $1;

-- name: ctl_compliance_adopt
-- The chain in the directory of adapter $1 is to go on
UPDATE adapter SET adopt = true, next_try = NULL WHERE name = $1 RETURNING name;

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
