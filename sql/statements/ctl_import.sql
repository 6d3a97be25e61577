-- pchatctl import: a file becomes rows of temporary tables (COPY), and these
-- become rows of the store, in one transaction.  Everything compares before
-- it writes, so that what is the same already is not touched.  A NULL in a
-- staging table is a key that the file does not give.
--
-- pos is an object's place in its list of the file, from 0.  import_entry has
-- a row for each element of a list; list: 1 groups.members,
-- 2 categories.allowed, 3 .denied, 4 .creators, 5 rooms.members, 6 .managers,
-- 7 .presenters.
-- for: ctl

-- name: ctl_import_begin
-- One import at a time; two would deadlock or find each other's rows missing.
-- pchat.import: messages that come in are no news to compliance.
SELECT principals_lock(),
       set_config('work_mem', '128MB', true),
       set_config('maintenance_work_mem', '128MB', true),
       set_config('temp_buffers', '128MB', true),
       set_config('statement_timeout', '0', true),
       set_config('jit', 'off', true),
       set_config('pchat.import', 'on', true);

-- name: ctl_import_make_user
CREATE TEMPORARY TABLE import_user (
    pos integer, key text, username text, host text, display text,
    email text, ha1 text, ha1b text, sha256 text, sha256b text, enabled boolean, policy text,
    state smallint
) ON COMMIT DROP;

-- name: ctl_import_make_group
CREATE TEMPORARY TABLE import_group (
    pos integer, name text, members boolean,
    key text GENERATED ALWAYS AS ('group:' || lower(name)) STORED
) ON COMMIT DROP;

-- name: ctl_import_make_category
CREATE TEMPORARY TABLE import_category (
    pos integer, name text, description text, allowed boolean,
    denied boolean, creators boolean, invitations boolean, files boolean,
    history boolean, guid uuid, retention integer,
    name_key text GENERATED ALWAYS AS (lower(name)) STORED
) ON COMMIT DROP;

-- name: ctl_import_make_room
CREATE TEMPORARY TABLE import_room (
    pos integer, name text, category text, description text,
    privacy smallint, behavior smallint, members boolean, managers boolean,
    presenters boolean, invitations boolean, disabled boolean, guid uuid,
    addin text, retention integer,
    name_key text GENERATED ALWAYS AS (lower(name)) STORED
) ON COMMIT DROP;

-- name: ctl_import_make_addin
CREATE TEMPORARY TABLE import_addin (
    pos integer, name text, url text, guid uuid,
    name_key text GENERATED ALWAYS AS (lower(name)) STORED
) ON COMMIT DROP;

-- name: ctl_import_make_entry
CREATE TEMPORARY TABLE import_entry (
    list smallint, pos integer, idx integer, given text,
    key text GENERATED ALWAYS AS (
        CASE WHEN given LIKE 'sip:%' THEN given ELSE lower(given) END) STORED
) ON COMMIT DROP;

-- name: ctl_import_make_touched
-- What changed in lists: kind 9 groups, 1 categories, 2 rooms.
CREATE TEMPORARY TABLE import_touched (
    kind smallint, id bigint
) ON COMMIT DROP;

-- name: ctl_import_make_edge
-- Memberships of principals in each other that came or went.
CREATE TEMPORARY TABLE import_edge (
    group_id bigint, member_id bigint
) ON COMMIT DROP;

-- name: ctl_import_copy_user
COPY import_user (pos, key, username, host, display, email, ha1, ha1b, sha256,
                  sha256b, enabled, policy, state) FROM STDIN;

-- name: ctl_import_copy_group
COPY import_group (pos, name, members) FROM STDIN;

-- name: ctl_import_copy_category
COPY import_category (pos, name, description, allowed, denied, creators,
                      invitations, files, history, guid, retention) FROM STDIN;

-- name: ctl_import_copy_room
COPY import_room (pos, name, category, description, privacy, behavior, members,
                  managers, presenters, invitations, disabled, guid, addin,
                  retention) FROM STDIN;

-- name: ctl_import_copy_addin
COPY import_addin (pos, name, url, guid) FROM STDIN;

-- name: ctl_import_copy_entry
COPY import_entry (list, pos, idx, given) FROM STDIN;

-- The planner takes what a comparison leaves over for next to nothing and
-- then loops over the staging table: with an index that is harmless.

-- name: ctl_import_group_index
CREATE INDEX ON import_group (key);

-- name: ctl_import_presenter_index
CREATE INDEX ON import_entry (pos, key) WHERE list = 7;

-- name: ctl_import_analyze
ANALYZE import_user, import_group, import_category, import_room, import_entry,
        import_addin;

