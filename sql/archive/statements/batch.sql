-- for: compliance

-- name: lease_take
-- Take the lease or renew it.  $1 text: our name, $2 integer: ms
SELECT held, by_whom FROM lease_take($1, $2);

-- name: lease_drop
-- Another may take it now.  $1 text: our name
UPDATE lease SET until = '-infinity' WHERE holder = $1;

-- name: run_state
-- One row: now, ms since the last run or NULL, ms since somebody asked for one
-- that has not been yet or NULL
SELECT n.t,
       CASE WHEN isfinite(r.done_on)
            THEN (extract(epoch FROM n.t - r.done_on) * 1000)::bigint END,
       CASE WHEN r.asked_on > r.done_on
            THEN (extract(epoch FROM n.t - r.asked_on) * 1000)::bigint END
  FROM run r CROSS JOIN (SELECT clock_timestamp()) AS n (t);

-- name: run_done
-- $1 timestamptz: up to which time of event, $2 timestamptz: when it began; what
-- was asked for since then is still to come
UPDATE run SET done_on = $2, upto = $1;

-- name: run_held
-- Who holds batches back, '': nobody
UPDATE run SET held_by = $1 WHERE held_by <> $1;

-- name: sources_look
-- The chat store as it is ($1 uuid, $2 bigint: cluster, $3 integer: timeline,
-- $4 bigint: database, $5 bigint: mark) and what it knows of this one ($6 uuid,
-- $7 bigint: mark); what it is to know, and the number of forks
SELECT l.store_id, l.mark, (SELECT count(*) FROM fork)
  FROM sources_look($1, $2, $3, $4, $5, $6, $7) AS l;

-- name: run_ask
-- for: compliance ctl
-- Close batches now; the time of asking, which run_waits takes
WITH asked AS (
    UPDATE run SET asked_on = clock_timestamp() RETURNING asked_on
)
SELECT asked_on::text, pg_notify('pchat_run', '') FROM asked;

-- name: run_waits
-- for: ctl
-- Whether a run that was asked for at $1 text is still to come, and the
-- newest batch
SELECT done_on < $1::timestamptz, (SELECT coalesce(max(batch_id), 0) FROM batch)
  FROM run;

-- name: batch_close
-- $1 text: our name, $2 timestamptz: events before it, $3 integer: how many,
-- $4 bigint: bytes
SELECT batch, eventc FROM batch_close($1, $2, $3, $4);

-- name: batch_forget
-- $1 text: our name, $2 bigint: keep period, s
SELECT batch_forget($1, $2);

-- name: adapter_enter
-- $1 text[] names, $2 text[] types, $3 boolean[] required
SELECT adapter_enter($1, $2, $3);

-- name: adapter_states
-- One row each, by name
SELECT a.name, a.type, a.required, a.configured, a.state, a.batch_id,
       (SELECT count(*) FROM batch b WHERE b.batch_id > a.batch_id),
       (SELECT count(*) FROM refused r WHERE r.adapter = a.name),
       a.tries, a.deaths, a.error, a.serial, a.sha256,
       coalesce(extract(epoch FROM clock_timestamp() - a.failing_since)::bigint, 0)
  FROM adapter a ORDER BY a.name;

-- name: oldest_unarchived
SELECT oldest_unarchived();

-- name: delivery_lock
-- One process of an adapter at a time, whoever started it.  $1 text: adapter
SELECT pg_advisory_lock(hashtextextended('pchat.adapter.' || $1, 0));

-- name: delivery_begin
SELECT delivery_begin($1);

-- name: delivery_next
-- $1 text: adapter, $2 integer: deaths
SELECT batch, verdict, retry, note,
       (extract(epoch FROM from_ts) * 1000000)::bigint,
       (extract(epoch FROM to_ts) * 1000000)::bigint,
       eventc, serial, previous, wait_ms, tries, forks, told, completes
  FROM delivery_next($1, $2::integer);

-- name: delivery_done
-- $1 text: adapter, $2 bigint: batch, $3 result, $4 why, $5 SHA-256, $6 manifest,
-- $7 bigint: the last fork that it tells of
SELECT delivery_done($1, $2::bigint, $3, $4, $5, $6, $7::bigint);

-- name: delivery_later
-- $1 text: adapter, $2 why, $3 integer: shortest and $4 longest wait, s
SELECT delivery_later($1, $2, $3::integer, $4::integer);

-- name: delivery_chain
-- $1 text: adapter
SELECT chain, serial, sha256, batch, last_batch, adopt
  FROM delivery_chain($1);

-- name: delivery_adopt
-- $1 text: adapter, $2 uuid: chain, $3 bigint: serial, $4 SHA-256, $5 bigint: newest
-- batch, $6 text: what was found
SELECT delivery_adopt($1, $2::uuid, $3::bigint, $4, $5::bigint, $6);

-- name: delivery_manifest
-- $1 text: adapter, $2 bigint: serial, $3 bigint: batch, $4 result, $5 SHA-256, $6 text
SELECT delivery_manifest($1, $2::bigint, $3::bigint, $4, $5, $6);

-- name: adopted_take
-- $1 text: adapter, $2 uuid[]
INSERT INTO adopted (adapter, guid) SELECT $1, unnest($2::uuid[])
    ON CONFLICT DO NOTHING;

-- name: delivery_items
-- $1 text: adapter, $2 bigint: batch
SELECT item, state, error FROM delivery_item
 WHERE adapter = $1 AND batch_id = $2::bigint ORDER BY item;

-- name: item_settle
-- $1 text: adapter, $2 bigint: batch, $3 item, $4 state, $5 error
SELECT item_settle($1, $2::bigint, $3, $4, $5);

-- name: batch_listen
LISTEN pchat_batch;

-- name: batch_events
-- Events of batch $1, room by room, but those that the directory of adapter $2
-- has already.  To be read with batch_fetch
DECLARE batch_read NO SCROLL CURSOR FOR
SELECT room, event FROM staged s
 WHERE batch_id = $1::bigint
   AND NOT EXISTS (SELECT FROM adopted a WHERE a.adapter = $2 AND a.guid = s.guid)
 ORDER BY room NULLS LAST, ts, msg_id NULLS FIRST, seq;

-- name: batch_present
-- Sessions in the rooms of batch $1: at its start, at its end.  The same
DECLARE batch_read NO SCROLL CURSOR FOR
SELECT p.room, p.person::text, p.joined_in < $1::bigint,
       p.parted_in IS NULL OR p.parted_in > $1::bigint
  FROM present p
 WHERE p.room IN (SELECT s.room FROM staged s WHERE s.batch_id = $1::bigint)
   AND p.joined_in <= $1::bigint
   AND (p.parted_in IS NULL OR p.parted_in >= $1::bigint)
 ORDER BY p.room, p.joined_in, p.session;

-- name: batch_adopted
-- How many of them the directory has already.  The same
SELECT count(*) FROM staged s JOIN adopted a ON a.guid = s.guid
 WHERE s.batch_id = $1::bigint AND a.adapter = $2;

-- name: batch_fetch
-- for: compliance ctl
FETCH 1000 FROM batch_read;

-- name: batch_fetch_end
CLOSE batch_read;
