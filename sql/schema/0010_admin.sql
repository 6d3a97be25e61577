-- What administrators do to rooms, categories and add-ins: over the wire and
-- by pchatctl through the same functions.  who is a user, or NULL for the
-- operator.  Refusals: PC001 inside, the name of an errno with what is wrong
-- in words as detail; PC002 is for people.

-- A category may be removed though rooms that were in it are remembered.
ALTER TABLE room ALTER COLUMN category_id DROP NOT NULL,
    ADD CHECK (category_id IS NOT NULL OR deleted_at IS NOT NULL);

CREATE INDEX admin_audit_time ON admin_audit (ts);

DROP FUNCTION room_audit(bigint, text, text, jsonb);
DROP FUNCTION room_refuse(text);
CREATE FUNCTION room_refuse(why text, what text) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'PC001', MESSAGE = why, DETAIL = what;
END $$;

-- As import files, lists and command lines spell a principal.
CREATE FUNCTION principal_given(kind smallint, name text) RETURNS text
    LANGUAGE sql IMMUTABLE AS $$
SELECT CASE kind WHEN 9 THEN 'group:' || name WHEN 8 THEN 'domain:' || name
                 WHEN 10 THEN 'folder:' || name ELSE name END
$$;

CREATE FUNCTION principals_given(ids bigint[]) RETURNS text
    LANGUAGE sql STABLE AS $$
SELECT string_agg(principal_given(p.kind, p.name), ', ' ORDER BY p.kind, p.key)
  FROM principal p WHERE p.principal_id = ANY (ids)
$$;

-- --------------------------------------------------------- lists of rooms

CREATE OR REPLACE FUNCTION room_principals(keys text[]) RETURNS bigint[]
    LANGUAGE plpgsql AS $$
DECLARE
    found   bigint[];
    missing text;
BEGIN
    SELECT array_agg(DISTINCT p.principal_id),
           string_agg(DISTINCT k, ', ') FILTER (WHERE p.principal_id IS NULL)
      INTO found, missing
      FROM unnest(keys) AS k
      LEFT JOIN principal p
        ON p.state = 0 AND p.kind <> 4
       AND (p.key = lower(k)
            OR p.guid = substring(lower(k) FROM
                '^ma-grp:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@u[.]g$')::uuid);
    IF missing IS NOT NULL THEN
        PERFORM room_refuse('ESRCH', 'no such user, group or domain, or disabled: '
                                     || missing);
    END IF;
    RETURN coalesce(found, '{}');
END $$;

-- A change of a list is the whole list, or an object with what to add and
-- what to remove.  What it comes to, of the ids that are on it.
CREATE FUNCTION list_changed(ids bigint[], change jsonb,
                             OUT result bigint[], OUT added bigint[])
    LANGUAGE plpgsql AS $$
DECLARE
    gone   bigint[];
    absent text;
BEGIN
    IF jsonb_typeof(change) = 'array' THEN
        added  := room_principals(ARRAY(SELECT jsonb_array_elements_text(change)));
        result := added;
        RETURN;
    END IF;
    -- who is disabled or deleted can be taken off a list nevertheless
    SELECT array_agg(p.principal_id),
           string_agg(k, ', ') FILTER (WHERE p.principal_id IS NULL)
      INTO gone, absent
      FROM jsonb_array_elements_text(change->'remove') AS k
      LEFT JOIN principal p ON p.key = lower(k) AND p.principal_id = ANY (ids);
    IF absent IS NOT NULL THEN
        PERFORM room_refuse('ESRCH', 'not on the list: ' || absent);
    END IF;
    added  := room_principals(ARRAY(SELECT jsonb_array_elements_text(change->'add')));
    result := ARRAY(SELECT i FROM unnest(ids) AS i
                     WHERE i <> ALL (coalesce(gone, '{}'))
                     UNION SELECT unnest(added));
END $$;

DROP FUNCTION room_set_list(bigint, bigint, integer, text[]);
CREATE FUNCTION room_set_list(room bigint, category bigint, list integer,
                              change jsonb) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    ids     bigint[];
    added   bigint[];
    outside bigint[];
BEGIN
    IF coalesce(jsonb_typeof(change), 'null') = 'null' THEN
        RETURN;
    END IF;
    SELECT c.result, c.added INTO ids, added
      FROM list_changed(ARRAY(SELECT x.principal_id FROM room_role x
                               WHERE x.room_id = room AND x.role = list), change) AS c;
    outside := ARRAY(SELECT i FROM unnest(added) AS i
                      WHERE NOT scope_admits_principal(category, i));
    IF outside <> '{}' THEN
        PERFORM room_refuse('EXDEV', 'not in the scope of category '
            || (SELECT c.name FROM category c WHERE c.category_id = category)
            || ': ' || principals_given(outside));
    END IF;
    DELETE FROM room_role x
     WHERE x.room_id = room AND x.role = list
       AND NOT EXISTS (SELECT FROM unnest(ids) AS i WHERE i = x.principal_id);
    INSERT INTO room_role (room_id, role, principal_id)
    SELECT room, list, i FROM unnest(ids) AS i
        ON CONFLICT DO NOTHING;