-- name: ctl_import_clean
-- Names as the store keeps them (name_clean), so that they are found there.
DO $$ BEGIN
    UPDATE import_user SET display = name_clean(display) WHERE display <> name_clean(display);
    UPDATE import_group SET name = name_clean(name) WHERE name <> name_clean(name);
    UPDATE import_category SET name = name_clean(name) WHERE name <> name_clean(name);
    UPDATE import_addin SET name = name_clean(name) WHERE name <> name_clean(name);
    UPDATE import_room SET name = name_clean(name), category = name_clean(category),
                           addin = name_clean(addin)
     WHERE (name, category, addin)
           IS DISTINCT FROM (name_clean(name), name_clean(category), name_clean(addin));
    UPDATE import_entry SET given = normalize(given) WHERE given IS NOT NORMALIZED;
END $$;

-- ------------------------------------------------------------------ checks
-- Each answers with rows of place and problem; none means that all is well.

-- name: ctl_import_check_twice
-- The same object twice in the file.
SELECT place, problem
  FROM (SELECT 1 AS kind, pos, format('users[%s].uri', pos) AS place,
               format('%s is there already: users[%s]', key, min(pos) OVER w) AS problem,
               pos > min(pos) OVER w AS again
          FROM import_user WINDOW w AS (PARTITION BY key)
         UNION ALL
        SELECT 2, pos, format('groups[%s].name', pos),
               format('"%s" is there already: groups[%s]', name, min(pos) OVER w),
               pos > min(pos) OVER w
          FROM import_group WINDOW w AS (PARTITION BY key)
         UNION ALL
        SELECT 3, pos, format('categories[%s].name', pos),
               format('"%s" is there already: categories[%s]', name, min(pos) OVER w),
               pos > min(pos) OVER w
          FROM import_category WINDOW w AS (PARTITION BY name_key)
         UNION ALL
        SELECT 4, pos, format('rooms[%s].name', pos),
               format('"%s" is there already: rooms[%s]', name, min(pos) OVER w),
               pos > min(pos) OVER w
          FROM import_room WINDOW w AS (PARTITION BY name_key)
         UNION ALL
        SELECT 5, pos, format('addins[%s].name', pos),
               format('"%s" is there already: addins[%s]', name, min(pos) OVER w),
               pos > min(pos) OVER w
          FROM import_addin WINDOW w AS (PARTITION BY name_key)) AS x
 WHERE again ORDER BY kind, pos LIMIT 21;

-- name: ctl_import_check_name
-- A room may not have the name of a category.
SELECT format('categories[%s].name', i.pos),
       format('"%s" is the name of a room', i.name)
  FROM import_category i
  JOIN room r ON r.name_key = i.name_key AND r.deleted_at IS NULL
 UNION ALL
SELECT format('rooms[%s].name', i.pos),
       format('"%s" is the name of a category', i.name)
  FROM import_room i
 WHERE EXISTS (SELECT FROM category c WHERE c.name_key = i.name_key)
    OR EXISTS (SELECT FROM import_category c WHERE c.name_key = i.name_key)
 LIMIT 21;

-- name: ctl_import_check_unfit
-- Names and descriptions that the store does not take.
SELECT place, problem
  FROM (SELECT 1 AS kind, pos, format('users[%s].display', pos) AS place,
               text_problem(display, 256, false) AS problem
          FROM import_user WHERE display <> ''
         UNION ALL
        SELECT 2, pos, format('groups[%s].name', pos), text_problem(name, 256, false)
          FROM import_group
         UNION ALL
        SELECT 3, pos, format('categories[%s].name', pos), text_problem(name, 256, false)
          FROM import_category
         UNION ALL
        SELECT 3, pos, format('categories[%s].description', pos),
               text_problem(description, 256, true)
          FROM import_category
         UNION ALL
        SELECT 4, pos, format('rooms[%s].name', pos), text_problem(name, 256, false)
          FROM import_room
         UNION ALL
        SELECT 4, pos, format('rooms[%s].description', pos), text_problem(description, 256, true)
          FROM import_room
         UNION ALL
        SELECT 5, pos, format('addins[%s].name', pos), text_problem(name, 256, false)
          FROM import_addin) AS x
 WHERE problem IS NOT NULL ORDER BY kind, pos LIMIT 21;

