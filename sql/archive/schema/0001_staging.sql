-- The compliance store: events that wait for the adapters to have them.
--
-- Of its own database: the chat store may be busy or away while it is read,
-- and it may lie on other disks.

CREATE TABLE schema_version (
    version    integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- seq is the order of arrival.  event is the whole event as the queue brought
-- it (common/queue.h); the other columns are there to choose and to order by.
CREATE TABLE staged (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guid     uuid NOT NULL UNIQUE,
    kind     smallint NOT NULL,
    ts       timestamptz NOT NULL,
    room     uuid,
    msg_id   bigint,
    session  text,
    event    jsonb NOT NULL,
    batch_id bigint
);
CREATE INDEX staged_open ON staged (ts) WHERE batch_id IS NULL;

-- Events that were here: whoever did not hear that we have one sends it
-- again, perhaps after it was delivered and deleted.
CREATE TABLE staged_seen (
    guid    uuid PRIMARY KEY,
    seen_on timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON staged_seen USING brin (seen_on);

-- Events from an array as the queue brings it; how many were new.
CREATE FUNCTION stage(events jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    INSERT INTO staged (guid, kind, ts, room, msg_id, session, event)
    SELECT x.guid, (x.e ->> 'kind')::smallint,
           timestamptz 'epoch' + (x.e ->> 'ts')::bigint * interval '1 microsecond',
           (x.e #>> '{room,id}')::uuid, (x.e ->> 'msg_id')::bigint,
           x.e ->> 'session', x.e
      FROM (SELECT a.e, (a.e ->> 'id')::uuid AS guid
              FROM jsonb_array_elements(events) AS a (e)) AS x
     WHERE NOT EXISTS (SELECT FROM staged_seen s WHERE s.guid = x.guid)
        ON CONFLICT (guid) DO NOTHING;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;

-- The way to delete: the events of a batch go, their guids are known for as
-- long as a repeat can come.  How many went.
CREATE FUNCTION stage_forget(batch bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    WITH gone AS (
        DELETE FROM staged WHERE batch_id = batch RETURNING guid
    )
    INSERT INTO staged_seen (guid) SELECT guid FROM gone;
    GET DIAGNOSTICS n = ROW_COUNT;
    DELETE FROM staged_seen WHERE seen_on < now() - interval '1 day';
    RETURN n;
END $$;

INSERT INTO schema_version (version) VALUES (1);
