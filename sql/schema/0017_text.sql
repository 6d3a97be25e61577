-- Text: what the words of a text are, in any script, and what a name may be.
-- Search, watches, the web pages and the operator's commands all use these
-- functions.  They need no more than a store in UTF-8: classes of characters
-- are listed by code point, so that the result does not depend on the locale.

-- ------------------------------------------------------ classes of characters

-- Scripts that put no blanks between words (and Korean, whose particles are
-- written together with the word).
CREATE FUNCTION char_unspaced() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT U&'\0E01-\0E3E\0E40-\0E4E\0E80-\0ECF\0EDC-\0EFF\1000-\103F\1050-\108F\109A-\109F'
        || U&'\1100-\11FF\1780-\17D3\17D7\17DC\17DD\1950-\19CF\1A20-\1A7F\1B00-\1B4F'
        || U&'\2E80-\2FDF\3005-\3007\3021-\302F\3031-\303C\3041-\309F\30A1-\30FA\30FC-\9FFF'
        || U&'\A000-\A4CF\A980-\A9C0\A9CF\A9E0-\A9EF\A9FA-\A9FE\AA60-\AADD\AC00-\D7FF'
        || U&'\F900-\FAFF\+016F00-\+018FFF\+01B000-\+01B16F\+020000-\+03FFFF'
$$;

-- Currency signs, arrows, emoji and other pictures: each is a word of its own.
CREATE FUNCTION char_sign() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT U&'$\00A2-\00A5\00A9\00AE\058F\060B\07FE\07FF\09F2\09F3\0AF1\0BF9\0E3F\17DB'
        || U&'\20A0-\20CF\2190-\22FF\2300-\2307\230C-\2328\232B-\2BFF\A838\+01E2FF\+01ECB0'
        || U&'\+01F000-\+01FAFF'
$$;

-- Accents, vowel points, skin tones and what is invisible: left out.
CREATE FUNCTION char_mark() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT U&'\00AD\0300-\036F\0483-\0489\0591-\05BD\05BF\05C1\05C2\05C4\05C5\05C7'
        || U&'\0610-\061A\061C\0640\064B-\065F\0670\06D6-\06DC\06DF-\06E4\06E7\06E8'
        || U&'\06EA-\06ED\180B-\180F\1AB0-\1AFF\1DC0-\1DFF\200B-\200F\202A-\202E\2060-\206F'
        || U&'\20D0-\20FF\FE00-\FE0F\FE20-\FE2F\FEFF\+01F3FB-\+01F3FF\+0E0000-\+0E0FFF'
$$;

-- Between words.
CREATE FUNCTION char_between() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT U&'\0001-#%-/:-@\005B-`{-\00A1\00A6-\00A8\00AB\00AC\00AF-\00B1\00B4\00B6-\00B8'
        || U&'\00BB\00BF\00D7\00F7\02C2-\02DF\055A-\055F\0589\058A\05BE\05C0\05C3\05C6\05F3'
        || U&'\05F4\0600-\060A\060C-\060F\061B-\061F\066A-\066D\06D4\0700-\070D\07F7-\07F9'
        || U&'\0830-\083E\085E\0964\0965\0970\0DF4\0E4F\0E5A\0E5B\0F01-\0F14\0F3A-\0F3D\0F85'
        || U&'\0FD0-\0FDA\104A-\104F\10FB\1360-\1368\1400\166D\166E\1680\169B\169C'
        || U&'\16EB-\16ED\1735\1736\17D4-\17D6\17D8-\17DA\1800-\180A\1944\1945\1A1E\1A1F'
        || U&'\1AA0-\1AAD\1B5A-\1B60\1BFC-\1BFF\1C3B-\1C3F\1C7E\1C7F\1CC0-\1CC7\1CD3'
        || U&'\2000-\206F\2308-\230B\2329\232A\2CF9-\2CFF\2E00-\2E7F\3000-\3004\3008-\3020'
        || U&'\3030\303D-\303F\30A0\30FB\A4FE\A4FF\A60D-\A60F\A673\A67E\A6F2-\A6F7'
        || U&'\A874-\A877\A8CE\A8CF\A8F8-\A8FC\A92E\A92F\A95F\A9C1-\A9CD\A9DE\A9DF'
        || U&'\AA5C-\AA5F\AADE\AADF\ABEB\FD3E\FD3F\FE10-\FE6F\FF00-\FF0F\FF1A-\FF20'
        || U&'\FFE0-\FFFF'
$$;

-- --------------------------------------------------------------------- words

