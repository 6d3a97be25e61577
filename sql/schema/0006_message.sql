-- Messages removed, replaced, purged, retained, held; what is told of reads.
-- Who does it, the audit and refusals in words are 0010's.

-- ---------------------------------------------------------------- search

-- One index for words in one room and for words in all: a common word in one
-- room need not pass all that have it.
CREATE EXTENSION IF NOT EXISTS btree_gin;
DROP INDEX message_fts_tsv;
CREATE INDEX message_fts_words ON message_fts USING gin (room_id, tsv)
    WITH (gin_pending_list_limit = 256);

-- What a text must match to have the words, as whole words.
CREATE FUNCTION word_patterns(words text, match integer, matchcase boolean)
    RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(CASE WHEN matchcase THEN '' ELSE '(?i)' END
                     || '(^|[^[:alnum:]])'
                     || regexp_replace(regexp_replace(w, '([^[:alnum:]\s])', '\\\1', 'g'),
                                       '\s+', '\\s+', 'g')
                     || '($|[^[:alnum:]])')
      FROM unnest(CASE WHEN match = 2
                       THEN ARRAY[regexp_replace(words, '^\s+|\s+$', '', 'g')]
                       ELSE regexp_split_to_array(words, '\s+') END) AS w
     WHERE w <> ''
$$;
CREATE OR REPLACE FUNCTION search_patterns(words text, match integer, matchcase boolean)
    RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT word_patterns(words, match, matchcase) WHERE match = 2 OR matchcase
$$;

-- Messages by room, words, authors, and time or id, the newest (backwards) or
-- the oldest first.  words and authors NULL: any; anchor NULL: none, else the
-- first message and the times do not count; max: rows, of all rooms together.
-- Where words are asked for, or many rooms, the index answers, which may be a
-- second behind.  more: the room has messages that max left out.  One of which
-- all is left out is a row without msg_id: each that the asker named, else the
-- first.
-- (flags & 8 <> 8: see message_last in sql/statements.)
DROP FUNCTION history_find;
CREATE FUNCTION history_find(rooms bigint[], words text, match integer,
                             matchcase boolean, authors text[],
                             from_ts timestamptz, to_ts timestamptz,
                             anchor bigint, backwards boolean, max integer,
                             named boolean DEFAULT false)
    RETURNS TABLE (room_id bigint, msg_id bigint, more boolean)
    LANGUAGE plpgsql STABLE ROWS 100 AS $$
DECLARE
    direct   boolean := words IS NULL AND cardinality(rooms) <= 100;
    query    tsquery;
    patterns text[];
    authorv  bigint[];
    source   text;
    cond     text := '';
    dir      text := CASE WHEN backwards THEN ' DESC' ELSE ' ASC' END;
    cmp      text := CASE WHEN backwards THEN ' <= ' ELSE ' >= ' END;
    roomv    bigint[];
    msgv     bigint[];
    cut      bigint[] := '{}';
