-- pchatctl export: lines of JSON (deploy/ctl/import_lines.c), from one
-- snapshot.  What import reads has import's keys; times are UTC.
-- for: ctl

-- name: ctl_export_make_disabled
-- Rooms that the export disabled and shows as they were; outlives its
-- transaction.
CREATE TEMPORARY TABLE export_disabled (room_id bigint PRIMARY KEY);

-- name: ctl_export_disable
-- $1 jsonb: names of categories, or NULL for all
WITH asked AS MATERIALIZED (
       SELECT (ctl_category(c)).category_id FROM jsonb_array_elements_text($1::jsonb) AS c
     ), changed AS (
       UPDATE room r SET disabled = true, updated_on = clock_timestamp(),
                         updated_by = admin_actor(NULL)
        WHERE r.deleted_at IS NULL AND NOT r.disabled
          AND ($1::jsonb IS NULL OR r.category_id IN (SELECT category_id FROM asked))
    RETURNING r.room_id, r.name, r.guid
     ), audited AS (
       INSERT INTO admin_audit (actor, action, object, detail)
       SELECT admin_actor(NULL), 'room.modify', name,
              jsonb_build_object('guid', guid, 'change', '{"disabled": true}'::jsonb,
                                 'was', '{"disabled": false}'::jsonb)
         FROM changed
     )
INSERT INTO export_disabled SELECT room_id FROM changed;

-- name: ctl_export_enable
-- The export failed: as if nothing had been.
WITH changed AS (
       UPDATE room r SET disabled = false, updated_on = clock_timestamp(),
                         updated_by = admin_actor(NULL)
        WHERE r.room_id IN (SELECT room_id FROM export_disabled)
    RETURNING r.name, r.guid
     )
INSERT INTO admin_audit (actor, action, object, detail)
SELECT admin_actor(NULL), 'room.modify', name,
       jsonb_build_object('guid', guid, 'change', '{"disabled": false}'::jsonb)
  FROM changed;

-- name: ctl_export_begin
-- Rows come in the order in which they are asked for.
SELECT set_config('max_parallel_workers_per_gather', '0', true),
       set_config('statement_timeout', '0', true),
       set_config('jit', 'off', true);

-- name: ctl_export_make_scope
CREATE TEMPORARY TABLE export_category (category_id bigint PRIMARY KEY)
    ON COMMIT DROP;

-- name: ctl_export_make_room
CREATE TEMPORARY TABLE export_room (
    nr bigint PRIMARY KEY, room_id bigint, name text, last_id bigint,
    from_ts timestamptz, to_ts timestamptz
) ON COMMIT DROP;

-- name: ctl_export_scope
-- $1 jsonb: names of categories, or NULL for all
INSERT INTO export_category
SELECT category_id FROM category WHERE $1::jsonb IS NULL
 UNION
SELECT (ctl_category(c)).category_id FROM jsonb_array_elements_text($1::jsonb) AS c;

-- name: ctl_export_room
-- With an end the last message is the last that is exported, so that what
-- comes later can be added.  $1 timestamptz: from, $2 timestamptz: to
INSERT INTO export_room
SELECT row_number() OVER (ORDER BY r.name_key), r.room_id, r.name,
       CASE WHEN $2::timestamptz IS NULL THEN h.last_id
            ELSE coalesce((SELECT max(m.msg_id) FROM message m
                            WHERE m.room_id = r.room_id AND m.flags & 8 <> 8
                              AND m.ts < $2::timestamptz), 0) END,
       coalesce($1::timestamptz, '-infinity'), coalesce($2::timestamptz, 'infinity')
  FROM room r
  JOIN export_category USING (category_id)
  JOIN room_head h ON h.room_id = r.room_id
 WHERE r.deleted_at IS NULL;

-- name: ctl_export_header
COPY (SELECT json_build_object('pchat_export', 1, 'domain', domain) FROM store)
TO STDOUT;

-- name: ctl_export_users
-- Those of the pool's domain first: it is that of an import's first user.
COPY (SELECT json_build_object('users', json_build_object(
             'uri', p.key, 'display', p.display, 'email', p.email,
             'policy', coalesce(y.name, ''),
             'state', (ARRAY['enabled', 'disabled', 'deleted'])[p.state + 1]))
        FROM principal p CROSS JOIN store s
        LEFT JOIN policy y ON y.policy_id = p.policy_id
       WHERE p.kind = 5
       ORDER BY p.key NOT LIKE '%@' || s.domain, p.key)
TO STDOUT;

-- name: ctl_export_groups
COPY (SELECT json_build_object('groups', json_build_object(
             'name', g.name,
             'members', coalesce((
                 SELECT jsonb_agg(principal_given(p.kind, p.name) ORDER BY p.kind, p.key)
                   FROM principal_member m
                   JOIN principal p ON p.principal_id = m.member_id
                  WHERE m.group_id = g.principal_id
                    AND (p.kind = 5 OR p.state <> 2)), '[]')))
        FROM principal g WHERE g.kind = 9 AND g.state <> 2 ORDER BY g.key)
