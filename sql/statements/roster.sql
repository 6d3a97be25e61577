-- for: channel

-- name: roster_add
-- An endpoint entered rooms.  $1 bigint: endpoint, $2 bigint: user, $3 text:
-- epid, $4 bigint: instance, $5 bigint[]: rooms, $6 integer[]: masks
WITH ep AS (
       INSERT INTO endpoint (endpoint_id, principal_id, epid, instance_id)
       VALUES ($1, $2, $3, $4)
           ON CONFLICT (endpoint_id) DO NOTHING
     )
INSERT INTO roster (endpoint_id, room_id, mask)
SELECT $1, w.room_id, w.mask
  FROM unnest($5::bigint[], $6::integer[]) AS w (room_id, mask)
    ON CONFLICT (endpoint_id, room_id) DO UPDATE SET mask = excluded.mask;

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
  FROM unnest($1::bigint[]) AS w (room_id);

-- name: roster_remove
-- $1 bigint: endpoint, $2 bigint: room
DELETE FROM roster WHERE endpoint_id = $1 AND room_id = $2;

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
-- A client is back in its rooms: what waited for it goes.  $1 bigint: user,
-- $2 text: epid
DELETE FROM endpoint
 WHERE principal_id = $1 AND epid = $2 AND instance_id IS NULL;

-- name: endpoint_forget
-- Endpoints that did not come back.  $1 integer: grace in seconds
DELETE FROM endpoint
 WHERE detached_on < now() - make_interval(secs => $1::integer);
