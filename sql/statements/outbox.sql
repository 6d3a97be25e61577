-- for: channel

-- name: outbox_next
-- The next events of an instance as one JSON text (common/queue.h): numbers of
-- rows, the text, how many events, and whether more may wait.  At most so many
-- events and bytes of text, but always one row.  $1 bigint: instance, $2 bigint:
-- after this number, $3 bigint[]: not these, $4 integer: events, $5 bigint:
-- bytes.  (OFFSET 0 has the messages looked up range by range, by their key.)
WITH w AS MATERIALIZED (
       SELECT b.event_id, b.guid, b.kind, b.room_id, b.msg_id, b.last_id,
              b.author_id, b.session, b.ts, b.chat, b.rtf, b.body,
              row_number() OVER m AS nr,
              sum(coalesce(b.last_id - b.msg_id, 0) + 1) OVER m AS events,
              sum(b.size) OVER m AS bytes
         FROM (SELECT o.* FROM outbox o
                WHERE o.instance_id = $1 AND o.event_id > $2
                  AND o.event_id <> ALL ($3::bigint[])
                ORDER BY o.event_id LIMIT $4) AS b
       WINDOW m AS (ORDER BY b.event_id ROWS UNBOUNDED PRECEDING)
     ), t AS MATERIALIZED (
       SELECT * FROM w WHERE w.nr = 1 OR (w.events <= $4 AND w.bytes <= $5)
     ), said AS MATERIALIZED (
       SELECT t.event_id, m.room_id, m.msg_id, m.author_id, m.flags, m.ts,
              m.session, m.chat, m.rtf
         FROM t
        CROSS JOIN LATERAL (
               SELECT x.* FROM message x
                WHERE x.room_id = t.room_id
                  AND x.msg_id BETWEEN t.msg_id AND t.last_id
                ORDER BY x.msg_id OFFSET 0) AS m
        WHERE t.last_id IS NOT NULL AND m.flags & 4 = 0
     ), roomv AS MATERIALIZED (
       SELECT r.room_id, r.guid, '"' || r.guid || '":' || json_build_object(
                  'id', r.guid, 'uri', 'ma-chan://' || s.domain || '/' || r.guid,
                  'name', r.name, 'description', r.description,
                  'category', c.name,
                  'privacy', (ARRAY['open', 'closed', 'secret'])[r.privacy + 1],
                  'type', (ARRAY['normal', 'auditorium'])[r.behavior + 1],
                  'logged', c.history)::text AS j
         FROM room r
         JOIN category c ON c.category_id = r.category_id
        CROSS JOIN store s
        WHERE r.room_id = ANY (ARRAY(SELECT DISTINCT t.room_id FROM t))
     ), userv AS MATERIALIZED (
       SELECT '"' || p.principal_id || '":' || json_build_object(
                  'id', p.principal_id, 'guid', p.guid, 'uri', p.name,
                  'display', p.display, 'email', p.email,
                  'internal', p.key LIKE '%@' || lower(s.domain))::text AS j
         FROM principal p
        CROSS JOIN store s
        WHERE p.principal_id = ANY (ARRAY(
                  SELECT t.author_id FROM t UNION SELECT said.author_id FROM said))
     ), e AS (
       SELECT x.event_id, 0 AS msg_id, '{"id":"' ||
              CASE x.kind WHEN 1 THEN chat_guid(r.guid, x.msg_id, x.ts, x.author_id) ELSE x.guid::text END
              || '","kind":' || x.kind || ',"ts":' || event_us(x.ts)
              || coalesce(',"room":"' || r.guid || '"', '')
              || coalesce(',"user":' || x.author_id, '')
              || coalesce(',"msg_id":' || x.msg_id, '')
              || coalesce(',"session":"' || x.session || '"', '')
              || coalesce(',"chat":' || to_json(x.chat)::text, '')
              || coalesce(',"rtf":' || to_json(x.rtf)::text, '')
              || coalesce(',"detail":' || x.body::text, '') || '}' AS j
         FROM t x
         LEFT JOIN roomv r ON r.room_id = x.room_id
        WHERE x.last_id IS NULL
        UNION ALL
       SELECT x.event_id, x.msg_id, '{"id":"' || chat_guid(r.guid, x.msg_id, x.ts, x.author_id)
              || '","kind":1,"ts":' || event_us(x.ts) || ',"room":"' || r.guid
              || '","user":' || x.author_id || ',"msg_id":' || x.msg_id
              || coalesce(',"session":"' || x.session || '"', '')
              || ',"chat":' || to_json(x.chat)::text
              || coalesce(',"rtf":' || to_json(x.rtf)::text, '')
              || coalesce(',"detail":' || chat_detail(x.flags)::text, '') || '}'
         FROM said x
         JOIN roomv r ON r.room_id = x.room_id
     )
SELECT (SELECT array_agg(t.event_id ORDER BY t.event_id) FROM t),
       '{"rooms":{' || coalesce((SELECT string_agg(r.j, ',') FROM roomv r), '')
       || '},"users":{' || coalesce((SELECT string_agg(u.j, ',') FROM userv u), '')
       || '},"events":[' || string_agg(e.j, ',' ORDER BY e.event_id, e.msg_id) || ']}',
       count(*)::integer,
       (SELECT count(*) FROM w) >= $4
           OR (SELECT count(*) FROM w) > (SELECT count(*) FROM t)
  FROM e;

-- name: outbox_done
-- Events that compliance has.  $1 bigint: instance, $2 bigint[]: ids, ascending
SELECT outbox_done($1::bigint, $2::bigint[]);

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
-- for: compliance
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
-- for: compliance
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
-- for: compliance
-- $1 bigint: id
DELETE FROM compliance_daemon WHERE daemon_id = $1;

-- name: ctl_compliance_enable
-- for: ctl
-- True when that changed anything.  $1: true or false
SELECT compliance_enable($1::boolean);
