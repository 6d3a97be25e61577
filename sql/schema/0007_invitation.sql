-- Invitations: whoever is made a member of a room that invites is told so.
-- Also how much access a pool holds, and rooms found by what they are.
--
-- A user is invited when he, or a group or folder that he is in, is put on the
-- member list of a room whose effective setting is on, and when he comes into
-- such a group later; once for each room, and only if he may enter it then.
-- Domains and "everybody" on a list invite nobody: they say who may come, and
-- would ask for a person's attention for all rooms of a company.
--
-- Whatever puts people on lists leaves work behind in its own transaction;
-- the channel processes do it afterwards, one of them at a time, in slices.

-- The last id given to a user, apart from the user's row: that one belongs to
-- whoever manages users.  An id is not given again when its invitation goes.
ALTER TABLE principal DROP COLUMN last_invite_id;
CREATE TABLE invite_head (
    principal_id bigint PRIMARY KEY REFERENCES principal ON DELETE CASCADE,
    last_id      integer NOT NULL
) WITH (fillfactor = 70);

-- With room_id: these users and groups were put on the room's list.  With
-- group_id: these users came into the group.  after_id: whom the slices before
-- have passed.
CREATE TABLE invite_work (
    work_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room_id  bigint,
    group_id bigint,
    members  bigint[] NOT NULL,
    after_id bigint NOT NULL DEFAULT 0,
    CHECK (num_nonnulls(room_id, group_id) = 1)
);

-- How much there is, as it was counted last.
CREATE TABLE pool_size (
    single         boolean PRIMARY KEY DEFAULT true CHECK (single),
    invitations    bigint NOT NULL DEFAULT 0,
    access_entries bigint NOT NULL DEFAULT 0,
    counted_on     timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO pool_size DEFAULT VALUES;

-- -------------------------------------------------------- what leaves work

CREATE FUNCTION role_made() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    most   bigint := setting_number('AccessEntryLimit', 2000000);
    stored bigint := (SELECT access_entries FROM pool_size);
    coming bigint := (SELECT count(*) FROM changed);
BEGIN
    IF coming > 0 AND stored + coming > most THEN
        RAISE EXCEPTION USING ERRCODE = 'PC001', MESSAGE = 'EDQUOT',
            DETAIL = format('%s more access entries beside %s are above the '
                            'limit of %s (AccessEntryLimit)', coming, stored, most);
    END IF;
    INSERT INTO invite_work (room_id, members)
    SELECT r.room_id, array_agg(n.principal_id)
      FROM changed n
      JOIN room r ON r.room_id = n.room_id AND r.invitations
      JOIN category c ON c.category_id = r.category_id AND c.invitations
     WHERE n.role = 1
     GROUP BY r.room_id;
    RETURN NULL;
END $$;
CREATE TRIGGER role_made AFTER INSERT ON room_role
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION role_made();

CREATE FUNCTION group_entered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM room_role) THEN
        INSERT INTO invite_work (group_id, members)
        SELECT g.principal_id, array_agg(n.principal_id)
          FROM changed n
          JOIN principal g ON g.principal_id = n.ancestor_id AND g.kind IN (9, 10)
          JOIN principal p ON p.principal_id = n.principal_id AND p.kind = 5
         WHERE EXISTS (SELECT FROM room_role x
                        WHERE x.principal_id = g.principal_id AND x.role = 1)
         GROUP BY g.principal_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER group_entered AFTER INSERT ON principal_affiliation
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION group_entered();

-- ---------------------------------------------------------- what does it

-- The next slice of users who came into a group: work for each of its rooms.
CREATE FUNCTION invite_spread(w invite_work, slice integer,
                              OUT looked bigint, OUT last_id bigint)
    LANGUAGE sql AS $$
    WITH rooms AS MATERIALIZED (
           SELECT x.room_id FROM room_role x
            WHERE x.principal_id = w.group_id AND x.role = 1
              AND x.room_id > w.after_id
            ORDER BY x.room_id LIMIT slice
         ), spread AS (
           INSERT INTO invite_work (room_id, members)
           SELECT room_id, w.members FROM rooms
         )
    SELECT count(*), max(room_id) FROM rooms
