-- for: channel

-- name: instance_register
-- Take our place in the pool; an earlier process of the same name is over.  A
-- process that comes back (again) gives way to a living one of its name: no row.
-- $1 bigint: id, $2 text: name, $3 text: bus endpoint, $4 text: bus key,
-- $5 integer: lease in ms, $6 bigint: the lease's own number, $7 boolean: again
WITH old AS (
       SELECT i.instance_id, i.lease_until, i.lease_until > clock_timestamp() AS alive
         FROM instance i
        WHERE i.name = $2 AND i.instance_id <> $1
     ), may AS (
       SELECT WHERE NOT ($7::boolean AND EXISTS (SELECT FROM old WHERE alive))
     ), gone AS (
       UPDATE endpoint e
          SET instance_id = NULL,
              detached_on = least(clock_timestamp(), old.lease_until)
         FROM old, may WHERE e.instance_id = old.instance_id
     )
INSERT INTO instance (instance_id, name, bus_endpoint, bus_key, state, lease_until,
                      lease)
SELECT $1, $2, $3, $4, 'ready',
       clock_timestamp() + make_interval(secs => $5::integer / 1000.0), $6
  FROM may
    ON CONFLICT (name) DO UPDATE
   SET instance_id = excluded.instance_id, bus_endpoint = excluded.bus_endpoint,
       bus_key = excluded.bus_key, state = excluded.state,
       started_on = now(), lease_until = excluded.lease_until,
       lease = excluded.lease
RETURNING instance_id;

-- name: instance_beat
-- Renew our lease and see the pool.  The first column of our own row tells
-- whether we still have one.  $1 bigint: id, $2 integer: endpoints, $3 text:
-- state, $4 integer: lease in ms, $5 bigint: its number.  The last column: the operator wants it to
-- take no new clients
WITH mine AS (
       UPDATE instance
          SET endpoints = $2, state = $3,
              lease_until = clock_timestamp() + make_interval(secs => $4::integer / 1000.0)
        WHERE instance_id = $1 AND lease = $5
    RETURNING instance_id
     )
SELECT i.instance_id, i.name, i.bus_endpoint, i.bus_key,
       i.lease_until < clock_timestamp() AND i.instance_id <> $1,
       EXISTS (SELECT FROM pool_passive p WHERE p.name = i.name)
  FROM instance i
 WHERE i.instance_id <> $1 OR EXISTS (SELECT FROM mine);

-- name: instance_reap
-- Remove an instance whose lease lapsed; its endpoints left then, and wait for
-- their clients.  One row when it was us who removed it.  $1 bigint: id
WITH dead AS (
       DELETE FROM instance
        WHERE instance_id = $1 AND lease_until < clock_timestamp()
    RETURNING instance_id, lease_until
     ), gone AS (
       UPDATE endpoint e SET instance_id = NULL, detached_on = dead.lease_until
         FROM dead WHERE e.instance_id = dead.instance_id
     )
SELECT instance_id FROM dead;

-- name: instance_leave
-- An orderly stop.  $1 bigint: id
WITH gone AS (
       UPDATE endpoint SET instance_id = NULL, detached_on = now()
        WHERE instance_id = $1
     )
DELETE FROM instance WHERE instance_id = $1;

-- name: endpoint_revive
-- We were taken for dead and are not: those of our endpoints that still waited
-- are ours again.  $1 bigint: instance, $2 bigint[]: ours
UPDATE endpoint SET instance_id = $1, detached_on = NULL
 WHERE endpoint_id = ANY ($2::bigint[])
RETURNING endpoint_id;

-- name: pool_peers
-- Where the other processes of the pool are, for --check --connect
SELECT i.name, i.bus_endpoint FROM instance i WHERE i.lease_until > now() ORDER BY i.name;
