-- Identity of events and of this store, and files that messages link.

-- ------------------------------------------------------------- which store

-- Made once.  What the compliance daemon saw last of the compliance store, so
-- that one of the two that was set back is noticed by the other.
ALTER TABLE store ADD COLUMN identity uuid NOT NULL DEFAULT gen_random_uuid();

ALTER TABLE compliance_state
    ADD COLUMN staging_id   uuid,
    ADD COLUMN staging_mark bigint NOT NULL DEFAULT 0;

-- A message's event is told from all others by the whole GUID of its room, its
-- number, its time and its author.  The number alone comes again after the
-- store is set back to an earlier point; the time does not.  Repeats of one
-- message have the same id, whoever reads it from the store.
DROP FUNCTION chat_guid(uuid, bigint);
CREATE FUNCTION chat_guid(room uuid, msg bigint, at timestamptz, author bigint)
    RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-8' || substr(h, 14, 3)
       || '-a' || substr(h, 18, 3) || '-' || substr(h, 21, 12)
  FROM encode(sha256(uuid_send(room) || int8send(msg)
                     || int8send(round(date_part('epoch', at) * 1000000)::bigint)
                     || int8send(author)), 'hex') AS x (h)
$$;

-- ------------------------------------------------------------------- files

-- unlinked_on: the uploader's own link is gone, others may have quoted it.
ALTER TABLE file ADD COLUMN unlinked_on timestamptz;

CREATE FUNCTION file_links(chat text) RETURNS SETOF uuid
    LANGUAGE sql IMMUTABLE AS $$
SELECT DISTINCT l[1]::uuid
  FROM regexp_matches(chat,
         'ma-filelink:\S*?/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.', 'gi') AS l
 WHERE chat ILIKE '%ma-filelink:%'
$$;

-- These messages of a room go, or get another text: a file that one of them
-- links goes when its uploader's own link has gone and no message that stays
-- links it.
CREATE OR REPLACE FUNCTION files_unlink(room bigint, ids bigint[]) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    named uuid[];
BEGIN
    SELECT array_agg(DISTINCT f.file_id) INTO named
      FROM message m
     CROSS JOIN LATERAL file_links(m.chat) AS l (id)
      JOIN file f ON f.file_id = l.id AND f.room_id = m.room_id
     WHERE m.room_id = room AND m.msg_id = ANY (ids) AND f.purged_on IS NULL;
    IF named IS NULL THEN
        RETURN;
    END IF;
    UPDATE file f SET unlinked_on = now()
      FROM message m
     CROSS JOIN LATERAL file_links(m.chat) AS l (id)
     WHERE f.file_id = ANY (named) AND f.unlinked_on IS NULL
       AND m.room_id = room AND m.msg_id = ANY (ids)
       AND l.id = f.file_id AND m.author_id = f.uploaded_by;
    UPDATE file f SET purged_on = now()
     WHERE f.file_id = ANY (named) AND f.unlinked_on IS NOT NULL
       AND NOT EXISTS (
               SELECT FROM message k
                CROSS JOIN LATERAL file_links(k.chat) AS l (id)
                WHERE k.room_id = room AND k.msg_id <> ALL (ids)
                  AND k.chat ILIKE '%ma-filelink:%' AND l.id = f.file_id);
END $$;

INSERT INTO schema_version (version) VALUES (18);
