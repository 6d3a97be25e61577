-- What tells one compliance store, one archive and one event from another,
-- however often any of them is set back to an earlier point; and what became
-- of each item of a batch.

-- -------------------------------------------------------------- which store

-- Made once.  Batches have larger numbers than batch_floor: those up to it are
-- in some archive, though this store may not know of them any more.
CREATE TABLE identity (
    single      boolean PRIMARY KEY DEFAULT true CHECK (single),
    store_id    uuid NOT NULL DEFAULT gen_random_uuid(),
    batch_floor bigint NOT NULL DEFAULT 0
);
INSERT INTO identity DEFAULT VALUES;

-- A store ("chat" or "compliance") as it was when last looked at: its
-- identity, that of the cluster, timeline and database that it is in, and how
-- far the cluster's log was.  The mark of the compliance store is kept in the
-- chat store, and the other way round.
CREATE TABLE source (
    what      text PRIMARY KEY,
    store_id  uuid NOT NULL,
    system_id bigint NOT NULL,
    timeline  integer NOT NULL,
    database  bigint NOT NULL,
    mark      bigint NOT NULL,
    seen_on   timestamptz NOT NULL DEFAULT now()
);

-- Something was set back, made anew or replaced.  what: chat, compliance or
-- directory (of adapter).
CREATE TABLE fork (
    fork_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what     text NOT NULL,
    adapter  text,
    found_on timestamptz NOT NULL DEFAULT now(),
    detail   text NOT NULL
);

-- Where this database is now.
CREATE FUNCTION source_here(OUT store_id uuid, OUT system_id bigint,
                            OUT timeline integer, OUT database bigint,
                            OUT mark bigint) LANGUAGE sql AS $$
SELECT i.store_id, c.system_identifier,
       ('x' || left(pg_walfile_name(l.lsn), 8))::bit(32)::integer,
       d.oid::bigint, (l.lsn - '0/0'::pg_lsn)::bigint
  FROM identity i
 CROSS JOIN pg_control_system() AS c
 CROSS JOIN (SELECT pg_current_wal_lsn()) AS l (lsn)
  JOIN pg_database d ON d.datname = current_database()
$$;

-- In which way a store is not what it was; NULL: in none.
CREATE FUNCTION source_change(was source, id uuid, system bigint, line integer,
                              db bigint, at bigint) RETURNS text
    LANGUAGE sql IMMUTABLE AS $$
SELECT CASE
       WHEN was.store_id <> id
       THEN format('another store: %s, before it was %s', id, was.store_id)
       WHEN was.system_id <> system
       THEN format('restored into another cluster: %s, before it was %s',
                   system, was.system_id)
       WHEN was.database <> db
       THEN format('restored into another database: %s, before it was %s',
                   db, was.database)
       WHEN was.timeline <> line
       THEN format('on timeline %s, before it was on %s: a standby was promoted,'
                   ' or it was restored to a point in time%s', line, was.timeline,
                   CASE WHEN at < was.mark THEN ', and its log went back' ELSE '' END)
       WHEN at < was.mark
       THEN format('set back: its log is at %s, and was at %s on %s',
                   '0/0'::pg_lsn + at, '0/0'::pg_lsn + was.mark, was.seen_on)
       END
$$;

CREATE FUNCTION source_look(name text, id uuid, system bigint, line integer,
                            db bigint, at bigint) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    was source;
    how text;
BEGIN
    SELECT * INTO was FROM source s WHERE s.what = name FOR UPDATE;
    IF FOUND THEN
        how := source_change(was, id, system, line, db, at);
    END IF;
    IF how IS NOT NULL THEN
        INSERT INTO fork (what, detail) VALUES (name, how);
    END IF;
    INSERT INTO source (what, store_id, system_id, timeline, database, mark)
    VALUES (name, id, system, line, db, at)
        ON CONFLICT (what) DO UPDATE
       SET store_id = id, system_id = system, timeline = line, database = db,
           mark = at, seen_on = now();
END $$;

