-- Presence documents, read positions, watches.

-- --------------------------------------------------------------- presence

-- expires_on NULL: until it is removed.  A followed room that is deleted is
-- followed by nobody.
ALTER TABLE presence_category
    ADD COLUMN expires_on timestamptz,
    DROP CONSTRAINT presence_category_room_id_fkey,
    ADD FOREIGN KEY (room_id) REFERENCES room ON DELETE CASCADE;

-- Publish all of it or nothing.  versions: what the client knew, 0 for what is
-- new; lives: seconds, NULL for ever, 0 removes; rooms: GUID of a followed
-- room, or NULL.  A row for each publication with another version than ours:
-- its place (from 1) and our version; a row of place 0 when there would be
-- more than most items or bytes; no row: done.
CREATE FUNCTION presence_publish(me bigint, names text[], instances bigint[],
                                 containers integer[], versions bigint[],
                                 types text[], lives integer[], bodies text[],
                                 rooms uuid[], most integer, most_bytes integer)
    RETURNS TABLE (place integer, version bigint)
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM principal p WHERE p.principal_id = me FOR NO KEY UPDATE;
    DELETE FROM presence_category c
     WHERE c.principal_id = me AND c.expires_on <= now();

    RETURN QUERY
    SELECT w.nth::integer, coalesce(c.version, 0)::bigint
      FROM unnest(names, instances, containers, versions)
           WITH ORDINALITY AS w (name, instance, container, version, nth)
      LEFT JOIN presence_category c
             ON c.principal_id = me AND c.name = w.name
            AND c.instance = w.instance AND c.container = w.container
     WHERE coalesce(c.version, 0) <> w.version
     ORDER BY w.nth;
    IF FOUND THEN
        RETURN;
    END IF;

    IF (SELECT count(*) > most OR sum(octet_length(x.body) + 256) > most_bytes
          FROM (SELECT c.body FROM presence_category c
                 WHERE c.principal_id = me
                   AND NOT EXISTS (
                       SELECT FROM unnest(names, instances, containers)
                           AS w (name, instance, container)
                        WHERE (c.name, c.instance, c.container)
                            = (w.name, w.instance, w.container))
                 UNION ALL
                SELECT w.body FROM unnest(bodies, lives) AS w (body, life)
                 WHERE w.life IS DISTINCT FROM 0) AS x) THEN
        place := 0;
        version := 0;
        RETURN NEXT;
        RETURN;
    END IF;

    FOR i IN 1 .. cardinality(names) LOOP
        IF lives[i] = 0 THEN
            DELETE FROM presence_category c
             WHERE c.principal_id = me AND c.name = names[i]
               AND c.instance = instances[i] AND c.container = containers[i];
            CONTINUE;
        END IF;
        INSERT INTO presence_category AS c
               (principal_id, name, instance, container, version, expire_type,
                publish_time, expires_on, body, room_id)
        VALUES (me, names[i], instances[i], containers[i], 1, types[i], now(),
                now() + make_interval(secs => lives[i]), bodies[i],
                (SELECT r.room_id FROM room r
                  WHERE r.guid = rooms[i] AND r.deleted_at IS NULL))
            ON CONFLICT (principal_id, name, instance, container) DO UPDATE
           SET version = c.version + 1, expire_type = excluded.expire_type,
               publish_time = now(), expires_on = excluded.expires_on,
               body = excluded.body, room_id = excluded.room_id;
    END LOOP;
END $$;

-- pchat_presence: the rooms that this user follows have changed.
CREATE FUNCTION followed_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('pchat_presence',
                      coalesce(NEW.principal_id, OLD.principal_id)::text);
    RETURN NULL;
END $$;
CREATE TRIGGER followed_told AFTER INSERT OR UPDATE ON presence_category
    FOR EACH ROW WHEN (NEW.name = 'roomSetting') EXECUTE FUNCTION followed_told();
CREATE TRIGGER unfollowed_told AFTER DELETE ON presence_category
    FOR EACH ROW WHEN (OLD.name = 'roomSetting') EXECUTE FUNCTION followed_told();

CREATE INDEX presence_followed ON presence_category (principal_id, room_id)
    WHERE name = 'roomSetting' AND room_id IS NOT NULL;

-- A room may be there more than once.
CREATE VIEW followed AS
    SELECT c.principal_id, c.room_id FROM presence_category c
     WHERE c.name = 'roomSetting' AND c.room_id IS NOT NULL;

-- What was said before somebody followed a room is not news to him.
CREATE FUNCTION room_followed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO read_position (principal_id, room_id, msg_id)
    SELECT NEW.principal_id, h.room_id, h.last_id FROM room_head h
     WHERE h.room_id = NEW.room_id
        ON CONFLICT DO NOTHING;
    PERFORM feed_rooms(NEW.principal_id);
    RETURN NULL;
