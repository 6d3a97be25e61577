-- Attestation: everything that the archive, the compliance store and the
-- outbox know of events, held against the messages of the store.
-- place: a archived, w waits.
-- for: ctl

-- name: ctl_check_begin
CREATE TEMP TABLE seen (
    guid    uuid NOT NULL,
    kind    smallint NOT NULL,
    room    uuid,
    msg_id  bigint,
    session text,
    ts_us   bigint NOT NULL,
    ids     text,
    place   "char" NOT NULL
) ON COMMIT DROP;

-- name: ctl_check_copy
COPY seen FROM STDIN;

-- name: ctl_check_outbox
INSERT INTO seen
SELECT o.guid, o.kind, r.guid, g.id, coalesce(o.session, m.session)::text,
       (extract(epoch FROM coalesce(m.ts, o.ts)) * 1000000)::bigint,
       (SELECT string_agg((x ->> 0) || '-' || (x ->> 1), ',')
          FROM jsonb_array_elements(o.body -> 'ids') AS x), 'w'
  FROM outbox o
  LEFT JOIN room r USING (room_id)
  LEFT JOIN generate_series(o.msg_id, coalesce(o.last_id, o.msg_id)) AS g (id)
         ON true
  LEFT JOIN message m ON o.last_id IS NOT NULL AND m.room_id = o.room_id
                     AND m.msg_id = g.id
 WHERE o.kind IN (1, 10, 11, 20, 21);

-- name: ctl_check_index
CREATE INDEX ON seen (room, msg_id);

-- name: ctl_check_index_sessions
CREATE INDEX ON seen (session, room) WHERE kind IN (20, 21);

-- name: ctl_check_analyze
ANALYZE seen;

-- name: ctl_check_period
-- $1, $2 text: times, in us since 1970
SELECT CASE WHEN isfinite(t.a) THEN (extract(epoch FROM t.a) * 1000000)::bigint
            ELSE 0 END,
       CASE WHEN isfinite(t.z) THEN (extract(epoch FROM t.z) * 1000000)::bigint
            ELSE 9000000000000000000 END
  FROM (SELECT $1::timestamptz, least($2::timestamptz, now())) AS t (a, z);

-- name: ctl_check_counts
-- $1, $2 bigint: us.  Messages in the store, CHATs archived, CHATs that wait
SELECT (SELECT count(*) FROM message m
         WHERE m.ts >= timestamptz 'epoch' + $1::bigint * interval '1 us'
           AND m.ts <  timestamptz 'epoch' + $2::bigint * interval '1 us'),
       count(*) FILTER (WHERE s.place = 'a'),
       count(*) FILTER (WHERE s.place = 'w')
  FROM seen s WHERE s.kind = 1 AND s.ts_us >= $1::bigint AND s.ts_us < $2::bigint;

-- name: ctl_check_twice
SELECT format('event %s is archived %s times', s.guid, count(*))
  FROM seen s WHERE s.place = 'a' AND s.ts_us >= $1::bigint AND s.ts_us < $2::bigint
 GROUP BY s.guid HAVING count(*) > 1 ORDER BY s.guid;

-- name: ctl_check_chat_twice
SELECT format('message %s of room %s is archived %s times', s.msg_id, s.room,
              count(DISTINCT s.guid))
  FROM seen s WHERE s.place = 'a' AND s.kind = 1
   AND s.ts_us >= $1::bigint AND s.ts_us < $2::bigint
 GROUP BY s.room, s.msg_id HAVING count(DISTINCT s.guid) > 1
 ORDER BY s.room, s.msg_id;

-- name: ctl_check_missing
-- Messages with origin 0 were imported: they have not been said here
SELECT format('message %s of room %s (%s) %s', m.msg_id, r.guid, r.name,
              CASE WHEN EXISTS (SELECT FROM seen s
                                 WHERE s.room = r.guid AND s.msg_id = m.msg_id
                                   AND s.kind = 1 AND s.place = 'w')
                   THEN 'waits: it is not archived yet'
                   ELSE 'is missing: it is in the store and not archived' END)
  FROM message m JOIN room r USING (room_id)
 WHERE m.ts >= timestamptz 'epoch' + $1::bigint * interval '1 us'
   AND m.ts <  timestamptz 'epoch' + $2::bigint * interval '1 us'
   AND m.origin <> 0
   AND NOT EXISTS (SELECT FROM seen s
                    WHERE s.room = r.guid AND s.msg_id = m.msg_id
                      AND s.kind = 1 AND s.place = 'a')
 ORDER BY m.ts;