-- name: ctl_import_check_alike
-- Names that look the same as another (name_fold); the very same ones are
-- looked for above.
WITH named (space, list, pos, name, key, fold) AS (
       SELECT 1, 'categories', pos, name, name_key, name_fold(name) FROM import_category
        UNION ALL
       SELECT 1, 'rooms', pos, name, name_key, name_fold(name) FROM import_room
        UNION ALL
       SELECT 2, 'addins', pos, name, name_key, name_fold(name) FROM import_addin
        UNION ALL
       SELECT 1, NULL, 0, c.name, c.name_key, c.name_fold FROM category c
        UNION ALL
       SELECT 1, NULL, 0, r.name, r.name_key, r.name_fold FROM room r
        WHERE r.deleted_at IS NULL
        UNION ALL
       SELECT 2, NULL, 0, a.name, a.name_key, a.name_fold FROM addin a
     ), alike AS (
       SELECT *, first_value(name) OVER w AS first_name, first_value(key) OVER w AS first_key,
              first_value(coalesce(format('%s[%s]', list, pos), 'which is there')) OVER w AS place
         FROM named WHERE fold IS NOT NULL
       WINDOW w AS (PARTITION BY space, fold ORDER BY list IS NOT NULL, list, pos)
     )
SELECT format('%s[%s].name', list, pos),
       format('"%s" looks the same as "%s", %s', name, first_name, place)
  FROM alike
 WHERE list IS NOT NULL AND key <> first_key
 ORDER BY list, pos LIMIT 21;

-- name: ctl_import_check_entry
-- Users and groups that are neither in the file nor in the store.
WITH missing AS MATERIALIZED (
       SELECT DISTINCT key FROM import_entry WHERE key NOT LIKE 'domain:%'
       EXCEPT SELECT key FROM import_user
       EXCEPT SELECT key FROM import_group
       EXCEPT SELECT key FROM principal WHERE state <> 2
     )
SELECT format('%s[%s].%s[%s]',
              (ARRAY['groups', 'categories', 'categories', 'categories',
                     'rooms', 'rooms', 'rooms'])[e.list], e.pos,
              (ARRAY['members', 'allowed', 'denied', 'creators', 'members',
                     'managers', 'presenters'])[e.list], e.idx),
       CASE WHEN e.key LIKE 'group:%'
            THEN format('no such group: %s', substr(e.given, 7))
            WHEN e.key LIKE 'folder:%'
            THEN format('no such folder: %s', substr(e.given, 8))
            ELSE format('no such user: %s', e.given) END
  FROM import_entry e
 WHERE e.key IN (SELECT key FROM missing)
 ORDER BY e.list, e.pos, e.idx LIMIT 21;

-- name: ctl_import_check_category
-- The category of a room: it must exist, and a new room must name one.
SELECT format('rooms[%s].category', i.pos),
       CASE WHEN i.category IS NULL THEN 'missing: a new room needs one'
            ELSE format('no such category: %s', i.category) END
  FROM import_room i
 WHERE CASE WHEN i.category IS NULL
            THEN NOT EXISTS (SELECT FROM room r
                              WHERE r.name_key = i.name_key
                                AND r.deleted_at IS NULL)
            ELSE NOT EXISTS (SELECT FROM category c
                              WHERE c.name_key = lower(i.category))
             AND NOT EXISTS (SELECT FROM import_category c
                              WHERE c.name_key = lower(i.category)) END
 ORDER BY i.pos LIMIT 21;

-- name: ctl_import_check_addin
SELECT format('rooms[%s].addin', i.pos), format('no such add-in: %s', i.addin)
  FROM import_room i
 WHERE i.addin <> ''
   AND lower(i.addin) NOT IN (SELECT name_key FROM addin)
   AND lower(i.addin) NOT IN (SELECT name_key FROM import_addin)
 ORDER BY i.pos LIMIT 21;

-- name: ctl_import_check_policy
SELECT format('users[%s].policy', u.pos), format('no such policy of users: %s', u.policy)
  FROM import_user u
 WHERE u.policy <> ''
   AND u.policy NOT IN (SELECT name FROM policy WHERE scope = 'user')
 ORDER BY u.pos LIMIT 21;

-- name: ctl_import_check_cycle
-- A group that came to be inside itself: one of them, with a shortest way
-- round (the walk goes in breadth and ends with the first that is home).
WITH RECURSIVE edge AS MATERIALIZED (
       SELECT m.group_id, m.member_id
         FROM principal_member m JOIN principal p ON p.principal_id = m.member_id
        WHERE p.kind = 9
     ), below (top, id) AS (
       SELECT g.principal_id, edge.member_id
         FROM import_group i JOIN principal g ON g.key = i.key
         JOIN edge ON edge.group_id = g.principal_id
        UNION
       SELECT below.top, edge.member_id
         FROM below JOIN edge ON edge.group_id = below.id
     ), start AS MATERIALIZED (
       SELECT i.pos, g.name, below.top
         FROM below JOIN principal g ON g.principal_id = below.top
         JOIN import_group i ON i.key = g.key
        WHERE below.top = below.id ORDER BY i.pos LIMIT 1
     ), above (id) AS (
       SELECT top FROM start
        UNION
       SELECT edge.group_id FROM above JOIN edge ON edge.member_id = above.id
     ), walk (id, way, home) AS (
       SELECT top, name, false FROM start
        UNION ALL
       SELECT edge.member_id, walk.way || ' > ' || p.name, edge.member_id = start.top
         FROM walk CROSS JOIN start
         JOIN edge ON edge.group_id = walk.id
         JOIN principal p ON p.principal_id = edge.member_id
        WHERE NOT walk.home
          AND edge.member_id IN (SELECT id FROM above)
     )