TO STDOUT;

-- name: ctl_export_addins
COPY (SELECT json_build_object('addins', json_build_object(
             'name', a.name, 'url', a.url, 'guid', a.guid))
        FROM addin a ORDER BY a.name_key)
TO STDOUT;

-- name: ctl_export_categories
COPY (SELECT json_build_object('categories', json_build_object(
             'name', c.name, 'guid', c.guid, 'description', c.description,
             'allowed', l->'allowed', 'denied', l->'denied', 'creators', l->'creators',
             'invitations', c.invitations, 'files', c.files, 'history', c.history,
             'retention', c.retention_d))
        FROM category c
        JOIN export_category USING (category_id)
       CROSS JOIN LATERAL category_lists(c.category_id) AS l
       ORDER BY c.name_key)
TO STDOUT;

-- name: ctl_export_rooms
COPY (SELECT json_build_object('rooms', json_build_object(
             'name', r.name, 'guid', r.guid, 'category', c.name,
             'description', r.description,
             'privacy', (ARRAY['open', 'closed', 'secret'])[r.privacy + 1],
             'type', (ARRAY['normal', 'auditorium'])[r.behavior + 1],
             'members', coalesce(l.members, '[]'), 'managers', coalesce(l.managers, '[]'),
             'presenters', coalesce(l.presenters, '[]'),
             'invitations', CASE WHEN r.invitations THEN 'inherit' ELSE 'false' END,
             'disabled', r.disabled AND r.room_id NOT IN (SELECT room_id FROM export_disabled),
             'addin', coalesce(a.name, ''), 'retention', r.retention_d))
        FROM export_room e
        JOIN room r ON r.room_id = e.room_id
        JOIN category c ON c.category_id = r.category_id
        LEFT JOIN addin a ON a.addin_id = r.addin_id
       CROSS JOIN LATERAL (
             SELECT jsonb_agg(g.name ORDER BY p.kind, p.key) FILTER (WHERE x.role = 1) AS members,
                    jsonb_agg(g.name ORDER BY p.kind, p.key) FILTER (WHERE x.role = 2) AS managers,
                    jsonb_agg(g.name ORDER BY p.kind, p.key) FILTER (WHERE x.role = 3) AS presenters
               FROM room_role x
               JOIN principal p ON p.principal_id = x.principal_id
              CROSS JOIN LATERAL principal_given(p.kind, p.name) AS g (name)
              WHERE x.room_id = r.room_id AND (p.kind = 5 OR p.state <> 2)) AS l
       ORDER BY e.nr)
TO STDOUT;

-- name: ctl_export_messages
-- Room by room: each is opened by a line of its own.
COPY (SELECT x.line
        FROM (SELECT * FROM export_room WHERE last_id > 0 ORDER BY nr) AS e
       CROSS JOIN LATERAL (
             SELECT json_build_object('content', json_build_object(
                        'room', e.name, 'last_id', e.last_id)) AS line
              UNION ALL
             (SELECT json_build_array(m.msg_id,
                         to_char(m.ts AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                         p.key, m.flags, m.chat, m.rtf)
                FROM message m
                JOIN principal p ON p.principal_id = m.author_id
               WHERE m.room_id = e.room_id AND m.flags & 8 <> 8
                 AND m.ts >= e.from_ts AND m.ts < e.to_ts
               ORDER BY m.msg_id)) AS x)
TO STDOUT;

-- name: ctl_export_files
COPY (SELECT json_build_object('files', json_build_object(
             'id', f.file_id, 'room', e.name, 'name', f.name, 'extension', f.extension,
             'size_bytes', f.size_bytes, 'sha256', encode(f.sha256, 'hex'),
             'uploaded_by', p.key,
             'uploaded_on', to_char(f.uploaded_on AT TIME ZONE 'UTC',
                                    'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
             'linked', f.linked))
        FROM export_room e
        JOIN file f ON f.room_id = e.room_id
        JOIN principal p ON p.principal_id = f.uploaded_by
       WHERE f.uploaded_on >= e.from_ts AND f.uploaded_on < e.to_ts
       ORDER BY e.nr, f.uploaded_on, f.file_id)
TO STDOUT;

-- name: ctl_export_audit
-- $1 text: file, $2 jsonb: what was exported
SELECT admin_audited(NULL, 'export', $1::text, $2::jsonb);

-- name: ctl_export_report_rooms
-- Rooms: name, category, messages, first, last.
SELECT e.name, c.name, count(m.msg_id),
       to_char(min(m.ts) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
       to_char(max(m.ts) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
  FROM export_room e
  JOIN room r ON r.room_id = e.room_id
  JOIN category c ON c.category_id = r.category_id
  LEFT JOIN message m ON m.room_id = e.room_id AND m.flags & 8 <> 8
                     AND m.ts >= e.from_ts AND m.ts < e.to_ts
 GROUP BY e.nr, e.name, c.name ORDER BY e.nr;