$$;

-- The next slice of those who were put on a room's list: invitations for whom
-- is on it still, may enter and has none.  free: how many more there may be.
-- told: "user:invitation" of each that was made.
CREATE FUNCTION invite_members(w invite_work, slice integer, free bigint,
                               OUT looked bigint, OUT last_id bigint,
                               OUT due bigint, OUT told text[])
    LANGUAGE sql AS $$
    WITH target AS MATERIALIZED (
           SELECT r.room_id, r.category_id
             FROM room r JOIN category c ON c.category_id = r.category_id
            WHERE r.room_id = w.room_id AND r.deleted_at IS NULL
              AND NOT r.disabled AND r.invitations AND c.invitations
         ), users AS MATERIALIZED (
           SELECT DISTINCT p.principal_id
             FROM target
             JOIN principal g ON g.principal_id = ANY (w.members)
              AND g.kind IN (5, 9, 10)
             JOIN principal_affiliation a ON a.ancestor_id = g.principal_id
              AND a.principal_id > w.after_id
             JOIN principal p ON p.principal_id = a.principal_id AND p.kind = 5
            ORDER BY p.principal_id LIMIT slice
         ), fresh AS MATERIALIZED (
           SELECT u.principal_id, user_ancestors(u.principal_id) AS ancv
             FROM users u
            WHERE NOT EXISTS (SELECT FROM invitation i
                               WHERE i.principal_id = u.principal_id
                                 AND i.room_id = w.room_id)
         ), wanted AS MATERIALIZED (
           SELECT f.principal_id FROM fresh f JOIN target t ON true
            WHERE scope_admits(t.category_id, f.ancv)
              AND EXISTS (SELECT FROM room_role x
                           WHERE x.room_id = t.room_id AND x.role = 1
                             AND x.principal_id = ANY (f.ancv))
         ), heads AS (
           INSERT INTO invite_head AS h (principal_id, last_id)
           SELECT principal_id, 2 FROM wanted
            ORDER BY principal_id LIMIT greatest(free, 0)
               ON CONFLICT (principal_id) DO UPDATE SET last_id = h.last_id + 1
        RETURNING h.principal_id, h.last_id
         ), made AS (
           INSERT INTO invitation (principal_id, invite_id, room_id)
           SELECT h.principal_id, h.last_id, w.room_id FROM heads h
        RETURNING principal_id, invite_id
         )
    SELECT (SELECT count(*) FROM users), (SELECT max(principal_id) FROM users),
           (SELECT count(*) FROM wanted),
           (SELECT coalesce(array_agg(principal_id || ':' || invite_id), '{}')
              FROM made)
$$;

-- Invitations to rooms that were removed go; the rest is counted.
CREATE FUNCTION pool_measure() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT counted_on > now() - interval '5 minutes' FROM pool_size) THEN
        RETURN;
    END IF;
    DELETE FROM invitation
     WHERE (principal_id, invite_id) IN (
           SELECT i.principal_id, i.invite_id
             FROM room r JOIN invitation i ON i.room_id = r.room_id
            WHERE r.deleted_at IS NOT NULL LIMIT 20000);
    UPDATE pool_size
       SET invitations = (SELECT count(*) FROM invitation),
           access_entries = (SELECT count(*) FROM room_role)
                          + (SELECT count(*) FROM category_scope)
                          + (SELECT count(*) FROM category_creator),
           counted_on = now();
END $$;

-- Do some of the work: look at batch users.  The caller gets how many
-- invitations were made, how many were not because there are too many, whether
-- work is left (not while another process is at it), and how much there is.
-- pchat_invite names what was made.
CREATE FUNCTION invite_step(batch integer)
    RETURNS TABLE (made bigint, refused bigint, more boolean, stored bigint,
                   entries bigint, ceiling bigint, warn_above bigint)
    LANGUAGE plpgsql AS $$
