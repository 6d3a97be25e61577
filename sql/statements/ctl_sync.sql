-- pchatctl sync: a directory becomes rows of temporary tables, these become a
-- plan, and the plan is written in many small transactions.  Reading takes no
-- lock on anything; writing locks the rows that change, and as long as that
-- no other command that changes principals.
--
-- sync_seen has every entry, sync_user and sync_group what was read of those
-- that changed, sync_member the lists of groups that were read (and one row
-- without member for each of them).
-- for: ctl

-- name: ctl_sync_begin
-- Whether no other run of this source is under way.  What follows knows the
-- source and the policy for new users by these settings of the session.
-- $1 text: source, $2 text: policy or NULL
SELECT pg_try_advisory_lock(hashtextextended('pchatctl sync ' || $1::text, 0)),
       set_config('pchat.source', $1::text, false),
       set_config('pchat.policy', CASE WHEN $2::text IS NULL THEN ''
                                       ELSE policy_user($2::text)::text END, false),
       set_config('work_mem', '64MB', false), set_config('jit', 'off', false),
       set_config('statement_timeout', '0', false);

-- name: ctl_sync_source
SELECT cookie, settings FROM directory_source
 WHERE name = current_setting('pchat.source');

-- name: ctl_sync_make
DO $$ BEGIN
    CREATE TEMPORARY TABLE sync_seen (kind smallint, id text, dn text, parent text, rdn text);
    CREATE TEMPORARY TABLE sync_off (id text);
    CREATE TEMPORARY TABLE sync_user (id text, uri text, given text, uid text,
                                      display text, email text);
    CREATE TEMPORARY TABLE sync_group (id text, name text);
    CREATE TEMPORARY TABLE sync_member (id text, member text);
END $$;

-- name: ctl_sync_copy_seen
COPY sync_seen (kind, id, dn, parent, rdn) FROM STDIN;

-- name: ctl_sync_copy_off
COPY sync_off (id) FROM STDIN;

-- name: ctl_sync_copy_user
COPY sync_user (id, uri, given, uid, display, email) FROM STDIN;

-- name: ctl_sync_copy_group
COPY sync_group (id, name) FROM STDIN;

-- name: ctl_sync_copy_member
COPY sync_member (id, member) FROM STDIN;

-- name: ctl_sync_seen_index
DO $$ BEGIN
    CREATE INDEX ON sync_seen (id);
    ANALYZE sync_seen;
END $$;

-- name: ctl_sync_again
-- Whether some entries have to be read that did not change: users and groups
-- that are not known here, and groups' lists when somebody's DN is another.
SELECT EXISTS (SELECT FROM sync_seen s
                WHERE s.kind IN (5, 9)
                  AND NOT EXISTS (SELECT FROM principal p
                                    JOIN directory_entry e USING (principal_id)
                                   WHERE p.external_id = s.id AND e.source = current_setting('pchat.source'))
                  AND NOT EXISTS (SELECT FROM sync_user u WHERE u.id = s.id)
                  AND NOT EXISTS (SELECT FROM sync_group g WHERE g.id = s.id)),
       EXISTS (SELECT FROM sync_seen s
                 JOIN principal p ON p.external_id = s.id
                 JOIN directory_entry e USING (principal_id)
                WHERE s.kind IN (5, 9) AND e.dn <> s.dn);

-- name: ctl_sync_forget
-- What was read of changed entries: all are read now.
TRUNCATE sync_user, sync_group;

-- -------------------------------------------------------------------- plan

-- name: ctl_sync_read_analyze
ANALYZE sync_off, sync_user, sync_group, sync_member;