END $$;
CREATE TRIGGER room_followed AFTER INSERT OR UPDATE OF room_id ON presence_category
    FOR EACH ROW WHEN (NEW.name = 'roomSetting' AND NEW.room_id IS NOT NULL)
    EXECUTE FUNCTION room_followed();

CREATE FUNCTION room_unfollowed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM read_position p
     WHERE p.principal_id = OLD.principal_id AND p.room_id = OLD.room_id
       AND NOT EXISTS (SELECT FROM followed f
                        WHERE f.principal_id = p.principal_id
                          AND f.room_id = p.room_id);
    RETURN NULL;
END $$;
CREATE TRIGGER room_unfollowed AFTER DELETE ON presence_category
    FOR EACH ROW WHEN (OLD.name = 'roomSetting' AND OLD.room_id IS NOT NULL)
    EXECUTE FUNCTION room_unfollowed();

CREATE FUNCTION room_deleted_unfollow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM presence_category c WHERE c.room_id = NEW.room_id;
    RETURN NULL;
END $$;
CREATE TRIGGER room_deleted_unfollow AFTER UPDATE OF deleted_at ON room
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
    EXECUTE FUNCTION room_deleted_unfollow();

-- ----------------------------------------------------------- what is new

-- rooms_readable() for one room.
CREATE FUNCTION room_readable(room bigint, ancestors bigint[])
    RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT EXISTS (
       SELECT FROM room r
        WHERE r.room_id = room AND r.deleted_at IS NULL AND NOT r.disabled
          AND (r.privacy = 0 OR EXISTS (
               SELECT FROM room_role x
                WHERE x.room_id = r.room_id AND x.role = 1
                  AND x.principal_id = ANY (ancestors)))
          AND scope_admits(r.category_id, ancestors))
$$;

-- ------------------------------------------------------------------ feeds

