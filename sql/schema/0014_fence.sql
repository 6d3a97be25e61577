-- The statement is the fence: a post or a join is stored only while the
-- instance's lease lives and the rights that it was checked against are those
-- of now.  Also: which session posted, and when a lost session left.

-- ------------------------------------------------ generations of the rights

-- room_head.rights is raised by whatever changes who may do what in one room,
-- rights.people by whatever changes what users are.  A process keeps with each
-- participant the two numbers that his rights were read with, and gives them
-- with what he does.
ALTER TABLE room_head ADD COLUMN rights bigint NOT NULL DEFAULT 1;
CREATE TABLE rights (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    people bigint NOT NULL DEFAULT 1
);
INSERT INTO rights DEFAULT VALUES;

-- What a transaction has to raise at its end: a room, or 0 for people.  At the
-- end, since a long one (a directory, an import) would stop all posts of its
-- rooms meanwhile; in ascending order, as posts lock them.  Rows live as long
-- as their transaction.
CREATE UNLOGGED TABLE rights_due (
    due_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room_id bigint NOT NULL
);

-- A post holds this lock shared from its check to its commit, so a change of
-- people is either seen by the check or waits for the commit.  The same for
-- changes of a room by the lock on its room_head.
CREATE FUNCTION rights_lock_key() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
SELECT 7165065848192450317
$$;

CREATE FUNCTION rights_raise() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rooms bigint[];
BEGIN
    -- the first row of a transaction has dealt with all of them
    IF NOT EXISTS (SELECT FROM rights_due d WHERE d.due_id = NEW.due_id) THEN
        RETURN NULL;
    END IF;
    WITH due AS (DELETE FROM rights_due RETURNING room_id)
    SELECT array_agg(DISTINCT d.room_id) INTO rooms FROM due d;
    PERFORM FROM room_head h WHERE h.room_id = ANY (rooms)
      ORDER BY h.room_id FOR NO KEY UPDATE;
    UPDATE room_head h SET rights = h.rights + 1 WHERE h.room_id = ANY (rooms);
    IF 0 = ANY (rooms) THEN
        PERFORM pg_advisory_xact_lock(rights_lock_key());
        UPDATE rights SET people = people + 1;
        UPDATE instance i SET people = r.people FROM rights r;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER rights_raise AFTER INSERT ON rights_due
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION rights_raise();

-- ------------------------------------------------------------- who raises

CREATE FUNCTION room_rights_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rights_due (room_id) VALUES (NEW.room_id);
    RETURN NULL;
END $$;
CREATE TRIGGER room_rights_due
    AFTER UPDATE OF privacy, behavior, disabled, deleted_at, category_id ON room
    FOR EACH ROW WHEN ((OLD.privacy, OLD.behavior, OLD.disabled, OLD.deleted_at,
                        OLD.category_id)
        IS DISTINCT FROM (NEW.privacy, NEW.behavior, NEW.disabled, NEW.deleted_at,
                          NEW.category_id))
    EXECUTE FUNCTION room_rights_due();

CREATE FUNCTION room_role_rights_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rights_due (room_id) SELECT DISTINCT c.room_id FROM changed c;
    RETURN NULL;
END $$;
CREATE TRIGGER room_role_made_due AFTER INSERT ON room_role
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION room_role_rights_due();
CREATE TRIGGER room_role_gone_due AFTER DELETE ON room_role
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION room_role_rights_due();
CREATE TRIGGER room_role_was_due AFTER UPDATE ON room_role
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION room_role_rights_due();
CREATE TRIGGER room_role_is_due AFTER UPDATE ON room_role
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION room_role_rights_due();

CREATE FUNCTION scope_rights_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rights_due (room_id)
    SELECT r.room_id FROM room r
     WHERE r.category_id IN (SELECT c.category_id FROM changed c)
       AND r.deleted_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER category_scope_made_due AFTER INSERT ON category_scope
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION scope_rights_due();
CREATE TRIGGER category_scope_gone_due AFTER DELETE ON category_scope
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION scope_rights_due();
CREATE TRIGGER category_scope_was_due AFTER UPDATE ON category_scope
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION scope_rights_due();
CREATE TRIGGER category_scope_is_due AFTER UPDATE ON category_scope
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION scope_rights_due();

-- Once in a transaction, however many users it changes.
CREATE FUNCTION people_due() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    me text := pg_current_xact_id()::text;
BEGIN
    IF current_setting('pchat.people_due', true) IS DISTINCT FROM me THEN
        INSERT INTO rights_due (room_id) VALUES (0);
        PERFORM set_config('pchat.people_due', me, true);
    END IF;