-- The chat store as it is now, and what it remembers of this one: id and
-- mark.  What it is to remember from now on.
CREATE FUNCTION sources_look(id uuid, system bigint, line integer, db bigint,
                             at bigint, known_id uuid, known_mark bigint)
    RETURNS TABLE (store_id uuid, mark bigint) LANGUAGE plpgsql AS $$
DECLARE
    here record;
BEGIN
    PERFORM source_look('chat', id, system, line, db, at);
    SELECT * INTO here FROM source_here();
    IF known_id IS NOT NULL THEN
        INSERT INTO source AS s (what, store_id, system_id, timeline, database, mark)
        VALUES ('compliance', known_id, here.system_id, here.timeline,
                here.database, known_mark)
            ON CONFLICT (what) DO UPDATE
           SET store_id = known_id, mark = greatest(s.mark, known_mark);
    END IF;
    PERFORM source_look('compliance', here.store_id, here.system_id,
                        here.timeline, here.database, here.mark);
    RETURN QUERY SELECT here.store_id, here.mark;
END $$;

-- ------------------------------------------------------------- event by event

-- Every event that ever was here: 16 bytes each, for good, in rows of an hour
-- of one batch.  A repeat has the time that it had: new events, which are
-- younger than all that went, are looked for in no row at all.
CREATE TABLE seen (
    first_ts timestamptz NOT NULL,
    last_ts  timestamptz NOT NULL,
    guids    uuid[] NOT NULL
);
ALTER TABLE seen ALTER COLUMN guids SET STORAGE EXTERNAL;
CREATE INDEX ON seen (last_ts);

INSERT INTO seen
SELECT '-infinity', now(), array_agg(s.guid)
  FROM staged_seen s GROUP BY date_trunc('hour', s.seen_on);
DROP TABLE staged_seen;

-- Events, by columns; how many were new.  Room of zeros, msg_id 0: none.  What
-- went before is looked for when the new ones are in: whoever deletes events
-- meanwhile cannot hide one from both looks.
CREATE OR REPLACE FUNCTION stage(guids uuid[], kinds integer[], tss bigint[],
                                 rooms uuid[], msg_ids bigint[], sessions text[],
                                 events text[])
    RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
    oldest timestamptz;
    repeats bigint := 0;
BEGIN
    INSERT INTO staged (guid, kind, ts, room, msg_id, session, event)
    SELECT x.guid, x.kind, timestamptz 'epoch' + x.ts * interval '1 microsecond',
           nullif(x.room, '00000000-0000-0000-0000-000000000000'),
           nullif(x.msg_id, 0), x.session, x.event
      FROM unnest(guids, kinds, tss, rooms, msg_ids, sessions, events)
        AS x (guid, kind, ts, room, msg_id, session, event)
        ON CONFLICT (guid) DO NOTHING;
    GET DIAGNOSTICS n = ROW_COUNT;
    SELECT timestamptz 'epoch' + min(x) * interval '1 microsecond' INTO oldest
      FROM unnest(tss) AS x;
    IF EXISTS (SELECT FROM seen s WHERE s.last_ts >= oldest) THEN
        WITH old AS MATERIALIZED (
            SELECT s.guids FROM seen s
             WHERE s.last_ts >= oldest
               AND EXISTS (SELECT FROM unnest(tss) AS x
                            WHERE timestamptz 'epoch' + x * interval '1 microsecond'
                                  BETWEEN s.first_ts AND s.last_ts)
        ), gone AS (
            DELETE FROM staged d
             WHERE d.guid = ANY (stage.guids) AND d.batch_id IS NULL
               AND d.guid IN (SELECT unnest(o.guids) FROM old o)
            RETURNING 1
        )
        SELECT count(*) INTO repeats FROM gone;
    END IF;
    RETURN n - repeats;
END $$;

-- The way to delete: the events of a batch go, their guids stay known.  How
-- many went.
CREATE OR REPLACE FUNCTION stage_forget(batch bigint) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    INSERT INTO seen
    SELECT min(s.ts), max(s.ts), array_agg(s.guid)
      FROM staged s WHERE s.batch_id = batch GROUP BY date_trunc('hour', s.ts);
    DELETE FROM staged WHERE batch_id = batch;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;

-- ------------------------------------------------------------------ adapters