-- name: ctl_sync_target
-- What shall be; an entry that is user and group is a user.
CREATE TEMPORARY TABLE sync_target AS
SELECT s.kind, s.id, s.dn, s.parent, p.principal_id, p.key AS old_key,
       false AS made,
       CASE s.kind WHEN 5 THEN coalesce(u.uri, p.key)
                   WHEN 9 THEN coalesce('group:' || lower(g.name), p.key)
                   ELSE 'folder:' || s.dn END AS key,
       CASE s.kind WHEN 5 THEN coalesce(u.uri, p.name)
                   WHEN 9 THEN coalesce(g.name, p.name)
                   ELSE s.dn END AS name,
       CASE s.kind WHEN 5 THEN coalesce(u.display, p.display)
                   WHEN 9 THEN coalesce(g.name, p.display)
                   ELSE s.rdn END AS display,
       coalesce(u.email, p.email, '') AS email,
       coalesce(u.uid, e.uid) AS uid,
       CASE WHEN s.id IN (SELECT id FROM sync_off) THEN 1 ELSE 0 END AS state,
       CASE WHEN s.kind = 5 AND u.id IS NOT NULL AND u.uri IS NULL
                 THEN format('%s: not a SIP URI: %s', s.dn, u.given)
            WHEN p.kind <> s.kind OR e.source <> current_setting('pchat.source')
                 THEN format('%s: known already, as something else: %s', s.dn, p.key)
            END AS problem
  FROM (SELECT DISTINCT ON (id) * FROM sync_seen ORDER BY id, kind) AS s
  LEFT JOIN principal p ON p.external_id = s.id
  LEFT JOIN directory_entry e ON e.principal_id = p.principal_id
  LEFT JOIN sync_user u ON u.id = s.id AND s.kind = 5
  LEFT JOIN sync_group g ON g.id = s.id AND s.kind = 9;

-- name: ctl_sync_target_index
DO $$ BEGIN
    CREATE INDEX ON sync_target (key);
    CREATE INDEX ON sync_target (principal_id);
    CREATE INDEX ON sync_target (dn);
    ANALYZE sync_target;
END $$;

-- name: ctl_sync_rank
-- Two entries that want the same key: who has it keeps it.
UPDATE sync_target t
   SET problem = CASE t.kind WHEN 5 THEN format('%s: another entry has its URI: %s', t.dn, t.key) END,
       key = CASE t.kind WHEN 5 THEN t.key ELSE 'group:' || t.dn END,
       name = CASE t.kind WHEN 5 THEN t.name ELSE t.dn END
  FROM (SELECT id, row_number() OVER (PARTITION BY key
                   ORDER BY (old_key IS NOT DISTINCT FROM key) DESC, id) AS n
          FROM sync_target WHERE problem IS NULL AND key IS NOT NULL) AS r
 WHERE r.id = t.id AND r.n > 1;

-- name: ctl_sync_adopt
-- A principal of that key whom no directory has, or who is gone from this
-- one, is the one: lists and messages know people by their URI.
UPDATE sync_target t
   SET principal_id = h.principal_id, old_key = h.key
  FROM principal h
  LEFT JOIN directory_entry e ON e.principal_id = h.principal_id
 WHERE t.principal_id IS NULL AND t.problem IS NULL
   AND h.key = t.key AND h.kind = t.kind
   AND (h.external_id IS NULL
        OR e.source = current_setting('pchat.source')
           AND NOT EXISTS (SELECT FROM sync_seen s WHERE s.id = h.external_id));

-- name: ctl_sync_held
-- A key that somebody has who stays where he is.
UPDATE sync_target t
   SET problem = CASE t.kind WHEN 5 THEN format('%s: its URI is in use: %s', t.dn, t.key) END,
       key = CASE t.kind WHEN 5 THEN t.key ELSE 'group:' || t.dn END,
       name = CASE t.kind WHEN 5 THEN t.name ELSE t.dn END
  FROM principal h
  LEFT JOIN directory_entry e ON e.principal_id = h.principal_id
  LEFT JOIN sync_target o ON o.principal_id = h.principal_id
 WHERE t.problem IS NULL AND h.key = t.key
   AND h.principal_id IS DISTINCT FROM t.principal_id
   AND CASE WHEN o.id IS NULL
            THEN NOT coalesce(e.source = current_setting('pchat.source') AND NOT EXISTS (
                     SELECT FROM sync_seen s WHERE s.id = h.external_id), false)
            ELSE o.problem IS NOT NULL OR o.key = h.key END;

-- name: ctl_sync_address
-- The pool's own addresses are nobody's.
UPDATE sync_target t
   SET problem = format('%s: its URI is an endpoint of the pool: %s', t.dn, t.key)
  FROM pool_address a
 WHERE t.kind = 5 AND t.problem IS NULL AND a.uri = t.key;

-- name: ctl_sync_problems
SELECT problem FROM sync_target WHERE problem IS NOT NULL ORDER BY dn;

