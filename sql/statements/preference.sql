-- for: channel

-- name: preference_get
-- $1 bigint: user, $2 text: label
SELECT version, content FROM preference WHERE principal_id = $1 AND label = $2;

-- name: preference_create
-- An empty entry where there is none; the version that is there now, no row
-- when the user has as many labels as he may.  $1 bigint: user, $2 text:
-- label, $3 integer: most labels
WITH made AS (
       INSERT INTO preference (principal_id, label)
       SELECT $1::bigint, $2::text
        WHERE (SELECT count(*) FROM preference WHERE principal_id = $1) < $3
           ON CONFLICT (principal_id, label) DO NOTHING
    RETURNING version
     )
SELECT version FROM made
 UNION ALL
SELECT version FROM preference WHERE principal_id = $1 AND label = $2
 LIMIT 1;

-- name: preference_set
-- Store a newer version; its number, or NULL when what is stored is newer than
-- what the client knew.  No row: too many labels.  $1 bigint: user, $2 text:
-- label, $3 bigint: the client's version, $4 text: content, $5 integer: most
-- labels
WITH old AS (
       SELECT version FROM preference
        WHERE principal_id = $1 AND label = $2 FOR UPDATE
     ), made AS (
       INSERT INTO preference AS p (principal_id, label, version, content)
       SELECT $1::bigint, $2::text, $3::bigint + 1, $4::text
        WHERE EXISTS (SELECT FROM old)
           OR (SELECT count(*) FROM preference WHERE principal_id = $1) < $5
           ON CONFLICT (principal_id, label) DO UPDATE
          SET version = p.version + 1, content = excluded.content
        WHERE p.version <= $3
    RETURNING version
     )
SELECT version FROM made
 UNION ALL
SELECT NULL FROM old WHERE NOT EXISTS (SELECT FROM made);