SELECT (SELECT format('groups[%s].members', pos) FROM start),
       'the group contains itself: ' || way
  FROM walk WHERE home LIMIT 1;

-- name: ctl_import_check_presenter
-- Presenters: of auditoriums only, and members themselves or through a group
-- or domain, unless everybody may enter.
SELECT CASE WHEN e.idx IS NULL THEN format('rooms[%s].presenters', i.pos)
            ELSE format('rooms[%s].presenters[%s]', i.pos, e.idx) END,
       CASE WHEN r.behavior = 0 THEN 'only an auditorium has presenters'
            ELSE format('%s is not among the members', coalesce(e.given, p.name)) END
  FROM import_room_id i
  JOIN room r ON r.room_id = i.room_id
  JOIN room_role v ON v.room_id = r.room_id AND v.role = 3
  JOIN principal p ON p.principal_id = v.principal_id
  LEFT JOIN import_entry e ON e.list = 7 AND e.pos = i.pos AND e.key = p.key
 WHERE r.behavior = 0
    OR r.privacy <> 0 AND NOT EXISTS (
       SELECT FROM principal_affiliation a
         JOIN room_role m ON m.room_id = r.room_id AND m.role = 1
                         AND m.principal_id = a.ancestor_id
        WHERE a.principal_id = v.principal_id)
 ORDER BY i.pos, e.idx LIMIT 21;

-- -------------------------------------------------------- the first import
-- Two million rows one by one into their indexes and past their references
-- take minutes, the same indexes and references made afterwards seconds.  So
-- a large import takes them off tables that are empty or hold next to nothing
-- against what comes.  Until the end of the import sign-in and join wait for
-- it then, posts do not; if somebody has the tables in use for longer than a
-- moment, or they belong to somebody else, they are left as they are.

-- name: ctl_import_bulk_begin
DO $$
DECLARE
    incoming bigint := (SELECT count(*) FROM import_entry) +
                       (SELECT count(*) FROM import_user);
    was text := current_setting('lock_timeout');
    t regclass;
    stored bigint;
    d record;
BEGIN
    CREATE TEMPORARY TABLE import_rebuild (nr serial, def text) ON COMMIT DROP;
    IF incoming < 20000 THEN
        RETURN;
    END IF;

    PERFORM set_config('lock_timeout', '2s', true);
    FOREACH t IN ARRAY ARRAY['principal_member', 'principal_affiliation',
                             'room_role']::regclass[] LOOP
        EXECUTE format('SELECT count(*) FROM %s', t) INTO stored;
        CONTINUE WHEN 20 * stored > incoming;

        FOR d IN SELECT conname, pg_get_constraintdef(oid) AS def
                   FROM pg_constraint
                  WHERE conrelid = t AND contype IN ('p', 'f')
                  ORDER BY contype DESC LOOP
            INSERT INTO import_rebuild (def)
            VALUES (format('ALTER TABLE %s ADD CONSTRAINT %I %s', t, d.conname, d.def));
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', t, d.conname);
        END LOOP;

        FOR d IN SELECT indexrelid::regclass AS name, pg_get_indexdef(indexrelid) AS def
                   FROM pg_index WHERE indrelid = t LOOP
            INSERT INTO import_rebuild (def) VALUES (d.def);
            EXECUTE format('DROP INDEX %s', d.name);
        END LOOP;
    END LOOP;
    PERFORM set_config('lock_timeout', was, true);
EXCEPTION WHEN lock_not_available OR insufficient_privilege THEN
    CREATE TEMPORARY TABLE import_rebuild (nr serial, def text) ON COMMIT DROP;
END $$;

-- name: ctl_import_bulk_end
DO $$
DECLARE
    d record;
BEGIN
    FOR d IN SELECT def FROM import_rebuild ORDER BY nr LOOP
        EXECUTE d.def;
    END LOOP;
END $$;

-- -------------------------------------------------------------- principals

