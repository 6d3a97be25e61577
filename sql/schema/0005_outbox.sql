-- Events for the compliance service.

CREATE FUNCTION compliance_on() RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT false
$$;

CREATE FUNCTION event_emit(kind smallint, room bigint, msg bigint, who bigint,
                           session bigint, detail jsonb) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
END $$;

INSERT INTO schema_version (version) VALUES (5);
