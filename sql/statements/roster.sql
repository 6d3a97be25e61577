-- for: channel

-- name: roster_add
-- An endpoint enters rooms, if its instance's lease lives and the rights that
-- were checked are those of now.  One row for each room: its newest message, and
-- as post_batch: 0 entered, 2 rights have changed, 3 the lease has ended.
-- $1 bigint: endpoint, $2 bigint: user, $3 text: epid, $4 bigint: instance,
-- $5 bigint: lease, $6 bigint[]: rooms, $7 integer[]: masks, $8 bigint[]:
-- generations of their rights, $9 bigint: of people
WITH want AS MATERIALIZED (
       SELECT DISTINCT ON (w.room_id) w.room_id, w.mask, h.last_id,
              CASE WHEN NOT EXISTS (SELECT FROM instance i
                                     WHERE i.instance_id = $4 AND i.lease = $5
                                       AND i.lease_until > clock_timestamp()) THEN 3
                   WHEN h.rights <> w.rights OR g.people <> $9 THEN 2
                   ELSE 0 END AS state
         FROM unnest($6::bigint[], $7::integer[], $8::bigint[])
           AS w (room_id, mask, rights)
         JOIN room_head h ON h.room_id = w.room_id
        CROSS JOIN rights g
     ), ep AS (
       INSERT INTO endpoint (endpoint_id, principal_id, epid, instance_id)
       SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT FROM want WHERE state = 0)
           ON CONFLICT (endpoint_id) DO NOTHING
     ), put AS (
       INSERT INTO roster (endpoint_id, room_id, mask)
       SELECT $1, w.room_id, w.mask FROM want w WHERE w.state = 0
           ON CONFLICT (endpoint_id, room_id) DO UPDATE SET mask = excluded.mask
     )
SELECT w.room_id, w.last_id, w.state FROM want w;

-- name: roster_load
-- Who is in rooms through other instances.  $1 bigint[]: rooms, $2 bigint:
-- our instance
SELECT o.room_id, o.endpoint_id, e.instance_id, o.mask, p.principal_id,
       p.name, p.display, p.guid
  FROM roster o
  JOIN endpoint e ON e.endpoint_id = o.endpoint_id
  JOIN principal p ON p.principal_id = e.principal_id
 WHERE o.room_id = ANY ($1::bigint[])
   AND e.instance_id IS NOT NULL AND e.instance_id <> $2;

-- name: roster_counts
-- How many are in rooms through other instances.  $1 bigint[]: rooms,
-- $2 bigint: our instance
SELECT w.room_id, (SELECT count(*) FROM roster o
                     JOIN endpoint e ON e.endpoint_id = o.endpoint_id
                    WHERE o.room_id = w.room_id AND e.instance_id IS NOT NULL
                      AND e.instance_id <> $2)
  FROM (SELECT DISTINCT unnest($1::bigint[])) AS w (room_id);

-- name: endpoint_end
-- Endpoints whose dialogs ended: by BYE ($1 bigint[]) they are forgotten with
-- their rooms, and with what may still wait for the same client; otherwise
-- ($2 bigint[]) their rooms wait for them.
WITH gone AS (
       DELETE FROM endpoint e
        USING endpoint b
        WHERE b.endpoint_id = ANY ($1::bigint[])
          AND e.principal_id = b.principal_id AND e.epid = b.epid
          AND (e.endpoint_id = b.endpoint_id OR e.instance_id IS NULL)
     )
UPDATE endpoint SET instance_id = NULL, detached_on = now()
 WHERE endpoint_id = ANY ($2::bigint[]);

-- name: endpoint_rooms
-- The rooms of a user's other dialogs with the same epid.  $1 bigint: user,
-- $2 text: epid, $3 bigint[]: not these
SELECT DISTINCT r.guid
  FROM endpoint e
  JOIN roster o ON o.endpoint_id = e.endpoint_id
  JOIN room r ON r.room_id = o.room_id
 WHERE e.principal_id = $1 AND e.epid = $2 AND e.endpoint_id <> ALL ($3::bigint[]);

-- name: endpoint_superseded
-- A client is back in its rooms: what waited for it then goes.  $1 bigint:
-- user, $2 text: epid, $3 bigint: how many ms ago it came back
DELETE FROM endpoint
 WHERE principal_id = $1 AND epid = $2 AND instance_id IS NULL
   AND detached_on <= now() - make_interval(secs => $3 / 1000.0);

-- name: endpoint_forget
-- Endpoints that did not come back.  $1 integer: grace in seconds
DELETE FROM endpoint
 WHERE detached_on < now() - make_interval(secs => $1::integer);