END $$;

-- What must be so for a room at the end of a command.  Operators may leave a
-- room without a manager: they are one themselves, for all of them.
DROP FUNCTION room_verify(bigint);
CREATE FUNCTION room_verify(room bigint, who bigint) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    r     room%ROWTYPE;
    alien bigint[];
BEGIN
    SELECT * INTO r FROM room x WHERE x.room_id = room;
    IF who IS NOT NULL
       AND NOT EXISTS (SELECT FROM room_role x WHERE x.room_id = room AND x.role = 2) THEN
        PERFORM room_refuse('EINVAL', 'a room needs a manager');
    END IF;
    SELECT array_agg(v.principal_id) INTO alien
      FROM room_role v
     WHERE v.room_id = room AND v.role = 3
       AND (r.behavior = 0 OR r.privacy <> 0 AND NOT EXISTS (
           SELECT FROM room_role m
            WHERE m.room_id = room AND m.role = 1
              AND (m.principal_id = v.principal_id OR EXISTS (
                  SELECT FROM principal_affiliation a
                   WHERE a.principal_id = v.principal_id
                     AND a.ancestor_id = m.principal_id))));
    IF alien IS NOT NULL THEN
        PERFORM room_refuse('EDOM',
            CASE r.behavior WHEN 0 THEN 'only an auditorium has presenters: '
                            ELSE 'presenters that are not members: ' END
            || principals_given(alien));
    END IF;
END $$;

-- A name that neither a room nor a category has, but perhaps this one.
CREATE FUNCTION name_free(wanted text, room bigint, category bigint) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM room r WHERE r.name_key = lower(wanted)
                  AND r.deleted_at IS NULL AND r.room_id IS DISTINCT FROM room) THEN
        PERFORM room_refuse('EEXIST', 'there is a room of this name: ' || wanted);
    END IF;
    IF EXISTS (SELECT FROM category c WHERE c.name_key = lower(wanted)
                  AND c.category_id IS DISTINCT FROM category) THEN
        PERFORM room_refuse('EEXIST', 'there is a category of this name: ' || wanted);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION category_for_creator(category uuid, ancestors bigint[],
                                                admin boolean) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
BEGIN
    IF category IS NULL OR category = (SELECT root_guid FROM store) THEN
        PERFORM room_refuse('ENOTDIR', 'a room needs a category');
    END IF;
    SELECT c.category_id INTO id FROM category c WHERE c.guid = category
       FOR SHARE;
    IF id IS NULL THEN
        PERFORM room_refuse('ENOENT', 'no such category');
    END IF;
    IF NOT admin AND NOT (scope_admits(id, ancestors) AND EXISTS (
           SELECT FROM category_creator k
            WHERE k.category_id = id AND k.principal_id = ANY (ancestors))) THEN
        PERFORM room_refuse('EACCES', 'not a creator in this category');
    END IF;
    RETURN id;
END $$;

-- ------------------------------------------------------------------ rooms

-- The room, locked, if who may change it.
CREATE FUNCTION room_for_manager(target uuid, seen text, ancestors bigint[],
                                 admin boolean) RETURNS room
    LANGUAGE plpgsql AS $$
DECLARE
    r      room%ROWTYPE;
    member boolean;
    manager boolean;
BEGIN
    SELECT * INTO r FROM room x
     WHERE x.guid = target AND x.deleted_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM room_refuse('ENOENT', 'no such room');
    END IF;
    IF NOT admin THEN
        SELECT count(*) > 0, coalesce(bool_or(x.role = 2), false)
          INTO member, manager FROM room_role x
         WHERE x.room_id = r.room_id AND x.role IN (1, 2)
           AND x.principal_id = ANY (ancestors);
        IF NOT (manager AND scope_admits(r.category_id, ancestors)) THEN
            PERFORM room_refuse(CASE WHEN r.privacy = 2
                AND NOT (member AND scope_admits(r.category_id, ancestors))
                THEN 'ENOENT' ELSE 'EACCES' END, 'not a manager of this room');
        END IF;
    END IF;
    IF seen IS NOT NULL AND seen::timestamptz <> r.updated_on THEN
        PERFORM room_refuse('ESTALE', 'somebody changed the room meanwhile');
    END IF;
    RETURN r;
END $$;

