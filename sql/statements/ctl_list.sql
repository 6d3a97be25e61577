-- pchatctl: what its list and show commands print.  Lists are JSON arrays in
-- the spelling of the import file; times are RFC 3339 in UTC.

-- name: ctl_schema_version
SELECT max(version) FROM schema_version;

-- name: ctl_user_list
SELECT p.key, p.display, p.email,
       chat_enabled(p.policy_id),
       (ARRAY['enabled', 'disabled', 'deleted'])[p.state + 1]
  FROM principal p
 WHERE p.kind = 5
 ORDER BY p.key;

-- name: ctl_category_list
WITH named AS (
       SELECT principal_id,
              CASE kind WHEN 9 THEN 'group:' || name
                        WHEN 8 THEN 'domain:' || name
                        WHEN 10 THEN 'folder:' || name ELSE name END AS name
         FROM principal
     )
SELECT c.name, 'ma-cat://' || s.domain || '/' || c.guid, c.description,
       (SELECT coalesce(json_agg(n.name ORDER BY n.name), '[]')
          FROM category_scope x JOIN named n USING (principal_id)
         WHERE x.category_id = c.category_id AND NOT x.denied),
       (SELECT coalesce(json_agg(n.name ORDER BY n.name), '[]')
          FROM category_scope x JOIN named n USING (principal_id)
         WHERE x.category_id = c.category_id AND x.denied),
       (SELECT coalesce(json_agg(n.name ORDER BY n.name), '[]')
          FROM category_creator x JOIN named n USING (principal_id)
         WHERE x.category_id = c.category_id),
       c.invitations, c.files, c.history,
       (SELECT count(*) FROM room r
         WHERE r.category_id = c.category_id AND r.deleted_at IS NULL)
  FROM category c CROSS JOIN store s
 ORDER BY c.name_key;

-- name: ctl_room_list
SELECT r.name, 'ma-chan://' || s.domain || '/' || r.guid, c.name,
       (ARRAY['open', 'closed', 'secret'])[r.privacy + 1],
       (ARRAY['normal', 'auditorium'])[r.behavior + 1],
       r.disabled, coalesce(m.n, 0), coalesce(o.n, 0)
  FROM room r
  JOIN category c ON c.category_id = r.category_id
 CROSS JOIN store s
  LEFT JOIN (SELECT room_id, count(*) AS n FROM message
              WHERE flags & 8 = 0 GROUP BY room_id) AS m ON m.room_id = r.room_id
  LEFT JOIN (SELECT o.room_id, count(DISTINCT e.principal_id) AS n
               FROM roster o JOIN endpoint e ON e.endpoint_id = o.endpoint_id
              WHERE e.instance_id IS NOT NULL
              GROUP BY o.room_id) AS o ON o.room_id = r.room_id
 WHERE r.deleted_at IS NULL
 ORDER BY r.name_key;

-- name: ctl_room_show
-- $1 text: name, in any case
WITH roles AS (
       SELECT x.role,
              json_agg(CASE p.kind WHEN 9 THEN 'group:' || p.name
                                   WHEN 8 THEN 'domain:' || p.name
                                   WHEN 10 THEN 'folder:' || p.name
                                   ELSE p.name END ORDER BY p.kind, p.key) AS names
         FROM room r
         JOIN room_role x ON x.room_id = r.room_id
         JOIN principal p ON p.principal_id = x.principal_id
        WHERE r.name_key = lower($1::text) AND r.deleted_at IS NULL
        GROUP BY x.role
     )
SELECT r.name, 'ma-chan://' || s.domain || '/' || r.guid, r.guid, c.name,
       r.description,
       (ARRAY['open', 'closed', 'secret'])[r.privacy + 1],
       (ARRAY['normal', 'auditorium'])[r.behavior + 1],
       CASE WHEN r.invitations THEN 'inherit' ELSE 'false' END,
       r.invitations AND c.invitations, r.disabled,
       coalesce((SELECT names FROM roles WHERE role = 1), '[]'),
       coalesce((SELECT names FROM roles WHERE role = 2), '[]'),
       coalesce((SELECT names FROM roles WHERE role = 3), '[]'),
       (SELECT count(*) FROM message m
         WHERE m.room_id = r.room_id AND m.flags & 8 = 0),
       to_char((SELECT m.ts FROM message m
                 WHERE m.room_id = r.room_id AND m.flags & 8 = 0
                 ORDER BY m.msg_id DESC LIMIT 1) AT TIME ZONE 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       (SELECT count(DISTINCT e.principal_id)
          FROM roster o JOIN endpoint e ON e.endpoint_id = o.endpoint_id
         WHERE o.room_id = r.room_id AND e.instance_id IS NOT NULL)
  FROM room r
  JOIN category c ON c.category_id = r.category_id
 CROSS JOIN store s
 WHERE r.name_key = lower($1::text) AND r.deleted_at IS NULL;
