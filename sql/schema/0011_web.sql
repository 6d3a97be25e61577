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

INSERT INTO schema_version (version) VALUES (11);