DECLARE
    budget bigint := batch;
    names  text[] := '{}';
    w      invite_work%ROWTYPE;
    s      record;
BEGIN
    made := 0;
    refused := 0;
    more := false;
    ceiling := setting_number('InvitationLimit', 2000000);
    warn_above := setting_number('InvitationWarning', 1000000);
    IF NOT pg_try_advisory_xact_lock(hashtextextended('pchat.invite', 0)) THEN
        SELECT z.invitations, z.access_entries INTO stored, entries FROM pool_size z;
        RETURN NEXT;
        RETURN;
    END IF;

    -- What a crash takes back is work again.
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pool_measure();
    SELECT z.invitations, z.access_entries INTO stored, entries FROM pool_size z;
    WHILE budget > 0 LOOP
        SELECT * INTO w FROM invite_work x ORDER BY x.work_id LIMIT 1;
        EXIT WHEN NOT FOUND;
        IF w.group_id IS NOT NULL THEN
            SELECT x.looked, x.last_id, 0::bigint AS due, '{}'::text[] AS told INTO s
              FROM invite_spread(w, budget::integer) AS x;
        ELSE
            SELECT * INTO s
              FROM invite_members(w, budget::integer, ceiling - stored - made);
            made := made + cardinality(s.told);
            refused := refused + s.due - cardinality(s.told);
            names := names || s.told;
        END IF;
        IF s.looked < budget THEN
            DELETE FROM invite_work x WHERE x.work_id = w.work_id;
        ELSE
            UPDATE invite_work x SET after_id = s.last_id WHERE x.work_id = w.work_id;
        END IF;
        budget := budget - greatest(s.looked, 1);
    END LOOP;

    IF made > 0 THEN
        stored := stored + made;
        UPDATE pool_size SET invitations = stored;
        PERFORM pg_notify('pchat_invite', string_agg(n.name, ' '))
           FROM unnest(names) WITH ORDINALITY AS n (name, nth)
          GROUP BY n.nth / 150;
    END IF;
    more := EXISTS (SELECT FROM invite_work);
    RETURN NEXT;
END $$;

-- ----------------------------------------------------------- rooms found

CREATE INDEX room_topic_search ON room
    USING gin ((lower(topic)) gin_trgm_ops) WHERE deleted_at IS NULL;

-- A user by his URI, whoever else by key or by "ma-grp:GUID@u.g".
CREATE FUNCTION principal_sought(called text) RETURNS bigint
    LANGUAGE sql STABLE AS $$
    SELECT p.principal_id FROM principal p
     WHERE p.state <> 2
       AND (p.key = lower(called)
            OR p.guid = substring(lower(called) FROM '^ma-grp:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@u\.g$')::uuid)
$$;

-- Rooms that a user may find, the first by name, with what he is to them.
-- Every condition may be NULL.  patterns: LIKE patterns in any case, of which
-- one or every one must be found in the name, or in description or topic when
-- extended; own_role: he is on that list; invited: he has an invitation;
-- joined, member, manager: names of principals, which of another than himself
-- are told where he may ask for them (participants and members: inside).
CREATE FUNCTION room_find(me bigint, ancestors bigint[], patterns text[],
                          every boolean, extended boolean, own_role integer,
                          invited boolean, category uuid, joined text,
                          member text, manager text, addin uuid,
                          is_disabled boolean, is_privacy integer,
                          is_behavior integer, invites boolean, max integer)
    RETURNS TABLE (room_id bigint, in_scope boolean, is_member boolean,
                   is_manager boolean, is_presenter boolean)
    LANGUAGE plpgsql STABLE ROWS 50 AS $$
DECLARE
    admin boolean := is_administrator(ancestors);
    who   bigint[] := ARRAY[principal_sought(joined), principal_sought(member),
                            principal_sought(manager)];
    inside text := ' AND (r.privacy = 0 OR m.member OR m.manager)';
    roles text := ' AND r.room_id IN (SELECT x.room_id FROM room_role x
                     JOIN principal_affiliation a ON a.ancestor_id = x.principal_id
                    WHERE x.role = %s AND a.principal_id = $5[%s])';
    cond  text;
