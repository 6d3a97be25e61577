-- What the migrations from here on share; then events for the compliance
-- service: what the outbox holds, who writes it, and the switch.  Kinds:
-- common/event.h.
--
-- Everything that is a row of a table becomes an event by a trigger whose
-- name begins with compliance_; while compliance is off they are disabled and
-- cost nothing.  What is no row (history read, a message replaced or purged)
-- is told by event_emit().

-- ----------------------------------------------------------- for all of them

-- A setting of the pool (common/poolconf.c knows them), or otherwise.
CREATE FUNCTION setting_text(setting text, otherwise text) RETURNS text
    LANGUAGE sql STABLE AS $$
SELECT coalesce((SELECT c.value FROM configuration c
                  WHERE c.key = setting AND c.scope IN ('global', 'pool')
                  ORDER BY c.scope = 'pool' DESC LIMIT 1), otherwise)
$$;

CREATE FUNCTION setting_number(setting text, otherwise bigint) RETURNS bigint
    LANGUAGE sql STABLE AS $$
SELECT coalesce((SELECT t.value::bigint FROM setting_text(setting, NULL) AS t (value)
                  WHERE t.value ~ '^[0-9]{1,18}$'), otherwise)
$$;

-- Who does it: a user, or NULL for the operator, whom pchatctl names.
CREATE FUNCTION admin_actor(who bigint) RETURNS text LANGUAGE sql STABLE AS $$
SELECT CASE WHEN who IS NULL
            THEN coalesce(nullif(current_setting('pchat.actor', true), ''), 'system')
            ELSE (SELECT p.key FROM principal p WHERE p.principal_id = who) END
$$;

CREATE FUNCTION admin_audited(who bigint, what text, object text, detail jsonb)
    RETURNS void LANGUAGE sql AS $$
INSERT INTO admin_audit (actor, action, object, detail)
VALUES (admin_actor(who), what, object, detail)
$$;

-- What an operator asked for cannot be: in words that he is shown.
CREATE FUNCTION ctl_refuse(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'PC002', MESSAGE = what;
END $$;

-- ---------------------------------------------------------- compliance or not

ALTER TABLE store ADD COLUMN compliance boolean NOT NULL DEFAULT false;

CREATE FUNCTION compliance_on() RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT compliance FROM store
$$;

-- ------------------------------------------------------------- the outbox

-- The instance whose connection this is pushes what it wrote; 0: nobody, a
-- living process adopts it.
CREATE FUNCTION outbox_owner() RETURNS bigint LANGUAGE sql STABLE AS $$
SELECT coalesce(nullif(current_setting('pchat.instance', true), ''), '0')::bigint
$$;

-- What was said is in message already: a row of kind CHAT without a text stands
-- for the messages msg_id to last_id of its room, size bytes of text.  One
-- index serves who pushes, who deletes and who looks for orphans.
ALTER TABLE outbox
    DROP CONSTRAINT outbox_pkey,
    ALTER COLUMN instance_id SET DEFAULT outbox_owner(),
    ALTER COLUMN instance_id SET NOT NULL,
    ALTER COLUMN ts SET DEFAULT clock_timestamp(),
    ADD COLUMN last_id bigint,
    ADD COLUMN size integer NOT NULL DEFAULT 0,
    ADD COLUMN session bigint,
    ADD COLUMN chat text,
    ADD COLUMN rtf text,
    ADD PRIMARY KEY (instance_id, event_id);
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.0,
                        autovacuum_vacuum_threshold = 20000,
                        autovacuum_vacuum_insert_threshold = -1);

-- who: the user whose event it is, or who did it; NULL: no user of ours.
CREATE FUNCTION event_emit(kind smallint, room bigint, msg bigint, who bigint,
                           session bigint, detail jsonb) RETURNS void
    LANGUAGE sql AS $$
INSERT INTO outbox (kind, room_id, msg_id, author_id, session, body)
SELECT kind, room, msg, who, session, detail WHERE compliance_on()
$$;