-- name: ctl_sync_keep
-- Who cannot be taken over as he is stays as he was, if he was.
UPDATE sync_target t SET key = p.key, name = p.name
  FROM principal p
 WHERE t.problem IS NOT NULL AND p.principal_id = t.principal_id AND p.kind = t.kind;

-- name: ctl_sync_drop
-- And who went while we read.
DELETE FROM sync_target t
 WHERE t.key IS NULL OR t.problem IS NOT NULL
   AND NOT EXISTS (SELECT FROM principal p
                    WHERE p.principal_id = t.principal_id AND p.kind = t.kind);

-- name: ctl_sync_new_id
UPDATE sync_target
   SET made = true,
       principal_id = nextval(pg_get_serial_sequence('principal', 'principal_id'))
 WHERE principal_id IS NULL;

-- name: ctl_sync_gone
CREATE TEMPORARY TABLE sync_gone AS
SELECT e.principal_id, p.kind,
       (row_number() OVER (ORDER BY e.principal_id) - 1) / 1000 AS slice
  FROM directory_entry e JOIN principal p ON p.principal_id = e.principal_id
 WHERE e.source = current_setting('pchat.source') AND e.state <> 2
   AND NOT EXISTS (SELECT FROM sync_seen s WHERE s.id = p.external_id)
   AND NOT EXISTS (SELECT FROM sync_target t WHERE t.principal_id = e.principal_id);

-- name: ctl_sync_share
-- Users that are known, and those of them that are gone.
SELECT (SELECT count(*) FROM directory_entry e JOIN principal p USING (principal_id)
         WHERE e.source = current_setting('pchat.source') AND e.state <> 2 AND p.kind = 5),
       (SELECT count(*) FROM sync_gone WHERE kind = 5);

-- name: ctl_sync_changed
-- set_state is NULL unless the directory changed its mind.  One that is taken
-- over, not new, keeps what an operator made of it.
CREATE TEMPORARY TABLE sync_changed AS
SELECT t.*, p.key AS was,
       CASE WHEN e.state IS NOT DISTINCT FROM t.state THEN NULL
            WHEN e.principal_id IS NULL AND p.state = 1 THEN NULL
            ELSE t.state END AS set_state,
       (row_number() OVER (ORDER BY t.principal_id) - 1) / 1000 AS slice
  FROM sync_target t
  LEFT JOIN principal p ON p.principal_id = t.principal_id
  LEFT JOIN directory_entry e ON e.principal_id = t.principal_id
 WHERE (p.key, p.name, p.display, p.email, p.external_id, e.dn, e.uid, e.state)
       IS DISTINCT FROM
       (t.key, t.name, t.display, t.email, t.id, t.dn, t.uid, t.state::smallint);

-- name: ctl_sync_domains
-- The pool's own domain is that of its first user.
SELECT domain_principal(d.host)
  FROM (SELECT split_part(key, '@', 2) AS host, min(dn) AS dn
          FROM sync_target WHERE kind = 5 GROUP BY 1) AS d
 WHERE NOT EXISTS (SELECT FROM principal p WHERE p.key = 'domain:' || d.host)
 ORDER BY d.dn;

-- name: ctl_sync_list
-- Groups' lists as the directory has them now.
CREATE TEMPORARY TABLE sync_list AS
SELECT DISTINCT t.principal_id AS group_id, m.member
  FROM sync_member m JOIN sync_target t ON t.id = m.id AND t.kind = 9
 WHERE m.member IS NOT NULL
 UNION ALL
SELECT d.group_id, d.member
  FROM directory_member d
  JOIN sync_target t ON t.principal_id = d.group_id AND t.kind = 9
 WHERE NOT EXISTS (SELECT FROM sync_member m WHERE m.id = t.id);

-- name: ctl_sync_list_analyze
ANALYZE sync_list;

-- name: ctl_sync_want
-- Who shall be directly where.
CREATE TEMPORARY TABLE sync_want AS
SELECT d.principal_id AS group_id, t.principal_id AS member_id
  FROM sync_target t JOIN principal d ON d.key = 'domain:' || split_part(t.key, '@', 2)
 WHERE t.kind = 5
 UNION
SELECT f.principal_id, t.principal_id
  FROM sync_target t JOIN sync_target f ON f.dn = t.parent AND f.kind = 10
 WHERE t.kind IN (5, 10)
 UNION