BEGIN
    SELECT string_agg(CASE WHEN extended
                           THEN format('(r.name_key LIKE lower($3[%1$s])
                                OR lower(r.description) LIKE lower($3[%1$s])
                                OR lower(r.topic) LIKE lower($3[%1$s]))', n)
                           ELSE format('r.name_key LIKE lower($3[%s])', n) END,
                      CASE WHEN every THEN ' AND ' ELSE ' OR ' END)
      INTO cond FROM generate_series(1, cardinality(patterns)) AS n;
    cond := coalesce(' AND (' || cond || ')', '')
         || CASE WHEN category IS NULL THEN '' ELSE ' AND c.guid = $4' END
         || CASE WHEN joined IS NULL THEN '' ELSE ' AND r.room_id IN (
                SELECT o.room_id FROM roster o
                  JOIN endpoint e ON e.endpoint_id = o.endpoint_id
                 WHERE e.principal_id = $5[1] AND e.instance_id IS NOT NULL)' END
         || CASE WHEN member IS NULL THEN '' ELSE format(roles, 1, 2) END
         || CASE WHEN manager IS NULL THEN '' ELSE format(roles, 2, 3) END
         || CASE WHEN admin OR coalesce(who[1], me) = me AND coalesce(who[2], me) = me
                 THEN '' ELSE inside END
         || CASE own_role WHEN 1 THEN ' AND m.member' WHEN 2 THEN ' AND m.manager'
                          ELSE '' END
         || CASE WHEN invited THEN ' AND r.room_id IN (SELECT i.room_id FROM invitation i
                                        WHERE i.principal_id = $6)' ELSE '' END
         || CASE WHEN addin IS NULL THEN '' ELSE ' AND r.addin_id = (
                SELECT d.addin_id FROM addin d WHERE d.guid = $7)' END
         || CASE WHEN is_disabled IS NULL THEN '' ELSE ' AND r.disabled = $8' END
         || CASE WHEN is_privacy IS NULL THEN '' ELSE ' AND r.privacy = $9' END
         || CASE WHEN is_behavior IS NULL THEN '' ELSE ' AND r.behavior = $10' END
         || CASE WHEN invites IS NULL THEN ''
                 ELSE ' AND (r.invitations AND c.invitations) = $11' END
         || CASE WHEN admin THEN '' ELSE
                ' AND s.category_id IS NOT NULL AND (NOT r.disabled OR m.manager)
                  AND (r.privacy <> 2 OR m.member OR m.manager)' END;
    RETURN QUERY EXECUTE
        'WITH scope AS MATERIALIZED (
                SELECT s.category_id FROM category_scope s
                 WHERE s.principal_id = ANY ($2)
                 GROUP BY s.category_id HAVING NOT bool_or(s.denied)
              ), mine AS MATERIALIZED (
                SELECT x.room_id, bool_or(x.role = 1) AS member,
                       bool_or(x.role = 2) AS manager, bool_or(x.role = 3) AS presenter
                  FROM room_role x WHERE x.principal_id = ANY ($2)
                 GROUP BY x.room_id
              )
         SELECT r.room_id, s.category_id IS NOT NULL, coalesce(m.member, false),
                coalesce(m.manager, false), coalesce(m.presenter, false)
           FROM room r
           JOIN category c ON c.category_id = r.category_id
           LEFT JOIN scope s ON s.category_id = r.category_id
           LEFT JOIN mine m ON m.room_id = r.room_id
          WHERE r.deleted_at IS NULL' || cond || ' ORDER BY r.name_key LIMIT $1'
        USING max, ancestors, patterns, category, who, me, addin, is_disabled,
              is_privacy, is_behavior, invites;
END $$;

INSERT INTO schema_version (version) VALUES (7);
