-- Rooms managed while the pool runs: who is told of a change, and the three
-- commands that make, change and remove a room.

-- What a user is as far as access goes: himself and all that he is in;
-- nothing at all when he is disabled or his policy says no.
CREATE FUNCTION user_ancestors(who bigint) RETURNS bigint[]
    LANGUAGE sql STABLE AS $$
SELECT coalesce((
       SELECT array_agg(a.ancestor_id)
         FROM principal p
         JOIN principal_affiliation a ON a.principal_id = p.principal_id
         LEFT JOIN policy u ON u.policy_id = p.policy_id
        WHERE p.principal_id = who AND p.state = 0
          AND coalesce(u.enable_chat,
                (SELECT g.enable_chat FROM policy g
                  WHERE g.scope IN ('pool', 'site', 'global')
                  ORDER BY array_position(ARRAY['pool', 'site', 'global'], g.scope)
                  LIMIT 1), false)), '{}')
$$;

-- ------------------------------------------------------------ who is told

-- pchat_room names a room that changed; with an empty payload so many did
-- that every process looks at all that it has open.  The server sends equal
-- notifications of one transaction once.
CREATE FUNCTION rooms_told(rooms bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(rooms) > 200 THEN
        PERFORM pg_notify('pchat_room', '');
    ELSE
        PERFORM pg_notify('pchat_room', x::text) FROM unnest(rooms) AS x;
    END IF;
END $$;

CREATE FUNCTION room_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM rooms_told(ARRAY(SELECT DISTINCT room_id FROM changed LIMIT 201));
    RETURN NULL;
END $$;
CREATE TRIGGER room_told AFTER UPDATE ON room
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION room_told();
CREATE TRIGGER room_role_made AFTER INSERT ON room_role
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION room_told();
CREATE TRIGGER room_role_gone AFTER DELETE ON room_role
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION room_told();

CREATE FUNCTION category_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM rooms_told(ARRAY(
        SELECT r.room_id FROM room r
         WHERE r.category_id IN (SELECT category_id FROM changed)
           AND r.deleted_at IS NULL LIMIT 201));
    RETURN NULL;
END $$;
CREATE TRIGGER category_told AFTER UPDATE ON category
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION category_told();
CREATE TRIGGER category_scope_made AFTER INSERT ON category_scope
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION category_told();
CREATE TRIGGER category_scope_changed AFTER UPDATE ON category_scope
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION category_told();
CREATE TRIGGER category_scope_gone AFTER DELETE ON category_scope
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION category_told();

-- pchat_changed: what users are may have changed.
CREATE FUNCTION principals_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('pchat_changed', '');
    RETURN NULL;
END $$;
CREATE TRIGGER principal_told AFTER UPDATE OF state, policy_id ON principal
    FOR EACH ROW WHEN ((OLD.state, OLD.policy_id)
                       IS DISTINCT FROM (NEW.state, NEW.policy_id))
    EXECUTE FUNCTION principals_told();
CREATE FUNCTION affiliation_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM changed) THEN
        PERFORM pg_notify('pchat_changed', '');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER affiliation_made AFTER INSERT ON principal_affiliation
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION affiliation_told();
CREATE TRIGGER affiliation_gone AFTER DELETE ON principal_affiliation
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION affiliation_told();
CREATE TRIGGER policy_told AFTER INSERT OR DELETE OR UPDATE ON policy
    FOR EACH STATEMENT EXECUTE FUNCTION principals_told();

-- --------------------------------------------------------------- who may

CREATE FUNCTION scope_admits(category bigint, ancestors bigint[])
    RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT count(*) > 0 AND NOT coalesce(bool_or(s.denied), false)
  FROM category_scope s
 WHERE s.category_id = category AND s.principal_id = ANY (ancestors)
$$;

-- May this principal be on a list in that category?  A group may, too, when
-- it is not in scope itself but each of its users is.
CREATE FUNCTION scope_admits_principal(category bigint, who bigint)
    RETURNS boolean LANGUAGE sql STABLE AS $$
WITH up AS MATERIALIZED (
       SELECT array_agg(a.ancestor_id) || who AS ancestors
         FROM principal_affiliation a WHERE a.principal_id = who
     )
