-- History and search: the full-text index is kept by a background task of
-- the channel processes; questions to it are answered by one function.

-- What a search needs to choose and order messages without reading them.
-- Nothing has filled the table before this migration.
TRUNCATE message_fts, room_indexed;
ALTER TABLE message_fts
    ADD COLUMN ts timestamptz NOT NULL,
    ADD COLUMN author_id bigint NOT NULL;
CREATE INDEX message_fts_order ON message_fts (ts, room_id, msg_id);
-- A long list of entries that are not sorted in yet slows every search.
ALTER INDEX message_fts_tsv SET (gin_pending_list_limit = 256);
ALTER TABLE room_indexed SET (fillfactor = 50);

-- The text search configuration of what is indexed now; the wanted one is
-- SearchLanguage of the table configuration.
CREATE TABLE search_index (
    single   boolean PRIMARY KEY DEFAULT true CHECK (single),
    language text NOT NULL DEFAULT 'simple'
);
INSERT INTO search_index DEFAULT VALUES;

CREATE FUNCTION search_language() RETURNS regconfig
    LANGUAGE sql STABLE AS $$
    SELECT language::regconfig FROM search_index
$$;

-- 'simple' where nothing is configured, or nothing that the server knows.
CREATE FUNCTION search_language_wanted() RETURNS text
    LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT t.cfgname::text
                       FROM configuration c
                       JOIN pg_ts_config t ON t.cfgname = c.value
                        AND pg_ts_config_is_visible(t.oid)
                      WHERE c.scope IN ('global', 'pool') AND c.key = 'SearchLanguage'
                      ORDER BY c.scope = 'pool' DESC LIMIT 1),
                    'simple')
$$;

-- A tsvector has a size limit; what is beyond a message's first part is not
-- found rather than stop the indexing of all.
CREATE FUNCTION search_vector(config regconfig, chat text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE AS $$
    SELECT to_tsvector(config, left(chat, 100000))
$$;

-- Index what is new in the next rooms.  A room's counter moves in the
-- transaction that stores its messages, under a row lock: what is up to
-- last_id is there to be read, whatever the order of commits in other rooms.
-- after: the room where the last call stopped; slice: rooms looked at; batch:
-- messages taken.  The caller gets where to go on (0: from the first room
-- again) and how many ids were passed; no row when another process is at it.
CREATE FUNCTION search_index_step(after bigint, slice integer, batch integer)
    RETURNS TABLE (next_room bigint, passed bigint)
    LANGUAGE plpgsql AS $$
DECLARE
    wanted text := search_language_wanted();
    config regconfig := wanted::regconfig;
    budget bigint := batch;
    upto   bigint;
    r      record;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('pchat.search_index', 0)) THEN
        RETURN;
    END IF;

    UPDATE search_index SET language = wanted WHERE language <> wanted;
    IF FOUND THEN
        TRUNCATE message_fts, room_indexed;
    END IF;

    next_room := 0;
    FOR r IN
        SELECT s.room_id, s.last_id, coalesce(i.msg_id, 0) AS msg_id, s.more
          FROM (SELECT h.room_id, h.last_id,
                       lead(h.room_id) OVER (ORDER BY h.room_id) IS NULL
                         AND count(*) OVER () = slice AS more
                  FROM (SELECT room_id, last_id FROM room_head
                         WHERE room_id > after
                         ORDER BY room_id LIMIT slice) AS h) AS s
          LEFT JOIN room_indexed i ON i.room_id = s.room_id
         WHERE s.more OR s.last_id > coalesce(i.msg_id, 0)
         ORDER BY s.room_id
    LOOP
        IF r.last_id > r.msg_id THEN
            upto := least(r.last_id, r.msg_id + budget);
            INSERT INTO message_fts AS f (room_id, msg_id, tsv, ts, author_id)
            SELECT m.room_id, m.msg_id, search_vector(config, m.chat), m.ts, m.author_id
              FROM message m
             WHERE m.room_id = r.room_id AND m.flags & 8 <> 8
               AND m.msg_id > r.msg_id AND m.msg_id <= upto
                ON CONFLICT DO NOTHING;
            INSERT INTO room_indexed AS i (room_id, msg_id)
            VALUES (r.room_id, upto)
                ON CONFLICT (room_id) DO UPDATE SET msg_id = excluded.msg_id;
            budget := budget - (upto - r.msg_id);
        END IF;
        IF budget <= 0 OR r.more THEN
            next_room := r.room_id;
            EXIT;
        END IF;
    END LOOP;

    passed := batch - budget;
    RETURN NEXT;
END $$;

-- The index follows what administrators and retention do to messages.
CREATE FUNCTION message_fts_remove() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM message_fts f USING gone g
     WHERE f.room_id = g.room_id AND f.msg_id = g.msg_id;
    RETURN NULL;
END $$;
CREATE TRIGGER message_fts_remove AFTER DELETE ON message
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION message_fts_remove();

CREATE FUNCTION message_fts_replace() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE message_fts f SET tsv = search_vector(search_language(), n.chat)
      FROM fresh n
     WHERE f.room_id = n.room_id AND f.msg_id = n.msg_id;
    RETURN NULL;
END $$;
CREATE TRIGGER message_fts_replace AFTER UPDATE ON message
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION message_fts_replace();