-- name: ctl_import_store_domain
-- The pool's domain is that of its first user.
UPDATE store SET domain = u.host
  FROM (SELECT host FROM import_user ORDER BY pos LIMIT 1) AS u
 WHERE store.domain <> u.host
   AND NOT EXISTS (SELECT FROM principal WHERE kind = 5);

-- name: ctl_import_domain_new
INSERT INTO principal (kind, key, name, display)
SELECT 8, 'domain:' || d.host, d.host, d.host
  FROM (SELECT host FROM import_user
         UNION
        SELECT substr(key, 8) FROM import_entry WHERE key LIKE 'domain:%') AS d (host)
 WHERE NOT EXISTS (SELECT FROM principal p WHERE p.key = 'domain:' || d.host);

-- name: ctl_import_same
-- Users and groups of the file are the removed ones of their names, if the
-- operator says so (ctl_same_person).
SELECT principal_revive(x.key)
  FROM (SELECT key FROM import_user WHERE state IS DISTINCT FROM 2
         UNION SELECT key FROM import_group) AS x
 WHERE current_setting('pchat.same', true) = 'on'
   AND NOT EXISTS (SELECT FROM principal p WHERE p.key = x.key AND p.state <> 2);

-- name: ctl_import_free
-- Otherwise they are new.
SELECT principals_free(ARRAY(
       SELECT key FROM import_user WHERE state IS DISTINCT FROM 2
        UNION SELECT key FROM import_group))
 WHERE current_setting('pchat.same', true) IS DISTINCT FROM 'on';

-- name: ctl_import_user_changed
-- A policy by its name, '' for none of the user's own, goes before enabled.
UPDATE principal p
   SET display = w.display, email = w.email, policy_id = w.policy_id,
       state = w.state, updated_on = now()
  FROM (SELECT o.principal_id, coalesce(u.display, o.display) AS display,
               coalesce(u.email, o.email) AS email,
               CASE WHEN u.policy IS NOT NULL THEN y.policy_id
                    WHEN u.enabled THEN 2 WHEN NOT u.enabled THEN 3
                    ELSE o.policy_id END AS policy_id,
               coalesce(u.state, CASE o.state WHEN 2 THEN 0 ELSE o.state END) AS state
          FROM import_user u
          JOIN principal o ON o.key = u.key AND o.key NOT LIKE 'former:%'
          LEFT JOIN policy y ON y.name = u.policy) AS w
 WHERE p.principal_id = w.principal_id
   AND (p.display, p.email, p.policy_id, p.state)
       IS DISTINCT FROM (w.display, w.email, w.policy_id, w.state);

-- name: ctl_import_user_new
INSERT INTO principal (kind, key, name, display, email, policy_id, state)
SELECT 5, u.key, principal_was(u.key), coalesce(u.display, ''), coalesce(u.email, ''),
       CASE WHEN u.policy IS NOT NULL THEN y.policy_id
            WHEN u.enabled IS FALSE THEN 3 ELSE 2 END,
       CASE WHEN u.key LIKE 'former:%' THEN 2 ELSE coalesce(u.state, 0) END
  FROM import_user u LEFT JOIN policy y ON y.name = u.policy
 WHERE NOT EXISTS (SELECT FROM principal p WHERE p.key = u.key)
 ORDER BY u.pos;

-- name: ctl_import_credential
INSERT INTO credential AS c (principal_id, username, realm, ha1, ha1b, ha1_sha256,
                             ha1b_sha256)
SELECT p.principal_id, u.username, u.host, u.ha1, u.ha1b, u.sha256, u.sha256b
  FROM import_user u JOIN principal p ON p.key = u.key
 WHERE u.ha1 IS NOT NULL
    ON CONFLICT (principal_id) DO UPDATE
   SET username = excluded.username, realm = excluded.realm,
       ha1 = excluded.ha1, ha1b = excluded.ha1b, ha1_sha256 = excluded.ha1_sha256,
       ha1b_sha256 = excluded.ha1b_sha256, password_kdf = NULL
 WHERE (c.username, c.realm, c.ha1, c.ha1b, c.ha1_sha256, c.ha1b_sha256)
       IS DISTINCT FROM (excluded.username, excluded.realm, excluded.ha1, excluded.ha1b,
                         excluded.ha1_sha256, excluded.ha1b_sha256);

-- name: ctl_import_group_new
INSERT INTO principal (kind, key, name, display)
SELECT 9, i.key, i.name, i.name
  FROM import_group i
 WHERE NOT EXISTS (SELECT FROM principal p WHERE p.key = i.key)
 ORDER BY i.pos;

