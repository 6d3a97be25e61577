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
       a.tries, a.deaths, a.error, a.serial, a.sha256
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
       eventc, serial, previous, wait_ms
  FROM delivery_next($1, $2::integer);

-- name: delivery_done
-- $1 text: adapter, $2 bigint: batch, $3 result, $4 why, $5 SHA-256, $6 manifest
SELECT delivery_done($1, $2::bigint, $3, $4, $5, $6);

-- name: delivery_later
-- $1 text: adapter, $2 why, $3 integer: longest wait, s
SELECT delivery_later($1, $2, $3::integer);

-- name: batch_listen
LISTEN pchat_batch;

-- name: batch_events
-- Events of batch $1, room by room.  To be read with batch_fetch
DECLARE batch_read NO SCROLL CURSOR FOR
SELECT room, event FROM staged
 WHERE batch_id = $1::bigint
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

-- name: batch_fetch
-- for: compliance ctl
FETCH 1000 FROM batch_read;

-- name: batch_fetch_end
CLOSE batch_read;
