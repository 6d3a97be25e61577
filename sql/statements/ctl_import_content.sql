-- pchatctl import of what pchatctl export wrote: messages and the files they
-- link to.  They keep their ids and times.  content is the place of a room in
-- the file, from 0.
--
-- What a room has already must be the same in the file, what comes after it
-- is added.  A room that is there already must be disabled for that: whoever
-- is in it would take what is added for news, and whoever posts would take
-- ids.
-- for: ctl

-- name: ctl_import_make_message
CREATE TEMPORARY TABLE import_message (
    content integer, msg_id bigint, ts timestamptz, author text,
    flags smallint, chat text, rtf text
) ON COMMIT DROP;

-- name: ctl_import_make_content
CREATE TEMPORARY TABLE import_content (
    content integer, room text, last_id bigint
) ON COMMIT DROP;

-- name: ctl_import_make_file
CREATE TEMPORARY TABLE import_file (
    pos integer, file_id uuid, room text, name text, extension text,
    sha256 text, uploaded_by text, uploaded_on timestamptz, size_bytes bigint,
    linked boolean
) ON COMMIT DROP;

-- name: ctl_import_copy_message
COPY import_message (content, msg_id, ts, author, flags, chat, rtf) FROM STDIN;

-- name: ctl_import_copy_content
COPY import_content (content, room, last_id) FROM STDIN;

-- name: ctl_import_copy_file
COPY import_file (pos, file_id, room, name, extension, sha256, uploaded_by,
                  uploaded_on, size_bytes, linked) FROM STDIN;

-- name: ctl_import_content_lock
-- Nobody enables these rooms until the import is done.
SELECT count(*)
  FROM (SELECT FROM room r
         WHERE r.deleted_at IS NULL
           AND r.name_key IN (SELECT lower(room) FROM import_content)
           FOR NO KEY UPDATE) AS x;

-- name: ctl_import_content_room
-- The rooms, and what the file has for each.  shut: nobody can have been in it
-- since before the import, which may have enabled it by now.
CREATE TEMPORARY TABLE import_content_room ON COMMIT DROP AS
SELECT i.content, i.room, r.room_id, h.last_id AS had_id,
       h.last_ts AS had_ts, m.n, m.first_ts, m.last_ts, m.added, m.added_ts,
       greatest(i.last_id, m.last_id, h.last_id) AS last_id,
       coalesce((SELECT x.shut FROM import_room_id x
                  WHERE x.room_id = r.room_id), r.disabled) AS shut
  FROM import_content i
  LEFT JOIN room r ON r.name_key = lower(i.room) AND r.deleted_at IS NULL
  LEFT JOIN room_head h ON h.room_id = r.room_id
  LEFT JOIN (SELECT x.content, count(*) AS n, max(x.msg_id) AS last_id,
                    min(x.ts) AS first_ts, max(x.ts) AS last_ts,
                    count(*) FILTER (WHERE x.msg_id > y.last_id) AS added,
                    min(x.ts) FILTER (WHERE x.msg_id > y.last_id) AS added_ts
               FROM import_message x
               JOIN import_content c ON c.content = x.content
               LEFT JOIN room q ON q.name_key = lower(c.room) AND q.deleted_at IS NULL
               LEFT JOIN room_head y ON y.room_id = q.room_id
              GROUP BY x.content) AS m ON m.content = i.content;

-- name: ctl_import_content_author
CREATE TEMPORARY TABLE import_author ON COMMIT DROP AS
SELECT a.author, p.principal_id
  FROM (SELECT DISTINCT author FROM import_message) AS a
  LEFT JOIN principal p ON p.key = a.author;

-- name: ctl_import_content_analyze
ANALYZE import_message, import_content_room, import_author;

-- name: ctl_import_check_content
SELECT format('content of "%s"', c.room), w.problem
  FROM import_content_room c
 CROSS JOIN LATERAL (
       SELECT CASE
              WHEN c.room_id IS NULL THEN 'no such room'
              WHEN EXISTS (SELECT FROM import_content_room o
                            WHERE o.room_id = c.room_id AND o.content < c.content)
              THEN 'comes twice'
              WHEN c.last_ts > now() + interval '5 minutes' THEN 'is of the future'
              WHEN c.added_ts < c.had_ts
              THEN 'is older than what the room has, but has higher ids'
              WHEN NOT c.shut AND c.last_id > c.had_id
              THEN 'the room is there already: it must be disabled to be added to'
              END AS problem) AS w
 WHERE w.problem IS NOT NULL
 ORDER BY c.content LIMIT 21;

-- name: ctl_import_check_author
SELECT 'content', format('no such user: %s', author)
  FROM import_author WHERE principal_id IS NULL ORDER BY author LIMIT 21;

-- name: ctl_import_check_message
-- What the room has of these ids already must be the same.
SELECT format('content of "%s", message %s', c.room, i.msg_id),
       CASE WHEN m.msg_id IS NULL THEN 'the room has it no longer'
            ELSE 'the room has another one of this id' END
  FROM import_content_room c
  JOIN import_message i ON i.content = c.content AND i.msg_id <= c.had_id
  JOIN import_author a ON a.author = i.author
  LEFT JOIN message m ON m.room_id = c.room_id AND m.msg_id = i.msg_id
 WHERE c.had_id > 0
   AND (m.msg_id IS NULL OR (m.ts, m.author_id, m.chat) <> (i.ts, a.principal_id, i.chat))
 ORDER BY i.content, i.msg_id LIMIT 21;

-- name: ctl_import_check_file
SELECT format('file %s', i.file_id),
       CASE WHEN r.room_id IS NULL THEN format('no such room: %s', i.room)
            ELSE format('no such user: %s', i.uploaded_by) END
  FROM import_file i
  LEFT JOIN room r ON r.name_key = lower(i.room) AND r.deleted_at IS NULL
  LEFT JOIN principal p ON p.key = i.uploaded_by
 WHERE r.room_id IS NULL OR p.principal_id IS NULL
 ORDER BY i.pos LIMIT 21;

-- name: ctl_import_message_new
INSERT INTO message (room_id, msg_id, author_id, ts, origin, flags, chat, rtf)
SELECT c.room_id, i.msg_id, a.principal_id, i.ts, 0, i.flags, i.chat, i.rtf
  FROM import_content_room c
  JOIN import_message i ON i.content = c.content AND i.msg_id > c.had_id
  JOIN import_author a ON a.author = i.author;

-- name: ctl_import_file_new
INSERT INTO file (file_id, room_id, name, extension, size_bytes, sha256,
                  uploaded_by, uploaded_on, linked)
SELECT i.file_id, r.room_id, i.name, i.extension, i.size_bytes,
       decode(i.sha256, 'hex'), p.principal_id, i.uploaded_on, i.linked
  FROM import_file i
  JOIN room r ON r.name_key = lower(i.room) AND r.deleted_at IS NULL
  JOIN principal p ON p.key = i.uploaded_by
    ON CONFLICT (file_id) DO NOTHING;

-- name: ctl_import_content_head
UPDATE room_head h
   SET last_id = c.last_id, last_ts = greatest(h.last_ts, c.last_ts)
  FROM import_content_room c
 WHERE h.room_id = c.room_id AND c.last_id > c.had_id;

-- name: ctl_import_report_content
-- Rooms that got messages: name, messages in the file, added, first, last.
SELECT c.room, c.n, c.added,
       to_char(c.first_ts AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
       to_char(c.last_ts AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
  FROM import_content_room c ORDER BY c.content;