-- chain: names the chain of manifests; the adapter's directory has it in its
-- identity file.  adopt: an operator wants the chain of that directory to go
-- on.  fork_id: the last fork that the chain tells of.
ALTER TABLE adapter
    ADD COLUMN chain         uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN adopt         boolean NOT NULL DEFAULT false,
    ADD COLUMN fork_id       bigint NOT NULL DEFAULT 0,
    ADD COLUMN failing_since timestamptz;

-- What became of the items (mails, posts) of a batch that is not settled, or
-- of which some were refused.
CREATE TABLE delivery_item (
    adapter    text NOT NULL REFERENCES adapter ON DELETE CASCADE,
    batch_id   bigint NOT NULL,
    item       text NOT NULL,
    state      text NOT NULL CHECK (state IN ('taken', 'later', 'refused')),
    error      text NOT NULL DEFAULT '',
    changed_on timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (adapter, batch_id, item)
);

-- Events that an adapter's directory had already when it was found to be ahead
-- of this store: it does not get them again.
CREATE TABLE adopted (
    adapter text NOT NULL REFERENCES adapter ON DELETE CASCADE,
    guid    uuid NOT NULL,
    PRIMARY KEY (adapter, guid)
);

-- Uploads whose files were gone before they were copied.
CREATE TABLE lost_file (
    guid     uuid PRIMARY KEY,
    file     text NOT NULL,
    found_on timestamptz NOT NULL DEFAULT now()
);

-- Who holds batches back: a session of the chat store, or its outbox; '': no
-- one does.
ALTER TABLE run ADD COLUMN held_by text NOT NULL DEFAULT '';

-- Of a partial one the rest was taken: a retry delivers what is left.
ALTER TABLE refused ADD COLUMN partial boolean NOT NULL DEFAULT false;

CREATE FUNCTION item_settle(who text, b bigint, what text, outcome text, why text)
    RETURNS void LANGUAGE sql AS $$
INSERT INTO delivery_item AS d (adapter, batch_id, item, state, error)
VALUES (who, b, what, outcome, why)
    ON CONFLICT (adapter, batch_id, item) DO UPDATE
   SET state = outcome, error = why, changed_on = now()
$$;

CREATE OR REPLACE FUNCTION batch_close(who text, upto timestamptz, events integer,
                                       bytes bigint)
    RETURNS TABLE (batch bigint, eventc bigint) LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
    n bigint;
    since timestamptz;
    first_ts timestamptz;
    last_ts timestamptz;
BEGIN
    PERFORM FROM lease l WHERE l.holder = who AND l.until > clock_timestamp();
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT greatest(coalesce(max(b.batch_id), 0),
                    (SELECT i.batch_floor FROM identity i)) + 1, max(b.to_ts)
      INTO id, since
      FROM batch b;
    WITH oldest AS MATERIALIZED (
        SELECT s.ctid AS place, s.seq, s.ts, s.msg_id,
               octet_length(s.event) AS size
          FROM staged s WHERE s.batch_id IS NULL AND s.ts < upto
         ORDER BY s.ts, s.msg_id NULLS FIRST, s.seq LIMIT events
    ), picked AS (
        SELECT o.place, sum(o.size) OVER (ORDER BY o.ts, o.msg_id NULLS FIRST, o.seq)
                      - o.size AS before
          FROM oldest o
    ), taken AS (
        UPDATE staged s SET batch_id = id
          FROM picked p WHERE s.ctid = p.place AND p.before < bytes
        RETURNING s.ts
    )
    SELECT count(*), min(t.ts), max(t.ts) INTO n, first_ts, last_ts FROM taken t;
    IF n = 0 THEN
        RETURN QUERY SELECT NULL::bigint, 0::bigint;
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM staged s WHERE s.batch_id IS NULL AND s.ts < upto) THEN
        last_ts := upto;
    END IF;
    INSERT INTO batch (batch_id, from_ts, to_ts, eventc)
    VALUES (id, least(since, first_ts), last_ts, n);
    PERFORM present_follow(id);
    NOTIFY pchat_batch;
    RETURN QUERY SELECT id, n;
END $$;