-- What a row is now against what it was: {"field": [before, after], ...};
-- NULL: the same, or only in fields that tell nothing.
CREATE FUNCTION event_changes(before jsonb, after jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE AS $$
SELECT jsonb_object_agg(n.key, jsonb_build_array(before -> n.key, n.value))
  FROM jsonb_each(after) AS n
 WHERE n.value IS DISTINCT FROM before -> n.key
   AND n.key NOT IN ('updated_on', 'updated_by', 'name_key')
$$;

-- What a message's flags tell, NULL for nothing.
CREATE FUNCTION chat_detail(flags integer) RETURNS jsonb
    LANGUAGE sql STABLE AS $$
SELECT CASE WHEN flags & 3 <> 0
            THEN jsonb_build_object('alert', flags & 1 <> 0,
                                    'story', flags & 2 <> 0) END
$$;

-- A message's event has an id that tells which message: half of its room's,
-- and its number.
CREATE FUNCTION chat_guid(room uuid, msg bigint) RETURNS text
    LANGUAGE sql IMMUTABLE AS $$
SELECT left(room::text, 18) || '-'
       || overlay(lpad(to_hex(msg), 16, '0') PLACING '-' FROM 5 FOR 0)
$$;

CREATE FUNCTION event_us(ts timestamptz) RETURNS bigint
    LANGUAGE sql STABLE AS $$
SELECT round(date_part('epoch', ts) * 1000000)::bigint
$$;

CREATE FUNCTION event_user(principal text) RETURNS bigint
    LANGUAGE sql STABLE AS $$
SELECT p.principal_id FROM principal p WHERE p.key = lower(principal)
$$;

-- ------------------------------------------------------- rooms in use

-- Content that an import brings has not been said here: it sets pchat.import
-- to 'on' for its transaction.
CREATE FUNCTION compliance_chat() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner bigint := outbox_owner();
BEGIN
    IF current_setting('pchat.import', true) = 'on' THEN
        RETURN NULL;
    END IF;
    INSERT INTO outbox (instance_id, kind, room_id, msg_id, last_id, ts, size)
    SELECT owner, 1, m.room_id, min(m.msg_id), max(m.msg_id), min(m.ts),
           sum(octet_length(m.chat) + coalesce(octet_length(m.rtf), 0))
      FROM made m GROUP BY m.room_id, m.msg_id / 64;
    RETURN NULL;
END $$;
CREATE TRIGGER compliance_chat AFTER INSERT ON message
    REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_chat();

-- A message that changes or goes before its event was pushed: the event has the
-- text as it was, in a row of its own.  Pushing leaves replaced messages (flag
-- 4) out of what a row stands for, and repeats have the same id.
CREATE FUNCTION compliance_chat_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (instance_id, kind, room_id, msg_id, author_id, ts, chat,
                        rtf, body, size)
    SELECT o.instance_id, 1, m.room_id, m.msg_id, m.author_id, m.ts, m.chat,
           m.rtf, chat_detail(m.flags),
           octet_length(m.chat) + coalesce(octet_length(m.rtf), 0)
      FROM was m
      JOIN outbox o ON o.kind = 1 AND o.chat IS NULL AND o.room_id = m.room_id
                   AND m.msg_id BETWEEN o.msg_id AND o.last_id
     WHERE m.flags & 4 = 0;
    RETURN NULL;
END $$;
CREATE TRIGGER compliance_chat_changed AFTER UPDATE ON message
    REFERENCING OLD TABLE AS was
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_chat_kept();
CREATE TRIGGER compliance_chat_gone AFTER DELETE ON message
    REFERENCING OLD TABLE AS was
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_chat_kept();

-- A session is an endpoint in a room, from its roster row's first moment to
-- its last: however it ends, JOIN and PART come in pairs.
CREATE FUNCTION compliance_presence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (kind, room_id, author_id, session)
    SELECT TG_ARGV[0]::smallint, o.room_id, e.principal_id, o.endpoint_id
      FROM changed o JOIN endpoint e ON e.endpoint_id = o.endpoint_id;
    RETURN NULL;
END $$;
CREATE TRIGGER compliance_join AFTER INSERT ON roster
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_presence('20');
CREATE TRIGGER compliance_part AFTER DELETE ON roster
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_presence('21');

-- A cascade would take the roster rows when their endpoint, which says whose
-- they are, is gone already.
CREATE FUNCTION compliance_leave() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM roster WHERE endpoint_id = OLD.endpoint_id;
    RETURN OLD;
END $$;
CREATE TRIGGER compliance_leave BEFORE DELETE ON endpoint
    FOR EACH ROW EXECUTE FUNCTION compliance_leave();

-- ------------------------------------------------------ what administrators do

CREATE FUNCTION compliance_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (kind, author_id, body)
    SELECT 35, event_user(a.actor),
           jsonb_build_object('actor', a.actor, 'action', a.action,
                              'object', a.object, 'detail', a.detail)
      FROM made a;
    RETURN NULL;
END $$;
CREATE TRIGGER compliance_audit AFTER INSERT ON admin_audit
    REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_audit();

CREATE FUNCTION compliance_room_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (kind, room_id, author_id, body)
    SELECT 30, r.room_id, event_user(r.created_by),
           jsonb_build_object('change', 'created',
                              'room', to_jsonb(r) - 'name_key' - 'updated_on')
      FROM made r;
    RETURN NULL;
END $$;
CREATE TRIGGER compliance_room_made AFTER INSERT ON room
    REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_room_made();

CREATE FUNCTION compliance_room_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (kind, room_id, author_id, body)
    SELECT 30, n.room_id, event_user(n.updated_by),
           jsonb_build_object('change', CASE
               WHEN n.deleted_at IS NOT NULL AND o.deleted_at IS NULL THEN 'deleted'
               WHEN n.disabled > o.disabled THEN 'disabled'
               WHEN n.disabled < o.disabled THEN 'enabled'
               WHEN n.category_id <> o.category_id THEN 'moved'
               ELSE 'changed' END, 'fields', d.fields)
      FROM fresh n
      JOIN stale o ON o.room_id = n.room_id
     CROSS JOIN LATERAL event_changes(to_jsonb(o), to_jsonb(n)) AS d (fields)
     WHERE d.fields IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER compliance_room_changed AFTER UPDATE ON room
    REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_room_changed();

-- One event for each room and statement: {"added" or "removed": [{"list",
-- "principal"}, ...]}.
CREATE FUNCTION compliance_roles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (kind, room_id, body)
    SELECT 31, c.room_id, jsonb_build_object(TG_ARGV[0], jsonb_agg(
               jsonb_build_object('list', CASE c.role WHEN 1 THEN 'members'
                                          WHEN 2 THEN 'managers'
                                          ELSE 'presenters' END,
                                  'principal', p.key) ORDER BY c.role, p.key))
      FROM changed c JOIN principal p ON p.principal_id = c.principal_id
     GROUP BY c.room_id;
    RETURN NULL;
END $$;
CREATE TRIGGER compliance_role_made AFTER INSERT ON room_role
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_roles('added');
CREATE TRIGGER compliance_role_gone AFTER DELETE ON room_role
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_roles('removed');

-- Categories, policies, principals: each has a name that tells which.
CREATE FUNCTION compliance_row_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND event_changes(to_jsonb(OLD), to_jsonb(NEW)) IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO outbox (kind, body)
    SELECT TG_ARGV[0]::smallint, jsonb_strip_nulls(jsonb_build_object(
               'change', CASE TG_OP WHEN 'INSERT' THEN 'created'
                         WHEN 'DELETE' THEN 'deleted' ELSE 'changed' END,
               TG_TABLE_NAME, coalesce(x.r ->> 'key', x.r ->> 'name'),
               'guid', x.r -> 'guid')) || CASE TG_OP
               WHEN 'UPDATE' THEN jsonb_build_object(
                   'fields', event_changes(to_jsonb(OLD), to_jsonb(NEW)))
               ELSE '{}' END
      FROM (SELECT to_jsonb(coalesce(NEW, OLD)) AS r) AS x;
    RETURN NULL;
END $$;
CREATE TRIGGER compliance_category AFTER INSERT OR UPDATE OR DELETE ON category
    FOR EACH ROW EXECUTE FUNCTION compliance_row_changed('32');
CREATE TRIGGER compliance_policy AFTER INSERT OR UPDATE OR DELETE ON policy
    FOR EACH ROW EXECUTE FUNCTION compliance_row_changed('33');
CREATE TRIGGER compliance_principal AFTER INSERT OR UPDATE OR DELETE ON principal
    FOR EACH ROW EXECUTE FUNCTION compliance_row_changed('34');

CREATE FUNCTION compliance_category_lists() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (kind, body)
    SELECT 32, jsonb_strip_nulls(jsonb_build_object(
               'change', 'lists', 'category', min(k.name), 'guid', min(k.guid::text),
               TG_ARGV[0], jsonb_agg(jsonb_build_object(
                   'list', CASE to_jsonb(c) ->> 'denied' WHEN 'true' THEN 'denied'
                           WHEN 'false' THEN 'allowed' ELSE 'creators' END,
                   'principal', p.key) ORDER BY p.key)))
      FROM changed c
      JOIN principal p ON p.principal_id = c.principal_id
      LEFT JOIN category k ON k.category_id = c.category_id
     GROUP BY c.category_id;
    RETURN NULL;
END $$;
CREATE TRIGGER compliance_scope_made AFTER INSERT ON category_scope
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_category_lists('added');
CREATE TRIGGER compliance_scope_gone AFTER DELETE ON category_scope
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_category_lists('removed');
CREATE TRIGGER compliance_creator_made AFTER INSERT ON category_creator
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_category_lists('added');
CREATE TRIGGER compliance_creator_gone AFTER DELETE ON category_creator
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_category_lists('removed');

CREATE FUNCTION compliance_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (kind, body)
    SELECT 34, jsonb_strip_nulls(jsonb_build_object(
               'change', 'members', 'principal', min(g.key), 'guid', min(g.guid::text),
               TG_ARGV[0], jsonb_agg(m.key ORDER BY m.key)))
      FROM changed c
      LEFT JOIN principal g ON g.principal_id = c.group_id
      LEFT JOIN principal m ON m.principal_id = c.member_id
     GROUP BY c.group_id;
    RETURN NULL;
END $$;
CREATE TRIGGER compliance_member_made AFTER INSERT ON principal_member
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_members('added');
CREATE TRIGGER compliance_member_gone AFTER DELETE ON principal_member
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_members('removed');

-- -------------------------------------------------------------- the switch

-- A migration that adds a trigger of such a name calls it with
-- compliance_on().
CREATE FUNCTION compliance_triggers(enable boolean) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    t record;
BEGIN
    FOR t IN
        SELECT g.tgrelid::regclass AS rel, g.tgname FROM pg_trigger g
         WHERE NOT g.tgisinternal AND g.tgname LIKE 'compliance\_%'
         ORDER BY g.tgrelid::regclass::text, g.tgname
    LOOP
        EXECUTE format('ALTER TABLE %s %s TRIGGER %I', t.rel,
                       CASE WHEN enable THEN 'ENABLE' ELSE 'DISABLE' END, t.tgname);
    END LOOP;
END $$;
SELECT compliance_triggers(false);

-- Nobody watches over the messages that rows stand for any more: each gets a
-- row of its own.
CREATE FUNCTION outbox_texts() RETURNS void LANGUAGE sql AS $$
WITH gone AS (
    DELETE FROM outbox WHERE last_id IS NOT NULL RETURNING *
)
INSERT INTO outbox (instance_id, kind, room_id, msg_id, author_id, ts, chat,
                    rtf, body, size)
SELECT o.instance_id, 1, m.room_id, m.msg_id, m.author_id, m.ts, m.chat, m.rtf,
       chat_detail(m.flags), o.size
  FROM gone o
  JOIN message m ON m.room_id = o.room_id AND m.msg_id BETWEEN o.msg_id AND o.last_id
 WHERE m.flags & 4 = 0
 ORDER BY o.event_id, m.msg_id
$$;

-- Who is in a room when it begins or ends has a JOIN or a PART for that.
-- False: it was so already.
CREATE FUNCTION compliance_enable(enable boolean) RETURNS boolean
    LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT s.compliance FROM store s FOR UPDATE) = enable THEN
        RETURN false;
    END IF;
    IF enable THEN
        PERFORM compliance_triggers(true);
    ELSE
        LOCK TABLE roster IN SHARE ROW EXCLUSIVE MODE;
    END IF;
    PERFORM admin_audited(NULL, CASE WHEN enable THEN 'compliance.enable'
                                ELSE 'compliance.disable' END, 'store', NULL);
    INSERT INTO outbox (kind, room_id, author_id, session, body)
    SELECT CASE WHEN enable THEN 20 ELSE 21 END, o.room_id, e.principal_id,
           o.endpoint_id, jsonb_build_object('since', o.joined_on)
      FROM roster o JOIN endpoint e ON e.endpoint_id = o.endpoint_id;
    IF NOT enable THEN
        PERFORM compliance_triggers(false);
        PERFORM outbox_texts();
    END IF;
    UPDATE store SET compliance = enable;
    PERFORM pg_notify('pchat_compliance', '');
    RETURN true;
