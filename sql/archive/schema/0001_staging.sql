-- The compliance store: events that wait for the adapters to have them.
--
-- Of its own database: the chat store may be busy or away while it is read,
-- and it may lie on other disks.

CREATE TABLE schema_version (
    version    integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- seq is the order of arrival.  event is the whole event, JSON as the queue
-- brought it (common/queue.h); the other columns are there to choose and to
-- order by.  Every index costs each event: these must do.
CREATE TABLE staged (
    seq      bigint GENERATED ALWAYS AS IDENTITY,
    guid     uuid PRIMARY KEY,
    kind     smallint NOT NULL,
    ts       timestamptz NOT NULL,
    room     uuid,
    msg_id   bigint,
    session  text,
    event    text NOT NULL,
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

-- Events, by columns; how many were new.  Room of zeros, msg_id 0: none.
CREATE FUNCTION stage(guids uuid[], kinds integer[], tss bigint[], rooms uuid[],
                      msg_ids bigint[], sessions text[], events text[])
    RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    INSERT INTO staged (guid, kind, ts, room, msg_id, session, event)
    SELECT x.guid, x.kind, timestamptz 'epoch' + x.ts * interval '1 microsecond',
           nullif(x.room, '00000000-0000-0000-0000-000000000000'),
           nullif(x.msg_id, 0), x.session, x.event
      FROM unnest(guids, kinds, tss, rooms, msg_ids, sessions, events)
        AS x (guid, kind, ts, room, msg_id, session, event)
     WHERE NOT EXISTS (SELECT FROM staged_seen s WHERE s.guid = x.guid)
        ON CONFLICT (guid) DO NOTHING;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;

-- The same from an array as the queue brings it.
CREATE FUNCTION stage(events jsonb) RETURNS bigint LANGUAGE sql AS $$
SELECT stage(array_agg((e ->> 'id')::uuid), array_agg((e ->> 'kind')::integer),
             array_agg((e ->> 'ts')::bigint),
             array_agg(coalesce(e #>> '{room,id}',
                                '00000000-0000-0000-0000-000000000000')::uuid),
             array_agg((e ->> 'msg_id')::bigint), array_agg(e ->> 'session'),
             array_agg(e::text))
  FROM jsonb_array_elements(events) AS a (e)
$$;

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