END $$;

CREATE FUNCTION people_rights_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM people_due();
    RETURN NULL;
END $$;
CREATE TRIGGER principal_rights_due
    AFTER UPDATE OF state, policy_id, key, kind ON principal
    FOR EACH ROW WHEN ((OLD.state, OLD.policy_id, OLD.key, OLD.kind)
        IS DISTINCT FROM (NEW.state, NEW.policy_id, NEW.key, NEW.kind))
    EXECUTE FUNCTION people_rights_due();
CREATE TRIGGER policy_rights_due AFTER INSERT OR UPDATE OR DELETE ON policy
    FOR EACH STATEMENT EXECUTE FUNCTION people_rights_due();
CREATE TRIGGER site_made_due AFTER INSERT OR UPDATE ON configuration
    FOR EACH ROW WHEN (NEW.key = 'Site') EXECUTE FUNCTION people_rights_due();
CREATE TRIGGER site_gone_due AFTER DELETE ON configuration
    FOR EACH ROW WHEN (OLD.key = 'Site') EXECUTE FUNCTION people_rights_due();

CREATE FUNCTION affiliation_rights_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM changed) THEN
        PERFORM people_due();
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER affiliation_made_due AFTER INSERT ON principal_affiliation
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION affiliation_rights_due();
CREATE TRIGGER affiliation_gone_due AFTER DELETE ON principal_affiliation
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION affiliation_rights_due();

-- ------------------------------------------------------------------ leases

-- lease: a number of its own for each registration, so that who was removed and
-- came back does not pass for what it was.  people: as in rights, so that a post
-- finds all that it is compared with in one row.
ALTER TABLE instance ADD COLUMN lease bigint NOT NULL DEFAULT 0,
                     ADD COLUMN people bigint NOT NULL DEFAULT 0;

CREATE FUNCTION instance_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(rights_lock_key());
    NEW.people := (SELECT r.people FROM rights r);
    RETURN NEW;
END $$;
CREATE TRIGGER instance_people BEFORE INSERT OR UPDATE OF lease ON instance
    FOR EACH ROW EXECUTE FUNCTION instance_people();
UPDATE instance SET lease = 0;

-- ------------------------------------------------------------------- posts

-- The endpoint that a message came from; NULL: the pages, an import.
ALTER TABLE message ADD COLUMN session bigint;

-- As in 0002, and: instance and token are the caller's lease; known and people
-- the lowest generations that the messages of each room were checked with.
-- NULL: the caller has locked the rights (rights_hold).  One row for each room,
-- whose base_id is NULL unless state is 0 (stored) or 4 (stored; the room's
-- time was ahead of the clock by more than it may be and was set back).  1: the
-- room takes no posts; 2: rights have changed; 3: the lease has ended.
DROP FUNCTION post_batch(bigint, bigint[], integer[], integer[], integer[],
                         bigint[], integer[], text[], text[]);
CREATE FUNCTION post_batch(batch bigint, instance bigint, token bigint,
                           rooms bigint[], counts integer[], known bigint[],
                           people bigint[], place integer[], nth integer[],
                           authors bigint[], sessions bigint[], flags integer[],
                           chats text[], rtfs text[])
    RETURNS TABLE (room_id bigint, base_id bigint, ts timestamptz, state integer)
    LANGUAGE plpgsql AS $$
DECLARE
    ahead_max CONSTANT interval := '2 s';
    bases  bigint[] := '{}';
    times  timestamptz[] := '{}';
    marks  integer[] := '{}';
    states integer[];           -- NULL: all 0
    base   bigint;
    t      timestamptz;
    kept   boolean;
    alive  boolean;
    now_people bigint;
