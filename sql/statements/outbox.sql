-- name: outbox_next
-- The next events of an instance as one JSON array (protocol of the queue:
-- common/queue.h), at most so many and so many bytes of text: ids, array,
-- number, and whether more may wait.  One row, of nulls when there is none.
-- $1 bigint: instance, $2 bigint: after this id, $3 bigint[]: not these,
-- $4 integer: events, $5 bigint: bytes
WITH w AS MATERIALIZED (
       SELECT b.*, row_number() OVER m AS nr,
              sum(1024 + coalesce(octet_length(b.chat), 0)
                  + coalesce(octet_length(b.rtf), 0)
                  + coalesce(pg_column_size(b.body), 0)) OVER m AS size
         FROM (SELECT o.* FROM outbox o
                WHERE o.instance_id = $1 AND o.event_id > $2
                  AND o.event_id <> ALL ($3::bigint[])
                ORDER BY o.event_id LIMIT $4) AS b
       WINDOW m AS (ORDER BY b.event_id ROWS UNBOUNDED PRECEDING)
     ), roomv AS MATERIALIZED (
       SELECT r.room_id, json_build_object(
                  'id', r.guid, 'uri', 'ma-chan://' || s.domain || '/' || r.guid,
                  'name', r.name, 'description', r.description,
                  'category', c.name,
                  'privacy', (ARRAY['open', 'closed', 'secret'])[r.privacy + 1],
                  'type', (ARRAY['normal', 'auditorium'])[r.behavior + 1],
                  'logged', c.history) AS j
         FROM room r
         JOIN category c ON c.category_id = r.category_id
        CROSS JOIN store s
        WHERE r.room_id IN (SELECT room_id FROM w)
     ), userv AS MATERIALIZED (
       SELECT p.principal_id, json_build_object(
                  'id', p.principal_id, 'guid', p.guid, 'uri', p.name,
                  'display', p.display, 'email', p.email,
                  'internal', p.key LIKE '%@' || lower(s.domain)) AS j
         FROM principal p
        CROSS JOIN store s
        WHERE p.principal_id IN (SELECT author_id FROM w)
     )
SELECT array_agg(w.event_id ORDER BY w.event_id),
       '[' || string_agg(json_build_object(
           'id', w.guid, 'kind', w.kind,
           'ts', (extract(epoch FROM w.ts) * 1000000)::bigint,
           'room', r.j, 'user', u.j, 'msg_id', w.msg_id,
           'session', w.session::text, 'chat', w.chat, 'rtf', w.rtf,
           'detail', w.body)::text, ',' ORDER BY w.event_id) || ']',
       count(*)::integer,
       count(*) >= $4 OR count(*) < (SELECT count(*) FROM w)
  FROM w
  LEFT JOIN roomv r ON r.room_id = w.room_id
  LEFT JOIN userv u ON u.principal_id = w.author_id
 WHERE w.nr = 1 OR w.size <= $5;

-- name: outbox_done
-- Events that compliance has.  (One range is planned well, whatever the planner
-- takes the table for.)  $1 bigint: instance, $2 bigint[]: ids, ascending
DELETE FROM outbox
 WHERE instance_id = $1 AND event_id = ANY ($2::bigint[])
   AND event_id BETWEEN ($2::bigint[])[1] AND ($2::bigint[])[cardinality($2::bigint[])];

-- name: outbox_adopt
-- $1 bigint: instance, $2 integer: rows at most
SELECT outbox_adopt($1, $2);

-- name: outbox_state
-- Is there anything to do (compliance is on, or rows wait), are posts refused, what waits of ours (counted up to a
-- limit), and for how many ms the oldest has.  $1 bigint: instance,
-- $2 integer: limit
SELECT s.compliance OR EXISTS (SELECT FROM outbox), compliance_closed(),
       (SELECT count(*) FROM (SELECT FROM outbox b WHERE b.instance_id = $1
                               LIMIT $2) AS x),
       coalesce((SELECT (extract(epoch FROM clock_timestamp() - b.ts) * 1000)::bigint
                   FROM outbox b WHERE b.instance_id = $1
                  ORDER BY b.event_id LIMIT 1), 0)
  FROM store s;

-- name: compliance_daemons
-- Who takes events
SELECT d.name, d.endpoint, d.key
  FROM compliance_daemon d
 WHERE d.lease_until > clock_timestamp()
 ORDER BY d.name;

-- name: compliance_register
-- A daemon takes its place; an earlier process of the same name is over.
-- $1 bigint: id, $2 text: name, $3 text: endpoint, $4 text: key, $5 integer:
-- lease in ms
INSERT INTO compliance_daemon (daemon_id, name, endpoint, key, lease_until)
VALUES ($1, $2, $3, $4,
        clock_timestamp() + make_interval(secs => $5::integer / 1000.0))
    ON CONFLICT (name) DO UPDATE
   SET daemon_id = excluded.daemon_id, endpoint = excluded.endpoint,
       key = excluded.key, started_on = now(), lease_until = excluded.lease_until;

-- name: compliance_beat
-- Renew our lease and see whose keys are good: the first column is null when
-- we have none any more.  $1 bigint: id, $2 integer: lease in ms
WITH mine AS (
       UPDATE compliance_daemon
          SET lease_until = clock_timestamp() + make_interval(secs => $2::integer / 1000.0)
        WHERE daemon_id = $1
    RETURNING daemon_id
     ), gone AS (
       DELETE FROM compliance_daemon
        WHERE daemon_id <> $1
          AND lease_until < clock_timestamp() - interval '1 minute'
     )
SELECT m.daemon_id, i.bus_key
  FROM (SELECT) AS one
  LEFT JOIN mine m ON true
  LEFT JOIN instance i ON true;

-- name: compliance_leave
-- $1 bigint: id
DELETE FROM compliance_daemon WHERE daemon_id = $1;

-- name: ctl_compliance_enable
-- True when that changed anything.  $1: true or false, $2: who
SELECT compliance_enable($1::boolean, $2);
