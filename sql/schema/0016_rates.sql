-- Limits of what one account may do, and what goes with them.

-- A story is a message that begins with its marker, whichever way it came in.
CREATE FUNCTION message_story() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.flags := NEW.flags | 2;
    RETURN NEW;
END $$;

CREATE TRIGGER message_story BEFORE INSERT ON message
   FOR EACH ROW WHEN (NEW.chat LIKE '[STORY]%' AND NEW.flags & 2 = 0)
   EXECUTE FUNCTION message_story();

-- ------------------------------------------------------------- history

-- history_find() where a limit is of each room that is named, and of all
-- together where none is; never more than most.  What that leaves out of a room
-- is told by its row's more, or by a row without msg_id.
CREATE FUNCTION history_rooms(rooms bigint[], words text, match integer,
                              matchcase boolean, authors text[],
                              from_ts timestamptz, to_ts timestamptz,
                              anchor bigint, backwards boolean, max integer,
                              named boolean, most integer)
    RETURNS TABLE (room_id bigint, msg_id bigint, more boolean)
    LANGUAGE plpgsql STABLE ROWS 100 AS $$
DECLARE
    turn integer := CASE WHEN backwards THEN -1 ELSE 1 END;
BEGIN
    IF NOT named OR cardinality(rooms) < 2 OR max >= most THEN
        RETURN QUERY
        SELECT h.room_id, h.msg_id, h.more
          FROM history_find(rooms, words, match, matchcase, authors, from_ts, to_ts,
                            anchor, backwards, least(max, most), named) AS h;
        RETURN;
    END IF;

    RETURN QUERY
    WITH found AS MATERIALIZED (
           SELECT h.room_id AS r, h.msg_id AS m, h.more AS cut,
                  row_number() OVER (ORDER BY (x.ts - 'epoch'::timestamptz) * turn,
                                              h.room_id * turn, h.msg_id * turn) AS n
             FROM (SELECT DISTINCT unnest(rooms)) AS w (id)
            CROSS JOIN LATERAL history_find(ARRAY[w.id], words, match, matchcase,
                       authors, from_ts, to_ts, anchor, backwards, max, true) AS h
             JOIN message x ON x.room_id = h.room_id AND x.msg_id = h.msg_id
         ), told AS (
           SELECT f.r, f.m, f.n, bool_or(f.cut OR f.n > most) OVER (PARTITION BY f.r) AS cut,
                  min(f.n) OVER (PARTITION BY f.r) AS first
             FROM found AS f
         )
    SELECT t.r, CASE WHEN t.n <= most THEN t.m END, t.cut
      FROM told AS t WHERE t.n <= most OR t.n = t.first
     ORDER BY t.n;
END $$;

-- ---------------------------------------------------------------- files

-- Uploads in pieces that are not finished: each keeps the place of the whole.
CREATE TABLE file_piece (
    file_id      uuid PRIMARY KEY,
    principal_id bigint NOT NULL REFERENCES principal ON DELETE CASCADE,
    room_id      bigint NOT NULL REFERENCES room ON DELETE CASCADE,
    size_bytes   bigint NOT NULL,
    touched_on   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON file_piece (principal_id);
CREATE INDEX ON file_piece (room_id);

-- Bytes that a room's files may have together, and one file: MaxFileSizeKB and
-- RoomFileQuotaKB (0: as much as there is), when what is being brought counts
-- as well.
CREATE FUNCTION file_room_left(room uuid, besides uuid, OUT size_max bigint,
                               OUT room_left bigint)
    LANGUAGE sql STABLE AS $$
SELECT file_size_max_bytes(),
       CASE setting_number('RoomFileQuotaKB', 0) WHEN 0 THEN 9223372036854775807
            ELSE setting_number('RoomFileQuotaKB', 0) * 1024 - (
                SELECT coalesce((SELECT sum(f.size_bytes) FROM file f
                                  WHERE f.room_id = r.room_id), 0)
                     + coalesce((SELECT sum(w.size_bytes) FROM file_piece w
                                  WHERE w.room_id = r.room_id
                                    AND w.file_id IS DISTINCT FROM besides), 0)
                  FROM room r WHERE r.guid = room)::bigint
       END
$$;

-- A piece of a file comes: what the token allows, and the whole's place is
-- kept.  EUSERS: the user has begun too many.
CREATE FUNCTION file_piece_begin(given uuid, room uuid, id uuid, size bigint,
                                 most integer, lapse_s integer,
                                 OUT status text, OUT who bigint,
                                 OUT size_max bigint, OUT room_left bigint)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT t.status, t.who INTO status, who FROM file_token_user(given, room, 1) AS t;
    IF status <> 'ok' THEN
        RETURN;
    END IF;
    -- one at a time of a user: the count holds
    PERFORM FROM principal p WHERE p.principal_id = who FOR NO KEY UPDATE;
    DELETE FROM file_piece w
     WHERE w.principal_id = who AND w.touched_on < now() - make_interval(secs => lapse_s);
    SELECT l.size_max, l.room_left INTO size_max, room_left
      FROM file_room_left(room, id) AS l;
    IF size > size_max OR size > room_left THEN
        RETURN;                 -- the caller says so
    END IF;
    UPDATE file_piece w SET touched_on = now(), size_bytes = size
     WHERE w.file_id = id AND w.principal_id = who;
    IF NOT FOUND THEN
        IF (SELECT count(*) FROM file_piece w WHERE w.principal_id = who) >= most THEN
            status := 'EUSERS';
            RETURN;
        END IF;
        INSERT INTO file_piece (file_id, principal_id, room_id, size_bytes)
        SELECT id, who, r.room_id, size FROM room r WHERE r.guid = room
            ON CONFLICT DO NOTHING;
    END IF;
END $$;

-- It is whole, or nobody goes on with it.
CREATE FUNCTION file_piece_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM file_piece w WHERE w.file_id = NEW.file_id;
    RETURN NULL;
END $$;
CREATE TRIGGER file_piece_end AFTER INSERT ON file
   FOR EACH ROW EXECUTE FUNCTION file_piece_end();

-- A token for one direction of one room, valid for 30 minutes; EDQUOT: the user
-- has as many as may be.
DROP FUNCTION file_token_make(bigint, uuid, integer, text);
CREATE FUNCTION file_token_make(who bigint, room uuid, direction integer,
                                file_name text, most integer,
                                OUT status text, OUT token uuid)
    LANGUAGE plpgsql AS $$
BEGIN
    status := file_right(who, room, direction);
    IF status = 'ok' AND most <= (SELECT count(*) FROM file_token t
                                   WHERE t.principal_id = who AND t.expires_on > now()) THEN
        status := 'EDQUOT';
    END IF;
    IF status = 'ok' THEN
        token := gen_random_uuid();
        INSERT INTO file_token (token, principal_id, room_id, direction,
                                file_name, expires_on)
        SELECT token, who, r.room_id, direction, left(coalesce(file_name, ''), 256),
               now() + interval '30 minutes'
          FROM room r WHERE r.guid = room;
    END IF;
END $$;
CREATE INDEX ON file_token (principal_id);

INSERT INTO schema_version (version) VALUES (16);