BEGIN
    FOR i IN 1 .. cardinality(rooms) LOOP
        UPDATE room_head h
           SET last_id = h.last_id + counts[i],
               last_ts = greatest(h.last_ts, clock_timestamp())
         WHERE h.room_id = rooms[i] AND h.open
           AND (known IS NULL OR h.rights = known[i])
     RETURNING h.last_id - counts[i], h.last_ts, h.keep INTO base, t, kept;
        IF NOT FOUND THEN
            base := NULL;
            states[i] := CASE WHEN EXISTS (SELECT FROM room_head h
                                            WHERE h.room_id = rooms[i] AND h.open)
                              THEN 2 ELSE 1 END;
        ELSIF t > clock_timestamp() + ahead_max THEN
            states[i] := 4;
            t := clock_timestamp();
            UPDATE room_head h SET last_ts = t WHERE h.room_id = rooms[i];
        END IF;
        bases := bases || base;
        times := times || t;
        marks := marks || CASE WHEN kept THEN 0 ELSE 8 END;
    END LOOP;

    -- behind the locks on the rooms, for which it may have waited long
    IF instance IS NOT NULL THEN
        -- an expression costs less than a statement
        IF NOT pg_try_advisory_xact_lock_shared(rights_lock_key()) THEN
            PERFORM pg_advisory_xact_lock_shared(rights_lock_key());
        END IF;
        SELECT x.people INTO now_people FROM instance x
         WHERE x.instance_id = post_batch.instance AND x.lease = token
           AND x.lease_until > clock_timestamp();
        alive := FOUND;
        IF NOT alive OR NOT now_people = ALL (people) THEN
            FOR i IN 1 .. cardinality(rooms) LOOP
                CONTINUE WHEN alive AND (bases[i] IS NULL OR people[i] = now_people);
                UPDATE room_head h SET last_id = bases[i]
                 WHERE h.room_id = rooms[i] AND bases[i] IS NOT NULL;
                bases[i] := NULL;
                states[i] := CASE WHEN alive THEN 2 ELSE 3 END;
            END LOOP;
        END IF;
    END IF;

    INSERT INTO message (room_id, msg_id, author_id, ts, origin, flags, chat, rtf,
                         session)
    SELECT rooms[m.p], bases[m.p] + m.n, m.author, times[m.p], batch,
           m.flag | marks[m.p], m.chat, m.rtf, m.session
      FROM unnest(place, nth, authors, sessions, flags, chats, rtfs)
        AS m (p, n, author, session, flag, chat, rtf)
     WHERE bases[m.p] IS NOT NULL;

    RETURN QUERY
    SELECT u.r, u.b, u.t, coalesce(states[u.n], 0)
      FROM unnest(rooms, bases, times) WITH ORDINALITY AS u (r, b, t, n);
END $$;

