-- Batches of staged events, who is in a room when one begins, and what each
-- adapter has.

-- The one daemon that closes batches and runs the adapters.
CREATE TABLE lease (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    holder text NOT NULL DEFAULT '',
    until  timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO lease DEFAULT VALUES;

-- held: it is who's now.
CREATE FUNCTION lease_take(who text, lapse_ms integer)
    RETURNS TABLE (held boolean, by_whom text) LANGUAGE sql AS $$
UPDATE lease
   SET holder = CASE WHEN holder = who OR until < clock_timestamp()
                     THEN who ELSE holder END,
       until  = CASE WHEN holder = who OR until < clock_timestamp()
                     THEN clock_timestamp() + lapse_ms * interval '1 ms'
                     ELSE until END
RETURNING holder = who, holder
$$;

-- When batches were closed last, and whether somebody asked for it.
CREATE TABLE run (
    single   boolean PRIMARY KEY DEFAULT true CHECK (single),
    asked_on timestamptz NOT NULL DEFAULT '-infinity',
    done_on  timestamptz NOT NULL DEFAULT '-infinity',
    upto     timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO run DEFAULT VALUES;

-- Numbers without a gap.  Events are from from_ts to to_ts; the first may be
-- older when it came late.  deleted_on: its events are gone.
CREATE TABLE batch (
    batch_id   bigint PRIMARY KEY,
    from_ts    timestamptz NOT NULL,
    to_ts      timestamptz NOT NULL,
    eventc     bigint NOT NULL,
    closed_on  timestamptz NOT NULL DEFAULT now(),
    deleted_on timestamptz
);
CREATE INDEX batch_kept ON batch (batch_id) WHERE deleted_on IS NULL;
CREATE INDEX staged_batch ON staged (batch_id) WHERE batch_id IS NOT NULL;

-- Sessions in rooms, by the batch that their JOIN and their PART are in: in
-- the room at the start of batch n is who has joined_in < n <= parted_in.
CREATE TABLE present (
    room      uuid NOT NULL,
    session   text NOT NULL,
    person    jsonb,
    joined_in bigint NOT NULL,
    parted_in bigint
);
CREATE UNIQUE INDEX present_now ON present (room, session)
    WHERE parted_in IS NULL;
CREATE INDEX present_parted ON present (room, parted_in)
    WHERE parted_in IS NOT NULL;

-- One for each adapter that ever was configured.  It has dealt with all
-- batches up to batch_id, but those in refused.  deaths: of its process, with
-- the same batch; serial and sha256: the end of its chain of manifests.
CREATE TABLE adapter (
    name       text PRIMARY KEY,
    type       text NOT NULL,
    required   boolean NOT NULL,
    configured boolean NOT NULL DEFAULT true,
    batch_id   bigint NOT NULL,
    state      text NOT NULL DEFAULT 'idle'
               CHECK (state IN ('idle', 'delivering', 'waiting')),
    current    bigint,
    tries      integer NOT NULL DEFAULT 0,
    deaths     integer NOT NULL DEFAULT 0,
    next_try   timestamptz,
    error      text NOT NULL DEFAULT '',
    serial     bigint NOT NULL DEFAULT 0,
    sha256     text NOT NULL DEFAULT repeat('0', 64),
    changed_on timestamptz NOT NULL DEFAULT now()
);

-- Batches that an adapter did not want: kept until an operator says what is
-- to become of them (verdict retry or skip).
CREATE TABLE refused (
    adapter    text NOT NULL REFERENCES adapter ON DELETE CASCADE,
    batch_id   bigint NOT NULL REFERENCES batch,
    error      text NOT NULL,
    refused_on timestamptz NOT NULL DEFAULT now(),
    verdict    text CHECK (verdict IN ('retry', 'skip')),
    verdict_by text,
    PRIMARY KEY (adapter, batch_id)
);

CREATE TABLE manifest (
    adapter    text NOT NULL REFERENCES adapter ON DELETE CASCADE,
    serial     bigint NOT NULL,
    batch_id   bigint NOT NULL,
    result     text NOT NULL,
    sha256     text NOT NULL,
    body       text NOT NULL,
    written_on timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (adapter, serial)
);

-- ------------------------------------------------------------ closing a batch

-- Who joined and parted in batch b, for the batches after it.
CREATE FUNCTION present_follow(b bigint) RETURNS void LANGUAGE sql AS $$
WITH last AS MATERIALIZED (
    SELECT DISTINCT ON (s.room, s.session) s.room, s.session, s.kind,
           s.event::jsonb -> 'user' AS person
      FROM staged s
     WHERE s.batch_id = b AND s.kind IN (20, 21)
       AND s.room IS NOT NULL AND s.session IS NOT NULL
     ORDER BY s.room, s.session, s.ts DESC, s.seq DESC
), parted AS (
    UPDATE present p SET parted_in = b
      FROM last l
     WHERE p.room = l.room AND p.session = l.session
       AND p.parted_in IS NULL AND l.kind = 21
)
INSERT INTO present (room, session, person, joined_in)
SELECT l.room, l.session, l.person, b
  FROM last l
 WHERE l.kind = 20
   AND NOT EXISTS (SELECT FROM present p
                    WHERE p.room = l.room AND p.session = l.session
                      AND p.parted_in IS NULL)
$$;

-- One batch of the oldest events before upto, at most so many and about so
-- many bytes.  No row: who does not hold the lease; batch NULL: no events.  Of
-- two at it (the lease lapsed meanwhile) one fails: both want the same number.
CREATE FUNCTION batch_close(who text, upto timestamptz, events integer, bytes bigint)
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
    SELECT coalesce(max(b.batch_id), 0) + 1, max(b.to_ts) INTO id, since
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

-- Every adapter that must have it has this batch and all before.
CREATE FUNCTION acknowledged() RETURNS bigint LANGUAGE sql STABLE AS $$
SELECT coalesce(min(a.batch_id) FILTER (WHERE a.required), max(a.batch_id), 0)
  FROM adapter a
$$;

-- Delete the events of one batch that nobody needs any more and that is older
-- than the keep period; its number, or NULL.
CREATE FUNCTION batch_forget(who text, keep_s bigint) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
BEGIN
    PERFORM FROM lease l WHERE l.holder = who AND l.until > clock_timestamp();
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT b.batch_id INTO id FROM batch b
     WHERE b.deleted_on IS NULL AND b.batch_id <= acknowledged()
       AND b.to_ts <= now() - keep_s * interval '1 s'
       AND NOT EXISTS (SELECT FROM refused r WHERE r.batch_id = b.batch_id)
     ORDER BY b.batch_id LIMIT 1 FOR UPDATE;
    IF id IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM stage_forget(id);
    UPDATE batch SET deleted_on = now() WHERE batch_id = id;
    DELETE FROM present p
     WHERE p.parted_in < coalesce((SELECT min(b.batch_id) FROM batch b
                                    WHERE b.deleted_on IS NULL), id + 1);
    RETURN id;
END $$;

-- --------------------------------------------------------------- the adapters

-- Those that are configured now.  A new one begins with the oldest batch
-- whose events are here; one that is not configured any more keeps its place,
-- and the events that it has not got, until it is removed.
CREATE FUNCTION adapter_enter(names text[], types text[], requireds boolean[])
    RETURNS void LANGUAGE sql AS $$
UPDATE adapter SET configured = false WHERE name <> ALL (names) AND configured;
INSERT INTO adapter AS a (name, type, required, batch_id)
SELECT x.name, x.type, x.required,
       coalesce((SELECT min(b.batch_id) - 1 FROM batch b WHERE b.deleted_on IS NULL),
                (SELECT max(b.batch_id) FROM batch b), 0)
  FROM unnest(names, types, requireds) AS x (name, type, required)
    ON CONFLICT (name) DO UPDATE
   SET type = excluded.type, required = excluded.required, configured = true
$$;

-- A process of the adapter begins: was there one that died in a delivery?
CREATE FUNCTION delivery_begin(who text) RETURNS void LANGUAGE sql AS $$
UPDATE adapter
   SET deaths = CASE WHEN state = 'delivering' THEN deaths + 1 ELSE deaths END,
       state  = CASE WHEN state = 'delivering' THEN 'idle' ELSE state END,
       changed_on = now()
 WHERE name = who
$$;

-- What the adapter is to do next: verdict deliver, refuse (its process died
-- with it too often), skip (an operator says so) or missed (the events are
-- gone).  batch NULL: nothing now, ask again after wait_ms.
CREATE FUNCTION delivery_next(who text, deaths_max integer)
    RETURNS TABLE (batch bigint, verdict text, retry boolean, note text,
                   from_ts timestamptz, to_ts timestamptz, eventc bigint,
                   serial bigint, previous text, wait_ms bigint)
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
    SELECT * INTO b FROM batch x
     WHERE x.batch_id = CASE WHEN retry THEN r.batch_id ELSE a.batch_id + 1 END;
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
    verdict := CASE WHEN r.verdict = 'skip' THEN 'skip'
                    WHEN b.deleted_on IS NOT NULL THEN 'missed'
                    WHEN a.deaths >= deaths_max AND a.current = b.batch_id THEN 'refuse'
                    ELSE 'deliver' END;
    note := CASE verdict WHEN 'skip' THEN 'skipped by ' || coalesce(r.verdict_by, '?')
                         WHEN 'refuse' THEN format('its process died %s times with it', a.deaths)
                         WHEN 'missed' THEN 'its events were gone' END;
    UPDATE adapter x
       SET state = 'delivering', current = b.batch_id, changed_on = now(),
           deaths = CASE WHEN a.current = b.batch_id THEN a.deaths ELSE 0 END
     WHERE x.name = who;
    RETURN NEXT;
END $$;

-- What became of batch b; its manifest is the chain's end now.  False: the
-- adapter is elsewhere already.
CREATE FUNCTION delivery_done(who text, b bigint, outcome text, why text, hash text,
                              manifest text) RETURNS boolean
    LANGUAGE plpgsql AS $$
DECLARE
    a adapter;
    again boolean;
BEGIN
    SELECT * INTO a FROM adapter x WHERE x.name = who FOR UPDATE;
    again := EXISTS (SELECT FROM refused r WHERE r.adapter = who
                                             AND r.batch_id = b
                                             AND r.verdict IS NOT NULL);
    IF NOT again AND a.batch_id + 1 IS DISTINCT FROM b THEN
        RETURN false;
    END IF;
    IF outcome = 'refused' THEN
        INSERT INTO refused AS r (adapter, batch_id, error)
        VALUES (who, b, why)
            ON CONFLICT (adapter, batch_id) DO UPDATE
           SET error = excluded.error, refused_on = now(), verdict = NULL;
    ELSIF again THEN
        DELETE FROM refused r WHERE r.adapter = who AND r.batch_id = b;
    END IF;
    INSERT INTO manifest (adapter, serial, batch_id, result, sha256, body)
    VALUES (who, a.serial + 1, b, outcome, hash, manifest);
    UPDATE adapter x
       SET batch_id = CASE WHEN again THEN x.batch_id ELSE b END,
           serial = x.serial + 1, sha256 = hash, state = 'idle', current = NULL,
           tries = 0, deaths = 0, next_try = NULL, error = '', changed_on = now()
     WHERE x.name = who;
    NOTIFY pchat_delivered;
    RETURN true;
END $$;

-- Not now: again after 1, 2, 4 ... seconds, at most most_s.
CREATE FUNCTION delivery_later(who text, why text, most_s integer) RETURNS void
    LANGUAGE sql AS $$
UPDATE adapter
   SET state = 'waiting', error = why, tries = tries + 1, changed_on = now(),
       next_try = clock_timestamp() +
                  least(2 ^ least(tries, 20), most_s) * interval '1 s'
 WHERE name = who
$$;

-- An operator's word on a refused batch; false: it is none.
CREATE FUNCTION refused_judge(who text, b bigint, word text, actor text)
    RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE refused SET verdict = word, verdict_by = actor
     WHERE adapter = who AND batch_id = b;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE adapter SET next_try = NULL WHERE name = who;
    NOTIFY pchat_batch;
    RETURN true;
END $$;

-- Since when something waits that the archive does not have; NULL: nothing.
CREATE FUNCTION oldest_unarchived() RETURNS timestamptz LANGUAGE sql STABLE AS $$
SELECT least((SELECT min(s.ts) FROM staged s WHERE s.batch_id IS NULL),
             (SELECT b.from_ts FROM batch b WHERE b.batch_id > acknowledged()
               ORDER BY b.batch_id LIMIT 1))
$$;

INSERT INTO schema_version (version) VALUES (2);