-- name: ctl_import_member
-- Who shall be directly where: users in their domains, and the groups' lists.
CREATE TEMPORARY TABLE import_member ON COMMIT DROP AS
SELECT d.principal_id AS group_id, p.principal_id AS member_id
  FROM import_user u
  JOIN principal d ON d.key = 'domain:' || u.host
  JOIN principal p ON p.key = u.key
 UNION
SELECT g.principal_id, p.principal_id
  FROM import_entry e
  JOIN import_group i ON i.pos = e.pos
  JOIN principal g ON g.key = i.key
  JOIN principal p ON p.key = e.key
 WHERE e.list = 1;

-- name: ctl_import_member_analyze
ANALYZE import_member;

-- name: ctl_import_member_gone
WITH gone AS (
       DELETE FROM principal_member m
        USING import_group i JOIN principal g ON g.key = i.key
        WHERE i.members AND m.group_id = g.principal_id
          AND NOT EXISTS (SELECT FROM import_member w
                           WHERE w.group_id = m.group_id
                             AND w.member_id = m.member_id)
    RETURNING m.group_id, m.member_id
     )
INSERT INTO import_edge SELECT group_id, member_id FROM gone;

-- name: ctl_import_member_new
WITH made AS (
       INSERT INTO principal_member (group_id, member_id)
       SELECT w.group_id, w.member_id FROM import_member w
        WHERE NOT EXISTS (SELECT FROM principal_member m
                           WHERE m.group_id = w.group_id
                             AND m.member_id = w.member_id)
        ORDER BY w.group_id, w.member_id
    RETURNING group_id, member_id
     )
INSERT INTO import_edge SELECT group_id, member_id FROM made;

-- name: ctl_import_group_changed
-- now() is the transaction's: what it made itself is not changed by it.
UPDATE principal g
   SET name = i.name, display = i.name, state = 0, updated_on = now()
  FROM import_group i
 WHERE g.key = i.key AND g.updated_on <> now()
   AND (g.name <> i.name OR g.state <> 0
        OR g.principal_id IN (SELECT group_id FROM import_edge));

-- name: ctl_import_affiliation
-- Of who is in other groups than before, and of who has none yet.
SELECT FROM affiliation_follow(ARRAY(
       SELECT member_id FROM import_edge
        UNION
       SELECT p.principal_id FROM principal p
        WHERE p.kind IN (5, 8, 9, 10)
          AND NOT EXISTS (SELECT FROM principal_affiliation a
                           WHERE a.principal_id = p.principal_id
                             AND a.ancestor_id = p.principal_id)));

-- -------------------------------------------------------------- categories

-- name: ctl_import_category_id
CREATE TEMPORARY TABLE import_category_id ON COMMIT DROP AS
SELECT i.pos, c.category_id IS NULL AS made,
       coalesce(c.category_id,
                nextval(pg_get_serial_sequence('category', 'category_id'))) AS category_id
  FROM (SELECT * FROM import_category ORDER BY pos) AS i
  LEFT JOIN category c ON c.name_key = i.name_key;

-- name: ctl_import_category_new
-- A GUID that something has already stays with it.
INSERT INTO category (category_id, guid, name, description, invitations, files,
                      history, retention_d, created_by, updated_by)
SELECT x.category_id,
       CASE WHEN i.guid IS NULL OR EXISTS (SELECT FROM category c WHERE c.guid = i.guid)
            THEN gen_random_uuid() ELSE i.guid END,
       i.name, coalesce(i.description, ''),
       coalesce(i.invitations, true), coalesce(i.files, true),
       coalesce(i.history, true), nullif(i.retention, 0),
       (SELECT admin_actor(NULL)), (SELECT admin_actor(NULL))
  FROM import_category_id x JOIN import_category i ON i.pos = x.pos
 WHERE x.made;

-- name: ctl_import_scope
-- The scopes as they shall be.  A new category that says nothing is for all.
CREATE TEMPORARY TABLE import_scope ON COMMIT DROP AS
SELECT x.category_id, p.principal_id, e.list = 3 AS denied
  FROM import_entry e
  JOIN import_category_id x ON x.pos = e.pos
  JOIN principal p ON p.key = e.key
 WHERE e.list IN (2, 3)
 UNION
SELECT x.category_id, 1, false
  FROM import_category_id x JOIN import_category i ON i.pos = x.pos
 WHERE x.made AND NOT i.allowed;