SELECT scope_admits(category, up.ancestors)
    OR (NOT EXISTS (SELECT FROM category_scope s
                     WHERE s.category_id = category AND s.denied
                       AND s.principal_id = ANY (up.ancestors))
        AND (SELECT p.kind IN (9, 10) FROM principal p WHERE p.principal_id = who)
        AND coalesce((SELECT bool_and(scope_admits(category,
                               ARRAY(SELECT b.ancestor_id FROM principal_affiliation b
                                      WHERE b.principal_id = p.principal_id)))
                        FROM principal_affiliation a
                        JOIN principal p ON p.principal_id = a.principal_id
                       WHERE a.ancestor_id = who AND p.kind = 5 AND p.state = 0),
                     false))
  FROM up
$$;

-- Administrators are the principals that the configuration names by their
-- keys, with commas between: Administrators (common/poolconf.h).
CREATE FUNCTION is_administrator(ancestors bigint[])
    RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT EXISTS (
       SELECT FROM configuration c
        CROSS JOIN LATERAL regexp_split_to_table(lower(c.value), '\s*,\s*') AS k
         JOIN principal p ON p.key = trim(k)
        WHERE c.key = 'Administrators' AND p.principal_id = ANY (ancestors))
$$;

-- ------------------------------------------------------------ the commands
-- Each answers with one row whose first column is 'ok' or the name of the
-- errno that the reply's code stands for; then nothing was changed.