-- A text as words: lower case, one blank before and after each.  ICU knows
-- the letters of all languages, whatever locale the store was made with.
CREATE FUNCTION feed_words(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT ' ' || btrim(regexp_replace(lower($1 COLLATE "und-x-icu"),
                                   '[^[:alnum:]]+' COLLATE "und-x-icu",
                                   ' ', 'g')) || ' '
$$;

-- What a watch looks for: words that follow each other.  The first of them
-- finds it, one look-up for each word of a message.
CREATE TABLE watch_term (
    first_word text NOT NULL,
    watch_id   bigint NOT NULL REFERENCES watch ON DELETE CASCADE,
    term       text NOT NULL,
    PRIMARY KEY (first_word, watch_id, term)
);
CREATE INDEX ON watch_term (watch_id);

-- The terms of a watch again from its words (with commas between terms), or,
-- for an ego feed, from what its user is called: his name, the user part of
-- his URI.
CREATE FUNCTION watch_terms(watch bigint) RETURNS void LANGUAGE sql AS $$
    DELETE FROM watch_term t WHERE t.watch_id = watch;
    INSERT INTO watch_term (first_word, watch_id, term)
    SELECT DISTINCT split_part(btrim(x.term), ' ', 1), watch, x.term
      FROM (SELECT feed_words(s) AS term
              FROM watch w
              JOIN principal p ON p.principal_id = w.principal_id
             CROSS JOIN LATERAL unnest(
                   CASE w.kind WHEN 1 THEN string_to_array(w.words, ',')
                        ELSE ARRAY[p.display,
                                   split_part(replace(p.key, 'sip:', ''), '@', 1)]
                   END) AS s
             WHERE w.watch_id = watch) AS x
     WHERE btrim(x.term) <> '';
$$;

CREATE FUNCTION principal_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM watch_terms(w.watch_id) FROM watch w
      WHERE w.principal_id = NEW.principal_id AND w.kind = 2;
    RETURN NULL;
END $$;
CREATE TRIGGER principal_renamed AFTER UPDATE OF display ON principal
    FOR EACH ROW WHEN (OLD.display <> NEW.display)
    EXECUTE FUNCTION principal_renamed();

-- Rooms that somebody with a watch follows, and up to which message they were
-- looked through.  The statement feed_forget removes those that nobody does.
CREATE TABLE feed_room (
    room_id bigint PRIMARY KEY REFERENCES room ON DELETE CASCADE,
    msg_id  bigint NOT NULL
);

CREATE FUNCTION feed_rooms(me bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO feed_room (room_id, msg_id)
    SELECT h.room_id, h.last_id
      FROM followed f JOIN room_head h ON h.room_id = f.room_id
     WHERE f.principal_id = me
       AND EXISTS (SELECT FROM watch w WHERE w.principal_id = me)
        ON CONFLICT DO NOTHING;
$$;

-- since: the watch is told of what is stored from then on.
ALTER TABLE watch ADD COLUMN since timestamptz NOT NULL DEFAULT clock_timestamp();

-- What the watches found, in the order in which it was found: only one
-- process at a time adds to it.
CREATE TABLE feed (
    feed_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    watch_id     bigint NOT NULL REFERENCES watch ON DELETE CASCADE,
    principal_id bigint NOT NULL,
    room_id      bigint NOT NULL REFERENCES room ON DELETE CASCADE,
    msg_id       bigint NOT NULL,
    found_on     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX feed_user ON feed (principal_id, feed_id);
CREATE INDEX feed_watch ON feed (watch_id, feed_id);
CREATE INDEX feed_found ON feed (found_on);
CREATE INDEX feed_of_room ON feed (room_id);

-- A new watch, or other words for one of the user's own.  NULL: there is no
-- such watch of his; 0: he has as many as he may.
CREATE FUNCTION watch_set(me bigint, watch bigint, what integer, sought text,
                          most integer)
    RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
BEGIN
    PERFORM FROM principal p WHERE p.principal_id = me FOR NO KEY UPDATE;
    IF watch IS NOT NULL THEN
        UPDATE watch w SET kind = what, words = sought, since = clock_timestamp()
         WHERE w.watch_id = watch AND w.principal_id = me
     RETURNING w.watch_id INTO id;
    ELSIF (SELECT count(*) FROM watch w WHERE w.principal_id = me) >= most THEN
        RETURN 0;
    ELSE
        INSERT INTO watch (principal_id, kind, words) VALUES (me, what, sought)
     RETURNING watch_id INTO id;
    END IF;
    PERFORM watch_terms(id), feed_rooms(me);
    RETURN id;
END $$;

-- Look through what was said since the last time.  A room's counter moves in
-- the transaction that stores its messages: what is up to last_id is there.
-- batch: messages taken; kept: what a watch keeps.  How many were looked at,
-- or no row when another process is at it.  A process that is told pchat_feed
-- reads what was found for its users.  Each step is materialized so that words
-- lead to watches, however many follow the room; OFFSET 0 has each of these
-- checked by itself, where a join would read all that its user follows.
CREATE FUNCTION feed_step(batch integer, kept integer)
    RETURNS TABLE (passed bigint) LANGUAGE plpgsql AS $$
DECLARE
    rooms  bigint[] := '{}';
    froms  bigint[] := '{}';
    uptos  bigint[] := '{}';
    budget bigint := batch;
    hits   bigint[];
    r      record;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('pchat.feed', 0)) THEN
        RETURN;
    END IF;

    FOR r IN
        SELECT f.room_id, f.msg_id, h.last_id - f.msg_id AS news
          FROM feed_room f JOIN room_head h ON h.room_id = f.room_id
         WHERE h.last_id > f.msg_id
         ORDER BY h.last_ts
    LOOP
        rooms := rooms || r.room_id;
        froms := froms || r.msg_id;
        uptos := uptos || r.msg_id + least(r.news, budget);
        budget := budget - least(r.news, budget);
        EXIT WHEN budget = 0;
    END LOOP;

    WITH said AS MATERIALIZED (
           SELECT m.room_id, m.msg_id, m.author_id, m.ts, feed_words(m.chat) AS words
             FROM unnest(rooms, froms, uptos) AS n (room_id, lo, hi)
             JOIN message m ON m.room_id = n.room_id AND m.msg_id > n.lo
                           AND m.msg_id <= n.hi AND m.flags & 8 <> 8
         ), near AS MATERIALIZED (
           SELECT s.room_id, s.msg_id, s.author_id, s.ts, t.watch_id
             FROM said s
            CROSS JOIN LATERAL string_to_table(btrim(s.words), ' ') AS word
             JOIN watch_term t ON t.first_word = word
            WHERE position(t.term IN s.words) > 0
         ), found AS (
           INSERT INTO feed (watch_id, principal_id, room_id, msg_id)
           SELECT DISTINCT w.watch_id, w.principal_id, n.room_id, n.msg_id
             FROM near n
             JOIN watch w ON w.watch_id = n.watch_id
            WHERE w.since <= n.ts AND w.principal_id <> n.author_id
              AND EXISTS (SELECT FROM followed f
                           WHERE f.principal_id = w.principal_id
                             AND f.room_id = n.room_id OFFSET 0)
            ORDER BY n.room_id, n.msg_id, w.watch_id
        RETURNING feed.watch_id
         )
    SELECT array_agg(DISTINCT f.watch_id) INTO hits FROM found f;

    UPDATE feed_room f SET msg_id = n.hi
      FROM unnest(rooms, uptos) AS n (room_id, hi)
     WHERE f.room_id = n.room_id;

    IF hits IS NOT NULL THEN
        DELETE FROM feed f
         USING unnest(hits) AS w (watch_id)
         WHERE f.watch_id = w.watch_id
           AND f.feed_id <= (SELECT g.feed_id FROM feed g
                              WHERE g.watch_id = w.watch_id
                              ORDER BY g.feed_id DESC OFFSET kept LIMIT 1);
        PERFORM pg_notify('pchat_feed', '');
    END IF;
    passed := batch - budget;
    RETURN NEXT;
END $$;

INSERT INTO schema_version (version) VALUES (8);