END $$;

-- ------------------------------------------------------------- the daemons

-- As instance is for channel processes: who may be given events, where, and
-- by which key.
CREATE TABLE compliance_daemon (
    daemon_id   bigint PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    endpoint    text NOT NULL,
    key         text NOT NULL,
    started_on  timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz NOT NULL
);

-- What the archive says: written by the daemon that runs the adapters.
CREATE TABLE compliance_state (
    single     boolean PRIMARY KEY DEFAULT true CHECK (single),
    closed     boolean NOT NULL DEFAULT false,
    oldest     timestamptz,           -- not archived yet; NULL: none
    updated_on timestamptz NOT NULL DEFAULT now()
);
INSERT INTO compliance_state DEFAULT VALUES;

CREATE FUNCTION compliance_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY pchat_compliance;
    RETURN NULL;
END $$;
CREATE TRIGGER told AFTER INSERT OR DELETE OR UPDATE OF daemon_id
    ON compliance_daemon
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_told();
CREATE TRIGGER told AFTER UPDATE OF closed ON compliance_state
    FOR EACH ROW WHEN (OLD.closed <> NEW.closed)
    EXECUTE FUNCTION compliance_told();

-- Since when something waits in the outbox; NULL: nothing does.
CREATE FUNCTION outbox_oldest() RETURNS timestamptz LANGUAGE sql STABLE AS $$
SELECT min(ts) FROM outbox
$$;

