-- Least privilege: what sql/rights needs of the schema.

-- The prefix of the roles that `pchatctl migrate --roles` made; one row.
CREATE TABLE role_setup (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    prefix text
);
INSERT INTO role_setup DEFAULT VALUES;

-- The only way for channel processes to remove a message outside of what
-- operators ask for: one of a room without history, once repair cannot need it
-- any more, unless it is under a hold.
CREATE FUNCTION message_forget(older_s integer) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    DELETE FROM message m
     WHERE m.flags & 8 <> 0 AND m.ts < now() - make_interval(secs => older_s)
       AND NOT EXISTS (SELECT FROM hold h
                        WHERE h.lifted_on IS NULL
                          AND (h.room_id = m.room_id OR h.principal_id = m.author_id));
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;

-- Events that compliance has.  (One range is planned well, whatever the planner
-- takes the table for.)  ids: ascending
CREATE FUNCTION outbox_done(instance bigint, ids bigint[]) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    DELETE FROM outbox
     WHERE instance_id = instance AND event_id = ANY (ids)
       AND event_id BETWEEN ids[1] AND ids[cardinality(ids)];
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;

INSERT INTO schema_version (version) VALUES (21);