-- name: ctl_import_scope_gone
WITH gone AS (
       DELETE FROM category_scope s
        USING import_category_id x JOIN import_category i ON i.pos = x.pos
        WHERE s.category_id = x.category_id
          AND CASE WHEN s.denied THEN i.denied ELSE i.allowed END
          AND NOT EXISTS (SELECT FROM import_scope w
                           WHERE w.category_id = s.category_id
                             AND w.principal_id = s.principal_id
                             AND w.denied = s.denied)
    RETURNING s.category_id
     )
INSERT INTO import_touched SELECT 1, category_id FROM gone;

-- name: ctl_import_scope_new
WITH made AS (
       INSERT INTO category_scope (category_id, principal_id, denied)
       SELECT category_id, principal_id, denied FROM import_scope
           ON CONFLICT DO NOTHING
    RETURNING category_id
     )
INSERT INTO import_touched SELECT 1, category_id FROM made;

-- name: ctl_import_creator_gone
WITH gone AS (
       DELETE FROM category_creator k
        USING import_category_id x JOIN import_category i ON i.pos = x.pos
        WHERE k.category_id = x.category_id AND i.creators
          AND NOT EXISTS (SELECT FROM import_entry e
                            JOIN principal p ON p.key = e.key
                           WHERE e.list = 4 AND e.pos = i.pos
                             AND p.principal_id = k.principal_id)
    RETURNING k.category_id
     )
INSERT INTO import_touched SELECT 1, category_id FROM gone;

-- name: ctl_import_creator_new
WITH made AS (
       INSERT INTO category_creator (category_id, principal_id)
       SELECT DISTINCT x.category_id, p.principal_id
         FROM import_entry e
         JOIN import_category_id x ON x.pos = e.pos
         JOIN principal p ON p.key = e.key
        WHERE e.list = 4
           ON CONFLICT DO NOTHING
    RETURNING category_id
     )
INSERT INTO import_touched SELECT 1, category_id FROM made;

-- name: ctl_import_category_changed
UPDATE category c
   SET name = i.name,
       description = coalesce(i.description, c.description),
       invitations = coalesce(i.invitations, c.invitations),
       files = coalesce(i.files, c.files),
       history = coalesce(i.history, c.history),
       retention_d = CASE WHEN i.retention IS NULL THEN c.retention_d
                          ELSE nullif(i.retention, 0) END,
       updated_by = (SELECT admin_actor(NULL)), updated_on = now()
  FROM import_category_id x JOIN import_category i ON i.pos = x.pos
 WHERE c.category_id = x.category_id AND NOT x.made
   AND (c.name <> i.name OR c.description <> i.description
        OR c.invitations <> i.invitations OR c.files <> i.files
        OR c.history <> i.history
        OR coalesce(c.retention_d, 0) <> i.retention
        OR c.category_id IN (SELECT id FROM import_touched WHERE kind = 1));

-- ----------------------------------------------------------------- add-ins

-- name: ctl_import_addin_changed
WITH changed AS (
       UPDATE addin a SET name = i.name, url = i.url
         FROM import_addin i
        WHERE a.name_key = i.name_key AND (a.name <> i.name OR a.url <> i.url)
    RETURNING a.addin_id
     ), told AS (
       SELECT rooms_told(array_agg(r.room_id))
         FROM room r JOIN changed USING (addin_id) WHERE r.deleted_at IS NULL
       HAVING count(*) > 0
     )
INSERT INTO import_touched SELECT 5, addin_id FROM changed
 WHERE (SELECT count(*) FROM told) >= 0;

-- name: ctl_import_addin_new
INSERT INTO addin (guid, name, url)
SELECT CASE WHEN i.guid IS NULL OR EXISTS (SELECT FROM addin a WHERE a.guid = i.guid)
            THEN gen_random_uuid() ELSE i.guid END, i.name, i.url
  FROM import_addin i
 WHERE NOT EXISTS (SELECT FROM addin a WHERE a.name_key = i.name_key)
 ORDER BY i.pos;

-- ------------------------------------------------------------------- rooms

-- name: ctl_import_room_id
CREATE TEMPORARY TABLE import_room_id ON COMMIT DROP AS
SELECT i.pos, r.room_id IS NULL AS made,
       coalesce(r.room_id,
                nextval(pg_get_serial_sequence('room', 'room_id'))) AS room_id,
       coalesce(r.disabled, true) AS shut, i.members, i.managers, i.presenters
  FROM (SELECT * FROM import_room ORDER BY pos) AS i
  LEFT JOIN room r ON r.name_key = i.name_key AND r.deleted_at IS NULL;

-- name: ctl_import_room_id_index
CREATE INDEX ON import_room_id (room_id);

-- name: ctl_import_room_id_analyze
ANALYZE import_room_id;

-- name: ctl_import_room_new
INSERT INTO room (room_id, guid, category_id, name, description, privacy,
                  behavior, invitations, disabled, addin_id, retention_d,
                  created_by, updated_by)
