-- A name that is used again is a new principal; denies survive what a
-- directory forgets; nothing tells an outsider that a hidden room exists.

-- ------------------------------------------------- names that are used again

-- The key of a removed principal while another has its name:
-- "former:NUMBER:" and the key that it had.
CREATE FUNCTION principal_was(key text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT regexp_replace(key, '^former:[0-9]+:', '')
$$;

-- Take the keys away from removed principals, so that others can have them.
-- The old ones keep their lists, messages and invitations; their credentials
-- go, for those belong to the name.
CREATE FUNCTION principals_free(keys text[]) RETURNS void LANGUAGE sql AS $$
DELETE FROM credential c USING principal p
 WHERE p.key = ANY (keys) AND p.state = 2 AND c.principal_id = p.principal_id;
UPDATE principal p SET key = 'former:' || p.principal_id || ':' || p.key
 WHERE p.key = ANY (keys) AND p.state = 2;
$$;

-- As lists and files spell a principal; a removed one whose name is another's
-- now by its key.
CREATE FUNCTION principal_spelt(p principal) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN p.key LIKE 'former:%' THEN p.key ELSE principal_given(p.kind, p.name) END
$$;

-- Removed groups are left out: they have no members.
CREATE OR REPLACE FUNCTION category_lists(category bigint) RETURNS jsonb
    LANGUAGE sql STABLE AS $$
WITH listed AS (
       SELECT CASE WHEN x.denied THEN 'denied' ELSE 'allowed' END AS list, x.principal_id
         FROM category_scope x WHERE x.category_id = category
        UNION ALL
       SELECT 'creators', x.principal_id
         FROM category_creator x WHERE x.category_id = category
     ), spelt AS (
       SELECT l.list, jsonb_agg(principal_spelt(p) ORDER BY p.kind, p.key) AS names
         FROM listed l JOIN principal p USING (principal_id)
        WHERE p.kind = 5 OR p.state <> 2
        GROUP BY l.list
     )
SELECT jsonb_object_agg(k.list, coalesce(s.names, '[]'))
  FROM (VALUES ('allowed'), ('denied'), ('creators')) AS k (list)
  LEFT JOIN spelt s USING (list)
$$;

-- The latest removed principal that had this key; NULL: there is none.
CREATE FUNCTION principal_former(given text) RETURNS bigint
    LANGUAGE sql STABLE AS $$
SELECT p.principal_id FROM principal p
 WHERE p.state = 2 AND principal_was(p.key) = given
 ORDER BY p.updated_on DESC, p.principal_id DESC LIMIT 1
$$;

-- Give a removed principal its key back.  Returns NULL if there is none; it is
-- removed still.
CREATE FUNCTION principal_revive(given text) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    id bigint := principal_former(given);
BEGIN
    PERFORM principals_free(ARRAY[given]);
    UPDATE principal p SET key = given WHERE p.principal_id = id;
    RETURN id;
END $$;

-- The setting Administrators names principals by their keys: it follows them.
-- So whoever gets an administrator's former name is no administrator.
CREATE FUNCTION administrators_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE configuration c
       SET value = (SELECT string_agg(CASE WHEN lower(k) = OLD.key THEN NEW.key ELSE k END,
                                      ', ' ORDER BY n)
                      FROM regexp_split_to_table(trim(c.value), '\s*,\s*')
                           WITH ORDINALITY AS x (k, n)),
           updated_on = now()
     WHERE c.key = 'Administrators'
       AND OLD.key = ANY (regexp_split_to_array(lower(trim(c.value)), '\s*,\s*'));
    RETURN NULL;
END $$;
CREATE TRIGGER administrators_follow AFTER UPDATE OF key ON principal
    FOR EACH ROW WHEN (OLD.key <> NEW.key) EXECUTE FUNCTION administrators_follow();

DROP FUNCTION user_create(text, text, text, text, text);
CREATE FUNCTION user_create(uri text, host text, shown text, mail text,
                            policy_given text, same boolean) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
    granted integer;
    home bigint;
BEGIN
    PERFORM principals_lock();
    IF EXISTS (SELECT FROM principal p WHERE p.key = uri AND p.state <> 2) THEN
        PERFORM ctl_refuse('there is such a user: ' || uri);
    END IF;
    IF EXISTS (SELECT FROM pool_address a WHERE a.uri = user_create.uri) THEN
        PERFORM ctl_refuse('that is an endpoint of the pool: ' || uri);
    END IF;
    IF policy_given IS NOT NULL THEN
        granted := policy_user(policy_given);
    END IF;
    home := domain_principal(host);
    IF same THEN
        id := principal_revive(uri);
        IF id IS NULL THEN
            PERFORM ctl_refuse('no user of this name was removed: ' || uri);
        END IF;
        UPDATE principal p
           SET display = coalesce(shown, p.display), email = coalesce(mail, p.email),
               policy_id = coalesce(granted, p.policy_id), state = 0, updated_on = now()
         WHERE p.principal_id = id;
    ELSE
        PERFORM principals_free(ARRAY[uri]);
        INSERT INTO principal AS p (kind, key, name, display, email, policy_id)
        VALUES (5, uri, uri, coalesce(shown, ''), coalesce(mail, ''), granted)
        RETURNING principal_id INTO id;
    END IF;
    INSERT INTO principal_member (group_id, member_id)
    VALUES (home, id) ON CONFLICT DO NOTHING;
    PERFORM affiliation_follow(ARRAY[id]);
    PERFORM admin_audited(NULL, 'user.create', uri,
                          CASE WHEN same THEN '{"same_person": true}'::jsonb END);
END $$;

DROP FUNCTION group_create(text, text[]);
CREATE FUNCTION group_create(new_name text, members text[], same boolean)
    RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
    wanted text := 'group:' || lower(new_name);
BEGIN
    PERFORM principals_lock();
    IF EXISTS (SELECT FROM principal p WHERE p.key = wanted AND p.state <> 2) THEN
        PERFORM ctl_refuse('there is such a group: ' || new_name);
    END IF;
    IF same THEN
        id := principal_revive(wanted);
        IF id IS NULL THEN
            PERFORM ctl_refuse('no group of this name was removed: ' || new_name);
        END IF;
        UPDATE principal p
           SET name = new_name, display = new_name, state = 0, updated_on = now()
         WHERE p.principal_id = id;
    ELSE
        PERFORM principals_free(ARRAY[wanted]);
        INSERT INTO principal AS p (kind, key, name, display)
        VALUES (9, wanted, new_name, new_name)
        RETURNING principal_id INTO id;
    END IF;
    PERFORM affiliation_follow(ARRAY[id]);
    PERFORM group_put(id, principals_named(members));
    PERFORM admin_audited(NULL, 'group.create', new_name, to_jsonb(members));
END $$;

CREATE OR REPLACE FUNCTION group_rename(given text, new_name text) RETURNS boolean
    LANGUAGE plpgsql AS $$
DECLARE
    g principal := principal_named(given, 'group');
BEGIN
    PERFORM directory_refuse(g);
    IF g.name = new_name THEN
        RETURN false;
    END IF;
    PERFORM principals_free(ARRAY['group:' || lower(new_name)]);
    UPDATE principal p
       SET key = 'group:' || lower(new_name), name = new_name, display = new_name,
           updated_on = now()
     WHERE p.principal_id = g.principal_id;
    PERFORM admin_audited(NULL, 'group.modify', g.name, jsonb_build_object('name', new_name));
    RETURN true;
EXCEPTION WHEN unique_violation THEN
    PERFORM ctl_refuse('there is such a group: ' || new_name);
END $$;

-- ----------------------------------------------------------- denies stay

-- Without the group its members would not be denied any more.
CREATE FUNCTION group_refuse_denied(g principal) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    walls text := (SELECT string_agg(DISTINCT c.name, ', ')
                     FROM principal_affiliation a
                     JOIN category_scope s ON s.principal_id = a.ancestor_id AND s.denied
                     JOIN category c ON c.category_id = s.category_id
                    WHERE a.principal_id = g.principal_id);
BEGIN
    IF walls IS NOT NULL THEN
        PERFORM ctl_refuse(format('its members are denied in categories through it, take it '
                                  'off their lists first (%s): %s', walls, g.name));
    END IF;
END $$;

CREATE OR REPLACE FUNCTION group_remove(given text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    g principal;
    gone bigint[];
BEGIN
    PERFORM principals_lock();
    g := principal_named(given, 'group');
    PERFORM directory_refuse(g);
    PERFORM group_refuse_denied(g);
    WITH d AS (
           DELETE FROM principal_member m
            WHERE g.principal_id IN (m.group_id, m.member_id)
        RETURNING m.member_id
         )
    SELECT array_agg(DISTINCT member_id) INTO gone FROM d;
    UPDATE principal p SET state = 2, updated_on = now()
     WHERE p.principal_id = g.principal_id;
    PERFORM affiliation_follow(gone);
    PERFORM admin_audited(NULL, 'group.delete', g.name, NULL);
END $$;

-- disabled: an operator had disabled the user when the directory lost them.
ALTER TABLE directory_entry ADD COLUMN disabled boolean NOT NULL DEFAULT false;

-- A DN as DNs are compared: caseIgnoreMatch folds case and width and takes
-- runs of blanks for one.  libldap has folded ASCII and blanks already.
CREATE FUNCTION directory_dn(dn text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN dn ~ '[^\x01-\x7f]' THEN lower(normalize(dn, NFKC)) ELSE dn END
$$;

-- --------------------------------------------- rooms that must not be known

-- The name of a hidden room is not told apart from any other that is taken.
CREATE OR REPLACE FUNCTION name_free(wanted text, room bigint, category bigint) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM room r WHERE r.name_key = lower(wanted)
                  AND r.deleted_at IS NULL AND r.room_id IS DISTINCT FROM room)
       OR EXISTS (SELECT FROM category c WHERE c.name_key = lower(wanted)
                     AND c.category_id IS DISTINCT FROM category) THEN
        PERFORM room_refuse('EEXIST', 'there is a room or category of this name, '
                                      'or of one that looks the same: ' || wanted);
    END IF;
END $$;

-- How much is said in a room, and by how many, is for those who may read or
-- manage it.
CREATE OR REPLACE FUNCTION api_room_json(room bigint, who bigint, ancestors bigint[],
                              admin boolean, whole boolean) RETURNS jsonb
    LANGUAGE sql STABLE AS $$
SELECT jsonb_build_object(
           'guid', r.guid, 'name', r.name, 'description', r.description,
           'category', jsonb_build_object('guid', c.guid, 'name', c.name),
           'privacy', (ARRAY['open', 'closed', 'secret'])[r.privacy + 1],
           'type', (ARRAY['normal', 'auditorium'])[r.behavior + 1],
           'disabled', r.disabled,
           'invitations', r.invitations AND c.invitations,
           'files', c.files, 'history', c.history,
           'addin', CASE WHEN a.addin_id IS NOT NULL THEN jsonb_build_object(
                    'guid', a.guid, 'name', a.name, 'url', a.url) END,
           'participants', CASE WHEN s.may_read OR s.manager OR admin THEN (
                              SELECT count(DISTINCT e.principal_id) FROM roster o
                                JOIN endpoint e ON e.endpoint_id = o.endpoint_id
                               WHERE o.room_id = r.room_id AND e.instance_id IS NOT NULL) END,
           'messages', CASE WHEN s.may_read OR s.manager OR admin THEN h.last_id END,
           'unread', CASE WHEN s.may_read THEN (
                        SELECT greatest(h.last_id - p.msg_id, 0) FROM read_position p
                         WHERE p.room_id = r.room_id AND p.principal_id = who) END,
           'followed', EXISTS (SELECT FROM presence_category p
                                WHERE p.principal_id = who AND p.room_id = r.room_id
                                  AND p.name = 'roomSetting'),
           'role', jsonb_build_object('member', s.member, 'manager', s.manager,
                                      'presenter', s.presenter),
           'may', jsonb_build_object('read', s.may_read,
                                     'change', s.manager OR admin,
                                     'delete', admin),
           'updated_on', api_time(r.updated_on))
       || CASE WHEN NOT whole THEN '{}'::jsonb ELSE jsonb_build_object(
              'created_by', r.created_by, 'created_on', api_time(r.created_on),
              'updated_by', r.updated_by) END
       || CASE WHEN NOT whole OR NOT (s.manager OR s.may_read OR admin)
          THEN '{}'::jsonb ELSE jsonb_build_object(
              'inherits_invitations', r.invitations,
              'members', api_principals_of(r.room_id, 1),
              'managers', api_principals_of(r.room_id, 2),
              'presenters', api_principals_of(r.room_id, 3)) END
  FROM room r
  JOIN category c ON c.category_id = r.category_id
  JOIN room_head h ON h.room_id = r.room_id
  LEFT JOIN addin a ON a.addin_id = r.addin_id
 CROSS JOIN LATERAL api_standing(r.room_id, ancestors, admin) AS s
 WHERE r.room_id = room
$$;

-- Whom the managers of a room or the creators of a category may put on lists.
-- A room is asked for by itself: its category is not the caller's to choose.
CREATE OR REPLACE FUNCTION api_principals(who bigint, q text, room text, category text,
                               most integer) RETURNS api_answer
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    ancestors bigint[] := user_ancestors(who);
    admin boolean := is_administrator(ancestors);
    cat bigint;
    may boolean;
BEGIN
    IF (room IS NULL) = (category IS NULL) THEN
        RETURN api_reply('EINVAL', 'give either room or category', NULL);
    END IF;
    IF room IS NOT NULL THEN
        SELECT r.category_id, admin OR s.manager AND s.visible INTO cat, may
          FROM room r
         CROSS JOIN LATERAL api_standing(r.room_id, ancestors, admin) AS s
         WHERE r.guid::text = lower(room) AND r.deleted_at IS NULL AND s.visible;
    ELSE
        SELECT c.category_id, admin OR EXISTS (
                   SELECT FROM category_creator k WHERE k.category_id = c.category_id
                      AND k.principal_id = ANY (ancestors)) INTO cat, may
          FROM category c
         WHERE c.guid::text = lower(category)
           AND (admin OR scope_admits(c.category_id, ancestors));
    END IF;
    IF cat IS NULL THEN
        RETURN api_reply('ENOENT', CASE WHEN room IS NULL THEN 'there is no such category'
                                        ELSE 'there is no such room' END, NULL);
    ELSIF NOT may THEN
        RETURN api_reply('EACCES', 'only those who manage it may choose from its people', NULL);
    END IF;
    RETURN api_reply('ok', api_list((
        SELECT jsonb_agg(jsonb_build_object('key', p.key, 'display',
                   coalesce(nullif(p.display, ''), p.name), 'email', p.email,
                   'kind', CASE p.kind WHEN 5 THEN 'user' WHEN 8 THEN 'domain'
                           WHEN 9 THEN 'group' ELSE 'folder' END)
                   ORDER BY p.kind, lower(p.display), p.key)
          FROM (SELECT * FROM principal p
                 WHERE p.kind IN (5, 8, 9, 10) AND p.state = 0
                   AND lower(p.name || ' ' || p.display || ' ' || p.email)
                       LIKE api_pattern(q)
                   AND scope_admits_principal(cat, p.principal_id)
                 ORDER BY p.kind, lower(p.display), p.key LIMIT most) AS p), NULL), NULL);
END $$;

CREATE OR REPLACE FUNCTION api_room_remove(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
BEGIN
    PERFORM api_room_of(who, object::uuid);
    PERFORM room_drop(who, object::uuid, seen);
    RETURN api_reply('ok', NULL, NULL);
END $$;

-- The category by its GUID, locked, if who may create rooms there.
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
    IF id IS NULL OR NOT admin AND NOT scope_admits(id, ancestors) THEN
        PERFORM room_refuse('ENOENT', 'no such category');
    END IF;
    IF NOT admin AND NOT EXISTS (
           SELECT FROM category_creator k
            WHERE k.category_id = id AND k.principal_id = ANY (ancestors)) THEN
        PERFORM room_refuse('EACCES', 'not a creator in this category');
    END IF;
    RETURN id;
END $$;

-- May this user upload files to that room (direction 1), or download them (2)?
CREATE OR REPLACE FUNCTION file_right(who bigint, room uuid, direction integer)
    RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    ancestors bigint[] := user_ancestors(who);
    r record;
BEGIN
    SELECT x.disabled, x.privacy, x.behavior, c.files, s.visible, s.member, s.presenter
      INTO r
      FROM room x JOIN category c ON c.category_id = x.category_id
     CROSS JOIN LATERAL api_standing(x.room_id, ancestors, false) AS s
     WHERE x.guid = room AND x.deleted_at IS NULL;
    IF NOT FOUND OR NOT r.visible AND NOT (r.disabled AND r.member) THEN
        RETURN 'ENOENT';
    ELSIF NOT (r.privacy = 0 OR r.member) THEN
        RETURN 'EACCES';
    ELSIF r.disabled THEN
        RETURN 'EROFS';
    ELSIF direction = 1 AND NOT (r.files AND (r.behavior = 0 OR r.presenter)) THEN
        RETURN 'EACCES';
    END IF;
    RETURN 'ok';
END $$;

INSERT INTO schema_version (version) VALUES (19);
