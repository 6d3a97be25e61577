-- Sessions and files of the web service.

-- Who is signed in at the pages.  The token itself is the browser's alone.
CREATE TABLE web_session (
    token_sha256 bytea PRIMARY KEY,
    principal_id bigint NOT NULL REFERENCES principal ON DELETE CASCADE,
    csrf         text NOT NULL,
    created_on   timestamptz NOT NULL DEFAULT now(),
    seen_on      timestamptz NOT NULL DEFAULT now(),
    address      text NOT NULL DEFAULT '',
    agent        text NOT NULL DEFAULT ''
);
CREATE INDEX ON web_session (principal_id);
CREATE INDEX ON web_session (seen_on);

-- Sign-ins that failed, by user ("user:...") and address ("address:...").
CREATE TABLE web_throttle (
    key        text PRIMARY KEY,
    failures   integer NOT NULL,
    blocked_to timestamptz NOT NULL DEFAULT '-infinity',
    failed_on  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON web_throttle (failed_on);

-- How long to wait before the next try, 0: none.  Failures fade in an hour.
CREATE FUNCTION web_login_wait(keys text[]) RETURNS integer
    LANGUAGE sql STABLE AS $$
SELECT coalesce(max(ceil(extract(epoch FROM t.blocked_to - now()))), 0)::integer
  FROM web_throttle t
 WHERE t.key = ANY (keys) AND t.blocked_to > now()
$$;

-- Beyond limits[i] failures of keys[i] each one doubles the wait.
CREATE FUNCTION web_login_failed(keys text[], limits integer[], wait_max integer)
    RETURNS void LANGUAGE sql AS $$
INSERT INTO web_throttle AS t (key, failures)
SELECT k, 1 FROM unnest(keys) AS k ORDER BY k
    ON CONFLICT (key) DO UPDATE
   SET failures = CASE WHEN t.failed_on < now() - interval '1 hour'
                       THEN 1 ELSE t.failures + 1 END,
       failed_on = now(),
       blocked_to = CASE WHEN t.failures + 1 > (SELECT l FROM unnest(keys, limits)
                                                    AS u (k, l) WHERE u.k = t.key)
                              AND t.failed_on >= now() - interval '1 hour'
                         THEN now() + make_interval(secs => least(wait_max,
                              2.0 ^ least(t.failures + 1 - (SELECT l
                                   FROM unnest(keys, limits) AS u (k, l)
                                  WHERE u.k = t.key), 20)))
                         ELSE t.blocked_to END;
$$;

-- ------------------------------------------------------------------ files

-- What is asked of the store at each step answers with a status first: 'ok' or
-- the name of the errno that the refusal stands for.  direction: 1 upload, 2
-- download.

-- May this user bring files to that room, or take them from there?
CREATE FUNCTION file_right(who bigint, room uuid, direction integer)
    RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    ancestors bigint[] := user_ancestors(who);
    r record;
    mine boolean[];
BEGIN
    SELECT x.room_id, x.privacy, x.behavior, x.disabled, c.files,
           scope_admits(x.category_id, ancestors) AS inside
      INTO r
      FROM room x JOIN category c ON c.category_id = x.category_id
     WHERE x.guid = room AND x.deleted_at IS NULL;
    IF NOT FOUND THEN
        RETURN 'ENOENT';
    END IF;

    SELECT ARRAY[coalesce(bool_or(x.role = 1), false),
                 coalesce(bool_or(x.role = 2), false),
                 coalesce(bool_or(x.role = 3), false)] INTO mine
      FROM room_role x
     WHERE x.room_id = r.room_id AND x.principal_id = ANY (ancestors);
    IF r.privacy = 2 AND NOT (r.inside AND (mine[1] OR mine[2])) THEN
        RETURN 'ENOENT';
    ELSIF NOT r.inside OR NOT (r.privacy = 0 OR mine[1]) THEN
        RETURN 'EACCES';
    ELSIF r.disabled THEN
        RETURN 'EROFS';
    ELSIF direction = 1 AND NOT (r.files AND (r.behavior = 0 OR mine[3])) THEN
        RETURN 'EACCES';
    END IF;
    RETURN 'ok';
END $$;

-- A token for one direction of one room, valid for 30 minutes.
CREATE FUNCTION file_token_make(who bigint, room uuid, direction integer,
                                file_name text,
                                OUT status text, OUT token uuid)
    LANGUAGE plpgsql AS $$
BEGIN
    status := file_right(who, room, direction);
    IF status = 'ok' THEN
        token := gen_random_uuid();
        INSERT INTO file_token (token, principal_id, room_id, direction,
                                file_name, expires_on)
        SELECT token, who, r.room_id, direction, left(coalesce(file_name, ''), 256),
               now() + interval '30 minutes'
          FROM room r WHERE r.guid = room;
    END IF;
END $$;

-- Whose token it is, asked at every use: rights that went since count.
CREATE FUNCTION file_token_user(given uuid, room uuid, wanted integer,
                                OUT status text, OUT who bigint)
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    t record;
BEGIN
    SELECT x.principal_id, x.direction, x.expires_on, r.guid INTO t
      FROM file_token x JOIN room r ON r.room_id = x.room_id
     WHERE x.token = given;
    IF NOT FOUND OR t.expires_on <= now() OR t.direction <> wanted
       OR t.guid <> room THEN
        status := 'EKEYEXPIRED';
    ELSE
        who := t.principal_id;
        status := file_right(who, room, wanted);
    END IF;
END $$;

-- Bytes that a room's files may have together, and one file: MaxFileSizeKB and
-- RoomFileQuotaKB (0: as much as there is).
CREATE FUNCTION file_room_left(room uuid, OUT size_max bigint, OUT room_left bigint)
    LANGUAGE sql STABLE AS $$
SELECT file_size_max_bytes(),
       CASE setting_number('RoomFileQuotaKB', 0) WHEN 0 THEN 9223372036854775807
            ELSE setting_number('RoomFileQuotaKB', 0) * 1024 - coalesce((
                SELECT sum(f.size_bytes) FROM file f
                  JOIN room r ON r.room_id = f.room_id WHERE r.guid = room), 0)::bigint
       END
$$;

-- A file is there whole: its row, and the event in the same transaction.
-- link NULL: whoever brought it posts the link himself, as SIP clients do.
CREATE FUNCTION file_uploaded(who bigint, room uuid, id uuid, file_name text,
                              ext text, size bigint, digest text, link text)
    RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    status text := file_right(who, room, 1);
    room_no bigint := (SELECT r.room_id FROM room r WHERE r.guid = room);
    posted bigint;
BEGIN
    IF status = 'ok' AND size > (SELECT l.room_left FROM file_room_left(room) AS l) THEN
        status := 'EDQUOT';     -- others came in the meantime
    END IF;
    IF status = 'ok' THEN
        INSERT INTO file (file_id, room_id, name, extension, size_bytes, sha256,
                          uploaded_by)
        VALUES (id, room_no, file_name, ext, size, decode(digest, 'hex'), who);
        PERFORM event_emit(4::smallint, room_no, NULL, who, NULL,
                           jsonb_build_object('file', id || CASE ext WHEN '' THEN ''
                               ELSE '.' || ext END, 'name', file_name,
                               'size', size, 'sha256', digest));
    END IF;
    IF status = 'ok' AND link IS NOT NULL THEN
        SELECT p.base_id + 1 INTO posted
          FROM post_batch((random() * 9e18)::bigint, ARRAY[room_no], ARRAY[1],
                          ARRAY[1], ARRAY[1], ARRAY[who], ARRAY[0], ARRAY[link],
                          ARRAY[NULL::text]) AS p;
        UPDATE file SET linked = true WHERE file_id = id;
        PERFORM pg_notify('pchat_posted', room_no || ' ' || posted);
    END IF;
    RETURN status;
END $$;

-- A file of a room for somebody who takes it; told before its first byte
-- leaves.
CREATE FUNCTION file_downloaded(who bigint, room uuid, id uuid, tell boolean,
                                OUT status text, OUT file_name text,
                                OUT ext text, OUT size bigint, OUT digest text)
    LANGUAGE plpgsql AS $$
DECLARE
    f file%ROWTYPE;
BEGIN
    status := file_right(who, room, 2);
    IF status <> 'ok' THEN
        RETURN;
    END IF;
    SELECT x.* INTO f FROM file x JOIN room r ON r.room_id = x.room_id
     WHERE x.file_id = id AND r.guid = room AND x.purged_on IS NULL;
    IF NOT FOUND THEN
        status := 'ENOENT';
        RETURN;
    END IF;
    file_name := f.name;
    ext := f.extension;
    size := f.size_bytes;
    digest := encode(f.sha256, 'hex');
    IF tell THEN
        PERFORM event_emit(3::smallint, f.room_id, NULL, who, NULL,
                           jsonb_build_object('file', id || CASE ext WHEN '' THEN ''
                               ELSE '.' || ext END, 'name', f.name,
                               'size', f.size_bytes, 'sha256', digest));
    END IF;
END $$;

CREATE INDEX file_unlinked ON file (uploaded_on)
    WHERE NOT linked AND purged_on IS NULL;

-- Was its link posted?  SIP clients do that themselves, at any time after the
-- upload; a room without history has nothing that could still link a file.
CREATE FUNCTION file_is_linked(f file) RETURNS boolean
    LANGUAGE sql STABLE AS $$
SELECT EXISTS (SELECT FROM message m
                WHERE m.room_id = f.room_id AND m.flags & 8 <> 8
                  AND m.ts >= f.uploaded_on - interval '1 minute'
                  AND m.chat LIKE '%ma-filelink:%'
                  AND lower(m.chat) LIKE '%' || f.file_id || '%')
$$;

-- Finds out which files nobody can come by any more and answers with some that
-- shall go from disk now: not those of which the archive, which copies them,
-- may not have heard yet.  Tokens out of date go as well.
CREATE FUNCTION files_clean(after_h integer, most integer)
    RETURNS TABLE (room uuid, id uuid, ext text) LANGUAGE plpgsql AS $$
DECLARE
    before timestamptz := now() - make_interval(hours => after_h);
    oldest timestamptz := (SELECT coalesce(min(b.ts), 'infinity')
                             FROM outbox_owners() AS o (id)
                            CROSS JOIN LATERAL (
                                  SELECT x.ts FROM outbox x WHERE x.instance_id = o.id
                                   ORDER BY x.event_id LIMIT 1) AS b);
BEGIN
    DELETE FROM file_token WHERE expires_on < now();

    UPDATE file f SET purged_on = now()
      FROM room r
     WHERE r.room_id = f.room_id AND r.deleted_at IS NOT NULL AND f.purged_on IS NULL;

    -- either way each of them is looked at once
    WITH looked AS MATERIALIZED (
           SELECT f.file_id, file_is_linked(f) AS posted
             FROM file f
            WHERE NOT f.linked AND f.purged_on IS NULL AND f.uploaded_on < before
            ORDER BY f.uploaded_on LIMIT most FOR UPDATE SKIP LOCKED
         )
    UPDATE file f
       SET linked = s.posted,
           purged_on = CASE WHEN NOT s.posted THEN f.uploaded_on END
      FROM looked s WHERE f.file_id = s.file_id;

    UPDATE file f SET purged_on = f.uploaded_on
      FROM room r JOIN category c ON c.category_id = r.category_id
     WHERE r.room_id = f.room_id AND NOT c.history
       AND f.purged_on IS NULL AND f.uploaded_on < before
       AND NOT file_is_linked(f);

    RETURN QUERY SELECT r.guid, p.file_id, p.extension
                   FROM files_purged(most) AS p JOIN room r ON r.room_id = p.room_id
                  WHERE p.purged_on <= before
                    AND p.uploaded_on < oldest - interval '1 minute';
END $$;

INSERT INTO schema_version (version) VALUES (11);
