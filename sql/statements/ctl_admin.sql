-- pchatctl: rooms, categories, add-ins and the audit; what changes them are
-- the functions of sql/schema/0010_admin.sql.  Lists are JSON arrays in the
-- spelling of the import file; times are RFC 3339 in UTC.

-- ------------------------------------------------------------------ rooms
-- for: ctl

-- name: ctl_room_list
-- NULL: not asked for.  $1 text: add-in, $2 text: category, $3 integer:
-- disabled, $4 text: in the name, $5 integer: invitations, $6 text: manager's
-- key, $7 text: member's key, $8 integer: privacy, $9 integer: type,
-- $10 text: in the description, $11 integer: megabytes, $12 integer: limit
WITH content AS (
       SELECT room_id, count(*) AS messages,
              sum(octet_length(chat) + coalesce(octet_length(rtf), 0)) AS bytes
         FROM message WHERE flags & 8 <> 8 GROUP BY room_id
     ), present AS (
       SELECT o.room_id, count(DISTINCT e.principal_id) AS n
         FROM roster o JOIN endpoint e ON e.endpoint_id = o.endpoint_id
        WHERE e.instance_id IS NOT NULL
        GROUP BY o.room_id
     ), asked AS MATERIALIZED (
       SELECT CASE WHEN $6::text IS NULL THEN NULL ELSE ctl_principal($6) END AS manager,
              CASE WHEN $7::text IS NULL THEN NULL ELSE ctl_principal($7) END AS member,
              CASE WHEN $1::text IS NULL THEN NULL ELSE (ctl_addin($1)).addin_id END AS addin,
              CASE WHEN $2::text IS NULL THEN NULL ELSE (ctl_category($2)).category_id END AS category
     )
SELECT r.name, 'ma-chan://' || s.domain || '/' || r.guid, c.name,
       (ARRAY['open', 'closed', 'secret'])[r.privacy + 1],
       (ARRAY['normal', 'auditorium'])[r.behavior + 1],
       r.disabled, coalesce(m.messages, 0), coalesce(m.bytes, 0), coalesce(o.n, 0)
  FROM room r
  JOIN category c ON c.category_id = r.category_id
 CROSS JOIN store s
 CROSS JOIN asked
  LEFT JOIN content m ON m.room_id = r.room_id
  LEFT JOIN present o ON o.room_id = r.room_id
 WHERE r.deleted_at IS NULL
   AND (asked.addin IS NULL OR r.addin_id = asked.addin)
   AND (asked.category IS NULL OR r.category_id = asked.category)
   AND ($3::integer IS NULL OR r.disabled = ($3 = 1))
   AND ($4::text IS NULL OR r.name_key LIKE like_anywhere($4))
   AND ($5::integer IS NULL OR r.invitations = ($5 = 1))
   AND ($6::text IS NULL OR r.room_id IN (
        SELECT x.room_id FROM asked
          JOIN principal_affiliation a ON a.principal_id = asked.manager
          JOIN room_role x ON x.principal_id = a.ancestor_id AND x.role = 2))
   AND ($7::text IS NULL OR r.room_id IN (
        SELECT x.room_id FROM asked
          JOIN principal_affiliation a ON a.principal_id = asked.member
          JOIN room_role x ON x.principal_id = a.ancestor_id AND x.role = 1))
   AND ($8::integer IS NULL OR r.privacy = $8)
   AND ($9::integer IS NULL OR r.behavior = $9)
   AND ($10::text IS NULL OR lower(r.description) LIKE like_anywhere($10))
   AND ($11::bigint IS NULL OR coalesce(m.bytes, 0) > $11 * 1000000)
 ORDER BY r.name_key LIMIT $12::bigint;

-- name: ctl_room_show
-- $1 text: name in any case, URI or GUID
WITH roles AS (
       SELECT x.role,
              json_agg(principal_given(p.kind, p.name) ORDER BY p.kind, p.key) AS names
         FROM ctl_room($1::text) AS r
         JOIN room_role x ON x.room_id = r.room_id
         JOIN principal p ON p.principal_id = x.principal_id
        GROUP BY x.role
     )