CREATE FUNCTION room_refuse(why text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'PC001', MESSAGE = why;
END $$;

CREATE FUNCTION room_principals(keys text[]) RETURNS bigint[]
    LANGUAGE plpgsql AS $$
DECLARE
    found bigint[];
BEGIN
    SELECT array_agg(DISTINCT p.principal_id) INTO found
      FROM unnest(keys) AS k
      JOIN principal p
        ON p.key = lower(k) OR 'ma-grp:' || p.guid || '@u.g' = lower(k)
     WHERE p.state = 0 AND p.kind <> 4;
    IF (SELECT count(DISTINCT lower(k)) FROM unnest(keys) AS k)
       > coalesce(cardinality(found), 0) THEN
        PERFORM room_refuse('ESRCH');
    END IF;
    RETURN coalesce(found, '{}');
END $$;

-- One of a room's lists as it shall be; NULL leaves it as it is.
CREATE FUNCTION room_set_list(room bigint, category bigint, list integer,
                              keys text[]) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[];
BEGIN
    IF keys IS NULL THEN
        RETURN;
    END IF;
    ids := room_principals(keys);
    IF EXISTS (SELECT FROM unnest(ids) AS i
                WHERE NOT scope_admits_principal(category, i)) THEN
        PERFORM room_refuse('EXDEV');
    END IF;
    DELETE FROM room_role x
     WHERE x.room_id = room AND x.role = list AND x.principal_id <> ALL (ids);
    INSERT INTO room_role (room_id, role, principal_id)
    SELECT room, list, i FROM unnest(ids) AS i
        ON CONFLICT DO NOTHING;
END $$;

-- What must be so for a room at the end of a command.
CREATE FUNCTION room_verify(room bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r room%ROWTYPE;
BEGIN
    SELECT * INTO r FROM room x WHERE x.room_id = room;
    IF EXISTS (SELECT FROM category c WHERE c.name_key = r.name_key) THEN
        PERFORM room_refuse('EEXIST');
    END IF;
    IF NOT EXISTS (SELECT FROM room_role x
                    WHERE x.room_id = room AND x.role = 2) THEN
        PERFORM room_refuse('EINVAL');
    END IF;
    IF EXISTS (SELECT FROM room_role v
                WHERE v.room_id = room AND v.role = 3
                  AND (r.behavior = 0 OR r.privacy <> 0 AND NOT EXISTS (
                      SELECT FROM room_role m
                       WHERE m.room_id = room AND m.role = 1
                         AND (m.principal_id = v.principal_id OR EXISTS (
                             SELECT FROM principal_affiliation a
                              WHERE a.principal_id = v.principal_id
                                AND a.ancestor_id = m.principal_id))))) THEN
        PERFORM room_refuse('EDOM');
    END IF;
END $$;

CREATE FUNCTION room_audit(who bigint, what text, room text, detail jsonb)
    RETURNS void LANGUAGE sql AS $$
INSERT INTO admin_audit (actor, action, object, detail)
SELECT p.key, what, room, detail FROM principal p WHERE p.principal_id = who
$$;

-- The category by its GUID, if who may create rooms there.
CREATE FUNCTION category_for_creator(category uuid, ancestors bigint[],
                                     admin boolean) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
BEGIN
    IF category IS NULL OR category = (SELECT root_guid FROM store) THEN
        PERFORM room_refuse('ENOTDIR');
    END IF;
    SELECT c.category_id INTO id FROM category c WHERE c.guid = category
       FOR SHARE;
    IF id IS NULL THEN
        PERFORM room_refuse('ENOENT');
    END IF;
    IF NOT admin AND NOT (scope_admits(id, ancestors) AND EXISTS (
           SELECT FROM category_creator k
            WHERE k.category_id = id AND k.principal_id = ANY (ancestors))) THEN
        PERFORM room_refuse('EACCES');
    END IF;
    RETURN id;
END $$;

CREATE FUNCTION room_create(who bigint, new_name text, new_description text,
                            category uuid, new_privacy integer,
                            new_behavior integer, new_disabled boolean,
                            new_invitations boolean, new_addin uuid,
                            members text[], managers text[], presenters text[],
                            OUT status text, OUT room_guid uuid)
    LANGUAGE plpgsql AS $$
DECLARE
    ancestors bigint[] := user_ancestors(who);
    admin boolean := is_administrator(ancestors);
    cat bigint;
    room bigint;
    attached bigint;
BEGIN
    cat := category_for_creator(category, ancestors, admin);
    IF new_addin IS NOT NULL THEN
        SELECT a.addin_id INTO attached FROM addin a WHERE a.guid = new_addin;
        IF attached IS NULL THEN
            PERFORM room_refuse('EINVAL');
        END IF;
    END IF;
    INSERT INTO room (category_id, name, description, privacy, behavior,
                      disabled, invitations, addin_id, created_by, updated_by,
                      created_on, updated_on)
    SELECT cat, new_name, coalesce(new_description, ''), coalesce(new_privacy, 1),
           coalesce(new_behavior, 0), coalesce(new_disabled, false),
           coalesce(new_invitations, true), attached, p.key, p.key,
           clock_timestamp(), clock_timestamp()
      FROM principal p WHERE p.principal_id = who
    RETURNING room_id, guid INTO room, room_guid;

    PERFORM room_set_list(room, cat, 1, members),
            room_set_list(room, cat, 2, managers),
            room_set_list(room, cat, 3, presenters);
    INSERT INTO room_role (room_id, role, principal_id)
    VALUES (room, 2, who) ON CONFLICT DO NOTHING;
    PERFORM room_verify(room);
    PERFORM room_audit(who, 'room.create', new_name, to_jsonb(room_guid));
    status := 'ok';
EXCEPTION
    WHEN SQLSTATE 'PC001' THEN status := SQLERRM;
    WHEN unique_violation THEN status := 'EEXIST';
    WHEN check_violation OR not_null_violation THEN status := 'EINVAL';
END $$;

-- A move drops what the new scope does not allow from lists that are not
-- given; seen is the updated_on that the caller knows, or NULL.
CREATE FUNCTION room_modify(who bigint, room_guid uuid, seen text,
                            new_name text, new_description text, category uuid,
                            new_privacy integer, new_behavior integer,
                            new_disabled boolean, new_invitations boolean,
                            with_addin boolean, new_addin uuid,
                            members text[], managers text[], presenters text[],
                            OUT status text)
    LANGUAGE plpgsql AS $$
DECLARE
    ancestors bigint[] := user_ancestors(who);
    admin boolean := is_administrator(ancestors);
    r room%ROWTYPE;
    cat bigint;
    attached bigint;
    mine boolean[];
BEGIN
    SELECT * INTO r FROM room x
     WHERE x.guid = room_guid AND x.deleted_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM room_refuse('ENOENT');
    END IF;
    IF NOT admin THEN
        SELECT ARRAY[bool_or(x.role = 2), true] INTO mine FROM room_role x
         WHERE x.room_id = r.room_id AND x.role IN (1, 2)
           AND x.principal_id = ANY (ancestors) HAVING count(*) > 0;
        IF NOT scope_admits(r.category_id, ancestors)
           OR mine IS NULL AND r.privacy = 2 THEN
            PERFORM room_refuse(CASE r.privacy WHEN 2 THEN 'ENOENT' ELSE 'EACCES' END);
        END IF;
        IF mine IS NULL OR NOT mine[1] THEN
            PERFORM room_refuse('EACCES');
        END IF;
    END IF;
    IF seen IS NOT NULL AND seen::timestamptz <> r.updated_on THEN
        PERFORM room_refuse('ESTALE');
    END IF;

    cat := r.category_id;
    IF category IS NOT NULL
       AND category <> (SELECT c.guid FROM category c WHERE c.category_id = cat) THEN
        cat := category_for_creator(category, ancestors, admin);
    END IF;
    attached := CASE WHEN with_addin
                     THEN (SELECT a.addin_id FROM addin a WHERE a.guid = new_addin)
                     ELSE r.addin_id END;
    IF with_addin AND new_addin IS NOT NULL AND attached IS NULL THEN
        PERFORM room_refuse('EINVAL');
    END IF;

    UPDATE room x
       SET category_id = cat, name = coalesce(new_name, r.name),
           description = coalesce(new_description, r.description),
           privacy = coalesce(new_privacy, r.privacy),
           behavior = coalesce(new_behavior, r.behavior),
           disabled = coalesce(new_disabled, r.disabled),
           invitations = coalesce(new_invitations, r.invitations),
           addin_id = attached, updated_on = clock_timestamp(),
           updated_by = (SELECT p.key FROM principal p WHERE p.principal_id = who)
     WHERE x.room_id = r.room_id;

    PERFORM room_set_list(r.room_id, cat, 1, members),
            room_set_list(r.room_id, cat, 2, managers),
            room_set_list(r.room_id, cat, 3, presenters);
    IF cat <> r.category_id THEN
        DELETE FROM room_role x
         WHERE x.room_id = r.room_id
           AND NOT scope_admits_principal(cat, x.principal_id);
        INSERT INTO room_role (room_id, role, principal_id)
        SELECT r.room_id, 2, who
         WHERE NOT EXISTS (SELECT FROM room_role x
                            WHERE x.room_id = r.room_id AND x.role = 2);
    END IF;
    PERFORM room_verify(r.room_id);
    PERFORM room_audit(who, 'room.modify', r.name, to_jsonb(r.guid));
    status := 'ok';
EXCEPTION
    WHEN SQLSTATE 'PC001' THEN status := SQLERRM;
    WHEN unique_violation THEN status := 'EEXIST';
    WHEN check_violation OR not_null_violation OR invalid_datetime_format
      OR datetime_field_overflow THEN status := 'EINVAL';
END $$;

CREATE FUNCTION room_delete(who bigint, room_guid uuid, seen text,
                            OUT status text)
    LANGUAGE plpgsql AS $$
DECLARE
    ancestors bigint[] := user_ancestors(who);
    r room%ROWTYPE;
BEGIN
    SELECT * INTO r FROM room x
     WHERE x.guid = room_guid AND x.deleted_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM room_refuse('ENOENT');
    END IF;
    IF NOT is_administrator(ancestors) THEN
        PERFORM room_refuse(CASE WHEN r.privacy = 2 AND NOT EXISTS (
            SELECT FROM room_role x
             WHERE x.room_id = r.room_id AND x.role IN (1, 2)
               AND x.principal_id = ANY (ancestors))
            THEN 'ENOENT' ELSE 'EACCES' END);
    END IF;
    IF seen IS NOT NULL AND seen::timestamptz <> r.updated_on THEN
        PERFORM room_refuse('ESTALE');
    END IF;
    UPDATE room x
       SET deleted_at = now(), updated_on = clock_timestamp(),
           updated_by = (SELECT p.key FROM principal p WHERE p.principal_id = who)
     WHERE x.room_id = r.room_id;
    PERFORM room_audit(who, 'room.delete', r.name, to_jsonb(r.guid));
    status := 'ok';
EXCEPTION
    WHEN SQLSTATE 'PC001' THEN status := SQLERRM;
    WHEN invalid_datetime_format OR datetime_field_overflow THEN
        status := 'EINVAL';
END $$;

INSERT INTO schema_version (version) VALUES (4);