SELECT l.group_id, t.principal_id
  FROM sync_list l JOIN sync_target t ON t.dn = l.member AND t.kind IN (5, 9)
 UNION
SELECT l.group_id, t.principal_id
  FROM sync_list l JOIN sync_target t ON 'uid:' || lower(t.uid) = l.member AND t.kind = 5;

-- name: ctl_sync_want_analyze
ANALYZE sync_want;

-- name: ctl_sync_edge
-- Memberships that come and go, a member's together.
CREATE TEMPORARY TABLE sync_edge AS
SELECT x.*, (dense_rank() OVER (ORDER BY x.member_id) - 1) / 1000 AS slice
  FROM (SELECT w.group_id, w.member_id, true AS made FROM sync_want w
         WHERE NOT EXISTS (SELECT FROM principal_member m
                            WHERE m.group_id = w.group_id AND m.member_id = w.member_id)
         UNION ALL
        SELECT m.group_id, m.member_id, false
          FROM principal_member m
          JOIN principal g ON g.principal_id = m.group_id
          LEFT JOIN sync_target tg ON tg.principal_id = m.group_id
          LEFT JOIN sync_target tm ON tm.principal_id = m.member_id AND tm.kind = 5
          LEFT JOIN sync_gone o ON o.principal_id = m.group_id
         WHERE (tg.id IS NOT NULL OR o.principal_id IS NOT NULL
                OR g.kind = 8 AND tm.id IS NOT NULL)
           AND NOT EXISTS (SELECT FROM sync_want w
                            WHERE w.group_id = m.group_id AND w.member_id = m.member_id)) AS x;

-- name: ctl_sync_plan_index
DO $$ BEGIN
    CREATE INDEX ON sync_edge (slice);
    CREATE INDEX ON sync_changed (slice);
    ANALYZE sync_edge, sync_changed, sync_gone;
END $$;

-- name: ctl_sync_counts
SELECT k.name, coalesce(t.seen, 0), coalesce(t.made, 0), coalesce(c.n, 0), coalesce(o.n, 0)
  FROM (VALUES (5, 'users'), (9, 'groups'), (10, 'folders')) AS k (kind, name)
  LEFT JOIN (SELECT kind, count(*) AS seen, count(*) FILTER (WHERE made) AS made
               FROM sync_target GROUP BY kind) AS t ON t.kind = k.kind
  LEFT JOIN (SELECT kind, count(*) AS n FROM sync_changed WHERE NOT made GROUP BY kind) AS c
    ON c.kind = k.kind
  LEFT JOIN (SELECT kind, count(*) AS n FROM sync_gone GROUP BY kind) AS o
    ON o.kind = k.kind
 UNION ALL
SELECT 'memberships', (SELECT count(*) FROM sync_want),
       count(*) FILTER (WHERE made), 0, count(*) FILTER (WHERE NOT made)
  FROM sync_edge;

-- name: ctl_sync_slices
SELECT (SELECT coalesce(max(slice) + 1, 0) FROM sync_changed),
       (SELECT coalesce(max(slice) + 1, 0) FROM sync_gone),
       (SELECT coalesce(max(slice) + 1, 0) FROM sync_edge),
       EXISTS (SELECT FROM sync_changed WHERE was <> key);

-- ------------------------------------------------------------------- apply
-- Steps of a slice get its number as $1.

-- name: ctl_sync_lock
SELECT principals_lock();

-- name: ctl_sync_source_put
INSERT INTO directory_source (name) VALUES (current_setting('pchat.source')) ON CONFLICT DO NOTHING;

-- name: ctl_sync_unlock
-- What somebody signs in with is bound to his address.
DELETE FROM credential k
 USING principal p, sync_changed c
 WHERE k.principal_id = p.principal_id AND c.was <> c.key
   AND (p.principal_id = c.principal_id OR p.key = c.key);

-- name: ctl_sync_park
-- Keys that change are given up before they are taken, for two may swap.
UPDATE principal p SET key = 'moving:' || p.principal_id
  FROM sync_changed c
 WHERE p.principal_id = c.principal_id AND c.was <> c.key;

-- name: ctl_sync_aside
-- Who is gone makes room.
UPDATE principal h SET key = h.key || '#' || h.principal_id
  FROM sync_changed c
 WHERE h.key = c.key AND c.was <> c.key AND h.principal_id <> c.principal_id;