-- The words of a text, one blank before and after each: without accents, in
-- the width and (unless cased) the case that words are compared in.  Letters
-- and digits make a word, whatever else is between them: "budget.xlsx" has
-- two words.  In a run of characters without blanks every two neighbours are
-- a word, and so are the first and the last by themselves.  Words longer than
-- 64 characters are cut in pieces.
CREATE FUNCTION text_words(t text, cased boolean DEFAULT false) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF octet_length(t) = length(t) THEN      -- ASCII
        IF NOT cased THEN
            t := lower(t COLLATE "C");
        END IF;
        t := regexp_replace(replace(t, '$', ' $ ') COLLATE "C",
                            '[^0-9A-Za-z$]+', ' ', 'g');
    ELSE
        t := normalize(translate(t, U&'\2122\2120\24C2', '   '), NFKD);
        IF NOT cased THEN
            t := lower(t COLLATE "und-x-icu");
        END IF;
        -- the Cyrillic short i is a letter, not an accent
        t := replace(replace(t, U&'\0438\0306', U&'\0439'), U&'\0418\0306', U&'\0419');
        t := normalize(regexp_replace(t COLLATE "C", '[' || char_mark() || ']+', '', 'g'), NFC);
        IF t COLLATE "C" ~ '[ßẞıæøœłđðþħŧςſÆØŒŁĐÐÞĦŦ]' THEN
            t := translate(t, 'ıøłđðħŧςſØŁĐÐĦŦ', 'iolddhtσsOLDDHT');
            t := replace(replace(replace(replace(t, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
            t := replace(replace(replace(replace(t, 'ẞ', 'SS'), 'Æ', 'AE'), 'Œ', 'OE'), 'Þ', 'TH');
        END IF;
        IF t COLLATE "C" ~ ('[' || char_sign() || ']') THEN
            t := regexp_replace(t COLLATE "C", '([' || char_sign() || '])', ' \1 ', 'g');
        END IF;
        t := regexp_replace(t COLLATE "C", '[' || char_between() || ']+', ' ', 'g');
        IF t COLLATE "C" ~ ('[' || char_unspaced() || ']') THEN
            t := regexp_replace(regexp_replace(t COLLATE "C",
                '([' || char_unspaced() || ']+)', ' \1 ', 'g'),
                '([' || char_unspaced() || '])', '\1 \1', 'g');
        END IF;
        t := regexp_replace(t COLLATE "C", '  +', ' ', 'g');
    END IF;
    IF octet_length(t) > 64 AND t COLLATE "C" ~ '[^ ]{65}' THEN
        t := regexp_replace(t COLLATE "C", '([^ ]{64})(?=[^ ])', '\1 ', 'g');
    END IF;
    RETURN ' ' || btrim(t, ' ') || ' ';
END $$;

-- A word or phrase as it is looked for within text_words(); NULL: it has no
-- words.  It may begin and end within a run without blanks; one character of
-- such a run is found as the beginning of words (then no blank follows).
CREATE FUNCTION text_term(t text, cased boolean DEFAULT false) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    w     text[] := string_to_array(btrim(text_words(t, cased), ' '), ' ');
    one   text COLLATE "C" := '^[' || char_unspaced() || ']$';
    first integer := 1;
    last  integer := cardinality(w);
BEGIN
    IF last = 0 THEN
        RETURN NULL;
    END IF;
    IF w[1] ~ one THEN
        first := 2;
    END IF;
    IF last > first AND w[last] ~ one THEN
        last := last - 1;
    ELSIF first = 2 AND last = 2 AND w[2] ~ one THEN
        RETURN ' ' || w[2];
    END IF;
    RETURN ' ' || array_to_string(w[first:last], ' ') || ' ';
END $$;

-- What is looked for.  match: 0, 1 each part between blanks for itself, 2 the
-- phrase.
CREATE FUNCTION text_terms(words text, match integer, cased boolean) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT coalesce(array_agg(DISTINCT x.term), '{}')
  FROM (SELECT text_term(part, cased) AS term
          FROM unnest(CASE WHEN match = 2 THEN ARRAY[words]
                           ELSE regexp_split_to_array(normalize(words, NFKC), '\s+') END) AS part
       ) AS x
 WHERE x.term IS NOT NULL
$$;

-- Has a text any or every one of the terms?
CREATE FUNCTION text_has(chat text, terms text[], every boolean, cased boolean)
    RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN every THEN bool_and(position(term IN w.words) > 0)
            ELSE bool_or(position(term IN w.words) > 0) END
  FROM (SELECT text_words(chat, cased) AS words OFFSET 0) AS w, unnest(terms) AS term
$$;

-- ------------------------------------------------------------------- search

-- Stems of a language are entered beside the words, with a mark that no word
-- has.
CREATE FUNCTION text_stems(config regconfig, words text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT coalesce(string_agg('''~' || replace(s, '''', '') || '''', ' '), '')
  FROM unnest(tsvector_to_array(to_tsvector(config,
           regexp_replace(words COLLATE "C", U&'[^ ]*[\0E00-\+10FFFF][^ ]*', '', 'g')))) AS s
 WHERE position(' ' || s || ' ' IN words) = 0 AND s !~ '\\'
$$;

-- text_words() and their places; with the stems of a language, if it has any.
CREATE FUNCTION text_vector(config regconfig, words text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE AS $$
SELECT (coalesce((SELECT string_agg(x.word || ':' || x.n, ' ')
                    FROM (SELECT unnest(a.words) AS word, generate_subscripts(a.words, 1) AS n
                            FROM (SELECT string_to_array(btrim(words, ' '), ' ') AS words)
                              AS a) AS x), '')
        || CASE WHEN config = 'pg_catalog.simple'::regconfig THEN ''
                ELSE ' ' || text_stems(config, words) END)::tsvector
$$;

-- Plain sentences, in which the words of the server's own parser are those of
-- text_words(): ASCII without compound names.
CREATE FUNCTION text_plain(t text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT t COLLATE "C" !~ ('[^ -~\n\r\t]|[^0-9A-Za-z ,;!?()"''\n\r\t.:-]'
                         '|[.:-][^ \n\r\t]|[0-9][A-Za-z]|[^ ]{65}')
$$;

-- Only the first part of a very long message is found: a tsvector has a limit,
-- and one message must not stop the indexing of all.  The server's parser
-- does the same for plain sentences, in less than half the time.
CREATE OR REPLACE FUNCTION search_vector(config regconfig, chat text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN config = 'pg_catalog.simple'::regconfig AND octet_length(chat) < 10000
                 AND text_plain(chat)
            THEN to_tsvector('pg_catalog.simple', chat)
            ELSE text_vector(config, text_words(left(chat, 80000))) END
$$;

-- match: 0 any of the words, 1 all of them, 2 the phrase.  What has several
-- words without blanks ("budget.xlsx") is a phrase.  NULL: no words.
CREATE OR REPLACE FUNCTION search_query(words text, match integer) RETURNS tsquery
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    config regconfig := search_language();
    q      tsquery;
    term   text;
    one    text;
    stem   text;
BEGIN
    FOREACH term IN ARRAY text_terms(words, match, false) LOOP
        one := '''' || replace(btrim(term, ' '), ' ', ''' <-> ''') || ''''
            || CASE WHEN right(term, 1) <> ' ' THEN ':*' ELSE '' END;
        IF match <> 2 AND config <> 'pg_catalog.simple'::regconfig
           AND position(' ' IN btrim(term, ' ')) = 0 THEN
            FOREACH stem IN ARRAY tsvector_to_array(to_tsvector(config, btrim(term, ' '))) LOOP
                CONTINUE WHEN stem ~ '[''\\]';
                one := format('%s | ''%s'' | ''~%s''', one, stem, stem);
            END LOOP;
        END IF;
        q := CASE WHEN q IS NULL THEN one::tsquery
                  WHEN match = 1 THEN q && one::tsquery
                  ELSE q || one::tsquery END;
    END LOOP;
    RETURN q;
END $$;

DROP FUNCTION search_patterns(text, integer, boolean);
DROP FUNCTION word_patterns(text, integer, boolean);

-- --------------------------------------------------- the index, kept and renewed

-- stale_to: messages up to this one are indexed by the words of former rules
-- or of another language, and wait to be renewed.
ALTER TABLE room_indexed ADD COLUMN stale_to bigint NOT NULL DEFAULT 0;
UPDATE room_indexed SET stale_to = msg_id;
CREATE INDEX room_stale ON room_indexed (room_id) WHERE stale_to > 0;

-- Renew what is stale, the newest messages of a room first; how many ids were
-- passed.
CREATE FUNCTION search_index_renew(config regconfig, batch bigint) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    budget bigint := batch;
    down   bigint;
    r      record;
BEGIN
    FOR r IN SELECT i.room_id, i.stale_to FROM room_indexed i
              WHERE i.stale_to > 0 ORDER BY i.room_id LIMIT 100
    LOOP
        EXIT WHEN budget <= 0;
        down := greatest(r.stale_to - budget, 0);
        UPDATE message_fts f SET tsv = search_vector(config, m.chat)
          FROM message m
         WHERE f.room_id = r.room_id AND f.msg_id > down AND f.msg_id <= r.stale_to
           AND m.room_id = r.room_id AND m.msg_id = f.msg_id;
        UPDATE room_indexed i SET stale_to = down WHERE i.room_id = r.room_id;
        budget := budget - (r.stale_to - down);
    END LOOP;
    RETURN batch - budget;
END $$;

-- As in 0003, but another language keeps what is indexed until it is renewed.
CREATE OR REPLACE FUNCTION search_index_step(after bigint, slice integer, batch integer)
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
        UPDATE room_indexed SET stale_to = msg_id;
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

    IF budget > 0 THEN
        budget := budget - search_index_renew(config, budget);
    END IF;
    passed := batch - budget;
    RETURN NEXT;
END $$;

-- The first (newest or oldest) messages that a search asks for, looked for in
-- that order within a window of the index: what is said often is found at
-- once, where the index of words would give all of it to be sorted.  The window
-- grows if the hits in it promise enough; in one room it does not, for the
-- index of words knows the room.  NULL: these are not all, ask that index.
-- from_fts: the search behind "FROM message_fts x"; the rest as there.
CREATE FUNCTION history_recent(from_fts text, since text, dir text,
                               rooms bigint[], query tsquery, terms text[],
                               authorv bigint[], from_ts timestamptz,
                               to_ts timestamptz, anchor bigint, want integer,
                               OUT roomv bigint[], OUT msgv bigint[])
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    widest CONSTANT bigint := 20000;
    one    boolean := cardinality(rooms) = 1;
    span   bigint := CASE WHEN one THEN 500 ELSE 2000 END;
    found  bigint;
BEGIN
    LOOP
        EXECUTE 'SELECT array_agg(f.room_id), array_agg(f.msg_id)
                   FROM (SELECT x.room_id, x.msg_id FROM (
                         SELECT * FROM message_fts x WHERE '
             || CASE WHEN one THEN 'x.room_id = $1[1]' || since || ' ORDER BY x.msg_id' || dir
                     ELSE 'true' || since || ' ORDER BY x.ts' || dir || ', x.room_id' || dir
                          || ', x.msg_id' || dir END
             || ' LIMIT $9) AS x' || from_fts || ' AND x.room_id = ANY ($1) ORDER BY '
             || CASE WHEN one THEN '' ELSE 'x.ts' || dir || ', x.room_id' || dir || ', ' END
             || 'x.msg_id' || dir || ' LIMIT $8) AS f'
           INTO roomv, msgv
          USING rooms, query, terms, authorv, from_ts, to_ts, anchor, want, span;
        found := coalesce(cardinality(msgv), 0);
        IF found >= want THEN
            RETURN;
        ELSIF one OR found = 0 OR span = widest OR span * want / found > widest THEN
            roomv := NULL;
            msgv  := NULL;
            RETURN;
        END IF;
        span := least(2 * span * want / found, widest);
    END LOOP;
END $$;

-- As in 0006, with the words of above: a phrase is words that follow each
-- other; only the case of words is looked up in the text itself.
CREATE OR REPLACE FUNCTION history_find(rooms bigint[], words text, match integer,
                             matchcase boolean, authors text[],
                             from_ts timestamptz, to_ts timestamptz,
                             anchor bigint, backwards boolean, max integer,
                             named boolean DEFAULT false)
    RETURNS TABLE (room_id bigint, msg_id bigint, more boolean)
    LANGUAGE plpgsql STABLE ROWS 100 AS $$
DECLARE
    direct   boolean := words IS NULL AND cardinality(rooms) <= 100;
    query    tsquery;
    terms    text[];
    authorv  bigint[];
    source   text;
    cond     text := '';
    since    text := '';
    dir      text := CASE WHEN backwards THEN ' DESC' ELSE ' ASC' END;
    cmp      text := CASE WHEN backwards THEN ' <= ' ELSE ' >= ' END;
    roomv    bigint[];
    msgv     bigint[];
    cut      bigint[] := '{}';
    beyond   text := ' AND x.room_id = w.id AND x.msg_id '
                     || CASE WHEN backwards THEN '<' ELSE '>' END || ' w.edge';
BEGIN
    IF authors IS NOT NULL THEN
        SELECT coalesce(array_agg(p.principal_id), '{}') INTO authorv
          FROM principal p WHERE p.key = ANY (authors);
        cond := cond || ' AND x.author_id = ANY ($4)';
    END IF;

    IF anchor IS NOT NULL THEN
        cond := cond || ' AND x.msg_id' || cmp || '$7';
    ELSIF NOT direct THEN
        since := CASE WHEN isfinite(from_ts) THEN ' AND x.ts >= $5' ELSE '' END
              || CASE WHEN isfinite(to_ts) THEN ' AND x.ts <= $6' ELSE '' END;
        cond := cond || since;
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
            IF query IS NULL THEN
                RETURN;
            END IF;
            terms := CASE WHEN matchcase THEN text_terms(words, match, true) END;
        END IF;
        source := 'message_fts x'
            || CASE WHEN terms IS NULL THEN '' ELSE
               ' JOIN message m ON m.room_id = x.room_id AND m.msg_id = x.msg_id' END
            || ' WHERE ' || CASE WHEN query IS NULL THEN 'true' ELSE 'x.tsv @@ $2' END
            || CASE WHEN terms IS NULL THEN ''
                    ELSE format(' AND text_has(m.chat, $3, %L, true)', match = 1) END;
    END IF;

    IF query IS NOT NULL THEN
        SELECT h.roomv, h.msgv INTO roomv, msgv
          FROM history_recent(substr(source, length('message_fts x') + 1) || cond, since, dir,
                              rooms, query, terms, authorv, from_ts, to_ts, anchor,
                              max + 1) AS h;
    END IF;
    IF msgv IS NULL THEN
        EXECUTE 'SELECT array_agg(f.room_id), array_agg(f.msg_id) FROM ('
            || CASE WHEN direct THEN
               'SELECT m.* FROM unnest($1) AS w (id)
                 CROSS JOIN LATERAL (
                       SELECT x.room_id, x.msg_id, x.ts FROM ' || source || cond || '
                          AND x.room_id = w.id
                        ORDER BY x.msg_id' || dir || ' LIMIT $8) AS m
                 ORDER BY m.ts' || dir || ', m.room_id' || dir || ', m.msg_id' || dir
               WHEN query IS NULL THEN
               'SELECT x.room_id, x.msg_id FROM ' || source || cond
               || ' AND x.room_id = ANY ($1)
                 ORDER BY x.ts' || dir || ', x.room_id' || dir || ', x.msg_id' || dir
               ELSE
               -- OFFSET 0: by the index of words, however few the planner expects
               'SELECT x.room_id, x.msg_id FROM (
                       SELECT x.room_id, x.msg_id, x.ts FROM ' || source || cond
               || ' AND x.room_id = ANY ($1) OFFSET 0) AS x
                 ORDER BY x.ts' || dir || ', x.room_id' || dir || ', x.msg_id' || dir
               END || ' LIMIT $8) AS f'
           INTO roomv, msgv
          USING rooms, query, terms, authorv, from_ts, to_ts, anchor, max + 1;
    END IF;

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
                      WHERE ' || CASE WHEN query IS NULL THEN
                            'EXISTS (SELECT FROM ' || source || cond || beyond || ')'
                            ELSE
                            -- near by, else by the index of words, which
                            -- count() makes the planner take
                            'EXISTS (SELECT FROM (SELECT * FROM message_fts x WHERE true'
                            || beyond || ' ORDER BY x.msg_id' || dir || ' LIMIT 100) AS x'
                            || substr(source, length('message_fts x') + 1) || cond || ')
                             OR (SELECT count(*) FROM ' || source || cond || beyond || ') > 0'
                            END
               INTO cut
              USING CASE WHEN named THEN rooms ELSE roomv END, query, terms,
                    authorv, from_ts, to_ts, anchor, roomv, msgv, max;
        END IF;
    END IF;

    RETURN QUERY
    SELECT u.r, u.m, u.r = ANY (cut)
      FROM unnest(roomv[:max], msgv[:max]) WITH ORDINALITY AS u (r, m, n) ORDER BY u.n;
    RETURN QUERY
    SELECT c, NULL::bigint, true FROM unnest(cut) AS c WHERE c <> ALL (roomv[:max]);
END $$;

-- As in 0006, with the words of above.
CREATE OR REPLACE FUNCTION message_scan(c jsonb, after_room bigint, after_msg bigint,
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
    cased     boolean := (c ->> 'case')::boolean;
    terms     text[] := CASE WHEN c ->> 'words' IS NOT NULL
                             THEN text_terms(c ->> 'words', (c ->> 'match')::integer, cased) END;
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
                       AND (terms IS NULL
                            OR coalesce(text_has(m.chat, terms, every, cased), false)) AS hit
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

-- ------------------------------------------------------------------ watches

-- The terms of a watch; the commas of Chinese and Japanese are commas, too.
CREATE FUNCTION watch_split(words text) RETURNS SETOF text
    LANGUAGE sql IMMUTABLE AS $$
SELECT regexp_split_to_table(words, '[,，、]')
$$;

-- As in 0008.
CREATE OR REPLACE FUNCTION watch_terms(watch bigint) RETURNS void LANGUAGE sql AS $$
    DELETE FROM watch_term t WHERE t.watch_id = watch;
    INSERT INTO watch_term (first_word, watch_id, term)
    SELECT DISTINCT split_part(btrim(x.term), ' ', 1), watch, x.term
      FROM (SELECT text_term(s) AS term
              FROM watch w
              JOIN principal p ON p.principal_id = w.principal_id
             CROSS JOIN LATERAL unnest(
                   CASE w.kind WHEN 1 THEN ARRAY(SELECT watch_split(w.words))
                        ELSE ARRAY[p.display,
                                   split_part(replace(p.key, 'sip:', ''), '@', 1)]
                   END) AS s
             WHERE w.watch_id = watch) AS x
     WHERE x.term IS NOT NULL;
$$;

-- As in 0008.  -1: there is no word in what is sought.
CREATE OR REPLACE FUNCTION watch_set(me bigint, watch bigint, what integer, sought text,
                          most integer)
    RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
BEGIN
    IF what = 1 AND NOT EXISTS (SELECT FROM watch_split(sought) AS t
                                 WHERE text_term(t) IS NOT NULL) THEN
        RETURN -1;
    END IF;
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

-- As in 0008.  A term of one character in a script without blanks is the
-- beginning of a word of two.
CREATE OR REPLACE FUNCTION feed_step(batch integer, kept integer)
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
           SELECT m.room_id, m.msg_id, m.author_id, m.ts, text_words(left(m.chat, 80000)) AS words
             FROM unnest(rooms, froms, uptos) AS n (room_id, lo, hi)
             JOIN message m ON m.room_id = n.room_id AND m.msg_id > n.lo
                           AND m.msg_id <= n.hi AND m.flags & 8 <> 8
         ), near AS MATERIALIZED (
           SELECT s.room_id, s.msg_id, s.author_id, s.ts, t.watch_id
             FROM said s
            CROSS JOIN LATERAL string_to_table(btrim(s.words), ' ') AS word
             JOIN watch_term t ON t.first_word = ANY (CASE WHEN length(word) = 2
                                  THEN ARRAY[word, left(word, 1)] ELSE ARRAY[word] END)
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

DROP FUNCTION feed_words(text);
SELECT watch_terms(watch_id) FROM watch;

-- --------------------------------------------------------------------- names

-- What is wrong with a text that people read as one line or a few; NULL:
-- nothing.  most: characters.  lines: it may be empty, and TAB and line ends
-- are allowed.  Positions are those of characters, from 1.
CREATE FUNCTION text_problem(given text, most integer, lines boolean) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    -- the first character of each kind that cannot be there, and what it is
    controls CONSTANT text := CASE WHEN lines
        THEN U&'[\0001-\0008\000B\000C\000E-\001F\007F-\009F]'
        ELSE U&'[\0001-\001F\007F-\009F\2028\2029]' END;
    bidi CONSTANT text := U&'[\061C\200E\200F\202A-\202E\2066-\2069]';
    hidden CONSTANT text := U&'[\00AD\034F\115F\1160\17B4\17B5\180B-\180F\200B'
        || U&'\2060-\2065\206A-\206F\2800\3164\FEFF\FFA0\FFF0-\FFFB'
        || U&'\+01BCA0-\+01BCA3\+01D173-\+01D17A\+0E0000-\+0E0FFF]';
    -- joiners belong after letters of scripts that join, and pictures
    joiner CONSTANT text := U&'(?:^|[^\0600-\08FF\0900-\0DFF\0F00-\109F\1780-\18AF'
        || U&'\2190-\2BFF\FE0F\+01F000-\+01FAFF])([\200C\200D])';
    variant CONSTANT text := U&'(?:^|[^#*0-9\00A9\00AE\203C-\3299\3400-\9FFF'
        || U&'\+01F000-\+01FAFF\+020000-\+03FFFF])([\FE00-\FE0F])';
    nothing CONSTANT text := U&'[\FDD0-\FDEF\FFFE\FFFF]';
    at   integer;
    what text;
    code text;
BEGIN
    IF given ~ '^[ -~]+$' AND length(given) <= most AND given ~ '[^ ]' THEN
        RETURN NULL;
    END IF;
    SELECT x.at, x.what INTO at, what
      FROM (VALUES (regexp_instr(given COLLATE "C", controls), 'a control character'),
                   (regexp_instr(given COLLATE "C", bidi), 'a control of writing direction'),
                   (regexp_instr(given COLLATE "C", hidden), 'invisible'),
                   (regexp_instr(given COLLATE "C", joiner, 1, 1, 0, '', 1), 'invisible'),
                   (regexp_instr(given COLLATE "C", variant, 1, 1, 0, '', 1), 'invisible'),
                   (regexp_instr(given COLLATE "C", nothing), 'not a character'))
           AS x (at, what)
     WHERE x.at > 0 ORDER BY x.at LIMIT 1;
    IF FOUND THEN
        code := upper(to_hex(ascii(substr(given, at, 1))));
        RETURN format('U+%s at position %s is %s',
                      lpad(code, greatest(length(code), 4), '0'), at, what);
    ELSIF length(normalize(given, NFC)) > most THEN
        RETURN format('has %s characters, more than %s', length(normalize(given, NFC)), most);
    ELSIF NOT lines AND regexp_replace(given COLLATE "C", U&'[ \00A0\0300-\036F\1680'
              || U&'\2000-\200A\202F\205F\3000]', '', 'g') = '' THEN
        RETURN 'is blank';
    END IF;
    RETURN NULL;
END $$;

-- As it is kept: composed (NFC), for the same name typed on another system
-- would be another, and without blanks around it.
CREATE FUNCTION name_clean(given text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT btrim(normalize(given, NFC), U&' \00A0\1680\2000\2001\2002\2003\2004\2005'
             || U&'\2006\2007\2008\2009\200A\202F\205F\3000')
$$;

-- Names that look the same have the same: without regard to case, width,
-- blanks and joiners.
CREATE FUNCTION name_fold(given text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT btrim(regexp_replace(regexp_replace(replace(replace(
           lower(upper(lower(normalize(given, NFKC) COLLATE "und-x-icu"))),
           U&'i\0307', 'i'), U&'\03C2', U&'\03C3') COLLATE "C",
           U&'[\200C\200D\FE00-\FE0F]+', '', 'g'), '\s+', ' ', 'g'))
$$;

-- A name as it must be to be taken, made of one that is not.
CREATE FUNCTION name_mend(given text, otherwise text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN text_problem(given, 256, false) IS NULL THEN name_clean(given)
            WHEN text_problem(x.name, 256, false) IS NULL THEN x.name
            ELSE otherwise END
  FROM (SELECT left(name_clean(regexp_replace(regexp_replace(given COLLATE "C",
                   U&'[\0001-\001F\007F-\009F\2028\2029]', ' ', 'g'),
                   U&'[\00AD\034F\061C\115F\1160\17B4\17B5\180B-\180F\200B-\200F'
                   || U&'\202A-\202E\2060-\206F\2800\3164\FDD0-\FDEF\FE00-\FE0F\FEFF\FFA0'
                   || U&'\FFF0-\FFFF\+01BCA0-\+01BCA3\+01D173-\+01D17A\+0E0000-\+0E0FFF]',
                   '', 'g')), 256)) AS x (name)
$$;

-- As an export spells a name of former times, so that it can be imported.
CREATE FUNCTION name_given(name text, twin boolean, guid uuid) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN twin THEN left(x.mended, 245) || ' (' || left(guid::text, 8) || ')'
            ELSE x.mended END
  FROM (SELECT name_mend(name, left(guid::text, 8)) AS mended) AS x
$$;

CREATE FUNCTION name_refuse(what text, given text, most integer) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    problem text := text_problem(given, most, false);
BEGIN
    IF problem IS NOT NULL THEN
        PERFORM room_refuse('EINVAL', format('%s: %s', what, problem));
    END IF;
END $$;

CREATE FUNCTION lines_refuse(what text, given text, most integer) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    problem text := text_problem(given, most, true);
BEGIN
    IF problem IS NOT NULL THEN
        PERFORM room_refuse('EINVAL', format('%s: %s', what, problem));
    END IF;
END $$;

-- name_fold is NULL where a store had two names that look the same before
-- this migration: the later one stays, and names_unfit() shows it.
ALTER TABLE room ADD COLUMN name_fold text;
ALTER TABLE category ADD COLUMN name_fold text;
ALTER TABLE addin ADD COLUMN name_fold text;
ALTER TABLE principal ADD COLUMN name_fold text;

ALTER TABLE room DISABLE TRIGGER USER;
UPDATE room r SET name_fold = x.fold
  FROM (SELECT room_id, name_fold(name) AS fold,
               row_number() OVER (PARTITION BY name_fold(name) ORDER BY room_id) AS nth
          FROM room WHERE deleted_at IS NULL) AS x
 WHERE x.room_id = r.room_id AND x.nth = 1;
ALTER TABLE room ENABLE TRIGGER USER;
ALTER TABLE category DISABLE TRIGGER USER;
UPDATE category c SET name_fold = x.fold
  FROM (SELECT category_id, name_fold(name) AS fold,
               row_number() OVER (PARTITION BY name_fold(name) ORDER BY category_id) AS nth
          FROM category) AS x
 WHERE x.category_id = c.category_id AND x.nth = 1
   AND NOT EXISTS (SELECT FROM room r WHERE r.name_fold = x.fold);
ALTER TABLE category ENABLE TRIGGER USER;
UPDATE addin a SET name_fold = x.fold
  FROM (SELECT addin_id, name_fold(name) AS fold,
               row_number() OVER (PARTITION BY name_fold(name) ORDER BY addin_id) AS nth
          FROM addin) AS x
 WHERE x.addin_id = a.addin_id AND x.nth = 1;
-- Groups are known by what they are, and a directory may have named them.
ALTER TABLE principal DISABLE TRIGGER USER;
UPDATE principal p
   SET name = x.name, display = x.name, key = 'group:' || lower(x.name)
  FROM (SELECT principal_id, name_mend(name, guid::text) AS name FROM principal
         WHERE kind = 9 AND text_problem(name, 256, false) IS NOT NULL) AS x
 WHERE x.principal_id = p.principal_id
   AND NOT EXISTS (SELECT FROM principal q WHERE q.key = 'group:' || lower(x.name));
UPDATE principal p SET name_fold = x.fold
  FROM (SELECT principal_id, name_fold(name) AS fold,
               row_number() OVER (PARTITION BY name_fold(name) ORDER BY principal_id) AS nth
          FROM principal WHERE kind = 9 AND state <> 2) AS x
 WHERE x.principal_id = p.principal_id AND x.nth = 1;
ALTER TABLE principal ENABLE TRIGGER USER;
-- That has also enabled those that compliance switches.
SELECT compliance_triggers(compliance_on());

CREATE UNIQUE INDEX room_name_fold ON room (name_fold) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX category_name_fold ON category (name_fold);
CREATE UNIQUE INDEX addin_name_fold ON addin (name_fold);
CREATE UNIQUE INDEX principal_name_fold ON principal (name_fold)
    WHERE kind = 9 AND state <> 2;

-- Every way in ends in these triggers.  Rooms and categories share their
-- names.  Of a twin nothing is told but that there is one: it may be secret.
CREATE FUNCTION room_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.name <> OLD.name
       OR OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL THEN
        PERFORM name_refuse('name', NEW.name, 256);
        NEW.name := name_clean(NEW.name);
        NEW.name_fold := name_fold(NEW.name);
        IF EXISTS (SELECT FROM room r WHERE r.name_fold = NEW.name_fold
                      AND r.deleted_at IS NULL AND r.room_id <> NEW.room_id)
           OR EXISTS (SELECT FROM category c WHERE c.name_fold = NEW.name_fold) THEN
            PERFORM room_refuse('EEXIST', 'there is a room or category of this name, '
                                          'or of one that looks the same: ' || NEW.name);
        END IF;
    END IF;
    IF TG_OP = 'INSERT' OR NEW.description <> OLD.description THEN
        PERFORM lines_refuse('description', NEW.description, 256);
    END IF;
    IF TG_OP = 'INSERT' OR NEW.topic <> OLD.topic THEN
        PERFORM lines_refuse('topic', NEW.topic, 4096);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER room_named BEFORE INSERT OR UPDATE OF name, description, topic, deleted_at
    ON room FOR EACH ROW EXECUTE FUNCTION room_named();

CREATE FUNCTION category_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.name <> OLD.name THEN
        PERFORM name_refuse('name', NEW.name, 256);
        NEW.name := name_clean(NEW.name);
        NEW.name_fold := name_fold(NEW.name);
        IF EXISTS (SELECT FROM category c WHERE c.name_fold = NEW.name_fold
                      AND c.category_id <> NEW.category_id)
           OR EXISTS (SELECT FROM room r WHERE r.name_fold = NEW.name_fold
                         AND r.deleted_at IS NULL) THEN
            PERFORM room_refuse('EEXIST', 'there is a room or category of this name, '
                                          'or of one that looks the same: ' || NEW.name);
        END IF;
    END IF;
    IF TG_OP = 'INSERT' OR NEW.description <> OLD.description THEN
        PERFORM lines_refuse('description', NEW.description, 256);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER category_named BEFORE INSERT OR UPDATE OF name, description
    ON category FOR EACH ROW EXECUTE FUNCTION category_named();

CREATE FUNCTION addin_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.name <> OLD.name THEN
        PERFORM name_refuse('name', NEW.name, 256);
        NEW.name := name_clean(NEW.name);
        NEW.name_fold := name_fold(NEW.name);
        IF EXISTS (SELECT FROM addin a WHERE a.name_fold = NEW.name_fold
                      AND a.addin_id <> NEW.addin_id) THEN
            PERFORM room_refuse('EEXIST', 'there is an add-in of this name, '
                                          'or of one that looks the same: ' || NEW.name);
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER addin_named BEFORE INSERT OR UPDATE OF name
    ON addin FOR EACH ROW EXECUTE FUNCTION addin_named();

-- Users may have the same display name, or none.  A group that a directory or
-- an import brings is taken though its name looks like another's: names_unfit()
-- shows it.
CREATE FUNCTION principal_named_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    back boolean := TG_OP = 'INSERT' OR OLD.state = 2 AND NEW.state <> 2;
BEGIN
    IF NEW.kind = 5 AND NEW.display <> '' AND (TG_OP = 'INSERT' OR NEW.display <> OLD.display) THEN
        PERFORM name_refuse('display name', NEW.display, 256);
        NEW.display := name_clean(NEW.display);
    ELSIF NEW.kind = 9 AND (back OR NEW.name <> OLD.name) THEN
        PERFORM name_refuse('name', NEW.name, 256);
        NEW.name := name_clean(NEW.name);
        NEW.display := name_clean(NEW.display);
        NEW.name_fold := name_fold(NEW.name);
        IF NEW.state <> 2
           AND EXISTS (SELECT FROM principal p WHERE p.name_fold = NEW.name_fold
                          AND p.kind = 9 AND p.state <> 2
                          AND p.principal_id <> NEW.principal_id) THEN
            IF coalesce(current_setting('pchat.source', true), '') = ''
               AND coalesce(current_setting('pchat.import', true), '') <> 'on' THEN
                PERFORM room_refuse('EEXIST', 'there is such a group, '
                                    'or one whose name looks the same: ' || NEW.name);
            END IF;
            NEW.name_fold := NULL;
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER principal_named_check BEFORE INSERT OR UPDATE OF name, display, state
    ON principal FOR EACH ROW WHEN (NEW.kind IN (5, 9))
    EXECUTE FUNCTION principal_named_check();

CREATE FUNCTION policy_named_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM name_refuse('name', NEW.name, 256);
    PERFORM lines_refuse('description', NEW.description, 256);
    RETURN NEW;
END $$;
CREATE TRIGGER policy_named_check BEFORE INSERT OR UPDATE OF name, description
    ON policy FOR EACH ROW EXECUTE FUNCTION policy_named_check();

CREATE FUNCTION hold_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM name_refuse('name', NEW.name, 256);
    RETURN NEW;
END $$;
CREATE TRIGGER hold_named BEFORE INSERT ON hold
    FOR EACH ROW EXECUTE FUNCTION hold_named();

-- Names of former times that are not taken any more, and names that look the
-- same as another.
CREATE FUNCTION names_unfit() RETURNS TABLE (kind text, id text, name text, problem text)
    LANGUAGE sql STABLE AS $$
WITH named AS (
       SELECT 'room' AS kind, r.guid::text AS id, r.name, r.name_fold IS NULL AS twin
         FROM room r WHERE r.deleted_at IS NULL
        UNION ALL
       SELECT 'category', c.guid::text, c.name, c.name_fold IS NULL FROM category c
        UNION ALL
       SELECT 'addin', a.guid::text, a.name, a.name_fold IS NULL FROM addin a
        UNION ALL
       SELECT 'group', p.guid::text, p.name, p.name_fold IS NULL
         FROM principal p WHERE p.kind = 9 AND p.state <> 2
        UNION ALL
       SELECT 'user', p.key, p.display, false
         FROM principal p WHERE p.kind = 5 AND p.state <> 2 AND p.display <> ''
     )
SELECT n.kind, n.id, n.name, coalesce(text_problem(n.name, 256, false),
           CASE WHEN n.twin THEN 'looks the same as another name'
                ELSE 'not composed (NFC), or with blanks around it' END)
  FROM named n
 WHERE n.twin OR text_problem(n.name, 256, false) IS NOT NULL
    OR n.name <> name_clean(n.name)
 ORDER BY n.kind, n.name, n.id
$$;

-- As in 0006 and 0010, but what looks like the name finds it.
CREATE OR REPLACE FUNCTION ctl_room(given text, removed boolean DEFAULT false) RETURNS room
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    r room%ROWTYPE;
BEGIN
    SELECT * INTO r FROM room x
     WHERE x.name_fold = name_fold(given) AND x.deleted_at IS NULL
        OR x.name_fold IS NULL AND x.name_key = lower(given) AND x.deleted_at IS NULL
        OR x.guid::text = lower(regexp_replace(given, '^ma-chan://[^/]*/', ''))
           AND (removed OR x.deleted_at IS NULL)
     ORDER BY x.name_key = lower(given) DESC LIMIT 1;
    IF NOT FOUND THEN
        PERFORM ctl_refuse('no such room: ' || given);
    END IF;
    RETURN r;
END $$;

CREATE OR REPLACE FUNCTION ctl_category(given text) RETURNS category
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    c category%ROWTYPE;
BEGIN
    SELECT * INTO c FROM category x
     WHERE x.name_fold = name_fold(given)
        OR x.name_fold IS NULL AND x.name_key = lower(given)
        OR x.guid::text = lower(regexp_replace(given, '^ma-cat://[^/]*/', ''))
     ORDER BY x.name_key = lower(given) DESC LIMIT 1;
    IF NOT FOUND THEN
        PERFORM ctl_refuse('no such category: ' || given);
    END IF;
    RETURN c;
END $$;

CREATE OR REPLACE FUNCTION ctl_addin(given text) RETURNS addin
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    a addin%ROWTYPE;
BEGIN
    SELECT * INTO a FROM addin x
     WHERE x.name_fold = name_fold(given) OR x.guid::text = lower(given)
        OR x.name_fold IS NULL AND x.name_key = lower(given)
     ORDER BY x.name_key = lower(given) DESC LIMIT 1;
    IF NOT FOUND THEN
        PERFORM ctl_refuse('no such add-in: ' || given);
    END IF;
    RETURN a;
END $$;

-- ------------------------------------------------------------------ settings

-- What only the store can tell of a setting's value (numbers and addresses
-- are checked by common/poolconf.c); NULL: nothing is wrong.
CREATE FUNCTION config_problem(key text, value text) RETURNS text
    LANGUAGE sql STABLE AS $$
SELECT CASE key
       WHEN 'SearchLanguage' THEN (
           SELECT format('there is no text search configuration "%s"; there are %s', value,
                         string_agg(DISTINCT c.cfgname, ', ' ORDER BY c.cfgname))
             FROM pg_ts_config c WHERE pg_ts_config_is_visible(c.oid)
           HAVING NOT bool_or(c.cfgname = value))
       WHEN 'Administrators' THEN (
           SELECT 'there is no ' || string_agg(x.k, ', ')
             FROM (SELECT trim(k) AS k FROM regexp_split_to_table(value, ',') AS k) AS x
            WHERE x.k <> '' AND NOT EXISTS (
                  SELECT FROM principal p WHERE p.key = lower(x.k) AND p.state <> 2))
       WHEN 'DisplayName' THEN text_problem(value, 256, false)
       WHEN 'Site' THEN CASE WHEN value <> '' THEN text_problem(value, 256, false) END
       WHEN 'RemovedMessageText' THEN CASE WHEN value !~ '\S' THEN 'is blank'
                                      ELSE text_problem(value, 4096, true) END
       END
$$;

-- As in 0013, but the value is looked at first.
CREATE OR REPLACE FUNCTION config_set(who bigint, name text, given text) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    problem text := config_problem(name, given);
    n       bigint;
BEGIN
    IF problem IS NOT NULL THEN
        PERFORM room_refuse('EINVAL', format('%s: %s', name, problem));
    END IF;
    INSERT INTO configuration AS c (key, value, updated_by)
    VALUES (name, given, admin_actor(who))
        ON CONFLICT (scope, key) DO UPDATE
       SET value = excluded.value, updated_by = excluded.updated_by,
           updated_on = now()
     WHERE c.value <> excluded.value;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n > 0 THEN
        PERFORM pg_notify('pchat_config', ''),
                admin_audited(who, 'config.set', name, jsonb_build_object('value', given));
    END IF;
    RETURN n;
END $$;

-- The same; what is wrong with the value, or NULL.
CREATE FUNCTION config_try(who bigint, name text, given text) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    problem text := config_problem(name, given);
BEGIN
    IF problem IS NULL THEN
        PERFORM config_set(who, name, given);
    END IF;
    RETURN problem;
END $$;

INSERT INTO schema_version (version) VALUES (17);