-- Rooms whose history a user may read, by his ancestors: the right that
-- channel/access.c calls ACCESS_HISTORY.
CREATE FUNCTION rooms_readable(ancestors bigint[]) RETURNS bigint[]
    LANGUAGE sql STABLE AS $$
    WITH scope AS MATERIALIZED (
           SELECT s.category_id FROM category_scope s
            WHERE s.principal_id = ANY (ancestors)
            GROUP BY s.category_id HAVING NOT bool_or(s.denied)
         ), mine AS MATERIALIZED (
           SELECT DISTINCT x.room_id FROM room_role x
            WHERE x.principal_id = ANY (ancestors) AND x.role = 1
         )
    SELECT coalesce(array_agg(r.room_id), '{}')
      FROM room r
      JOIN scope ON scope.category_id = r.category_id
     WHERE r.deleted_at IS NULL AND NOT r.disabled
       AND (r.privacy = 0 OR r.room_id IN (SELECT room_id FROM mine))
$$;

-- The first id of a room whose message is not older than a time: time rises
-- with the id, so it is found by halving.
CREATE FUNCTION message_at(room bigint, at timestamptz) RETURNS bigint
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    lo  bigint := 1;
    hi  bigint := coalesce((SELECT last_id + 1 FROM room_head WHERE room_id = room), 1);
    mid bigint;
    id  bigint;
    t   timestamptz;
BEGIN
    WHILE lo < hi LOOP
        mid := (lo + hi) / 2;
        SELECT m.msg_id, m.ts INTO id, t FROM message m
         WHERE m.room_id = room AND m.msg_id >= mid
         ORDER BY m.msg_id LIMIT 1;
        IF NOT FOUND OR t >= at THEN
            hi := mid;
        ELSE
            lo := id + 1;
        END IF;
    END LOOP;
    RETURN lo;
END $$;

-- match: 0 any of the words, 1 all of them, 2 the phrase.
CREATE FUNCTION search_query(words text, match integer) RETURNS tsquery
    LANGUAGE plpgsql STABLE SET client_min_messages = warning AS $$
DECLARE
    q    tsquery;
    word text;
BEGIN
    IF match = 1 THEN
        RETURN plainto_tsquery(search_language(), words);
    ELSIF match = 2 THEN
        RETURN phraseto_tsquery(search_language(), words);
    END IF;
    FOREACH word IN ARRAY regexp_split_to_array(words, '\s+') LOOP
        q := coalesce(q || plainto_tsquery(search_language(), word),
                      plainto_tsquery(search_language(), word));
    END LOOP;
    RETURN q;
END $$;

-- What the index does not tell is asked of the text: the case of words, and
-- whether the phrase is really there.  NULL: nothing to ask.
CREATE FUNCTION search_patterns(words text, match integer, matchcase boolean)
    RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(CASE WHEN matchcase THEN '' ELSE '(?i)' END
                     || '(^|[^[:alnum:]])'
                     || regexp_replace(regexp_replace(w, '([^[:alnum:]\s])', '\\\1', 'g'),
                                       '\s+', '\\s+', 'g')
                     || '($|[^[:alnum:]])')
      FROM unnest(CASE WHEN match = 2 THEN ARRAY[words]
                       ELSE regexp_split_to_array(words, '\s+') END) AS w
     WHERE match = 2 OR matchcase
$$;

-- Messages by room, words, authors, and time or id, the newest (backwards) or
-- the oldest first.  words and authors NULL: any; anchor NULL: none, else the
-- first message and the times do not count; max: rows.  Where words are asked
-- for, or many rooms, the index answers, which may be a second behind.
-- (flags & 8 <> 8: see message_last in sql/statements.)
CREATE FUNCTION history_find(rooms bigint[], words text, match integer,
                             matchcase boolean, authors text[],
                             from_ts timestamptz, to_ts timestamptz,
                             anchor bigint, backwards boolean, max integer)
    RETURNS TABLE (room_id bigint, msg_id bigint)
    LANGUAGE plpgsql STABLE ROWS 100 AS $$
DECLARE
    direct   boolean := words IS NULL AND cardinality(rooms) <= 100;
    query    tsquery;
    patterns text[];
    authorv  bigint[];
    cond     text := '';
    dir      text := CASE WHEN backwards THEN ' DESC' ELSE ' ASC' END;
    cmp      text := CASE WHEN backwards THEN ' <= ' ELSE ' >= ' END;
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
        RETURN QUERY EXECUTE
            'SELECT m.room_id, m.msg_id FROM unnest($1) AS w (id)
              CROSS JOIN LATERAL (
                    SELECT x.room_id, x.msg_id, x.ts FROM message x
                     WHERE x.room_id = w.id AND x.flags & 8 <> 8' || cond || '
                     ORDER BY x.msg_id' || dir || ' LIMIT $8) AS m
              ORDER BY m.ts' || dir || ', m.room_id' || dir || ', m.msg_id' || dir
            || ' LIMIT $8'
            USING rooms, query, patterns, authorv, from_ts, to_ts, anchor, max;
        RETURN;
    END IF;

    IF words IS NOT NULL THEN
        query := search_query(words, match);
        IF numnode(query) = 0 THEN
            RETURN;
        END IF;
        patterns := search_patterns(words, match, matchcase);
    END IF;
    RETURN QUERY EXECUTE
        'SELECT x.room_id, x.msg_id FROM message_fts x'
        || CASE WHEN patterns IS NULL THEN '' ELSE
           ' JOIN message m ON m.room_id = x.room_id AND m.msg_id = x.msg_id' END
        || ' WHERE x.room_id = ANY ($1)' || cond
        || CASE WHEN query IS NULL THEN '' ELSE ' AND x.tsv @@ $2' END
        || CASE WHEN patterns IS NULL THEN ''
                WHEN match = 1 THEN ' AND m.chat ~ ALL ($3)'
                ELSE ' AND m.chat ~ ANY ($3)' END
        || ' ORDER BY x.ts' || dir || ', x.room_id' || dir || ', x.msg_id' || dir
        || ' LIMIT $8'
        USING rooms, query, patterns, authorv, from_ts, to_ts, anchor, max;
END $$;

INSERT INTO schema_version (version) VALUES (3);