-- name: ctl_sync_rename
UPDATE principal p SET key = c.key
  FROM sync_changed c
 WHERE p.principal_id = c.principal_id AND c.was <> c.key;

-- name: ctl_sync_principal_new
INSERT INTO principal (principal_id, kind, key, name, display, email, state,
                       policy_id, external_id)
SELECT c.principal_id, c.kind, c.key, c.name, c.display, c.email, c.state,
       CASE c.kind WHEN 5 THEN nullif(current_setting('pchat.policy'), '')::integer END, c.id
  FROM sync_changed c WHERE c.made AND c.slice = $1::bigint
 ORDER BY c.principal_id;

-- name: ctl_sync_principal_changed
UPDATE principal p
   SET name = c.name, display = c.display, email = c.email, external_id = c.id,
       state = coalesce(c.set_state, p.state), updated_on = now()
  FROM sync_changed c
 WHERE p.principal_id = c.principal_id AND NOT c.made AND c.slice = $1::bigint
   AND (p.name, p.display, p.email, p.external_id, p.state)
       IS DISTINCT FROM (c.name, c.display, c.email, c.id, coalesce(c.set_state, p.state)::smallint);

-- name: ctl_sync_entry
INSERT INTO directory_entry AS e (principal_id, source, dn, uid, state)
SELECT c.principal_id, current_setting('pchat.source'), c.dn, c.uid, c.state
  FROM sync_changed c WHERE c.slice = $1::bigint
    ON CONFLICT (principal_id) DO UPDATE
   SET source = excluded.source, dn = excluded.dn, uid = excluded.uid, state = excluded.state;

-- name: ctl_sync_follow_new
SELECT FROM affiliation_follow(ARRAY(
       SELECT principal_id FROM sync_changed WHERE made AND slice = $1::bigint));

-- name: ctl_sync_gone_principal
UPDATE principal p SET state = 2, updated_on = now()
  FROM sync_gone o
 WHERE p.principal_id = o.principal_id AND o.slice = $1::bigint AND p.state <> 2;

-- name: ctl_sync_gone_entry
UPDATE directory_entry e SET state = 2
  FROM sync_gone o
 WHERE e.principal_id = o.principal_id AND o.slice = $1::bigint;

-- name: ctl_sync_member_gone
DELETE FROM directory_member d
 WHERE NOT EXISTS (SELECT FROM sync_list l
                    WHERE l.group_id = d.group_id AND l.member = d.member)
   AND d.group_id IN (SELECT principal_id FROM sync_target
                       UNION SELECT principal_id FROM sync_gone);

-- name: ctl_sync_member_new
INSERT INTO directory_member (group_id, member)
SELECT l.group_id, l.member FROM sync_list l
 WHERE NOT EXISTS (SELECT FROM directory_member d
                    WHERE d.group_id = l.group_id AND d.member = l.member);

-- name: ctl_sync_edge_gone
DELETE FROM principal_member m
 USING sync_edge e
 WHERE e.slice = $1::bigint AND NOT e.made
   AND m.group_id = e.group_id AND m.member_id = e.member_id;

-- name: ctl_sync_edge_new
INSERT INTO principal_member (group_id, member_id)
SELECT e.group_id, e.member_id FROM sync_edge e
 WHERE e.slice = $1::bigint AND e.made
    ON CONFLICT DO NOTHING;

-- name: ctl_sync_follow
SELECT FROM affiliation_follow(ARRAY(
       SELECT DISTINCT member_id FROM sync_edge WHERE slice = $1::bigint));

-- name: ctl_sync_done
-- $1 text: cookie, $2 text: settings, $3 boolean: all was read
UPDATE directory_source
   SET cookie = $1::text, settings = $2::text, synced_on = now(),
       full_on = CASE WHEN $3::boolean THEN now() ELSE full_on END
 WHERE name = current_setting('pchat.source');

-- name: ctl_sync_statistics
-- After a large run: the first minutes would go by plans for the tables as
-- they were before.
ANALYZE principal, principal_member, principal_affiliation, directory_entry,
        directory_member;

-- name: ctl_sync_audit
-- $1 jsonb: counts
SELECT admin_audited(NULL, 'sync', current_setting('pchat.source'), $1::jsonb);