-- The end of an adapter's chain, how far it is, and the batch that the last
-- manifest is of.
CREATE FUNCTION delivery_chain(who text)
    RETURNS TABLE (chain uuid, serial bigint, sha256 text, batch bigint,
                   last_batch bigint, adopt boolean) LANGUAGE sql STABLE AS $$
SELECT a.chain, a.serial, a.sha256, a.batch_id,
       coalesce((SELECT m.batch_id FROM manifest m
                  WHERE m.adapter = who AND m.serial = a.serial), 0), a.adopt
  FROM adapter a WHERE a.name = who
$$;

-- The directory of an adapter has manifests that this store does not know, or
-- lacks some that it does: its chain goes on from serial and hash.
CREATE FUNCTION delivery_adopt(who text, its_chain uuid, its_serial bigint,
                               hash text, newest bigint, how text) RETURNS void
    LANGUAGE sql AS $$
UPDATE adapter
   SET chain = its_chain, serial = its_serial, sha256 = hash, adopt = false
 WHERE name = who;
UPDATE identity SET batch_floor = greatest(batch_floor, newest);
INSERT INTO fork (what, adapter, detail)
SELECT 'directory', who, how
 WHERE NOT EXISTS (SELECT FROM fork f WHERE f.adapter = who AND f.detail = how)
$$;

CREATE FUNCTION delivery_manifest(who text, its_serial bigint, batch bigint,
                                  outcome text, hash text, content text)
    RETURNS void LANGUAGE sql AS $$
INSERT INTO manifest (adapter, serial, batch_id, result, sha256, body)
VALUES (who, its_serial, batch, outcome, hash, content)
    ON CONFLICT (adapter, serial) DO UPDATE
   SET batch_id = excluded.batch_id, result = excluded.result,
       sha256 = excluded.sha256, body = excluded.body, written_on = now()
$$;

-- As before; forks: JSON array of the forks that the chain does not tell of
-- yet, NULL: none; told: the last of them.
DROP FUNCTION delivery_next(text, integer);
CREATE FUNCTION delivery_next(who text, deaths_max integer)
    RETURNS TABLE (batch bigint, verdict text, retry boolean, note text,
                   from_ts timestamptz, to_ts timestamptz, eventc bigint,
                   serial bigint, previous text, wait_ms bigint, tries integer,
                   forks text, told bigint, completes boolean)
    LANGUAGE plpgsql AS $$
DECLARE
    a adapter;
    b batch;
    r refused;
BEGIN
    SELECT * INTO a FROM adapter x WHERE x.name = who FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    wait_ms := 60000;
    IF a.next_try > clock_timestamp() THEN
        wait_ms := 1 + extract(epoch FROM a.next_try - clock_timestamp()) * 1000;
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT * INTO r FROM refused x
     WHERE x.adapter = who AND x.verdict IS NOT NULL ORDER BY x.batch_id LIMIT 1;
    retry := FOUND;
    completes := FOUND AND r.partial;
    SELECT * INTO b FROM batch x
     WHERE CASE WHEN retry THEN x.batch_id = r.batch_id ELSE x.batch_id > a.batch_id END
     ORDER BY x.batch_id LIMIT 1;
    IF NOT FOUND THEN
        RETURN NEXT;
        RETURN;
    END IF;
    batch := b.batch_id;
    from_ts := b.from_ts;
    to_ts := b.to_ts;
    eventc := b.eventc;
    serial := a.serial + 1;
    previous := a.sha256;
    tries := a.tries;
    verdict := CASE WHEN r.verdict = 'skip' THEN 'skip'
                    WHEN b.deleted_on IS NOT NULL THEN 'missed'
                    WHEN a.deaths >= deaths_max AND a.current = b.batch_id THEN 'refuse'
                    ELSE 'deliver' END;
    note := CASE verdict WHEN 'skip' THEN 'skipped by ' || coalesce(r.verdict_by, '?')
                         WHEN 'refuse' THEN format('its process died %s times with it', a.deaths)
                         WHEN 'missed' THEN 'its events were gone' END;
    SELECT json_agg(json_build_object('what', f.what, 'found', f.found_on,
                                      'detail', f.detail) ORDER BY f.fork_id)::text,
           max(f.fork_id)
      INTO forks, told
      FROM fork f
     WHERE f.fork_id > a.fork_id AND (f.adapter IS NULL OR f.adapter = who);
    UPDATE adapter x
       SET state = 'delivering', current = b.batch_id, changed_on = now(),
           deaths = CASE WHEN a.current = b.batch_id THEN a.deaths ELSE 0 END
     WHERE x.name = who;
    RETURN NEXT;