SELECT x.room_id,
       CASE WHEN i.guid IS NULL OR EXISTS (SELECT FROM room r WHERE r.guid = i.guid)
            THEN gen_random_uuid() ELSE i.guid END,
       c.category_id, i.name, coalesce(i.description, ''),
       coalesce(i.privacy, 1), coalesce(i.behavior, 0),
       coalesce(i.invitations, true), coalesce(i.disabled, false),
       a.addin_id, nullif(i.retention, 0),
       (SELECT admin_actor(NULL)), (SELECT admin_actor(NULL))
  FROM import_room_id x
  JOIN import_room i ON i.pos = x.pos
  JOIN category c ON c.name_key = lower(i.category)
  LEFT JOIN addin a ON a.name_key = lower(i.addin)
 WHERE x.made
 ORDER BY x.room_id;

-- name: ctl_import_role
-- The lists as they shall be.
CREATE TEMPORARY TABLE import_role ON COMMIT DROP AS
SELECT DISTINCT x.room_id, (e.list - 4)::smallint AS role, p.principal_id
  FROM import_entry e
  JOIN import_room_id x ON x.pos = e.pos
  JOIN principal p ON p.key = e.key
 WHERE e.list IN (5, 6, 7)
 ORDER BY 1, 2, 3;

-- name: ctl_import_role_analyze
ANALYZE import_role;

-- name: ctl_import_role_gone
WITH gone AS (
       DELETE FROM room_role o
        USING import_room_id x
        WHERE o.room_id = x.room_id AND NOT x.made
          AND CASE o.role WHEN 1 THEN x.members WHEN 2 THEN x.managers
                          ELSE x.presenters END
          AND NOT EXISTS (SELECT FROM import_role w
                           WHERE w.room_id = o.room_id AND w.role = o.role
                             AND w.principal_id = o.principal_id)
    RETURNING o.room_id
     )
INSERT INTO import_touched SELECT 2, room_id FROM gone;

-- name: ctl_import_role_new
WITH made AS (
       INSERT INTO room_role (room_id, role, principal_id)
       SELECT w.room_id, w.role, w.principal_id FROM import_role w
        WHERE NOT EXISTS (SELECT FROM room_role o
                           WHERE o.room_id = w.room_id AND o.role = w.role
                             AND o.principal_id = w.principal_id)
    RETURNING room_id
     )
INSERT INTO import_touched SELECT 2, room_id FROM made;

-- name: ctl_import_touched_analyze
ANALYZE import_touched;

-- name: ctl_import_room_changed
UPDATE room r
   SET name = i.name, category_id = coalesce(c.category_id, r.category_id),
       description = coalesce(i.description, r.description),
       privacy = coalesce(i.privacy, r.privacy),
       behavior = coalesce(i.behavior, r.behavior),
       invitations = coalesce(i.invitations, r.invitations),
       disabled = coalesce(i.disabled, r.disabled),
       addin_id = CASE WHEN i.addin IS NULL THEN r.addin_id ELSE a.addin_id END,
       retention_d = CASE WHEN i.retention IS NULL THEN r.retention_d
                          ELSE nullif(i.retention, 0) END,
       updated_by = (SELECT admin_actor(NULL)), updated_on = now()
  FROM import_room_id x
  JOIN import_room i ON i.pos = x.pos
  LEFT JOIN category c ON c.name_key = lower(i.category)
  LEFT JOIN addin a ON a.name_key = lower(i.addin)
 WHERE r.room_id = x.room_id AND NOT x.made
   AND (r.name <> i.name OR r.category_id <> c.category_id
        OR r.description <> i.description OR r.privacy <> i.privacy
        OR r.behavior <> i.behavior OR r.invitations <> i.invitations
        OR r.disabled <> i.disabled
        OR i.addin IS NOT NULL AND r.addin_id IS DISTINCT FROM a.addin_id
        OR coalesce(r.retention_d, 0) <> i.retention
        OR r.room_id IN (SELECT id FROM import_touched WHERE kind = 2));

-- -------------------------------------------------------------------- end

-- name: ctl_import_audit
-- $1 text: what file, $2 jsonb: counts
SELECT admin_audited(NULL, 'import', $1::text, $2::jsonb);

-- name: ctl_import_notify
-- Running processes look again at what they remember.
SELECT pg_notify('pchat_changed', '');

-- name: ctl_import_statistics
-- After a large import: without it the first minutes run on plans for the
-- tables as they were before.
ANALYZE principal, principal_member, principal_affiliation, category,
        category_scope, room, room_role, room_head;
