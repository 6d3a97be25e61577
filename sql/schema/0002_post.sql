-- Posting: one call stores a batch of messages in one transaction.

-- rooms is ascending and without repeats, so that batches of different
-- processes lock the counters in one order; counts says how many messages
-- each room gets; the message arrays name their room by its place in rooms
-- (from 1) and their own place within the room (from 1).  The caller gets one
-- row for each room: the id before the first new one, or NULL for a room that
-- takes no posts (disabled, deleted), whose messages are not stored.
CREATE FUNCTION post_batch(batch bigint, rooms bigint[], counts integer[],
                           place integer[], nth integer[], authors bigint[],
                           flags integer[], chats text[], rtfs text[])
    RETURNS TABLE (room_id bigint, base_id bigint, ts timestamptz)
    LANGUAGE plpgsql AS $$
DECLARE
    bases bigint[] := '{}';
    times timestamptz[] := '{}';
    marks integer[] := '{}';
    base  bigint;
    t     timestamptz;
    kept  boolean;
BEGIN
    FOR i IN 1 .. cardinality(rooms) LOOP
        UPDATE room_head h
           SET last_id = h.last_id + counts[i],
               last_ts = greatest(h.last_ts, clock_timestamp())
         WHERE h.room_id = rooms[i] AND h.open
     RETURNING h.last_id - counts[i], h.last_ts, h.keep INTO base, t, kept;
        IF NOT FOUND THEN
            base := NULL;
        END IF;
        bases := bases || base;
        times := times || t;
        marks := marks || CASE WHEN kept THEN 0 ELSE 8 END;
    END LOOP;

    INSERT INTO message (room_id, msg_id, author_id, ts, origin, flags, chat, rtf)
    SELECT rooms[m.p], bases[m.p] + m.n, m.author, times[m.p], batch,
           m.flag | marks[m.p], m.chat, m.rtf
      FROM unnest(place, nth, authors, flags, chats, rtfs)
        AS m (p, n, author, flag, chat, rtf)
     WHERE bases[m.p] IS NOT NULL;

    RETURN QUERY SELECT u.r, u.b, u.t FROM unnest(rooms, bases, times) AS u (r, b, t);
END $$;

INSERT INTO schema_version (version) VALUES (2);