END $$;

-- As before; its_told: the last fork that the manifest tells of, NULL: none.
DROP FUNCTION delivery_done(text, bigint, text, text, text, text);
CREATE FUNCTION delivery_done(who text, b bigint, outcome text, why text, hash text,
                              manifest text, its_told bigint) RETURNS boolean
    LANGUAGE plpgsql AS $$
DECLARE
    a adapter;
    again boolean;
BEGIN
    SELECT * INTO a FROM adapter x WHERE x.name = who FOR UPDATE;
    again := EXISTS (SELECT FROM refused r WHERE r.adapter = who
                                             AND r.batch_id = b
                                             AND r.verdict IS NOT NULL);
    IF NOT again AND (b <= a.batch_id OR
                      EXISTS (SELECT FROM batch x
                               WHERE x.batch_id > a.batch_id AND x.batch_id < b)) THEN
        RETURN false;
    END IF;
    IF outcome IN ('refused', 'partial') THEN
        INSERT INTO refused AS r (adapter, batch_id, error, partial)
        VALUES (who, b, why, outcome = 'partial')
            ON CONFLICT (adapter, batch_id) DO UPDATE
           SET error = excluded.error, refused_on = now(), verdict = NULL,
               partial = r.partial OR excluded.partial;
    ELSE
        DELETE FROM refused r WHERE r.adapter = who AND r.batch_id = b;
        DELETE FROM delivery_item d WHERE d.adapter = who AND d.batch_id = b;
    END IF;
    INSERT INTO lost_file (guid, file)
    SELECT (x ->> 'event')::uuid, x ->> 'file'
      FROM jsonb_array_elements(coalesce(manifest::jsonb -> 'lost', '[]')) AS x
        ON CONFLICT DO NOTHING;
    INSERT INTO manifest (adapter, serial, batch_id, result, sha256, body)
    VALUES (who, a.serial + 1, b, outcome, hash, manifest);
    UPDATE adapter x
       SET batch_id = CASE WHEN again THEN x.batch_id ELSE b END,
           serial = x.serial + 1, sha256 = hash, state = 'idle', current = NULL,
           tries = 0, deaths = 0, next_try = NULL, error = '', failing_since = NULL,
           fork_id = greatest(x.fork_id, its_told), changed_on = now()
     WHERE x.name = who;
    NOTIFY pchat_delivered;
    RETURN true;
END $$;

-- Not now: again after least_s, twice that, four times ... seconds, at most
-- most_s, a quarter more or less so that not all come back at once.
DROP FUNCTION delivery_later(text, text, integer);
CREATE FUNCTION delivery_later(who text, why text, least_s integer, most_s integer)
    RETURNS void LANGUAGE sql AS $$
UPDATE adapter
   SET state = 'waiting', error = why, tries = tries + 1, changed_on = now(),
       failing_since = coalesce(failing_since, now()),
       next_try = clock_timestamp() + (0.75 + random() / 2) * interval '1 s'
                  * least(least_s * 2 ^ least(tries, 20), most_s)
 WHERE name = who
$$;

-- An operator's word on what was refused of a batch; false: nothing was.
CREATE OR REPLACE FUNCTION refused_judge(who text, b bigint, word text, actor text)
    RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE refused SET verdict = word, verdict_by = actor
     WHERE adapter = who AND batch_id = b;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE delivery_item SET state = 'later'
     WHERE adapter = who AND batch_id = b AND state = 'refused' AND word = 'retry';
    UPDATE adapter SET next_try = NULL WHERE name = who;
    NOTIFY pchat_batch;
    RETURN true;
END $$;

INSERT INTO schema_version (version) VALUES (3);