-- Until the end of the transaction nobody's rights in this room change: for
-- who checks them and stores in one transaction.  Rooms before people, as
-- post_batch and rights_raise do.
CREATE FUNCTION rights_hold(room bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM room_head h WHERE h.room_id = room FOR NO KEY UPDATE;
    PERFORM pg_advisory_xact_lock_shared(rights_lock_key());
END $$;

-- By who called rights_hold() before the check.
CREATE FUNCTION post_batch(batch bigint, rooms bigint[], counts integer[],
                           place integer[], nth integer[], authors bigint[],
                           flags integer[], chats text[], rtfs text[])
    RETURNS TABLE (room_id bigint, base_id bigint, ts timestamptz, state integer)
    LANGUAGE sql AS $$
SELECT * FROM post_batch(batch, NULL, NULL, rooms, counts, NULL, NULL, place, nth,
                         authors, NULL, flags, chats, rtfs)
$$;

-- As in 0012 and 0011, but for rights_hold().
CREATE OR REPLACE FUNCTION api_post(who bigint, room uuid, body jsonb) RETURNS api_answer
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
    PERFORM rights_hold((SELECT r.room_id FROM room r WHERE r.guid = room));
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

CREATE OR REPLACE FUNCTION file_uploaded(who bigint, room uuid, id uuid, file_name text,
                              ext text, size bigint, digest text, link text)
    RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    status text;
    room_no bigint := (SELECT r.room_id FROM room r WHERE r.guid = room);
    posted bigint;
BEGIN
    PERFORM rights_hold(room_no);
    status := file_right(who, room, 1);
    IF status = 'ok' AND size > (SELECT l.room_left FROM file_room_left(room) AS l) THEN
        status := 'EDQUOT';     -- others came in the meantime
    END IF;
    IF status = 'ok' THEN
        INSERT INTO file (file_id, room_id, name, extension, size_bytes, sha256,
                          uploaded_by)
        VALUES (id, room_no, file_name, ext, size, decode(digest, 'hex'), who);
        PERFORM event_emit(4::smallint, room_no, NULL, who, NULL,
                           jsonb_build_object('file', id || CASE ext WHEN '' THEN ''
                               ELSE '.' || ext END, 'name', file_name,
                               'size', size, 'sha256', digest));
    END IF;
    IF status = 'ok' AND link IS NOT NULL THEN
        SELECT p.base_id + 1 INTO posted
          FROM post_batch((random() * 9e18)::bigint, ARRAY[room_no], ARRAY[1],
                          ARRAY[1], ARRAY[1], ARRAY[who], ARRAY[0], ARRAY[link],
                          ARRAY[NULL::text]) AS p;
        UPDATE file SET linked = true WHERE file_id = id;
        PERFORM pg_notify('pchat_posted', room_no || ' ' || posted);
    END IF;
    RETURN status;
END $$;

-- ------------------------------------------------- sessions, as compliance sees

-- As in 0005, with the session.
CREATE OR REPLACE FUNCTION compliance_chat_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (instance_id, kind, room_id, msg_id, author_id, ts, chat,
                        rtf, body, size, session)
    SELECT o.instance_id, 1, m.room_id, m.msg_id, m.author_id, m.ts, m.chat,
           m.rtf, chat_detail(m.flags),
           octet_length(m.chat) + coalesce(octet_length(m.rtf), 0), m.session
      FROM was m
      JOIN outbox o ON o.kind = 1 AND o.chat IS NULL AND o.room_id = m.room_id
                   AND m.msg_id BETWEEN o.msg_id AND o.last_id
     WHERE m.flags & 4 = 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION outbox_texts() RETURNS void LANGUAGE sql AS $$
WITH gone AS (
    DELETE FROM outbox WHERE last_id IS NOT NULL RETURNING *
)
INSERT INTO outbox (instance_id, kind, room_id, msg_id, author_id, ts, chat,
                    rtf, body, size, session)
SELECT o.instance_id, 1, m.room_id, m.msg_id, m.author_id, m.ts, m.chat, m.rtf,
       chat_detail(m.flags), o.size, m.session
  FROM gone o
  JOIN message m ON m.room_id = o.room_id AND m.msg_id BETWEEN o.msg_id AND o.last_id
 WHERE m.flags & 4 = 0
 ORDER BY o.event_id, m.msg_id
$$;

-- A session is an endpoint in a room while some instance holds it: one that was
-- lost has left, although its place waits for the client, and a client that
-- comes back has joined.  Never before what was said in the room, whose time
-- may be ahead of the clock by a little.
CREATE FUNCTION session_time(room bigint, clock timestamptz) RETURNS timestamptz
    LANGUAGE sql STABLE AS $$
SELECT greatest(clock, (SELECT h.last_ts FROM room_head h
                         WHERE h.room_id = room
                           AND h.last_ts < clock + interval '2 s'))
$$;

CREATE OR REPLACE FUNCTION compliance_presence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (kind, room_id, author_id, session, ts)
    SELECT TG_ARGV[0]::smallint, o.room_id, e.principal_id, o.endpoint_id,
           session_time(o.room_id, clock_timestamp())
      FROM changed o JOIN endpoint e ON e.endpoint_id = o.endpoint_id
     WHERE e.instance_id IS NOT NULL;
    RETURN NULL;
END $$;

-- detached_on is when it left: an instance that died did so when its lease
-- ended at the latest.
CREATE FUNCTION compliance_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (kind, room_id, author_id, session, ts)
    SELECT CASE WHEN n.instance_id IS NULL THEN 21 ELSE 20 END, o.room_id,
           n.principal_id, o.endpoint_id,
           session_time(o.room_id, coalesce(n.detached_on, clock_timestamp()))
      FROM fresh n
      JOIN stale w ON w.endpoint_id = n.endpoint_id
      JOIN roster o ON o.endpoint_id = n.endpoint_id
     WHERE (n.instance_id IS NULL) <> (w.instance_id IS NULL);
    RETURN NULL;
END $$;
CREATE TRIGGER compliance_session AFTER UPDATE ON endpoint
    REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION compliance_session();

-- Those that wait have left without an event so far.
INSERT INTO outbox (kind, room_id, author_id, session, ts)
SELECT 21, o.room_id, e.principal_id, o.endpoint_id, e.detached_on
  FROM roster o JOIN endpoint e ON e.endpoint_id = o.endpoint_id
 WHERE e.instance_id IS NULL AND compliance_on();
SELECT compliance_triggers(compliance_on());

CREATE OR REPLACE FUNCTION compliance_enable(enable boolean) RETURNS boolean
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
      FROM roster o JOIN endpoint e ON e.endpoint_id = o.endpoint_id
     WHERE e.instance_id IS NOT NULL;
    IF NOT enable THEN
        PERFORM compliance_triggers(false);
        PERFORM outbox_texts();
    END IF;
    UPDATE store SET compliance = enable;
    PERFORM pg_notify('pchat_compliance', '');
    RETURN true;
END $$;

INSERT INTO schema_version (version) VALUES (14);