SELECT r.name, 'ma-chan://' || s.domain || '/' || r.guid, r.guid, c.name,
       r.description,
       (ARRAY['open', 'closed', 'secret'])[r.privacy + 1],
       (ARRAY['normal', 'auditorium'])[r.behavior + 1],
       (SELECT a.name FROM addin a WHERE a.addin_id = r.addin_id),
       CASE WHEN r.invitations THEN 'inherit' ELSE 'false' END,
       r.invitations AND c.invitations, r.disabled,
       r.retention_d, coalesce(r.retention_d, c.retention_d),
       coalesce((SELECT names FROM roles WHERE role = 1), '[]'),
       coalesce((SELECT names FROM roles WHERE role = 2), '[]'),
       coalesce((SELECT names FROM roles WHERE role = 3), '[]'),
       r.created_by,
       to_char(r.created_on AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       r.updated_by,
       to_char(r.updated_on AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       (SELECT count(*) FROM message m
         WHERE m.room_id = r.room_id AND m.flags & 8 <> 8),
       to_char((SELECT m.ts FROM message m
                 WHERE m.room_id = r.room_id AND m.flags & 8 <> 8
                 ORDER BY m.msg_id DESC LIMIT 1) AT TIME ZONE 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       (SELECT count(DISTINCT e.principal_id)
          FROM roster o JOIN endpoint e ON e.endpoint_id = o.endpoint_id
         WHERE o.room_id = r.room_id AND e.instance_id IS NOT NULL)
  FROM ctl_room($1::text) AS r
  JOIN category c ON c.category_id = r.category_id
 CROSS JOIN store s;

-- name: ctl_room_save
-- $1 text: room or NULL, a new one; $2 jsonb: how it shall be
SELECT name, uri, done FROM ctl_room_save($1::text, $2::jsonb);

-- name: ctl_room_remove
SELECT name, uri, done FROM ctl_room_remove($1::text);

-- name: ctl_eligible
-- $1 text: room or category, $2 text: filter, $3 text: presenters if not NULL,
-- $4 integer: limit
SELECT principal, display, email
  FROM ctl_eligible($1::text, $2::text, $3::text IS NOT NULL,
                    coalesce($4::integer, 1000));

-- ------------------------------------------------------------- categories

-- name: ctl_category_list
SELECT c.name, 'ma-cat://' || s.domain || '/' || c.guid, c.description,
       l->'allowed', l->'denied', l->'creators',
       c.invitations, c.files, c.history, c.retention_d,
       (SELECT count(*) FROM room r
         WHERE r.category_id = c.category_id AND r.deleted_at IS NULL)
  FROM category c CROSS JOIN store s
 CROSS JOIN LATERAL category_lists(c.category_id) AS l
 ORDER BY c.name_key;

-- name: ctl_category_show
-- $1 text: name in any case, URI or GUID
SELECT c.name, 'ma-cat://' || s.domain || '/' || c.guid, c.description,
       l->'allowed', l->'denied', l->'creators',
       c.invitations, c.files, c.history, c.retention_d,
       (SELECT count(*) FROM room r
         WHERE r.category_id = c.category_id AND r.deleted_at IS NULL),
       c.created_by,
       to_char(c.created_on AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       c.updated_by,
       to_char(c.updated_on AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  FROM ctl_category($1::text) AS c CROSS JOIN store s
 CROSS JOIN LATERAL category_lists(c.category_id) AS l;

-- name: ctl_category_save
-- $1 text: category or NULL, a new one; $2 jsonb: how it shall be
SELECT name, uri, done FROM ctl_category_save($1::text, $2::jsonb);

-- name: ctl_category_remove
SELECT name, uri, done FROM ctl_category_remove($1::text);

-- ---------------------------------------------------------------- add-ins

-- name: ctl_addin_list
SELECT a.name, a.guid, a.url,
       (SELECT count(*) FROM room r
         WHERE r.addin_id = a.addin_id AND r.deleted_at IS NULL)
  FROM addin a ORDER BY a.name_key;

-- name: ctl_addin_show
-- $1 text: name in any case, or GUID
SELECT a.name, a.guid, a.url,
       (SELECT coalesce(json_agg(r.name ORDER BY r.name_key), '[]') FROM room r
         WHERE r.addin_id = a.addin_id AND r.deleted_at IS NULL)
  FROM ctl_addin($1::text) AS a;

-- name: ctl_addin_save
-- $1 text: add-in or NULL, a new one; $2 text: name, $3 text: URL, or NULL
SELECT name, url, done FROM ctl_addin_save($1::text, $2::text, $3::text);

-- name: ctl_addin_remove
-- $1 text: add-in, $2 boolean: also where it is shown
SELECT name, url, done FROM ctl_addin_remove($1::text, $2::boolean);

-- --------------------------------------------------------------- the pool

-- name: ctl_pool_list
SELECT i.name,
       CASE WHEN i.lease_until < now() THEN 'lapsed'
            WHEN p.name IS NOT NULL THEN 'draining' ELSE i.state END,
       i.endpoints,
       (SELECT count(*) FROM roster o JOIN endpoint e ON e.endpoint_id = o.endpoint_id
         WHERE e.instance_id = i.instance_id),
       i.bus_endpoint,
       to_char(i.started_on AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       to_char(i.lease_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  FROM instance i LEFT JOIN pool_passive p ON p.name = i.name
 UNION ALL
SELECT p.name, 'absent', 0, 0, '', NULL, NULL
  FROM pool_passive p WHERE p.name NOT IN (SELECT name FROM instance)
 ORDER BY 1;

-- name: ctl_pool_passive
-- $1 text: process, $2 boolean: shall take no new clients
SELECT name, state, done FROM ctl_pool_passive($1::text, $2::boolean);

-- ------------------------------------------------------------------ audit

-- name: ctl_audit_list
-- The newest of them, oldest first.  NULL: not asked for.  $1, $2 timestamptz:
-- from, to; $3 text: actor, $4 text: action or its first word, $5 text: in the
-- object, $6 integer: limit
SELECT to_char(x.ts AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       x.actor, x.action, x.object, x.detail, x.audit_id
  FROM (SELECT * FROM admin_audit a
         WHERE ($1::timestamptz IS NULL OR a.ts >= $1)
           AND ($2::timestamptz IS NULL OR a.ts < $2)
           AND ($3::text IS NULL OR lower(a.actor) = lower($3))
           AND ($4::text IS NULL OR a.action = $4 OR a.action LIKE $4 || '.%'
                OR a.action LIKE $4 || ' %')
           AND ($5::text IS NULL OR lower(a.object) LIKE like_anywhere($5))
         ORDER BY a.audit_id DESC LIMIT coalesce($6::integer, 1000)) AS x
 ORDER BY x.audit_id;
