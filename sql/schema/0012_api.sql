-- What the API of the web service asks: each function answers one route with
-- a status ('ok' or the name of an errno), a body and the object's tag.  With
-- a refusal the body is a sentence for people, or NULL.  Rights are those of
-- the functions that XCCOS uses.

CREATE TYPE api_answer AS (status text, body text, tag text);

CREATE FUNCTION api_reply(status text, body text, tag text) RETURNS api_answer
    LANGUAGE sql IMMUTABLE AS $$
SELECT status, body, tag
$$;

-- Runs api_TASK(who, object, seen, body), with who as the actor in the audit,
-- and answers with what it refuses (PC001 and PC003: the name of an errno and
-- words; PC002: words).
CREATE FUNCTION api_task(task text, who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
DECLARE
    answer api_answer;
    why    text;
    detail text;
BEGIN
    PERFORM set_config('pchat.actor', admin_actor(who), true);
    EXECUTE format('SELECT * FROM %I($1, $2, $3, $4)', 'api_' || task)
       INTO answer USING who, object, seen, body;
    RETURN answer;
EXCEPTION
    WHEN SQLSTATE 'PC001' OR SQLSTATE 'PC003' THEN
        GET STACKED DIAGNOSTICS why = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
        RETURN api_reply(why, detail, NULL);
    WHEN SQLSTATE 'PC002' THEN
        RETURN api_reply('EPERM', SQLERRM, NULL);
    WHEN unique_violation THEN
        RETURN api_reply('EEXIST', NULL, NULL);
    WHEN invalid_datetime_format OR datetime_field_overflow THEN
        RETURN api_reply('ESTALE', NULL, NULL);
    WHEN check_violation OR not_null_violation OR numeric_value_out_of_range THEN
        RETURN api_reply('EINVAL', 'a value is missing or not allowed', NULL);
END $$;

-- ------------------------------------------------------- what a body says

CREATE FUNCTION api_refuse(why text, detail text) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'PC003', MESSAGE = why, DETAIL = detail;
END $$;

CREATE FUNCTION api_known(body jsonb, keys text[]) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    odd text := (SELECT k FROM jsonb_object_keys(body) AS k
                  WHERE k <> ALL (keys) LIMIT 1);
BEGIN
    IF odd IS NOT NULL THEN
        PERFORM api_refuse('EINVAL', format('no such member: %s', odd));
    END IF;
END $$;

CREATE FUNCTION api_text(body jsonb, key text) RETURNS text
    LANGUAGE plpgsql AS $$
BEGIN
    IF body -> key IS NULL OR jsonb_typeof(body -> key) = 'null' THEN
        RETURN NULL;
    ELSIF jsonb_typeof(body -> key) <> 'string' THEN
        PERFORM api_refuse('EINVAL', format('%s must be text', key));
    END IF;
    RETURN body ->> key;
END $$;

CREATE FUNCTION api_bool(body jsonb, key text) RETURNS boolean
    LANGUAGE plpgsql AS $$
BEGIN
    IF body -> key IS NULL THEN
        RETURN NULL;
    ELSIF jsonb_typeof(body -> key) <> 'boolean' THEN
        PERFORM api_refuse('EINVAL', format('%s must be true or false', key));
    END IF;
    RETURN (body -> key)::boolean;
END $$;

CREATE FUNCTION api_uuid(body jsonb, key text) RETURNS uuid
    LANGUAGE plpgsql AS $$
BEGIN
    RETURN api_text(body, key)::uuid;
EXCEPTION WHEN invalid_text_representation THEN
    PERFORM api_refuse('EINVAL', format('%s must be a GUID', key));
END $$;

-- Position in words, from 0.
CREATE FUNCTION api_word(body jsonb, key text, words text[]) RETURNS integer
    LANGUAGE plpgsql AS $$
DECLARE
    word text := api_text(body, key);
    place integer := array_position(words, word) - 1;
BEGIN
    IF word IS NOT NULL AND place IS NULL THEN
        PERFORM api_refuse('EINVAL', format('%s must be one of: %s', key,
                                            array_to_string(words, ', ')));
    END IF;
    RETURN place;
END $$;

CREATE FUNCTION api_names(body jsonb, key text) RETURNS text[]
    LANGUAGE plpgsql AS $$
DECLARE
    names text[];
BEGIN
    IF body -> key IS NULL THEN
        RETURN NULL;
    ELSIF jsonb_typeof(body -> key) <> 'array'
          OR EXISTS (SELECT FROM jsonb_array_elements(body -> key) AS e
                      WHERE jsonb_typeof(e) <> 'string') THEN
        PERFORM api_refuse('EINVAL', format('%s must be a list of texts', key));
    END IF;
    SELECT coalesce(array_agg(e), '{}') INTO names
      FROM jsonb_array_elements_text(body -> key) AS e;
    RETURN names;
END $$;

CREATE FUNCTION api_pattern(q text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT '%' || regexp_replace(lower(coalesce(q, '')), '([\\%_])', '\\\1', 'g') || '%'
$$;

CREATE FUNCTION api_time(t timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
SELECT to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- Rows of a page and where the next one begins.
CREATE FUNCTION api_list(items jsonb, next text) RETURNS text
    LANGUAGE sql IMMUTABLE AS $$
SELECT jsonb_build_object('items', coalesce(items, '[]'), 'next', next)::text
$$;

-- -------------------------------------------------------------------- rooms

CREATE FUNCTION api_principals_of(room bigint, list integer) RETURNS jsonb
    LANGUAGE sql STABLE AS $$
SELECT coalesce(jsonb_agg(jsonb_build_object(
           'key', p.key, 'display', coalesce(nullif(p.display, ''), p.name),
           'kind', CASE p.kind WHEN 5 THEN 'user' WHEN 8 THEN 'domain'
                   WHEN 9 THEN 'group' WHEN 10 THEN 'folder' ELSE 'any' END)
           ORDER BY p.kind, lower(p.display), p.key), '[]')
  FROM room_role x JOIN principal p ON p.principal_id = x.principal_id
 WHERE x.room_id = room AND x.role = list AND p.state <> 2
$$;

-- What somebody is to a room; NULL: he must not learn that it exists.
CREATE FUNCTION api_standing(room bigint, ancestors bigint[], admin boolean,
                             OUT member boolean, OUT manager boolean,
                             OUT presenter boolean, OUT may_read boolean,
                             OUT visible boolean)
    LANGUAGE sql STABLE AS $$
SELECT m.member, m.manager, m.presenter,
       s.inside AND NOT r.disabled AND (r.privacy = 0 OR m.member),
       admin OR (s.inside AND (r.privacy <> 2 OR m.member OR m.manager)
                 AND (NOT r.disabled OR m.manager))
  FROM room r
 CROSS JOIN LATERAL (SELECT scope_admits(r.category_id, ancestors)) AS s (inside)
 CROSS JOIN LATERAL (
       SELECT coalesce(bool_or(x.role = 1), false),
              coalesce(bool_or(x.role = 2), false),
              coalesce(bool_or(x.role = 3), false)
         FROM room_role x
        WHERE x.room_id = r.room_id AND x.principal_id = ANY (ancestors))
    AS m (member, manager, presenter)
 WHERE r.room_id = room AND r.deleted_at IS NULL
$$;

CREATE FUNCTION api_room_json(room bigint, who bigint, ancestors bigint[],
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
           'participants', (SELECT count(DISTINCT e.principal_id) FROM roster o
                              JOIN endpoint e ON e.endpoint_id = o.endpoint_id
                             WHERE o.room_id = r.room_id AND e.instance_id IS NOT NULL),
           'messages', h.last_id,
           'unread', (SELECT greatest(h.last_id - p.msg_id, 0) FROM read_position p
                       WHERE p.room_id = r.room_id AND p.principal_id = who),
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

-- One live room that who may know of.
CREATE FUNCTION api_room_of(who bigint, room uuid, OUT room_id bigint,
                            OUT ancestors bigint[], OUT admin boolean,
                            OUT may_read boolean)
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    seen boolean;
BEGIN
    ancestors := user_ancestors(who);
    admin := is_administrator(ancestors);
    SELECT r.room_id, s.may_read, s.visible INTO room_id, may_read, seen
      FROM room r
     CROSS JOIN LATERAL api_standing(r.room_id, ancestors, admin) AS s
     WHERE r.guid = room AND r.deleted_at IS NULL;
    IF NOT coalesce(seen, false) THEN
        PERFORM api_refuse('ENOENT', 'there is no such room');
    END IF;
END $$;

CREATE FUNCTION api_rooms(who bigint, view text, q text, category text,
                          after text, most integer) RETURNS api_answer
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    ancestors bigint[] := user_ancestors(who);
    admin boolean := is_administrator(ancestors);
    ids bigint[];
    keys text[];
BEGIN
    IF view NOT IN ('all', 'mine', 'managed', 'followed') THEN
        RETURN api_reply('EINVAL', 'view is all, mine, managed or followed', NULL);
    END IF;
    WITH scope AS MATERIALIZED (
           SELECT s.category_id FROM category_scope s
            WHERE s.principal_id = ANY (ancestors)
            GROUP BY s.category_id HAVING NOT bool_or(s.denied)
         ), mine AS MATERIALIZED (
           SELECT x.room_id, bool_or(x.role = 1) AS member, bool_or(x.role = 2) AS manager
             FROM room_role x WHERE x.principal_id = ANY (ancestors)
            GROUP BY x.room_id
         ), followed AS MATERIALIZED (
           SELECT DISTINCT p.room_id FROM presence_category p
            WHERE p.principal_id = who AND p.name = 'roomSetting' AND view = 'followed'
         ), found AS (
           SELECT r.room_id, r.name_key
             FROM room r
             JOIN category c ON c.category_id = r.category_id
             LEFT JOIN mine m ON m.room_id = r.room_id
            WHERE r.deleted_at IS NULL
              AND (r.name_key LIKE api_pattern(q) OR lower(r.description) LIKE api_pattern(q))
              AND (api_rooms.category IS NULL OR c.guid::text = lower(api_rooms.category))
              AND (after IS NULL OR r.name_key > after)
              AND (view <> 'mine' OR m.member)
              AND (view <> 'managed' OR m.manager)
              AND (view <> 'followed' OR r.room_id IN (SELECT room_id FROM followed))
              AND (admin OR r.category_id IN (SELECT category_id FROM scope)
                   AND (NOT r.disabled OR coalesce(m.manager, false))
                   AND (r.privacy <> 2 OR coalesce(m.member OR m.manager, false)))
            ORDER BY r.name_key LIMIT most + 1
         )
    SELECT array_agg(f.room_id ORDER BY f.name_key), array_agg(f.name_key ORDER BY f.name_key)
      INTO ids, keys FROM found f;

    RETURN api_reply('ok', api_list(
        (SELECT jsonb_agg(api_room_json(i, who, ancestors, admin, false) ORDER BY n)
           FROM unnest(ids[1:most]) WITH ORDINALITY AS u (i, n)),
        CASE WHEN cardinality(ids) > most THEN keys[most] END), NULL);
END $$;

CREATE FUNCTION api_room(who bigint, room uuid) RETURNS api_answer
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    x record;
    body jsonb;
BEGIN
    SELECT * INTO x FROM api_room_of(who, room);
    body := api_room_json(x.room_id, who, x.ancestors, x.admin, true);
    RETURN api_reply('ok', body::text, body ->> 'updated_on');
EXCEPTION WHEN SQLSTATE 'PC003' THEN
    RETURN api_reply(SQLERRM, 'there is no such room', NULL);
END $$;

-- A body as room_save() wants it.
CREATE FUNCTION api_room_body(body jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM api_known(body, ARRAY['name', 'description', 'category', 'privacy', 'type',
                                  'addin', 'invitations', 'disabled', 'members',
                                  'managers', 'presenters']);
    RETURN room_change(
               api_text(body, 'name'), api_text(body, 'description'),
               api_uuid(body, 'category'),
               api_word(body, 'privacy', ARRAY['open', 'closed', 'secret']),
               api_word(body, 'type', ARRAY['normal', 'auditorium']),
               api_bool(body, 'disabled'), api_bool(body, 'invitations'),
               api_names(body, 'members'), api_names(body, 'managers'),
               api_names(body, 'presenters'))
        || CASE WHEN body ? 'addin'
                THEN jsonb_build_object('addin', api_uuid(body, 'addin')) ELSE '{}' END;
END $$;

CREATE FUNCTION api_room_create(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
DECLARE
    made uuid := room_save(who, NULL, NULL, api_room_body(body));
BEGIN
    RETURN api_room(who, made);
END $$;

CREATE FUNCTION api_room_modify(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
BEGIN
    PERFORM api_room_of(who, object::uuid);
    PERFORM room_save(who, object::uuid, seen, api_room_body(body));
    RETURN api_room(who, object::uuid);
END $$;

CREATE FUNCTION api_room_remove(who bigint, object text, seen text, body jsonb)
    RETURNS api_answer LANGUAGE plpgsql AS $$
BEGIN
    PERFORM room_drop(who, object::uuid, seen);
    RETURN api_reply('ok', NULL, NULL);
END $$;

CREATE FUNCTION api_participants(who bigint, room uuid) RETURNS api_answer
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    x record;
BEGIN
    SELECT * INTO x FROM api_room_of(who, room);
    IF NOT x.may_read THEN
        RETURN api_reply('EACCES', NULL, NULL);
    END IF;
    RETURN api_reply('ok', api_list((
        SELECT jsonb_agg(jsonb_build_object('uri', u.name, 'display', u.display,
                                            'manager', u.manager, 'since', u.since)
                         ORDER BY lower(u.display), u.name)
          FROM (SELECT p.name, p.display, bool_or(o.mask & 4 <> 0) AS manager,
                       api_time(min(o.joined_on)) AS since
                  FROM roster o
                  JOIN endpoint e ON e.endpoint_id = o.endpoint_id
                   AND e.instance_id IS NOT NULL
                  JOIN principal p ON p.principal_id = e.principal_id
                 WHERE o.room_id = x.room_id
                 GROUP BY p.principal_id) AS u), NULL), NULL);
EXCEPTION WHEN SQLSTATE 'PC003' THEN
    RETURN api_reply(SQLERRM, 'there is no such room', NULL);
END $$;

-- ----------------------------------------------------------------- messages

CREATE FUNCTION api_message_json(m message) RETURNS jsonb
    LANGUAGE sql STABLE AS $$
SELECT jsonb_build_object('id', m.msg_id, 'ts', api_time(m.ts),
           'author', jsonb_build_object('uri', p.name, 'display', p.display),
           'text', m.chat, 'alert', m.flags & 1 <> 0, 'story', m.flags & 2 <> 0,
           'replaced', m.flags & 4 <> 0)
  FROM principal p WHERE p.principal_id = m.author_id
$$;

CREATE FUNCTION api_messages(who bigint, room uuid, before bigint, after bigint,
                             most integer) RETURNS api_answer
    LANGUAGE plpgsql AS $$
DECLARE
    x record;
    found message[];
    oldest bigint;
BEGIN
    SELECT * INTO x FROM api_room_of(who, room);
    IF NOT x.may_read THEN
        RETURN api_reply('EACCES', NULL, NULL);
    END IF;
    IF after IS NOT NULL THEN
        found := ARRAY(SELECT m FROM message m
                        WHERE m.room_id = x.room_id AND m.flags & 8 <> 8
                          AND m.msg_id > after
                        ORDER BY m.msg_id LIMIT most);
    ELSE
        found := ARRAY(SELECT y.m FROM (
                       SELECT m, m.msg_id FROM message m
                        WHERE m.room_id = x.room_id AND m.flags & 8 <> 8
                          AND (before IS NULL OR m.msg_id < before)
                        ORDER BY m.msg_id DESC LIMIT most) AS y
                        ORDER BY y.msg_id);
    END IF;
    oldest := (found[1]).msg_id;
    -- a page that looks every few seconds and finds nothing has read nothing
    IF oldest IS NOT NULL OR after IS NULL THEN
        PERFORM event_emit(2::smallint, x.room_id, NULL, who, NULL, jsonb_build_object(
            'command', 'web', 'asked', jsonb_strip_nulls(jsonb_build_object(
                'before', before, 'after', after, 'limit', most)),
            'ids', CASE WHEN oldest IS NULL THEN '[]'::jsonb ELSE jsonb_build_array(
                jsonb_build_array(oldest, (found[cardinality(found)]).msg_id)) END));
    END IF;
    RETURN api_reply('ok', api_list(
        (SELECT jsonb_agg(api_message_json(f) ORDER BY f.msg_id)
           FROM unnest(found) AS f),
        CASE WHEN cardinality(found) = most THEN oldest::text END), NULL);
EXCEPTION WHEN SQLSTATE 'PC003' THEN
    RETURN api_reply(SQLERRM, 'there is no such room', NULL);
END $$;

-- A message from the pages: stored as any other, then told to the channel
-- processes (pchat_posted), which deliver it as what the bus lost.
CREATE FUNCTION api_post(who bigint, room uuid, body jsonb) RETURNS api_answer
    LANGUAGE plpgsql AS $$
DECLARE
    x record;
    said text;
    alert boolean;
    base bigint;
    why text;
    detail text;
BEGIN
    PERFORM api_known(body, ARRAY['text', 'alert']);
    said := api_text(body, 'text');
    alert := coalesce(api_bool(body, 'alert'), false);
    SELECT * INTO x FROM api_room_of(who, room);
    IF coalesce(said, '') = '' THEN
        RETURN api_reply('EINVAL', 'text is wanted', NULL);
    ELSIF octet_length(said) > setting_number('MessageSizeLimit', 8000) THEN
        RETURN api_reply('EMSGSIZE', format('a message may have %s bytes',
                         setting_number('MessageSizeLimit', 8000)), NULL);
    ELSIF NOT x.may_read OR EXISTS (
            SELECT FROM room r WHERE r.room_id = x.room_id AND r.behavior = 1
               AND NOT EXISTS (SELECT FROM room_role v WHERE v.room_id = r.room_id
                                  AND v.role = 3 AND v.principal_id = ANY (x.ancestors))) THEN
        RETURN api_reply('EACCES', 'you may not post in this room', NULL);
    END IF;
    IF compliance_closed() THEN
        RETURN api_reply('EAGAIN', 'the archive is behind: nothing is taken now', NULL);
    END IF;

    SELECT p.base_id INTO base
      FROM post_batch((random() * 9e18)::bigint, ARRAY[x.room_id], ARRAY[1], ARRAY[1],
                      ARRAY[1], ARRAY[who], ARRAY[CASE WHEN alert THEN 1 ELSE 0 END],
                      ARRAY[said], ARRAY[NULL::text]) AS p;
    IF base IS NULL THEN
        RETURN api_reply('EROFS', NULL, NULL);
    END IF;
    PERFORM pg_notify('pchat_posted', x.room_id || ' ' || base + 1);
    RETURN api_reply('ok', (SELECT api_message_json(m)::text FROM message m
                             WHERE m.room_id = x.room_id AND m.msg_id = base + 1), NULL);
EXCEPTION WHEN SQLSTATE 'PC003' THEN
    GET STACKED DIAGNOSTICS why = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RETURN api_reply(why, detail, NULL);
END $$;

CREATE FUNCTION api_search(who bigint, q text, room text, author text,
                           from_on text, to_on text, match text, matchcase boolean,
                           most integer) RETURNS api_answer
    LANGUAGE plpgsql AS $$
DECLARE
    ancestors bigint[] := user_ancestors(who);
    rooms bigint[];
    how integer := array_position(ARRAY['any', 'all', 'phrase'], match) - 1;
    found jsonb;
    n bigint;
BEGIN
    IF how IS NULL THEN
        RETURN api_reply('EINVAL', 'match is any, all or phrase', NULL);
    ELSIF coalesce(trim(q), '') = '' AND author IS NULL THEN
        RETURN api_reply('EINVAL', 'what shall be searched for?', NULL);
    END IF;
    rooms := rooms_readable(ancestors);
    IF room IS NOT NULL THEN
        rooms := ARRAY(SELECT r.room_id FROM room r
                        WHERE r.guid = room::uuid AND r.room_id = ANY (rooms));
        IF rooms = '{}' THEN
            RETURN api_reply('ENOENT', 'there is no such room that you may read', NULL);
        END IF;
    END IF;

    WITH hit AS MATERIALIZED (
           SELECT m AS row, m.room_id, m.msg_id, f.place
             FROM history_find(rooms, nullif(trim(q), ''), how, matchcase,
                               CASE WHEN author IS NOT NULL THEN ARRAY[lower(author)] END,
                               coalesce(from_on::timestamptz, '-infinity'),
                               coalesce(to_on::timestamptz, 'infinity'),
                               NULL, true, most + 1)
                  WITH ORDINALITY AS f (room_id, msg_id, more, place)
             JOIN message m ON m.room_id = f.room_id AND m.msg_id = f.msg_id
         ), told AS MATERIALIZED (
           SELECT h.room_id, event_emit(2::smallint, h.room_id, NULL, who, NULL,
                      jsonb_build_object('command', 'web search', 'asked',
                          jsonb_strip_nulls(jsonb_build_object('words', q,
                              'match', match, 'case', matchcase, 'author', author,
                              'from', from_on, 'to', to_on)),
                          'ids', jsonb_agg(jsonb_build_array(h.msg_id, h.msg_id)
                                           ORDER BY h.msg_id)))
             FROM hit h WHERE h.place <= most GROUP BY h.room_id
         )
    SELECT jsonb_agg(api_message_json(h.row) || jsonb_build_object(
               'room', jsonb_build_object('guid', r.guid, 'name', r.name))
               ORDER BY h.place) FILTER (WHERE h.place <= most),
           count(*) + 0 * (SELECT count(*) FROM told)
      INTO found, n
      FROM hit h JOIN room r ON r.room_id = h.room_id;
    IF n = 0 THEN
        PERFORM event_emit(2::smallint, rooms[1], NULL, who, NULL, jsonb_build_object(
            'command', 'web search', 'asked', jsonb_strip_nulls(jsonb_build_object(
                'words', q, 'match', match, 'author', author)), 'ids', '[]'::jsonb))
          WHERE cardinality(rooms) = 1;
    END IF;
    RETURN api_reply('ok', (api_list(found, NULL)::jsonb
                   || jsonb_build_object('more', n > most))::text, NULL);
EXCEPTION
    WHEN invalid_datetime_format OR datetime_field_overflow
      OR invalid_text_representation THEN
        RETURN api_reply('EINVAL', 'from and to are times as 2026-01-31T12:00:00Z, room is a GUID',
                NULL);
END $$;

-- ------------------------------------------------- who and what there is

-- Who may be put on a list: for a room's managers, a category's creators.
CREATE FUNCTION api_principals(who bigint, q text, room text, category text,
                               most integer) RETURNS api_answer
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    ancestors bigint[] := user_ancestors(who);
    cat bigint;
    may boolean;
BEGIN
    IF room IS NULL AND category IS NULL THEN
        RETURN api_reply('EINVAL', 'room or category is wanted', NULL);
    END IF;
    SELECT c.category_id,
           is_administrator(ancestors) OR scope_admits(c.category_id, ancestors) AND (
           EXISTS (SELECT FROM category_creator k WHERE k.category_id = c.category_id
                    AND k.principal_id = ANY (ancestors))
           OR EXISTS (SELECT FROM room_role x WHERE x.room_id = r.room_id
                       AND x.role = 2 AND x.principal_id = ANY (ancestors)))
      INTO cat, may
      FROM category c
      LEFT JOIN room r ON r.guid::text = lower(room) AND r.deleted_at IS NULL
     WHERE c.guid::text = lower(category)
        OR category IS NULL AND c.category_id = r.category_id;
    IF cat IS NULL THEN
        RETURN api_reply('ENOENT', NULL, NULL);
    ELSIF NOT may THEN
        RETURN api_reply('EACCES', NULL, NULL);
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

CREATE FUNCTION api_category_json(c category, ancestors bigint[], admin boolean)
    RETURNS jsonb LANGUAGE sql STABLE AS $$
SELECT jsonb_build_object('guid', c.guid, 'name', c.name,
           'description', c.description, 'invitations', c.invitations,
           'files', c.files, 'history', c.history,
           'may', jsonb_build_object('create', admin
               OR scope_admits(c.category_id, ancestors)
                  AND EXISTS (SELECT FROM category_creator k
                               WHERE k.category_id = c.category_id
                                 AND k.principal_id = ANY (ancestors)),
               'change', admin),
           'updated_on', api_time(c.updated_on))
       || CASE WHEN NOT admin THEN '{}'::jsonb ELSE jsonb_build_object(
              'retention_days', c.retention_d,
              'rooms', (SELECT count(*) FROM room r
                         WHERE r.category_id = c.category_id AND r.deleted_at IS NULL),
              'allowed', (SELECT coalesce(jsonb_agg(p.key ORDER BY p.key), '[]')
                            FROM category_scope s
                            JOIN principal p ON p.principal_id = s.principal_id
                           WHERE s.category_id = c.category_id AND NOT s.denied),
              'denied', (SELECT coalesce(jsonb_agg(p.key ORDER BY p.key), '[]')
                           FROM category_scope s
                           JOIN principal p ON p.principal_id = s.principal_id
                          WHERE s.category_id = c.category_id AND s.denied),
              'creators', (SELECT coalesce(jsonb_agg(p.key ORDER BY p.key), '[]')
                             FROM category_creator k
                             JOIN principal p ON p.principal_id = k.principal_id
                            WHERE k.category_id = c.category_id)) END
$$;

CREATE FUNCTION api_categories(who bigint) RETURNS api_answer
    LANGUAGE sql STABLE AS $$
SELECT 'ok', api_list(jsonb_agg(api_category_json(c, w.ancestors, w.admin)
                                ORDER BY c.name_key), NULL), NULL
  FROM (SELECT a, is_administrator(a) FROM user_ancestors(who) AS a)
    AS w (ancestors, admin)
  JOIN category c ON w.admin OR scope_admits(c.category_id, w.ancestors)
$$;

CREATE FUNCTION api_addins() RETURNS api_answer LANGUAGE sql STABLE AS $$
SELECT 'ok', api_list(jsonb_agg(jsonb_build_object('guid', a.guid, 'name', a.name,
                          'url', a.url) ORDER BY a.name_key), NULL), NULL
  FROM addin a
$$;

CREATE FUNCTION api_invitations(who bigint, after bigint) RETURNS api_answer
    LANGUAGE sql STABLE AS $$
SELECT 'ok', api_list(jsonb_agg(jsonb_build_object('id', i.invite_id,
           'created_on', api_time(i.created_on),
           'room', api_room_json(i.room_id, who, w.ancestors, w.admin, false))
           ORDER BY i.invite_id DESC), NULL), NULL
  FROM (SELECT a, is_administrator(a) FROM user_ancestors(who) AS a)
    AS w (ancestors, admin)
  JOIN invitation i ON i.principal_id = who AND i.invite_id > after
 CROSS JOIN LATERAL api_standing(i.room_id, w.ancestors, w.admin) AS s
 WHERE s.visible AND s.may_read
$$;

INSERT INTO schema_version (version) VALUES (12);
