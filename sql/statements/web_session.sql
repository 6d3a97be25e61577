-- Who is signed in at the pages.
-- for: web

-- name: web_login
-- What is needed to check a password: one row; without such a user, or for one
-- who may not chat, the columns from the second on are NULL.
-- $1 text: "sip:user@host" in lower case, $2 text: the user's key in the
-- throttle, or NULL: no wait, $3 text: address, $4 text: device, or NULL
SELECT CASE WHEN $2::text IS NULL THEN 0
       ELSE web_login_wait(signin_keys(u.principal_id, $2, $3::text, $4::text)) END,
       u.principal_id, u.password_kdf, u.ha1, u.username, u.realm
  FROM (SELECT) AS one
  LEFT JOIN (SELECT p.principal_id, c.password_kdf, c.ha1, c.username, c.realm
               FROM principal p
               LEFT JOIN credential c ON c.principal_id = p.principal_id
              WHERE p.key = $1 AND p.kind = 5
                AND cardinality(user_ancestors(p.principal_id)) > 0) AS u ON true;

-- name: web_login_failed
-- $1 bigint: principal, or NULL, $2 text: the user's key, $3 text: address,
-- $4 text: device or NULL, $5 integer[]: failures that are free, by user (or
-- known way) and by address, $6 integer: longest wait in seconds
SELECT web_login_failed(k, ($5::integer[])[1:cardinality(k)], $6)
  FROM signin_keys($1::bigint, $2::text, $3::text, $4::text) AS k;

-- name: web_login_done
-- Opens the session.  $1 bytea in hex: SHA-256 of the token, $2 bigint:
-- principal, $3 text: CSRF token, $4 text: address, $5 text: user agent,
-- $6 text: the user's key in the throttle, or NULL: no password was given,
-- $7 text: the password hashed anew, or NULL, $8 text: device, or NULL
WITH passed AS (
       SELECT signin_passed($2, $6, $4, $8::text) WHERE $6::text IS NOT NULL
     ), hashed AS (
       UPDATE credential SET password_kdf = $7
        WHERE principal_id = $2 AND $7::text IS NOT NULL
     ), opened AS (
       INSERT INTO web_session (token_sha256, principal_id, csrf, address, agent)
       VALUES (decode($1, 'hex'), $2, $3, left($4, 64), left($5, 256))
     )
SELECT p.name, p.display, is_administrator(user_ancestors(p.principal_id)),
       (SELECT count(*) FROM passed)
  FROM principal p WHERE p.principal_id = $2;

-- name: web_session
-- The session and whose it is; no row: none, too old, or its user may not chat
-- any more, which ends it.  $1 text: SHA-256 of the token in hex, $2 integer: idle limit in
-- seconds, $3 integer: limit of its age
WITH found AS (
       SELECT s.principal_id, s.csrf, s.token_sha256, s.seen_on,
              user_ancestors(s.principal_id) AS ancestors
         FROM web_session s
        WHERE s.token_sha256 = decode($1, 'hex')
          AND s.seen_on > now() - make_interval(secs => $2::integer)
          AND s.created_on > now() - make_interval(secs => $3::integer)
     ), touched AS (
       UPDATE web_session s SET seen_on = now()
         FROM found f
        WHERE s.token_sha256 = f.token_sha256
          AND f.seen_on < now() - interval '1 minute'
          AND cardinality(f.ancestors) > 0
     ), ended AS (
       DELETE FROM web_session s
        USING found f
        WHERE s.token_sha256 = f.token_sha256 AND cardinality(f.ancestors) = 0
     )
SELECT p.principal_id, p.name, p.display, f.csrf,
       is_administrator(f.ancestors)
  FROM found f JOIN principal p ON p.principal_id = f.principal_id
 WHERE cardinality(f.ancestors) > 0;

-- name: web_session_close
-- $1 text: SHA-256 of the token in hex
DELETE FROM web_session WHERE token_sha256 = decode($1, 'hex');

-- name: web_session_sweep
-- $1 integer: idle limit in seconds, $2 integer: limit of a session's age
WITH old AS (
       DELETE FROM web_session
        WHERE seen_on < now() - make_interval(secs => $1::integer)
           OR created_on < now() - make_interval(secs => $2::integer)
     ), forgotten AS (
       DELETE FROM signin_way WHERE seen_on < now() - interval '90 days'
     )
DELETE FROM web_throttle WHERE failed_on < now() - interval '1 day';