-- A change as the audit keeps it: of long lists only how long they are.
CREATE FUNCTION change_brief(change jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE AS $$
SELECT coalesce(jsonb_object_agg(k, CASE
           WHEN jsonb_typeof(v) = 'object' THEN change_brief(v)
           WHEN jsonb_typeof(v) = 'array' AND jsonb_array_length(v) > 200
           THEN to_jsonb(jsonb_array_length(v) || ' principals')
           ELSE v END), '{}')
  FROM jsonb_each(change) AS e (k, v)
$$;

-- What of a room a change names, as it is: for the audit.
CREATE FUNCTION room_was(r room, change jsonb) RETURNS jsonb
    LANGUAGE sql STABLE AS $$
SELECT change_brief(jsonb_object_agg(k, v))
  FROM (SELECT * FROM jsonb_each(to_jsonb(r) || jsonb_build_object(
           'category', (SELECT c.guid FROM category c WHERE c.category_id = r.category_id),
           'addin', (SELECT a.guid FROM addin a WHERE a.addin_id = r.addin_id)))
       UNION ALL
       SELECT l.list, coalesce((
              SELECT jsonb_agg(principal_given(p.kind, p.name) ORDER BY p.kind, p.key)
                FROM room_role x JOIN principal p ON p.principal_id = x.principal_id
               WHERE x.room_id = r.room_id AND x.role = l.role), '[]')
         FROM (VALUES ('members', 1), ('managers', 2), ('presenters', 3)) AS l (list, role)
        WHERE jsonb_typeof(change->l.list) = 'array') AS e (k, v)
 WHERE change ? k
$$;

-- Make a room (target NULL) or change one; its GUID.  change has the columns
-- by their names, what is absent stays; category and addin are GUIDs (addin
-- null: none), members, managers, presenters as list_changed() takes them.
-- A move drops what the new scope does not allow from lists that are not
-- given.  seen is the updated_on that the caller knows, or NULL.
CREATE FUNCTION room_save(who bigint, target uuid, seen text, change jsonb)
    RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    ancestors bigint[] := user_ancestors(who);
    admin  boolean := who IS NULL OR is_administrator(ancestors);
    actor  text := admin_actor(who);
    was    room%ROWTYPE;
    r      room%ROWTYPE;
    before jsonb;
BEGIN
    IF target IS NOT NULL THEN
        was    := room_for_manager(target, seen, ancestors, admin);
        before := room_was(was, change);
    END IF;

    r := was;
    IF target IS NULL
       OR (change->>'category')::uuid <> (SELECT c.guid FROM category c
                                           WHERE c.category_id = was.category_id) THEN
        r.category_id := category_for_creator((change->>'category')::uuid,
                                              ancestors, admin);
    END IF;
    IF change ? 'addin' THEN
        r.addin_id := (SELECT a.addin_id FROM addin a
                        WHERE a.guid = (change->>'addin')::uuid);
        IF r.addin_id IS NULL AND change->>'addin' IS NOT NULL THEN
            PERFORM room_refuse('EINVAL', 'no such add-in');
        END IF;
    END IF;
    r.name        := coalesce(change->>'name', was.name);
    r.description := coalesce(change->>'description', was.description, '');
    r.privacy     := coalesce((change->>'privacy')::smallint, was.privacy, 1);
    r.behavior    := coalesce((change->>'behavior')::smallint, was.behavior, 0);
    r.disabled    := coalesce((change->>'disabled')::boolean, was.disabled, false);
    r.invitations := coalesce((change->>'invitations')::boolean, was.invitations, true);
    r.retention_d := CASE WHEN change ? 'retention_d'
                          THEN (change->>'retention_d')::integer
                          ELSE was.retention_d END;
    PERFORM name_free(r.name, was.room_id, NULL);

    IF target IS NULL THEN
        INSERT INTO room (category_id, name, description, privacy, behavior,
                          disabled, invitations, addin_id, retention_d,
                          created_by, updated_by, created_on, updated_on)
        VALUES (r.category_id, r.name, r.description, r.privacy, r.behavior,
                r.disabled, r.invitations, r.addin_id, r.retention_d,
                actor, actor, clock_timestamp(), clock_timestamp())
        RETURNING * INTO r;
    ELSE
        UPDATE room x
           SET category_id = r.category_id, name = r.name,
               description = r.description, privacy = r.privacy,
               behavior = r.behavior, disabled = r.disabled,
               invitations = r.invitations, addin_id = r.addin_id,
               retention_d = r.retention_d, updated_by = actor,
               updated_on = clock_timestamp()
         WHERE x.room_id = was.room_id;
    END IF;

    PERFORM room_set_list(r.room_id, r.category_id, 1, change->'members'),
            room_set_list(r.room_id, r.category_id, 2, change->'managers'),
            room_set_list(r.room_id, r.category_id, 3, change->'presenters');
    IF r.category_id <> was.category_id THEN
        DELETE FROM room_role x
         WHERE x.room_id = r.room_id
           AND NOT scope_admits_principal(r.category_id, x.principal_id);
    END IF;
    IF who IS NOT NULL AND (target IS NULL OR r.category_id <> was.category_id
           AND NOT EXISTS (SELECT FROM room_role x
                            WHERE x.room_id = r.room_id AND x.role = 2)) THEN
        INSERT INTO room_role (room_id, role, principal_id)
        VALUES (r.room_id, 2, who) ON CONFLICT DO NOTHING;
    END IF;
    PERFORM room_verify(r.room_id, who);
    PERFORM admin_audited(who, CASE WHEN target IS NULL THEN 'room.create'
                                    ELSE 'room.modify' END,
                          coalesce(was.name, r.name),
                          jsonb_strip_nulls(jsonb_build_object('guid', r.guid,
                                                               'was', before))
                          || jsonb_build_object('change', change_brief(change)));
    RETURN r.guid;
END $$;

CREATE FUNCTION room_drop(who bigint, target uuid, seen text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    ancestors bigint[] := user_ancestors(who);
    r room%ROWTYPE;
BEGIN
    SELECT * INTO r FROM room x
     WHERE x.guid = target AND x.deleted_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM room_refuse('ENOENT', 'no such room');
    END IF;
    IF who IS NOT NULL AND NOT is_administrator(ancestors) THEN
        PERFORM room_refuse(CASE WHEN r.privacy = 2 AND NOT EXISTS (
            SELECT FROM room_role x
             WHERE x.room_id = r.room_id AND x.role IN (1, 2)
               AND x.principal_id = ANY (ancestors))
            THEN 'ENOENT' ELSE 'EACCES' END, 'not an administrator');
    END IF;
    IF seen IS NOT NULL AND seen::timestamptz <> r.updated_on THEN
        PERFORM room_refuse('ESTALE', 'somebody changed the room meanwhile');
    END IF;
    UPDATE room x
       SET deleted_at = now(), updated_on = clock_timestamp(),
           updated_by = admin_actor(who)
     WHERE x.room_id = r.room_id;
    PERFORM admin_audited(who, 'room.delete', r.name,
                          jsonb_build_object('guid', r.guid));
END $$;

-- ---------------------------------------------------- the commands of XCCOS
-- who is never NULL here; 0 is nobody.

CREATE FUNCTION room_change(new_name text, new_description text, category uuid,
                            new_privacy integer, new_behavior integer,
                            new_disabled boolean, new_invitations boolean,
                            members text[], managers text[], presenters text[])
    RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
SELECT jsonb_strip_nulls(jsonb_build_object(
           'name', new_name, 'description', new_description, 'category', category,
           'privacy', new_privacy, 'behavior', new_behavior,
           'disabled', new_disabled, 'invitations', new_invitations,
           'members', members, 'managers', managers, 'presenters', presenters))
$$;

CREATE OR REPLACE FUNCTION room_create(
        who bigint, new_name text, new_description text, category uuid,
        new_privacy integer, new_behavior integer, new_disabled boolean,
        new_invitations boolean, new_addin uuid,
        members text[], managers text[], presenters text[],
        OUT status text, OUT room_guid uuid)
    LANGUAGE plpgsql AS $$
BEGIN
    room_guid := room_save(coalesce(who, 0), NULL, NULL,
        room_change(new_name, new_description, category, new_privacy,
                    new_behavior, new_disabled, new_invitations,
                    members, managers, presenters)
        || jsonb_strip_nulls(jsonb_build_object('addin', new_addin)));
    status := 'ok';
EXCEPTION
    WHEN SQLSTATE 'PC001' THEN status := SQLERRM;
    WHEN unique_violation THEN status := 'EEXIST';
    WHEN check_violation OR not_null_violation THEN status := 'EINVAL';
END $$;

CREATE OR REPLACE FUNCTION room_modify(
        who bigint, room_guid uuid, seen text,
        new_name text, new_description text, category uuid,
        new_privacy integer, new_behavior integer,
        new_disabled boolean, new_invitations boolean,
        with_addin boolean, new_addin uuid,
        members text[], managers text[], presenters text[],
        OUT status text)
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM room_save(coalesce(who, 0), coalesce(room_guid, gen_random_uuid()), seen,
        room_change(new_name, new_description, category, new_privacy,
                    new_behavior, new_disabled, new_invitations,
                    members, managers, presenters)
        || CASE WHEN with_addin THEN jsonb_build_object('addin', new_addin)
                ELSE '{}' END);
    status := 'ok';
EXCEPTION
    WHEN SQLSTATE 'PC001' THEN status := SQLERRM;
    WHEN unique_violation THEN status := 'EEXIST';
    WHEN check_violation OR not_null_violation OR invalid_datetime_format
      OR datetime_field_overflow THEN status := 'EINVAL';
END $$;

CREATE OR REPLACE FUNCTION room_delete(who bigint, room_guid uuid, seen text,
                                       OUT status text)
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM room_drop(coalesce(who, 0), room_guid, seen);
    status := 'ok';
EXCEPTION
    WHEN SQLSTATE 'PC001' THEN status := SQLERRM;
    WHEN invalid_datetime_format OR datetime_field_overflow THEN
        status := 'EINVAL';
END $$;

-- --------------------------------------------------------- of the operator

CREATE FUNCTION ctl_category(given text) RETURNS category
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    c category%ROWTYPE;
BEGIN
    SELECT * INTO c FROM category x
     WHERE x.name_key = lower(given)
        OR x.guid::text = lower(regexp_replace(given, '^ma-cat://[^/]*/', ''));
    IF NOT FOUND THEN
        PERFORM ctl_refuse('no such category: ' || given);
    END IF;
    RETURN c;
END $$;

CREATE FUNCTION ctl_addin(given text) RETURNS addin
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    a addin%ROWTYPE;
BEGIN
    SELECT * INTO a FROM addin x
     WHERE x.name_key = lower(given) OR x.guid::text = lower(given);
    IF NOT FOUND THEN
        PERFORM ctl_refuse('no such add-in: ' || given);
    END IF;
    RETURN a;
END $$;

CREATE FUNCTION ctl_principal(given text) RETURNS bigint
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    id bigint := (SELECT p.principal_id FROM principal p WHERE p.key = lower(given));
BEGIN
    IF id IS NULL THEN
        PERFORM ctl_refuse('no such user, group or domain: ' || given);
    END IF;
    RETURN id;
END $$;

-- given NULL: a new one.  In change, category and addin go by name.
CREATE FUNCTION ctl_room_save(given text, change jsonb)
    RETURNS TABLE (name text, uri text, done text) LANGUAGE plpgsql AS $$
DECLARE
    target uuid;
    words  text;
BEGIN
    IF given IS NOT NULL THEN
        target := (ctl_room(given)).guid;
    END IF;
    IF change->>'category' IS NOT NULL THEN
        change := change || jsonb_build_object(
            'category', (ctl_category(change->>'category')).guid);
    END IF;
    IF change->>'addin' IS NOT NULL THEN
        change := change || jsonb_build_object(
            'addin', (ctl_addin(change->>'addin')).guid);
    END IF;
    target := room_save(NULL, target, NULL, change);
    RETURN QUERY
    SELECT r.name, 'ma-chan://' || s.domain || '/' || r.guid,
           CASE WHEN given IS NULL THEN 'created' ELSE 'changed' END
      FROM room r CROSS JOIN store s WHERE r.guid = target;
EXCEPTION
    WHEN SQLSTATE 'PC001' THEN
        GET STACKED DIAGNOSTICS words = PG_EXCEPTION_DETAIL;
        PERFORM ctl_refuse(words);
END $$;

CREATE FUNCTION ctl_room_remove(given text)
    RETURNS TABLE (name text, uri text, done text) LANGUAGE plpgsql AS $$
DECLARE
    r room%ROWTYPE := ctl_room(given);
BEGIN
    PERFORM room_drop(NULL, r.guid, NULL);
    RETURN QUERY
    SELECT r.name, 'ma-chan://' || s.domain || '/' || r.guid, 'removed'
      FROM store s;
END $$;

-- ------------------------------------------------------------- categories

CREATE FUNCTION category_lists(category bigint) RETURNS jsonb
    LANGUAGE sql STABLE AS $$
SELECT jsonb_build_object(
    'allowed',  coalesce((SELECT jsonb_agg(principal_given(p.kind, p.name) ORDER BY p.kind, p.key)
                   FROM category_scope x JOIN principal p USING (principal_id)
                  WHERE x.category_id = category AND NOT x.denied), '[]'),
    'denied',   coalesce((SELECT jsonb_agg(principal_given(p.kind, p.name) ORDER BY p.kind, p.key)
                   FROM category_scope x JOIN principal p USING (principal_id)
                  WHERE x.category_id = category AND x.denied), '[]'),
    'creators', coalesce((SELECT jsonb_agg(principal_given(p.kind, p.name) ORDER BY p.kind, p.key)
                   FROM category_creator x JOIN principal p USING (principal_id)
                  WHERE x.category_id = category), '[]'))
$$;

CREATE FUNCTION category_set_scope(category bigint, deny boolean, change jsonb)
    RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[];
BEGIN
    IF change IS NULL THEN
        RETURN;
    END IF;
    SELECT c.result INTO ids
      FROM list_changed(ARRAY(SELECT s.principal_id FROM category_scope s
                               WHERE s.category_id = category AND s.denied = deny),
                        change) AS c;
    DELETE FROM category_scope s
     WHERE s.category_id = category AND s.denied = deny
       AND s.principal_id <> ALL (ids);
    INSERT INTO category_scope (category_id, principal_id, denied)
    SELECT category, i, deny FROM unnest(ids) AS i
        ON CONFLICT DO NOTHING;
END $$;

CREATE FUNCTION category_set_creators(category bigint, change jsonb)
    RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[];
BEGIN
    IF change IS NULL THEN
        RETURN;
    END IF;
    SELECT c.result INTO ids
      FROM list_changed(ARRAY(SELECT k.principal_id FROM category_creator k
                               WHERE k.category_id = category), change) AS c;
    DELETE FROM category_creator k
     WHERE k.category_id = category AND k.principal_id <> ALL (ids);
    INSERT INTO category_creator (category_id, principal_id)
    SELECT category, i FROM unnest(ids) AS i
        ON CONFLICT DO NOTHING;
END $$;

-- Creators lie inside the allowed set, whichever of the two was changed.
CREATE FUNCTION category_verify(category bigint) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    outside bigint[] := ARRAY(SELECT k.principal_id FROM category_creator k
                               WHERE k.category_id = category
                                 AND NOT scope_admits_principal(category, k.principal_id));
BEGIN
    IF outside <> '{}' THEN
        PERFORM room_refuse('EXDEV', 'creators outside of the allowed members: '
                                     || principals_given(outside));
    END IF;
END $$;

-- Make a category (target NULL) or change one.  A new one that says nothing
-- of whom it allows is for everybody.
CREATE FUNCTION category_save(who bigint, target bigint, change jsonb)
    RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    actor text := admin_actor(who);
    was   category%ROWTYPE;
    c     category%ROWTYPE;
    lists jsonb;
BEGIN
    IF target IS NOT NULL THEN
        SELECT * INTO was FROM category x WHERE x.category_id = target FOR UPDATE;
        lists := category_lists(target);
    ELSIF NOT change ? 'allowed' THEN
        change := change || '{"allowed": ["any"]}';
    END IF;

    c.name        := coalesce(change->>'name', was.name);
    c.description := coalesce(change->>'description', was.description, '');
    c.invitations := coalesce((change->>'invitations')::boolean, was.invitations, true);
    c.files       := coalesce((change->>'files')::boolean, was.files, true);
    c.history     := coalesce((change->>'history')::boolean, was.history, true);
    c.retention_d := CASE WHEN change ? 'retention_d'
                          THEN (change->>'retention_d')::integer
                          ELSE was.retention_d END;
    PERFORM name_free(c.name, NULL, target);

    IF target IS NULL THEN
        INSERT INTO category (name, description, invitations, files, history,
                              retention_d, created_by, updated_by)
        VALUES (c.name, c.description, c.invitations, c.files, c.history,
                c.retention_d, actor, actor)
        RETURNING category_id INTO target;
    ELSE
        UPDATE category x
           SET name = c.name, description = c.description,
               invitations = c.invitations, files = c.files,
               history = c.history, retention_d = c.retention_d,
               updated_by = actor, updated_on = clock_timestamp()
         WHERE x.category_id = target;
    END IF;

    PERFORM category_set_scope(target, false, change->'allowed'),
            category_set_scope(target, true, change->'denied'),
            category_set_creators(target, change->'creators');
    IF change ?| ARRAY['allowed', 'denied', 'creators'] THEN
        PERFORM category_verify(target);
    END IF;
    PERFORM admin_audited(who, CASE WHEN was.category_id IS NULL THEN 'category.create'
                                    ELSE 'category.modify' END,
                          coalesce(was.name, c.name),
                          jsonb_build_object('change', change_brief(change)) || jsonb_strip_nulls(
                              jsonb_build_object('was', (
                                  SELECT jsonb_object_agg(k, v)
                                    FROM jsonb_each(to_jsonb(was) || lists) AS e (k, v)
                                   WHERE lists IS NOT NULL AND change ? k))));
    RETURN target;
END $$;

CREATE FUNCTION ctl_category_save(given text, change jsonb)
    RETURNS TABLE (name text, uri text, done text) LANGUAGE plpgsql AS $$
DECLARE
    target bigint;
    words  text;
BEGIN
    IF given IS NOT NULL THEN
        target := (ctl_category(given)).category_id;
    END IF;
    target := category_save(NULL, target, change);
    RETURN QUERY
    SELECT c.name, 'ma-cat://' || s.domain || '/' || c.guid,
           CASE WHEN given IS NULL THEN 'created' ELSE 'changed' END
      FROM category c CROSS JOIN store s WHERE c.category_id = target;
EXCEPTION
    WHEN SQLSTATE 'PC001' THEN
        GET STACKED DIAGNOSTICS words = PG_EXCEPTION_DETAIL;
        PERFORM ctl_refuse(words);
END $$;

-- Only a category that holds no rooms; removed rooms do not count.
CREATE FUNCTION ctl_category_remove(given text)
    RETURNS TABLE (name text, uri text, done text) LANGUAGE plpgsql AS $$
DECLARE
    c     category%ROWTYPE := ctl_category(given);
    rooms text;
    n     bigint;
BEGIN
    PERFORM FROM category x WHERE x.category_id = c.category_id FOR UPDATE;
    SELECT count(*), string_agg(r.name, ', ' ORDER BY r.name_key) FILTER (WHERE r.nth <= 5)
      INTO n, rooms
      FROM (SELECT x.name, x.name_key, row_number() OVER (ORDER BY x.name_key) AS nth
              FROM room x
             WHERE x.category_id = c.category_id AND x.deleted_at IS NULL) AS r;
    IF n > 0 THEN
        PERFORM ctl_refuse(format('category %s holds %s %s: %s%s; remove or move them first',
            c.name, n, CASE n WHEN 1 THEN 'room' ELSE 'rooms' END, rooms,
            CASE WHEN n > 5 THEN ', ...' ELSE '' END));
    END IF;
    UPDATE room x SET category_id = NULL WHERE x.category_id = c.category_id;
    PERFORM admin_audited(NULL, 'category.delete', c.name,
        jsonb_build_object('was', to_jsonb(c) || category_lists(c.category_id)));
    DELETE FROM category x WHERE x.category_id = c.category_id;
    RETURN QUERY
    SELECT c.name, 'ma-cat://' || s.domain || '/' || c.guid, 'removed' FROM store s;
END $$;

-- ---------------------------------------------------------------- add-ins

-- given NULL: a new one.  The rooms that show it are told.
CREATE FUNCTION ctl_addin_save(given text, new_name text, new_url text)
    RETURNS TABLE (name text, url text, done text) LANGUAGE plpgsql AS $$
DECLARE
    a addin%ROWTYPE;
BEGIN
    IF given IS NOT NULL THEN
        a := ctl_addin(given);
    END IF;
    IF EXISTS (SELECT FROM addin x WHERE x.name_key = lower(new_name)
                  AND x.addin_id IS DISTINCT FROM a.addin_id) THEN
        PERFORM ctl_refuse('there is an add-in of this name: ' || new_name);
    END IF;
    IF given IS NULL THEN
        INSERT INTO addin (name, url) VALUES (new_name, new_url);
    ELSE
        UPDATE addin x SET name = coalesce(new_name, x.name), url = coalesce(new_url, x.url)
         WHERE x.addin_id = a.addin_id;
        PERFORM rooms_told(ARRAY(SELECT r.room_id FROM room r
                                  WHERE r.addin_id = a.addin_id
                                    AND r.deleted_at IS NULL LIMIT 201));
    END IF;
    PERFORM admin_audited(NULL, CASE WHEN given IS NULL THEN 'addin.create'
                                     ELSE 'addin.modify' END,
                          coalesce(a.name, new_name),
                          jsonb_strip_nulls(jsonb_build_object(
                              'change', jsonb_build_object('name', new_name, 'url', new_url),
                              'was', jsonb_build_object('name', a.name, 'url', a.url))));
    RETURN QUERY
    SELECT x.name, x.url, CASE WHEN given IS NULL THEN 'created' ELSE 'changed' END
      FROM addin x WHERE x.name_key = lower(coalesce(new_name, a.name));
END $$;

CREATE FUNCTION ctl_addin_remove(given text, force boolean)
    RETURNS TABLE (name text, url text, done text) LANGUAGE plpgsql AS $$
DECLARE
    a     addin%ROWTYPE := ctl_addin(given);
    rooms text;
    n     bigint;
BEGIN
    PERFORM FROM addin x WHERE x.addin_id = a.addin_id FOR UPDATE;
    SELECT count(*), string_agg(r.name, ', ' ORDER BY r.name_key) FILTER (WHERE r.nth <= 5)
      INTO n, rooms
      FROM (SELECT x.name, x.name_key, row_number() OVER (ORDER BY x.name_key) AS nth
              FROM room x WHERE x.addin_id = a.addin_id AND x.deleted_at IS NULL) AS r;
    IF n > 0 AND NOT force THEN
        PERFORM ctl_refuse(format('add-in %s is shown in %s %s: %s%s; --force takes it away there',
            a.name, n, CASE n WHEN 1 THEN 'room' ELSE 'rooms' END, rooms,
            CASE WHEN n > 5 THEN ', ...' ELSE '' END));
    END IF;
    UPDATE room x SET addin_id = NULL, updated_by = admin_actor(NULL),
                      updated_on = clock_timestamp()
     WHERE x.addin_id = a.addin_id;
    PERFORM admin_audited(NULL, 'addin.delete', a.name,
        jsonb_build_object('was', to_jsonb(a), 'rooms', n));
    DELETE FROM addin x WHERE x.addin_id = a.addin_id;
    RETURN QUERY SELECT a.name, a.url, 'removed'::text;
END $$;

-- --------------------------------------------------------------- the pool

-- Channel processes that take no new clients, by name: a restart changes
-- nothing.
CREATE TABLE pool_passive (
    name   text PRIMARY KEY,
    set_by text NOT NULL,
    set_on timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER pool_passive_told AFTER INSERT OR DELETE ON pool_passive
    FOR EACH STATEMENT EXECUTE FUNCTION instance_told();

CREATE FUNCTION ctl_pool_passive(given text, passive boolean)
    RETURNS TABLE (name text, state text, done text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    n bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM instance i WHERE i.name = given)
       AND (passive OR NOT EXISTS (SELECT FROM pool_passive p WHERE p.name = given)) THEN
        PERFORM ctl_refuse('no such process in the pool: ' || given);
    END IF;
    IF passive AND NOT EXISTS (SELECT FROM instance i
                                WHERE i.name <> given AND i.lease_until > now()
                                  AND i.name NOT IN (SELECT p.name FROM pool_passive p)) THEN
        PERFORM ctl_refuse('nobody else would take clients: ' || given);
    END IF;
    IF passive THEN
        INSERT INTO pool_passive (name, set_by) VALUES (given, admin_actor(NULL))
            ON CONFLICT DO NOTHING;
    ELSE
        DELETE FROM pool_passive p WHERE p.name = given;
    END IF;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n > 0 THEN
        PERFORM admin_audited(NULL, CASE WHEN passive THEN 'pool.drain' ELSE 'pool.activate' END,
                              given, NULL);
    END IF;
    RETURN QUERY
    SELECT given, CASE WHEN passive THEN 'draining' ELSE 'ready' END,
           CASE WHEN n = 0 THEN 'was so already'
                WHEN passive THEN 'takes no new clients' ELSE 'takes clients' END;
END $$;

-- ------------------------------------------------------------ who could be

CREATE FUNCTION like_anywhere(words text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT '%' || regexp_replace(lower(coalesce(words, '')), '([%_\\])', '\\\1', 'g') || '%'
$$;

-- Who may be on the lists of a category's rooms; of these, with presenters_of,
-- who may be presenter of that room.
CREATE FUNCTION eligible_principals(category bigint, presenters_of bigint,
                                    pattern text, max integer)
    RETURNS TABLE (kind smallint, key text, display text, guid uuid)
    LANGUAGE sql STABLE AS $$
WITH allowed AS MATERIALIZED (
       SELECT a.principal_id
         FROM category_scope s
         JOIN principal_affiliation a ON a.ancestor_id = s.principal_id
        WHERE s.category_id = category AND NOT s.denied
     ), denied AS MATERIALIZED (
       SELECT a.principal_id
         FROM category_scope s
         JOIN principal_affiliation a ON a.ancestor_id = s.principal_id
        WHERE s.category_id = category AND s.denied
     )
SELECT p.kind, p.key, p.display, p.guid
  FROM principal p
 WHERE p.kind IN (5, 8, 9, 10) AND p.state = 0
   AND lower(p.name || ' ' || p.display || ' ' || p.email) LIKE pattern
   AND CASE WHEN p.kind IN (9, 10) THEN scope_admits_principal(category, p.principal_id)
            ELSE p.principal_id IN (SELECT principal_id FROM allowed)
             AND p.principal_id NOT IN (SELECT principal_id FROM denied) END
   AND (presenters_of IS NULL
        OR EXISTS (SELECT FROM room r WHERE r.room_id = presenters_of AND r.privacy = 0)
        OR EXISTS (SELECT FROM room_role m
                     JOIN principal_affiliation a ON a.ancestor_id = m.principal_id
                    WHERE m.room_id = presenters_of AND m.role = 1
                      AND a.principal_id = p.principal_id))
 ORDER BY p.kind, p.display, p.key LIMIT max
$$;

-- Of a room or a category, by name or URI.
CREATE FUNCTION ctl_eligible(given text, words text, presenters boolean, max integer)
    RETURNS TABLE (principal text, display text, email text)
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    r   room%ROWTYPE;
    cat bigint := (SELECT c.category_id FROM category c
                    WHERE c.name_key = lower(given)
                       OR c.guid::text = lower(regexp_replace(given, '^ma-cat://[^/]*/', '')));
BEGIN
    IF cat IS NULL OR presenters THEN
        r   := ctl_room(given);
        cat := r.category_id;
    END IF;
    IF presenters AND r.behavior = 0 THEN
        PERFORM ctl_refuse('only an auditorium has presenters: ' || r.name);
    END IF;
    RETURN QUERY
    SELECT principal_given(p.kind, p.name), p.display, p.email
      FROM eligible_principals(cat, CASE WHEN presenters THEN r.room_id END,
                               like_anywhere(words), max)
           WITH ORDINALITY AS e (kind, key, display, guid, nth)
      JOIN principal p ON p.key = e.key
     ORDER BY e.nth;
END $$;

INSERT INTO schema_version (version) VALUES (10);