-- Owners of rows, one index probe each.
CREATE FUNCTION outbox_owners() RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
WITH RECURSIVE owner (id) AS (
       (SELECT instance_id FROM outbox ORDER BY instance_id LIMIT 1)
        UNION ALL
       SELECT (SELECT b.instance_id FROM outbox b
                WHERE b.instance_id > o.id ORDER BY b.instance_id LIMIT 1)
         FROM owner o WHERE o.id IS NOT NULL
     )
SELECT id FROM owner WHERE id IS NOT NULL
$$;

-- Rows of processes that are gone, or of nobody, become those of instance me;
-- how many.  One process at a time, some thousand rows at a time.
CREATE FUNCTION outbox_adopt(me bigint, most integer) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    adopted bigint := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('pchat.outbox_adopt', 0)) THEN
        RETURN 0;
    END IF;
    UPDATE outbox b SET instance_id = me
      FROM (SELECT x.instance_id, x.event_id
              FROM outbox_owners() AS o (id)
              JOIN outbox x ON x.instance_id = o.id
             WHERE o.id NOT IN (SELECT i.instance_id FROM instance i)
             ORDER BY x.instance_id, x.event_id LIMIT most) AS y
     WHERE b.instance_id = y.instance_id AND b.event_id = y.event_id;
    GET DIAGNOSTICS adopted = ROW_COUNT;
    RETURN adopted;
END $$;

-- Posts are refused: the archive says so, or an event waits here for longer
-- than ComplianceFailClosed allows (0: never closed).
CREATE FUNCTION compliance_closed() RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT s.compliance AND limit_s > 0 AND (t.closed OR EXISTS (
           SELECT FROM outbox_owners() AS o (id)
            CROSS JOIN LATERAL (SELECT b.ts FROM outbox b WHERE b.instance_id = o.id
                                 ORDER BY b.event_id LIMIT 1) AS b
            WHERE b.ts < now() - make_interval(secs => limit_s)))
  FROM store s
 CROSS JOIN compliance_state t
 CROSS JOIN setting_number('ComplianceFailClosed', 0) AS f (limit_s)
$$;

INSERT INTO schema_version (version) VALUES (5);