-- name: ctl_check_gaps
-- Ids of a room that nobody has heard of
SELECT format('message %s to %s of room %s: no event tells of them', g.id + 1,
              g.next - 1, g.room)
  FROM (SELECT c.room, c.msg_id AS id,
               lead(c.msg_id) OVER (PARTITION BY c.room ORDER BY c.msg_id) AS next
          FROM (SELECT DISTINCT s.room, s.msg_id FROM seen s
                 WHERE s.kind = 1 AND s.ts_us >= $1::bigint
                   AND s.ts_us < $2::bigint) AS c) AS g
 WHERE g.next > g.id + 1
   AND (SELECT count(*) FROM message m JOIN room r USING (room_id)
         WHERE r.guid = g.room AND m.origin = 0
           AND m.msg_id > g.id AND m.msg_id < g.next) < g.next - g.id - 1
 ORDER BY g.room, g.id;

-- name: ctl_check_vanished
-- Archived, not in the store any more, and no event says why.  A room that
-- keeps no history has no messages.
SELECT format('message %s of room %s is archived but gone from the store, and'
              ' no REPLACED or PURGE event says why', s.msg_id, s.room)
  FROM seen s
  JOIN room r ON r.guid = s.room
  JOIN room_head h ON h.room_id = r.room_id AND h.keep
 WHERE s.kind = 1 AND s.ts_us >= $1::bigint AND s.ts_us < $2::bigint
   AND NOT EXISTS (SELECT FROM message m
                    WHERE m.room_id = r.room_id AND m.msg_id = s.msg_id)
   AND NOT EXISTS (SELECT FROM seen p
                    CROSS JOIN LATERAL regexp_split_to_table(p.ids, ',') AS x
                    WHERE p.kind IN (10, 11) AND p.room = s.room
                      AND s.msg_id BETWEEN split_part(x, '-', 1)::bigint
                                       AND split_part(x, '-', 2)::bigint)
 ORDER BY s.room, s.msg_id;

-- name: ctl_check_presence
-- Who joined has parted or is there.  Sessions of the period, their events of
-- all times
SELECT format('session %s in room %s: %s JOIN, %s PART, and is%s in it',
              b.session, b.room, b.joins, b.parts,
              CASE WHEN b.inside THEN '' ELSE ' not' END)
  FROM (SELECT e.session, e.room,
               count(*) FILTER (WHERE e.kind = 20) AS joins,
               count(*) FILTER (WHERE e.kind = 21) AS parts,
               compliance_on() AND EXISTS (
                   SELECT FROM roster o JOIN room r USING (room_id)
                     JOIN endpoint x USING (endpoint_id)
                    WHERE r.guid = e.room AND x.instance_id IS NOT NULL
                      AND o.endpoint_id::text = e.session) AS inside
          FROM (SELECT DISTINCT s.guid, s.kind, s.session, s.room, s.ts_us
                  FROM seen s WHERE s.kind IN (20, 21)) AS e
         GROUP BY e.session, e.room
        HAVING max(e.ts_us) >= $1::bigint AND min(e.ts_us) < $2::bigint) AS b
 WHERE b.joins - b.parts <> b.inside::integer
 ORDER BY b.room, b.session;

-- name: ctl_check_outside
-- Messages of a session that was not in the room.  Those from the pages have no
-- session
SELECT format('message %s of room %s was said by session %s outside its JOIN and'
              ' PART', c.msg_id, c.room, c.session)
  FROM (SELECT DISTINCT s.room, s.msg_id, s.session, s.ts_us FROM seen s
         WHERE s.kind = 1 AND s.session IS NOT NULL
           AND s.ts_us >= $1::bigint AND s.ts_us < $2::bigint) AS c
 CROSS JOIN LATERAL (
       SELECT count(DISTINCT p.guid) FILTER (
                  WHERE p.kind = 20 AND p.ts_us <= c.ts_us) AS joins,
              count(DISTINCT p.guid) FILTER (
                  WHERE p.kind = 21 AND p.ts_us < c.ts_us) AS parts
         FROM seen p
        WHERE p.kind IN (20, 21) AND p.session = c.session AND p.room = c.room) AS b
 WHERE b.joins <= b.parts
 ORDER BY c.room, c.msg_id;