BEGIN
    IF authors IS NOT NULL THEN
        SELECT coalesce(array_agg(p.principal_id), '{}') INTO authorv
          FROM principal p WHERE p.key = ANY (authors);
        cond := cond || ' AND x.author_id = ANY ($4)';
    END IF;

    IF anchor IS NOT NULL THEN
        cond := cond || ' AND x.msg_id' || cmp || '$7';
    ELSIF NOT direct THEN
        cond := cond || CASE WHEN isfinite(from_ts) THEN ' AND x.ts >= $5' ELSE '' END
                     || CASE WHEN isfinite(to_ts) THEN ' AND x.ts <= $6' ELSE '' END;
    ELSE
        cond := cond || CASE WHEN isfinite(from_ts)
                             THEN ' AND x.msg_id >= message_at(w.id, $5)' ELSE '' END
                     || CASE WHEN isfinite(to_ts)
                             THEN ' AND x.msg_id < message_at(w.id, $6 + interval ''1 us'')'
                             ELSE '' END;
    END IF;

    IF direct THEN
        source := 'message x WHERE x.flags & 8 <> 8';
    ELSE
        IF words IS NOT NULL THEN
            query := search_query(words, match);
            IF numnode(query) = 0 THEN
                RETURN;
            END IF;
            patterns := search_patterns(words, match, matchcase);
        END IF;
        source := 'message_fts x'
            || CASE WHEN patterns IS NULL THEN '' ELSE
               ' JOIN message m ON m.room_id = x.room_id AND m.msg_id = x.msg_id' END
            || ' WHERE ' || CASE WHEN query IS NULL THEN 'true' ELSE 'x.tsv @@ $2' END
            || CASE WHEN patterns IS NULL THEN ''
                    WHEN match = 1 THEN ' AND m.chat ~ ALL ($3)'
                    ELSE ' AND m.chat ~ ANY ($3)' END;
    END IF;

    EXECUTE 'SELECT array_agg(f.room_id), array_agg(f.msg_id) FROM ('
        || CASE WHEN direct THEN
           'SELECT m.* FROM unnest($1) AS w (id)
             CROSS JOIN LATERAL (
                   SELECT x.room_id, x.msg_id, x.ts FROM ' || source || cond || '
                      AND x.room_id = w.id
                    ORDER BY x.msg_id' || dir || ' LIMIT $8) AS m
             ORDER BY m.ts' || dir || ', m.room_id' || dir || ', m.msg_id' || dir
           ELSE
           'SELECT x.room_id, x.msg_id FROM ' || source || cond
           || ' AND x.room_id = ANY ($1)
             ORDER BY x.ts' || dir || ', x.room_id' || dir || ', x.msg_id' || dir
           END || ' LIMIT $8) AS f'
       INTO roomv, msgv
      USING rooms, query, patterns, authorv, from_ts, to_ts, anchor, max + 1;

    IF cardinality(msgv) > max THEN
        IF cardinality(rooms) = 1 THEN
            cut := rooms;
        ELSE
            EXECUTE 'SELECT coalesce(array_agg(w.id), ''{}'')
                       FROM (SELECT n.id, ' || CASE WHEN backwards
                         THEN 'coalesce(min(t.m), 9223372036854775807)'
                         ELSE 'coalesce(max(t.m), 0)' END || ' AS edge
                               FROM (SELECT DISTINCT unnest($1)) AS n (id)
                               LEFT JOIN unnest($8[:$10], $9[:$10]) AS t (r, m) ON t.r = n.id
                              GROUP BY n.id) AS w
                      WHERE EXISTS (SELECT FROM ' || source || cond || '
                                       AND x.room_id = w.id AND x.msg_id '
                            || CASE WHEN backwards THEN '<' ELSE '>' END || ' w.edge)'
               INTO cut
              USING CASE WHEN named THEN rooms ELSE roomv END, query, patterns,
                    authorv, from_ts, to_ts, anchor, roomv, msgv, max;
        END IF;
    END IF;

    RETURN QUERY
    SELECT u.r, u.m, u.r = ANY (cut)
      FROM unnest(roomv[:max], msgv[:max]) WITH ORDINALITY AS u (r, m, n) ORDER BY u.n;
    RETURN QUERY
    SELECT c, NULL::bigint, true FROM unnest(cut) AS c WHERE c <> ALL (roomv[:max]);
END $$;

-- ------------------------------------------------------- reads, as told

-- Ids as ranges: [[first,last],...].
CREATE FUNCTION id_ranges(ids bigint[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
SELECT coalesce(jsonb_agg(jsonb_build_array(g.first, g.last) ORDER BY g.first), '[]')
  FROM (SELECT min(n.id) AS first, max(n.id) AS last
          FROM (SELECT i AS id, i - row_number() OVER (ORDER BY i) AS island
                  FROM (SELECT DISTINCT unnest(ids) AS i) AS d) AS n
         GROUP BY n.island) AS g
$$;

-- Compliance is told that a user was given these messages: one event for each
-- room, places name the room of each id by its place in rooms (from 1); one
-- without a room when he looked into all and found nothing.
CREATE FUNCTION backchat_tell(who bigint, session bigint, command text,
                              asked jsonb, rooms uuid[], places integer[],
                              ids bigint[]) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    detail jsonb := jsonb_build_object('command', command, 'asked', asked);
BEGIN
    IF NOT compliance_on() THEN
        RETURN;
    END IF;
    IF cardinality(rooms) = 0 THEN
        PERFORM event_emit(2::smallint, NULL, NULL, who, session,
                           detail || '{"ids": []}');
    END IF;
    PERFORM event_emit(2::smallint, r.room_id, NULL, who, session,
                       detail || jsonb_build_object('ids', id_ranges(ARRAY(
                           SELECT t.id FROM unnest(places, ids) AS t (place, id)
                            WHERE t.place = g.n))))
       FROM unnest(rooms) WITH ORDINALITY AS g (guid, n)
       JOIN room r ON r.guid = g.guid;
END $$;

-- ----------------------------------------------------------------- holds

ALTER TABLE hold ADD COLUMN lifted_by text;
CREATE INDEX hold_active ON hold (room_id, principal_id) WHERE lifted_on IS NULL;

-- A room by its name, or by URI or GUID: then, if wanted, also one that was
-- removed, whose messages are still there.
CREATE FUNCTION ctl_room(given text, removed boolean DEFAULT false) RETURNS room
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    r room%ROWTYPE;
BEGIN
    SELECT * INTO r FROM room x
     WHERE x.name_key = lower(given) AND x.deleted_at IS NULL
        OR x.guid::text = lower(regexp_replace(given, '^ma-chan://[^/]*/', ''))
           AND (removed OR x.deleted_at IS NULL);
    IF NOT FOUND THEN
        PERFORM ctl_refuse('no such room: ' || given);
    END IF;
    RETURN r;
END $$;

CREATE FUNCTION message_author(given text) RETURNS principal
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    p principal%ROWTYPE;
BEGIN
    SELECT * INTO p FROM principal x
     WHERE x.kind = 5 AND x.key IN (lower(given), 'sip:' || lower(given));
    IF NOT FOUND THEN
        PERFORM ctl_refuse('no such user: ' || given);
    END IF;
    RETURN p;
END $$;

CREATE FUNCTION hold_create(title text, in_room text, of_user text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    room bigint;
    who  bigint;
BEGIN
    IF num_nonnulls(in_room, of_user) <> 1 THEN
        PERFORM ctl_refuse('a hold is on one room or on one user');
    ELSIF trim(title) = '' THEN
        PERFORM ctl_refuse('a hold needs a name');
    END IF;
    IF in_room IS NOT NULL THEN
        room := (ctl_room(in_room, true)).room_id;
    ELSE
        who := (message_author(of_user)).principal_id;
    END IF;
    INSERT INTO hold (name, room_id, principal_id, set_by)
    VALUES (title, room, who, admin_actor(NULL));
    PERFORM admin_audited(NULL, 'hold.create', title,
        jsonb_strip_nulls(jsonb_build_object('room', in_room, 'user', of_user)));
EXCEPTION
    WHEN unique_violation THEN
        PERFORM ctl_refuse('there is, or was, a hold of this name: ' || title);
END $$;

CREATE FUNCTION hold_lift(title text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    h hold%ROWTYPE;
BEGIN
    SELECT * INTO h FROM hold x WHERE x.name = title FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM ctl_refuse('no such hold: ' || title);
    ELSIF h.lifted_on IS NOT NULL THEN
        PERFORM ctl_refuse('this hold was lifted already: ' || title);
    END IF;
    UPDATE hold SET lifted_on = now(), lifted_by = admin_actor(NULL)
     WHERE hold_id = h.hold_id;
    PERFORM admin_audited(NULL, 'hold.lift', title, NULL);
END $$;

-- Whoever forgets to ask is stopped here.
CREATE FUNCTION message_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM gone g JOIN hold h ON h.room_id = g.room_id
                WHERE h.lifted_on IS NULL)
       OR EXISTS (SELECT FROM gone g JOIN hold h ON h.principal_id = g.author_id
                   WHERE h.lifted_on IS NULL) THEN
        PERFORM ctl_refuse('under a hold: not deleted, not changed');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER message_guard_delete AFTER DELETE ON message
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION message_guard();
CREATE TRIGGER message_guard_update AFTER UPDATE ON message
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION message_guard();

-- ----------------------------------------------------------------- files

-- purged_on: the message that linked the file is gone; the web service
-- removes the file, then the row.
ALTER TABLE file ADD COLUMN purged_on timestamptz;
CREATE INDEX file_purged ON file (purged_on) WHERE purged_on IS NOT NULL;

-- Files to be removed now: none of a room or a user under a hold.
CREATE FUNCTION files_purged(max integer) RETURNS SETOF file
    LANGUAGE sql STABLE AS $$
SELECT f.* FROM file f
 WHERE f.purged_on IS NOT NULL
   AND NOT EXISTS (SELECT FROM hold h
                    WHERE h.lifted_on IS NULL
                      AND (h.room_id = f.room_id OR h.principal_id = f.uploaded_by))
 ORDER BY f.purged_on LIMIT max
$$;

-- The links of protocol.md 9.4 in these messages.
CREATE FUNCTION files_unlink(room bigint, ids bigint[]) RETURNS void
    LANGUAGE sql AS $$
UPDATE file f SET purged_on = now()
  FROM message m
 CROSS JOIN regexp_matches(m.chat,
         'ma-filelink:\S*?/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.', 'gi') AS l
 WHERE m.room_id = room AND m.msg_id = ANY (ids) AND m.chat LIKE '%ma-filelink:%'
   AND f.file_id = l[1]::uuid AND f.room_id = room AND f.purged_on IS NULL
$$;

-- ------------------------------------- what administrators do to messages

-- ISO 8601, UTC where it names no zone.  A date alone is its first moment, or
-- with_day the first that does not belong to it; a time with_day is within.
CREATE FUNCTION message_time(given text, with_day boolean) RETURNS timestamptz
    LANGUAGE plpgsql IMMUTABLE SET timezone = 'UTC' AS $$
BEGIN
    IF given ~ '^\d{4}-\d\d-\d\d$' THEN
        RETURN given::timestamptz
               + CASE WHEN with_day THEN interval '1 day' ELSE interval '0' END;
    ELSIF given ~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)?$' THEN
        RETURN given::timestamptz
               + CASE WHEN with_day THEN interval '1 us' ELSE interval '0' END;
    ELSIF given IS NOT NULL THEN
        RAISE invalid_datetime_format;
    END IF;
    RETURN NULL;
EXCEPTION
    WHEN invalid_datetime_format OR datetime_field_overflow THEN
        PERFORM ctl_refuse('not a date or time as 2026-01-31 or '
                               || '2026-01-31T12:00:00Z: ' || given);
END $$;

-- What message_scan() takes: action (list, remove, replace, clear, retention),
-- room, user, from (inclusive), until (exclusive), words, match, case, text.
-- Where nothing is named, nothing is meant.
CREATE FUNCTION message_conditions(action text, in_room text, of_user text,
                                   from_time text, to_time text, before text,
                                   words text, match text, matchcase boolean,
                                   new_text text) RETURNS jsonb
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    c jsonb;
BEGIN
    IF action <> 'retention'
       AND num_nonnulls(in_room, of_user, from_time, to_time, before, words) = 0 THEN
        PERFORM ctl_refuse('which messages? Name a room, a user, a time or words');
    ELSIF words IS NULL AND num_nonnulls(match, matchcase) > 0 THEN
        PERFORM ctl_refuse('how to match words, but no words');
    ELSIF words !~ '\S' THEN
        PERFORM ctl_refuse('no words are no condition');
    ELSIF coalesce(match, 'all') NOT IN ('all', 'any', 'exact') THEN
        PERFORM ctl_refuse('not all, any or exact: ' || match);
    ELSIF new_text !~ '\S' THEN
        PERFORM ctl_refuse('the text of a message cannot be empty');
    END IF;

    c := jsonb_strip_nulls(jsonb_build_object(
        'action', action,
        'room', CASE WHEN in_room IS NOT NULL THEN (ctl_room(in_room, true)).room_id END,
        'user', CASE WHEN of_user IS NOT NULL THEN (message_author(of_user)).principal_id END,
        'from', message_time(from_time, false),
        'until', coalesce(message_time(before, false), message_time(to_time, true)),
        'words', words,
        'match', CASE coalesce(match, 'all') WHEN 'any' THEN 0 WHEN 'all' THEN 1 ELSE 2 END,
        'case', coalesce(matchcase, false),
        'text', CASE WHEN action = 'replace' THEN coalesce(new_text,
            setting_text('RemovedMessageText', 'This message was removed by an administrator.')) END));
    IF c ->> 'until' IS NOT NULL
       AND (c ->> 'until')::timestamptz <= (c ->> 'from')::timestamptz THEN
        PERFORM ctl_refuse('no time is between ' || from_time || ' and ' || to_time);
    END IF;
    RETURN c;
END $$;

-- The messages behind a place, room by room and id by id, and whether each is
-- meant (hit) and under a hold; some slice of them are read.  A last row
-- without hit says where to go on: without it, that was all.  A room costs as
-- much as some messages do.
CREATE FUNCTION message_scan(c jsonb, after_room bigint, after_msg bigint,
                             slice integer)
    RETURNS TABLE (room_id bigint, msg_id bigint, hit boolean, held boolean)
    LANGUAGE plpgsql STABLE ROWS 1000 AS $$
DECLARE
    room_cost CONSTANT integer := 20;
    budget    bigint := slice;
    author    bigint := (c ->> 'user')::bigint;
    since     timestamptz := (c ->> 'from')::timestamptz;
    replacing boolean := c ->> 'action' = 'replace';
    retaining boolean := c ->> 'action' = 'retention';
    every     boolean := (c ->> 'match')::integer = 1;
    patterns  text[] := word_patterns(c ->> 'words', (c ->> 'match')::integer,
                                      (c ->> 'case')::boolean);
    held_rooms bigint[] := ARRAY(SELECT h.room_id FROM hold h
                                  WHERE h.lifted_on IS NULL AND h.room_id IS NOT NULL);
    held_users bigint[] := ARRAY(SELECT h.principal_id FROM hold h
                                  WHERE h.lifted_on IS NULL AND h.principal_id IS NOT NULL);
    place     bigint;
    last      bigint;
    n         bigint;
    r         record;
BEGIN
    FOR r IN
        SELECT h.room_id, h.last_id,
               CASE WHEN retaining
                    THEN now() - make_interval(days => coalesce(o.retention_d, k.retention_d))
                    ELSE (c ->> 'until')::timestamptz END AS until
          FROM room_head h
          JOIN room o ON o.room_id = h.room_id
          LEFT JOIN category k ON k.category_id = o.category_id
         WHERE h.room_id >= after_room AND h.last_id > 0
           AND (c -> 'room' IS NULL OR h.room_id = (c ->> 'room')::bigint)
           AND (since IS NULL OR h.last_ts >= since)
           AND (NOT retaining OR coalesce(o.retention_d, k.retention_d) IS NOT NULL)
         ORDER BY h.room_id
    LOOP
        place := greatest(CASE WHEN r.room_id = after_room THEN after_msg + 1 END,
                          CASE WHEN since IS NULL THEN 1 ELSE message_at(r.room_id, since) END);
        last := CASE WHEN r.until IS NULL THEN r.last_id
                     ELSE message_at(r.room_id, r.until) - 1 END;
        RETURN QUERY
        SELECT x.room_id, x.msg_id, x.hit,
               x.hit AND (x.room_id = ANY (held_rooms) OR x.author_id = ANY (held_users))
          FROM (SELECT m.room_id, m.msg_id, m.author_id,
                       (author IS NULL OR m.author_id = author)
                       AND NOT (replacing AND m.flags & 4 <> 0)
                       AND (patterns IS NULL
                            OR CASE WHEN every THEN m.chat ~ ALL (patterns)
                                    ELSE m.chat ~ ANY (patterns) END) AS hit
                  FROM message m
                 WHERE m.room_id = r.room_id AND m.flags & 8 <> 8
                   AND m.msg_id BETWEEN place AND last
                 ORDER BY m.msg_id LIMIT budget) AS x;
        GET DIAGNOSTICS n = ROW_COUNT;
        IF n = budget THEN
            SELECT m.msg_id INTO last FROM message m
             WHERE m.room_id = r.room_id AND m.flags & 8 <> 8 AND m.msg_id >= place
             ORDER BY m.msg_id OFFSET n - 1 LIMIT 1;
        END IF;
        budget := budget - n - room_cost;
        IF budget <= 0 THEN
            RETURN QUERY SELECT r.room_id, greatest(last, place - 1), NULL::boolean, NULL::boolean;
            RETURN;
        END IF;
    END LOOP;
END $$;

-- The first messages that are meant, for an administrator: compliance learns
-- that he read them.
CREATE FUNCTION message_list(c jsonb, max integer)
    RETURNS TABLE (room_id bigint, msg_id bigint, held boolean)
    LANGUAGE plpgsql AS $$
DECLARE
    roomv bigint[] := '{}';
    msgv  bigint[] := '{}';
    heldv boolean[] := '{}';
    s     record;
    room  bigint := 0;
    msg   bigint := 0;
BEGIN
    LOOP
        SELECT array_agg(x.room_id ORDER BY x.room_id, x.msg_id) FILTER (WHERE x.hit) AS rooms,
               array_agg(x.msg_id ORDER BY x.room_id, x.msg_id) FILTER (WHERE x.hit) AS ids,
               array_agg(x.held ORDER BY x.room_id, x.msg_id) FILTER (WHERE x.hit) AS helds,
               max(x.room_id) FILTER (WHERE x.hit IS NULL) AS next_room,
               max(x.msg_id) FILTER (WHERE x.hit IS NULL) AS next_msg
          INTO s FROM message_scan(c, room, msg, 5000) AS x;
        roomv := roomv || s.rooms;
        msgv := msgv || s.ids;
        heldv := heldv || s.helds;
        EXIT WHEN s.next_room IS NULL OR cardinality(msgv) >= max;
        room := s.next_room;
        msg := s.next_msg;
    END LOOP;
    PERFORM admin_audited(NULL, 'message.list', 'messages', c - 'action');
    PERFORM event_emit(2::smallint, g.r, NULL, NULL, NULL,
                       jsonb_build_object('command', 'message list', 'asked', c - 'action',
                                          'ids', id_ranges(g.ids)))
       FROM (SELECT u.r, array_agg(u.m) AS ids FROM unnest(roomv[:max], msgv[:max]) AS u (r, m)
              GROUP BY u.r) AS g;
    RETURN QUERY SELECT * FROM unnest(roomv[:max], msgv[:max], heldv[:max]);
END $$;

-- Messages of one room go, or get another text; compliance is told.
CREATE FUNCTION message_drop(room bigint, ids bigint[], c jsonb) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM files_unlink(room, ids);
    IF c ->> 'action' = 'replace' THEN
        UPDATE message m
           SET chat = c ->> 'text', rtf = NULL, flags = m.flags & ~3 | 4
         WHERE m.room_id = room AND m.msg_id = ANY (ids);
    ELSE
        DELETE FROM message m WHERE m.room_id = room AND m.msg_id = ANY (ids);
    END IF;
    PERFORM event_emit(
        CASE WHEN c ->> 'action' IN ('remove', 'replace') THEN 10 ELSE 11 END::smallint,
        room, NULL, NULL, NULL,
        jsonb_build_object('action', c ->> 'action', 'asked', c - 'action',
            'by', admin_actor(NULL),
            'ids', id_ranges(ids)));
END $$;

-- One slice of a removal, its own transaction: what is meant goes, except what
-- is under a hold.  next_room NULL: that was all.  Where something goes, the
-- indexer waits meanwhile, so that it does not put back what it read before,
-- and so does a new hold, which is obeyed from its commit on: hence the second
-- look behind the locks.  Posts touch none of this.
CREATE FUNCTION message_sweep(c jsonb, after_room bigint, after_msg bigint,
                              slice integer, dry boolean,
                              OUT next_room bigint, OUT next_msg bigint,
                              OUT gone bigint, OUT held bigint)
    LANGUAGE plpgsql AS $$
DECLARE
    locked boolean := false;
    r      record;
BEGIN
    IF c ->> 'action' IS NULL
       OR c ->> 'action' NOT IN ('remove', 'replace', 'clear', 'retention') THEN
        RAISE EXCEPTION 'message_sweep: no such action';
    END IF;
    LOOP
        next_room := NULL;
        next_msg := NULL;
        gone := 0;
        held := 0;
        FOR r IN
            SELECT s.room_id, array_agg(s.msg_id) FILTER (WHERE s.hit AND NOT s.held) AS ids,
                   count(*) FILTER (WHERE s.held) AS kept,
                   max(s.msg_id) FILTER (WHERE s.hit IS NULL) AS go_on
              FROM message_scan(c, after_room, after_msg, slice) AS s
             GROUP BY s.room_id ORDER BY s.room_id
        LOOP
            IF r.go_on IS NOT NULL THEN
                next_room := r.room_id;
                next_msg := r.go_on;
            END IF;
            gone := gone + coalesce(cardinality(r.ids), 0);
            held := held + r.kept;
            IF locked AND r.ids IS NOT NULL THEN
                PERFORM message_drop(r.room_id, r.ids, c);
            END IF;
        END LOOP;
        EXIT WHEN dry OR locked OR gone = 0;
        PERFORM pg_advisory_xact_lock(hashtextextended('pchat.search_index', 0));
        LOCK TABLE hold IN SHARE MODE;
        locked := true;
    END LOOP;
END $$;

-- ------------------------------------------------------------- retention

-- Where the pool's pass over all rooms with a retention is; passed_on: when
-- the last one came to its end.
CREATE TABLE retention (
    single    boolean PRIMARY KEY DEFAULT true CHECK (single),
    room_id   bigint NOT NULL DEFAULT 0,
    msg_id    bigint NOT NULL DEFAULT 0,
    passed_on timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO retention DEFAULT VALUES;

-- The next slice, when it is time and no other process is at it.  more: there
-- is something left to do at once.
CREATE FUNCTION retention_step(interval_s integer, slice integer,
                               OUT more boolean, OUT gone bigint, OUT held bigint)
    LANGUAGE plpgsql AS $$
DECLARE
    at retention%ROWTYPE;
    s  record;
BEGIN
    more := false;
    gone := 0;
    held := 0;
    IF NOT pg_try_advisory_xact_lock(hashtextextended('pchat.retention', 0)) THEN
        RETURN;
    END IF;
    SELECT * INTO at FROM retention;
    IF at.room_id = 0 AND at.passed_on > now() - make_interval(secs => interval_s) THEN
        RETURN;
    END IF;
    SELECT * INTO s FROM message_sweep('{"action": "retention"}', at.room_id,
                                       at.msg_id, slice, false);
    UPDATE retention t
       SET room_id = coalesce(s.next_room, 0), msg_id = coalesce(s.next_msg, 0),
           passed_on = CASE WHEN s.next_room IS NULL THEN now() ELSE t.passed_on END;
    IF s.gone > 0 THEN
        PERFORM admin_audited(NULL, 'retention', 'messages',
            jsonb_build_object('removed', s.gone, 'held', s.held));
    END IF;
    more := s.next_room IS NOT NULL;
    gone := s.gone;
    held := s.held;
END $$;

INSERT INTO schema_version (version) VALUES (6);
