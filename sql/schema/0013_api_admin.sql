-- What the API of the web service changes for administrators, and what users
-- change of their own: by the functions that pchatctl and XCCOS use, with
-- their refusals.

CREATE FUNCTION api_admin(task text, who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_administrator(user_ancestors(who)) THEN
        RETURN api_reply('EACCES', 'this is for administrators', NULL);
    END IF;
    RETURN api_task(task, who, object, seen, body);
END $$;

-- A whole number from 1, or null.
CREATE FUNCTION api_count(body jsonb, key text) RETURNS integer
    LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(jsonb_typeof(body -> key), 'null') = 'null' THEN
        RETURN NULL;
    ELSIF NOT body ->> key ~ '^[1-9][0-9]{0,8}$' THEN
        PERFORM api_refuse('EINVAL', format('%s must be a whole number from 1, or null', key));
    END IF;
    RETURN (body ->> key)::integer;
END $$;

CREATE FUNCTION api_fresh(updated_on timestamptz, seen text) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF seen IS DISTINCT FROM api_time(updated_on) THEN
        PERFORM api_refuse('ESTALE', 'it was changed since you read it');
    END IF;
END $$;

-- --------------------------------------------------------------- categories

CREATE FUNCTION api_category_answer(category bigint) RETURNS api_answer
    LANGUAGE sql STABLE AS $$
SELECT 'ok', api_category_json(c, '{}', true)::text, api_time(c.updated_on)
  FROM category c WHERE c.category_id = category
$$;

-- Locked when it is to be changed, that is, with seen.
CREATE FUNCTION api_category_of(object text, seen text) RETURNS category
    LANGUAGE plpgsql AS $$
DECLARE
    c category%ROWTYPE;
BEGIN
    SELECT * INTO c FROM category x WHERE x.guid = object::uuid FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM api_refuse('ENOENT', 'there is no such category');
    END IF;
    IF seen IS NOT NULL THEN
        PERFORM api_fresh(c.updated_on, seen);
    END IF;
    RETURN c;
END $$;

-- A body as category_save() wants it.
CREATE FUNCTION api_category_change(body jsonb) RETURNS jsonb
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM api_known(body, ARRAY['name', 'description', 'invitations', 'files', 'history',
                                  'retention_days', 'allowed', 'denied', 'creators']);
    RETURN jsonb_strip_nulls(jsonb_build_object(
               'name', api_text(body, 'name'), 'description', api_text(body, 'description'),
               'invitations', api_bool(body, 'invitations'), 'files', api_bool(body, 'files'),
               'history', api_bool(body, 'history'), 'allowed', api_names(body, 'allowed'),
               'denied', api_names(body, 'denied'), 'creators', api_names(body, 'creators')))
        || CASE WHEN body ? 'retention_days'
                THEN jsonb_build_object('retention_d', api_count(body, 'retention_days'))
                ELSE '{}' END;
END $$;

CREATE FUNCTION api_category_read(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE sql AS $$
SELECT a.* FROM api_category_answer((api_category_of(object, NULL)).category_id) AS a
$$;

-- A statement of its own sees what the one before it changed.
CREATE FUNCTION api_category_create(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
DECLARE
    id bigint := category_save(who, NULL, api_category_change(body));
BEGIN
    RETURN api_category_answer(id);
END $$;

CREATE FUNCTION api_category_modify(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
DECLARE
    id bigint := (api_category_of(object, seen)).category_id;
BEGIN
    PERFORM category_save(who, id, api_category_change(body));
    RETURN api_category_answer(id);
END $$;

CREATE FUNCTION api_category_remove(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
DECLARE
    c category%ROWTYPE := api_category_of(object, seen);
BEGIN
    PERFORM ctl_category_remove(c.guid::text);
    RETURN api_reply('ok', NULL, NULL);
END $$;

-- ------------------------------------------------------------------ add-ins
-- An add-in is small: its tag is made of what it says.

CREATE FUNCTION api_addin_tag(a addin) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT md5(a.name || E'\n' || a.url)
$$;

CREATE FUNCTION api_addin_answer(addin uuid) RETURNS api_answer
    LANGUAGE sql STABLE AS $$
SELECT 'ok', jsonb_build_object('guid', a.guid, 'name', a.name, 'url', a.url,
           'rooms', (SELECT count(*) FROM room r
                      WHERE r.addin_id = a.addin_id AND r.deleted_at IS NULL))::text,
       api_addin_tag(a)
  FROM addin a WHERE a.guid = addin
$$;

CREATE FUNCTION api_addin_of(object text, seen text) RETURNS uuid
    LANGUAGE plpgsql AS $$
DECLARE
    a addin%ROWTYPE;
BEGIN
    SELECT * INTO a FROM addin x WHERE x.guid = object::uuid FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM api_refuse('ENOENT', 'there is no such add-in');
    ELSIF seen IS NOT NULL AND seen <> api_addin_tag(a) THEN
        PERFORM api_refuse('ESTALE', 'it was changed since you read it');
    END IF;
    RETURN a.guid;
END $$;

CREATE FUNCTION api_addin_save(target uuid, body jsonb) RETURNS api_answer
    LANGUAGE plpgsql AS $$
DECLARE
    address text := trim(api_text(body, 'url'));
    called  text := trim(api_text(body, 'name'));
BEGIN
    PERFORM api_known(body, ARRAY['name', 'url']);
    IF target IS NULL AND (called IS NULL OR address IS NULL) OR called = '' THEN
        PERFORM api_refuse('EINVAL', 'name and url are wanted');
    ELSIF address !~* '^https://[^/]' OR address ~ '[[:cntrl:][:space:]"<>\\]'
          OR octet_length(address) > 2048 THEN
        PERFORM api_refuse('EINVAL', 'url must be https://HOST/... of at most 2048 bytes');
    END IF;
    PERFORM ctl_addin_save(target::text, called, address);
    RETURN api_addin_answer(coalesce(target, (
        SELECT a.guid FROM addin a WHERE a.name_key = lower(called))));
END $$;

CREATE FUNCTION api_addin_read(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE sql AS $$
SELECT a.* FROM api_addin_answer(api_addin_of(object, NULL)) AS a
$$;

CREATE FUNCTION api_addin_create(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE sql AS $$
SELECT a.* FROM api_addin_save(NULL, body) AS a
$$;

CREATE FUNCTION api_addin_modify(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
BEGIN
    RETURN api_addin_save(api_addin_of(object, seen), body);
END $$;

CREATE FUNCTION api_addin_remove(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
DECLARE
    a addin%ROWTYPE;
BEGIN
    SELECT * INTO a FROM addin x WHERE x.guid = api_addin_of(object, seen);
    IF EXISTS (SELECT FROM room r WHERE r.addin_id = a.addin_id AND r.deleted_at IS NULL) THEN
        PERFORM api_refuse('ENOTEMPTY', 'there are rooms that show it: ' || a.name);
    END IF;
    PERFORM ctl_addin_remove(a.guid::text, false);
    RETURN api_reply('ok', NULL, NULL);
END $$;

-- ------------------------------------------------------ people and policies

CREATE FUNCTION api_user_json(u principal) RETURNS jsonb LANGUAGE sql STABLE AS $$
SELECT jsonb_build_object('guid', u.guid, 'uri', u.name, 'display', u.display,
           'email', u.email, 'enabled', u.state = 0,
           'chat', cardinality(user_ancestors(u.principal_id)) > 0,
           'policy', (SELECT p.name FROM policy p WHERE p.policy_id = u.policy_id))
$$;

CREATE FUNCTION api_users(q text, after text, most integer) RETURNS api_answer
    LANGUAGE sql STABLE AS $$
SELECT 'ok', api_list(
           jsonb_agg(api_user_json(n.u) ORDER BY n.key) FILTER (WHERE n.place <= most),
           CASE WHEN count(*) > most THEN max(n.key) FILTER (WHERE n.place = most) END), NULL
  FROM (SELECT x AS u, x.key, row_number() OVER (ORDER BY x.key) AS place
          FROM principal x
         WHERE x.kind = 5 AND x.state <> 2 AND (after IS NULL OR x.key > after)
           AND lower(x.name || ' ' || x.display || ' ' || x.email) LIKE api_pattern(q)
         ORDER BY x.key LIMIT most + 1) AS n
$$;

CREATE FUNCTION api_user_modify(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
DECLARE
    u       principal%ROWTYPE;
    enabled boolean := api_bool(body, 'enabled');
    granted text := api_text(body, 'policy');
BEGIN
    PERFORM api_known(body, ARRAY['enabled', 'policy']);
    SELECT * INTO u FROM principal p
     WHERE p.guid = object::uuid AND p.kind = 5 AND p.state <> 2 FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM api_refuse('ENOENT', 'there is no such user');
    END IF;
    IF NOT enabled AND u.principal_id = who THEN
        PERFORM api_refuse('EINVAL', 'you would lock yourself out');
    END IF;
    IF enabled IS NOT NULL THEN
        PERFORM user_set(u.key, NULL, NULL, CASE WHEN enabled THEN 0 ELSE 1 END);
    END IF;
    IF granted IS NOT NULL THEN
        PERFORM policy_grant(granted, u.key);
    ELSIF body ? 'policy' THEN
        PERFORM policy_revoke(u.key);
    END IF;
    SELECT * INTO u FROM principal p WHERE p.principal_id = u.principal_id;
    RETURN api_reply('ok', api_user_json(u)::text, NULL);
END $$;

CREATE FUNCTION api_policy_json(p policy) RETURNS jsonb LANGUAGE sql STABLE AS $$
SELECT jsonb_build_object('name', p.name, 'scope', p.scope,
           'description', p.description, 'enable_chat', p.enable_chat)
$$;

CREATE FUNCTION api_policies() RETURNS api_answer LANGUAGE sql STABLE AS $$
SELECT 'ok', api_list(jsonb_agg(api_policy_json(p) ORDER BY
           array_position(ARRAY['global', 'site', 'pool', 'user'], p.scope), lower(p.name)),
           NULL), NULL
  FROM policy p
$$;

CREATE FUNCTION api_policy_modify(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
DECLARE
    p policy%ROWTYPE;
BEGIN
    PERFORM api_known(body, ARRAY['enable_chat', 'description']);
    SELECT * INTO p FROM policy x WHERE lower(x.name) = lower(object) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM api_refuse('ENOENT', 'there is no such policy');
    END IF;
    PERFORM policy_set(p.name, api_bool(body, 'enable_chat'), api_text(body, 'description'));
    SELECT * INTO p FROM policy x WHERE x.policy_id = p.policy_id;
    RETURN api_reply('ok', api_policy_json(p)::text, NULL);
END $$;

-- Anybody who can be on a list.
CREATE FUNCTION api_principals_all(q text, most integer) RETURNS api_answer
    LANGUAGE sql STABLE AS $$
SELECT 'ok', api_list(jsonb_agg(jsonb_build_object('key', p.key,
           'display', coalesce(nullif(p.display, ''), p.name), 'email', p.email,
           'kind', CASE p.kind WHEN 1 THEN 'any' WHEN 5 THEN 'user' WHEN 8 THEN 'domain'
                   WHEN 9 THEN 'group' ELSE 'folder' END)
           ORDER BY p.kind, lower(p.display), p.key), NULL), NULL
  FROM (SELECT * FROM principal x
         WHERE x.kind IN (1, 5, 8, 9, 10) AND x.state = 0
           AND lower(x.name || ' ' || x.display || ' ' || x.email) LIKE api_pattern(q)
         ORDER BY x.kind, lower(x.display), x.key LIMIT most) AS p
$$;

-- With another password every session made with the one before is over.
CREATE FUNCTION credential_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM web_session s WHERE s.principal_id = OLD.principal_id;
    RETURN NULL;
END $$;
CREATE TRIGGER credential_changed AFTER UPDATE OF ha1 ON credential
    FOR EACH ROW WHEN (OLD.ha1 IS DISTINCT FROM NEW.ha1)
    EXECUTE FUNCTION credential_changed();

-- ----------------------------------------------------- settings of the pool
-- Checked before (common/poolconf.h); running processes are told.  How many
-- rows changed.

CREATE FUNCTION config_set(who bigint, name text, given text) RETURNS bigint
    LANGUAGE sql AS $$
WITH changed AS (
       INSERT INTO configuration AS c (key, value, updated_by)
       VALUES (name, given, admin_actor(who))
           ON CONFLICT (scope, key) DO UPDATE
          SET value = excluded.value, updated_by = excluded.updated_by,
              updated_on = now()
        WHERE c.value <> excluded.value
    RETURNING key
     ), told AS (
       SELECT count(pg_notify('pchat_config', '')) + 0 * count(admin_audited(
                  who, 'config.set', key, jsonb_build_object('value', given))) AS n
         FROM changed
     )
SELECT n FROM told
$$;

CREATE FUNCTION config_remove(who bigint, name text) RETURNS bigint
    LANGUAGE sql AS $$
WITH changed AS (
       DELETE FROM configuration WHERE scope = 'global' AND key = name
    RETURNING key
     ), told AS (
       SELECT count(pg_notify('pchat_config', '')) + 0 * count(admin_audited(
                  who, 'config.remove', key, NULL)) AS n
         FROM changed
     )
SELECT n FROM told
$$;

-- ------------------------------------------------------------ state of things

-- Messages: as many as were ever said.
CREATE FUNCTION api_pool() RETURNS api_answer LANGUAGE sql STABLE AS $$
SELECT 'ok', jsonb_build_object(
    'users', (SELECT count(*) FROM principal p WHERE p.kind = 5 AND p.state <> 2),
    'rooms', (SELECT count(*) FROM room r WHERE r.deleted_at IS NULL),
    'messages', (SELECT coalesce(sum(h.last_id), 0) FROM room_head h),
    'participants', (SELECT count(DISTINCT e.principal_id) FROM endpoint e
                      WHERE e.instance_id IS NOT NULL
                        AND EXISTS (SELECT FROM roster o WHERE o.endpoint_id = e.endpoint_id)),
    'instances', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', i.name,
                      'state', CASE WHEN i.lease_until < now() THEN 'lapsed'
                               WHEN p.name IS NOT NULL THEN 'draining' ELSE i.state END,
                      'endpoints', i.endpoints, 'started_on', api_time(i.started_on))
                      ORDER BY i.name), '[]')
                    FROM instance i LEFT JOIN pool_passive p ON p.name = i.name),
    'settings', (SELECT coalesce(jsonb_agg(jsonb_build_object('key', c.key,
                     'value', c.value, 'scope', c.scope, 'updated_by', c.updated_by,
                     'updated_on', api_time(c.updated_on)) ORDER BY c.key, c.scope), '[]')
                   FROM configuration c))::text, NULL
$$;

CREATE FUNCTION api_compliance() RETURNS api_answer LANGUAGE sql STABLE AS $$
SELECT 'ok', jsonb_build_object(
    'enabled', s.compliance, 'closed', compliance_closed(),
    'oldest', api_time(least(t.oldest, outbox_oldest())),
    'waiting', (SELECT count(*) FROM outbox),
    'daemons', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', d.name,
                    'started_on', api_time(d.started_on),
                    'lease_until', api_time(d.lease_until)) ORDER BY d.name), '[]')
                  FROM compliance_daemon d))::text, NULL
  FROM store s CROSS JOIN compliance_state t
$$;

-- Those in force first.
CREATE FUNCTION api_holds() RETURNS api_answer LANGUAGE sql STABLE AS $$
SELECT 'ok', api_list(jsonb_agg(jsonb_build_object('name', h.name,
           'room', r.name, 'user', p.name, 'set_by', h.set_by, 'set_on', api_time(h.set_on),
           'lifted_by', h.lifted_by, 'lifted_on', api_time(h.lifted_on))
           ORDER BY h.lifted_on IS NOT NULL, h.name), NULL), NULL
  FROM hold h
  LEFT JOIN room r ON r.room_id = h.room_id
  LEFT JOIN principal p ON p.principal_id = h.principal_id
$$;

-- The newest first.
CREATE FUNCTION api_audit(before bigint, q text, most integer) RETURNS api_answer
    LANGUAGE sql STABLE AS $$
SELECT 'ok', api_list(
           jsonb_agg(jsonb_build_object('id', a.audit_id, 'ts', api_time(a.ts),
               'actor', a.actor, 'action', a.action, 'object', a.object,
               'detail', a.detail) ORDER BY a.audit_id DESC),
           CASE WHEN count(*) = most THEN min(a.audit_id)::text END), NULL
  FROM (SELECT * FROM admin_audit x
         WHERE (before IS NULL OR x.audit_id < before)
           AND lower(x.actor || ' ' || x.action || ' ' || x.object) LIKE api_pattern(q)
         ORDER BY x.audit_id DESC LIMIT most) AS a
$$;

-- ------------------------------------------------------- followed rooms

-- Rooms were read up to a message; a position never goes back, nor beyond the
-- newest message.  A row for each room that the user may read.
CREATE FUNCTION read_move(who bigint, ancestors bigint[], rooms uuid[], messages bigint[])
    RETURNS TABLE (guid uuid, read_to bigint) LANGUAGE sql AS $$
INSERT INTO read_position AS p (principal_id, room_id, msg_id)
SELECT who, r.room_id, max(least(w.msg_id, h.last_id))
  FROM unnest(rooms, messages) AS w (guid, msg_id)
  JOIN room r ON r.guid = w.guid
  JOIN room_head h ON h.room_id = r.room_id
 WHERE room_readable(r.room_id, ancestors)
 GROUP BY r.room_id
    ON CONFLICT (principal_id, room_id) DO UPDATE
   SET msg_id = greatest(p.msg_id, excluded.msg_id)
RETURNING (SELECT r.guid FROM room r WHERE r.room_id = p.room_id), p.msg_id
$$;

CREATE FUNCTION api_read(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
DECLARE
    x      record;
    said   bigint;
BEGIN
    PERFORM api_known(body, ARRAY['id']);
    IF coalesce(body ->> 'id', '') !~ '^[0-9]{1,18}$' THEN
        PERFORM api_refuse('EINVAL', 'id must be that of a message');
    END IF;
    SELECT * INTO x FROM api_room_of(who, object::uuid);
    IF NOT x.may_read THEN
        PERFORM api_refuse('EACCES', 'you may not do that here');
    END IF;
    SELECT m.read_to INTO said
      FROM read_move(who, x.ancestors, ARRAY[object::uuid], ARRAY[(body ->> 'id')::bigint]) AS m;
    RETURN api_reply('ok', jsonb_build_object('id', said)::text, NULL);
END $$;

-- As a client publishes it: all endpoints of the user are told.  As much as a
-- channel process takes whose reply.size_max is as shipped.
CREATE FUNCTION api_presence(me bigint, instance bigint, container integer,
                             version bigint, life integer, body text, room uuid)
    RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    said record;
BEGIN
    SELECT p.place INTO said
      FROM presence_publish(me, ARRAY['roomSetting'], ARRAY[instance], ARRAY[container],
                            ARRAY[version], ARRAY['static'], ARRAY[life], ARRAY[body],
                            ARRAY[room], 1000, 200000) AS p;
    IF said.place = 0 THEN
        PERFORM api_refuse('EDQUOT', 'you follow as many rooms as you may');
    ELSIF said.place IS NOT NULL THEN
        PERFORM api_refuse('ESTALE', 'it was changed meanwhile: try again');
    END IF;
END $$;

CREATE FUNCTION api_follow(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
DECLARE
    x      record;
    r      room%ROWTYPE;
BEGIN
    SELECT * INTO x FROM api_room_of(who, object::uuid);
    PERFORM FROM principal p WHERE p.principal_id = who FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT FROM presence_category c
                    WHERE c.principal_id = who AND c.room_id = x.room_id
                      AND c.name = 'roomSetting') THEN
        SELECT * INTO r FROM room y WHERE y.room_id = x.room_id;
        PERFORM api_presence(who, (random() * 2147483646)::bigint + 1, 1, 0, NULL,
            xmlelement(NAME "propertyList",
                xmlattributes('http://schemas.microsoft.com/2010/12/sip/propertyList' AS xmlns),
                xmlelement(NAME property, xmlattributes('url' AS name, 'string' AS type),
                    xmlelement(NAME value, 'ma-chan://' || (SELECT domain FROM store) || '/' || r.guid)),
                xmlelement(NAME property, xmlattributes('name' AS name, 'string' AS type),
                    xmlelement(NAME value, r.name)))::text, r.guid);
    END IF;
    RETURN api_reply('ok', NULL, NULL);
END $$;

-- Also a room that is not to be seen any more.
CREATE FUNCTION api_unfollow(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM principal p WHERE p.principal_id = who FOR NO KEY UPDATE;
    PERFORM api_presence(who, c.instance, c.container, c.version, 0, '', NULL)
       FROM presence_category c
       JOIN room r ON r.room_id = c.room_id
      WHERE c.principal_id = who AND c.name = 'roomSetting' AND r.guid = object::uuid;
    RETURN api_reply('ok', NULL, NULL);
END $$;

INSERT INTO schema_version (version) VALUES (13);
