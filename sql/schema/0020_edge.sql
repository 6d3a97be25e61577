-- The edge: one throttle for passwords, whichever way they come in, and the
-- check of Digest answers for the registrar, which reads no hash itself.

-- --------------------------------------------------------------- credentials

-- HA1 by SHA-256 (RFC 8760) beside MD5.  Whoever has the former needs no MD5.
ALTER TABLE credential ADD COLUMN ha1_sha256 text, ADD COLUMN ha1b_sha256 text;
ALTER TABLE credential ALTER COLUMN ha1 DROP NOT NULL, ALTER COLUMN ha1b DROP NOT NULL;
ALTER TABLE credential ADD CONSTRAINT credential_ha1_check
    CHECK (ha1 IS NOT NULL AND ha1b IS NOT NULL
           OR ha1_sha256 IS NOT NULL AND ha1b_sha256 IS NOT NULL);

-- Another one for each password: what was proved with an earlier one is proved
-- no more.
ALTER TABLE credential ADD COLUMN proof uuid NOT NULL DEFAULT gen_random_uuid();
CREATE FUNCTION credential_renewed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.proof := gen_random_uuid();
    RETURN NEW;
END $$;
CREATE TRIGGER credential_renewed BEFORE UPDATE OF username, realm, ha1, ha1_sha256 ON credential
    FOR EACH ROW WHEN ((OLD.username, OLD.realm, OLD.ha1, OLD.ha1_sha256)
                       IS DISTINCT FROM (NEW.username, NEW.realm, NEW.ha1, NEW.ha1_sha256))
    EXECUTE FUNCTION credential_renewed();

-- With hashes of both kinds; new_ha1 and new_ha1b may be NULL: no MD5.
CREATE FUNCTION user_set_credential(uri text, new_username text, new_realm text,
                                    new_ha1 text, new_ha1b text, new_kdf text,
                                    new_sha256 text, new_sha256b text)
    RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    u principal := principal_named(uri, 'user');
BEGIN
    INSERT INTO credential AS c (principal_id, username, realm, ha1, ha1b, password_kdf,
                                 ha1_sha256, ha1b_sha256)
    VALUES (u.principal_id, new_username, new_realm, new_ha1, new_ha1b, new_kdf,
            new_sha256, new_sha256b)
        ON CONFLICT (principal_id) DO UPDATE
       SET username = excluded.username, realm = excluded.realm, ha1 = excluded.ha1,
           ha1b = excluded.ha1b, password_kdf = excluded.password_kdf,
           ha1_sha256 = excluded.ha1_sha256, ha1b_sha256 = excluded.ha1b_sha256
     WHERE (c.username, c.realm, c.ha1, c.ha1b, c.ha1_sha256, c.ha1b_sha256)
           IS DISTINCT FROM (excluded.username, excluded.realm, excluded.ha1, excluded.ha1b,
                             excluded.ha1_sha256, excluded.ha1b_sha256);
    IF FOUND THEN
        PERFORM admin_audited(NULL, 'user.modify', u.key, '{"password": "changed"}');
    END IF;
    RETURN FOUND;
END $$;

-- A password that is set where there was no SHA-256 yet is perhaps the same
-- one: sessions end only when a hash that was there changes.
DROP TRIGGER credential_changed ON credential;
CREATE TRIGGER credential_changed AFTER UPDATE OF ha1, ha1_sha256 ON credential
    FOR EACH ROW WHEN (OLD.ha1 IS DISTINCT FROM NEW.ha1
                       OR OLD.ha1_sha256 <> NEW.ha1_sha256)
    EXECUTE FUNCTION credential_changed();

-- Sessions of a user who may not chat any more do not come back with the user.
CREATE FUNCTION session_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM web_session s
     WHERE s.principal_id = NEW.principal_id
       AND cardinality(user_ancestors(s.principal_id)) = 0;
    RETURN NULL;
END $$;
CREATE TRIGGER session_ends AFTER UPDATE OF state, policy_id ON principal
    FOR EACH ROW WHEN (NEW.kind = 5) EXECUTE FUNCTION session_ends();

-- ------------------------------------------------------------------ throttle

-- Ways by which a user came in with the right password: 'address:...', or
-- 'device:...' (the hash of a browser's token, or a client's instance).
CREATE TABLE signin_way (
    principal_id bigint NOT NULL REFERENCES principal ON DELETE CASCADE,
    way          text NOT NULL CHECK (length(way) <= 200),
    seen_on      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (principal_id, way)
);

-- What the failures of a try are counted by.  On a way by which the user came
-- in during the last 90 days: by that way of that user alone, so that failures
-- made elsewhere keep nobody out.  Else by the user and by the address.
CREATE FUNCTION signin_keys(who bigint, user_key text, address text, device text)
    RETURNS text[] LANGUAGE sql STABLE AS $$
SELECT coalesce(
    (SELECT ARRAY['way:' || user_key || ' ' || w.way]
       FROM signin_way w
      WHERE w.principal_id = who
        AND w.way IN ('address:' || address, 'device:' || device)
        AND w.seen_on > now() - interval '90 days'
      ORDER BY w.way DESC LIMIT 1),
    ARRAY[user_key, 'address:' || address])
$$;

-- The right password: this way is known from now on (the newest 32 are kept),
-- and its failures are forgotten.
CREATE FUNCTION signin_passed(who bigint, user_key text, address text, device text)
    RETURNS void LANGUAGE sql AS $$
DELETE FROM web_throttle t
 WHERE t.key IN (user_key, 'way:' || user_key || ' address:' || address,
                 'way:' || user_key || ' device:' || device);
INSERT INTO signin_way AS w (principal_id, way)
SELECT who, x FROM unnest(ARRAY['address:' || address, 'device:' || device]) AS x
 WHERE x IS NOT NULL
 ORDER BY x
    ON CONFLICT (principal_id, way) DO UPDATE SET seen_on = now()
 WHERE w.seen_on < now() - interval '1 hour';
DELETE FROM signin_way w
 WHERE w.principal_id = who
   AND w.way NOT IN (SELECT x.way FROM signin_way x WHERE x.principal_id = who
                      ORDER BY x.seen_on DESC LIMIT 32);
$$;

-- ----------------------------------------------------------------- registrar
-- Kamailio's statements are text that it puts together: what strangers send
-- comes here in hex, where no quote can be.

CREATE FUNCTION registrar_text(hex text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN convert_from(decode(hex, 'hex'), 'UTF8');
EXCEPTION WHEN others THEN
    RETURN NULL;
END $$;

-- The parameters of a Digest answer by name in small letters; NULL when it is
-- not one, or has a parameter twice.
CREATE FUNCTION digest_params(answer text) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    rest text := regexp_replace(answer, '^\s*digest\s+', '', 'i');
    found text[];
    params jsonb := '{}';
BEGIN
    IF rest = answer THEN
        RETURN NULL;
    END IF;
    LOOP
        found := regexp_match(rest,
            '^\s*([a-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,(.*)|)$', 'i');
        IF found IS NULL OR params ? lower(found[1]) THEN
            RETURN NULL;
        END IF;
        params := params || jsonb_build_object(lower(found[1]),
            regexp_replace(coalesce(found[2], found[3]), '\\(.)', '\1', 'g'));
        rest := found[4];
        IF rest IS NULL THEN
            RETURN params;
        END IF;
    END LOOP;
END $$;

-- Escapes in a URI that stand for characters which need none are those (RFC
-- 3261 19.1.4), in small letters: the key of a user.
CREATE FUNCTION uri_plain(uri text) RETURNS text
    LANGUAGE sql IMMUTABLE AS $$
SELECT string_agg(CASE WHEN m[1] ~ '^%[2-7][0-9a-f]$'
                        AND chr(('x' || substr(m[1], 2))::bit(8)::integer)
                            ~ '[A-Za-z0-9_.!~*''()-]'
                  THEN lower(chr(('x' || substr(m[1], 2))::bit(8)::integer))
                  ELSE m[1] END, '' ORDER BY n)
  FROM regexp_matches(lower(uri), '%[0-9a-f]{2}|.', 'g') WITH ORDINALITY AS x (m, n)
$$;

CREATE FUNCTION digest_hash(algorithm text, said text) RETURNS text
    LANGUAGE sql IMMUTABLE AS $$
SELECT CASE algorithm WHEN 'MD5' THEN md5(said)
       ELSE encode(sha256(convert_to(said, 'UTF8')), 'hex') END
$$;

-- Which algorithms a user's credential allows: 'both', 'sha256', 'md5'; for
-- strangers 'both', as there is nothing to tell them.
CREATE FUNCTION registrar_offer(uri_hex text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
SELECT coalesce((SELECT CASE WHEN c.ha1 IS NULL THEN 'sha256'
                             WHEN c.ha1_sha256 IS NULL THEN 'md5' ELSE 'both' END
                   FROM principal p JOIN credential c ON c.principal_id = p.principal_id
                  WHERE p.key = uri_plain(registrar_text(uri_hex))), 'both')
$$;

-- What a proof holds for: this person, with this password.
CREATE FUNCTION registrar_proof(who bigint) RETURNS text
    LANGUAGE sql STABLE AS $$
SELECT who || '.' || c.proof FROM credential c WHERE c.principal_id = who
$$;

-- May this user still use the service?  Asked for what opens something on a
-- connection that was proved a while ago; 'again': they must prove it again, as
-- the password is another now, or the person.
CREATE FUNCTION registrar_may(uri_hex text, proof_hex text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
SELECT coalesce((
    SELECT CASE WHEN cardinality(user_ancestors(p.principal_id)) = 0 THEN 'no'
                WHEN registrar_proof(p.principal_id) = registrar_text(proof_hex) THEN 'yes'
                ELSE 'again' END
      FROM principal p WHERE p.key = registrar_text(uri_hex) AND p.kind = 5), 'no')
$$;

-- Check an answer to a Digest challenge (RFC 7616, qop=auth) and keep account
-- of it in the throttle.  The nonce is the registrar's to check: it was given
-- out once, for one request.  limits: failures that are free, by user or way
-- and by address.  Verdicts: 'good' (uri is the user's), 'wrong', 'wait' (for
-- wait_s seconds), 'disabled', 'other' (the credentials of another user than the
-- one in From, name), 'bad' (400).  proof, of 'good': for registrar_may().
CREATE FUNCTION registrar_prove(name_hex text, answer_hex text, nonce_hex text,
                                method_hex text, realm_hex text, address text, device_hex text,
                                limits integer[], wait_max integer,
                                OUT verdict text, OUT uri text, OUT wait_s integer,
                                OUT proof text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    d jsonb := digest_params(registrar_text(answer_hex));
    home text := registrar_text(realm_hex);
    device text := nullif(registrar_text(device_hex), '');
    algo text := upper(coalesce(d->>'algorithm', 'MD5'));
    named text := d->>'username';
    bare text;
    user_key text;
    keys text[];
    c record;
    ha1 text;
BEGIN
    wait_s := 0;
    bare := regexp_replace(named, '@' || regexp_replace(home, '([^a-z0-9])', '\\\1', 'gi') || '$',
                           '', 'i');
    IF d IS NULL OR bare IS NULL OR bare = '' OR d->>'realm' IS DISTINCT FROM home
       OR d->>'nonce' IS DISTINCT FROM registrar_text(nonce_hex)
       OR d->>'qop' IS DISTINCT FROM 'auth' OR d->>'nc' !~* '^[0-9a-f]{8}$'
       OR algo NOT IN ('MD5', 'SHA-256')
       OR NOT d ?& ARRAY['cnonce', 'nc', 'uri', 'response', 'nonce'] THEN
        verdict := 'bad';
        RETURN;
    END IF;

    SELECT p.principal_id, p.key, x.ha1, x.ha1b, x.ha1_sha256, x.ha1b_sha256,
           cardinality(user_ancestors(p.principal_id)) > 0 AS may
      INTO c
      FROM credential x JOIN principal p ON p.principal_id = x.principal_id
     WHERE x.username = bare AND x.realm = home;
    uri := coalesce(c.key, 'sip:' || lower(bare) || '@' || home);
    user_key := 'user:' || uri;
    device := left('sip:' || device, 190);
    keys := signin_keys(c.principal_id, user_key, address, device);

    -- Guesses at one user stand in one line, or as many as there are
    -- connections would go through before the first is counted.
    PERFORM pg_advisory_xact_lock(hashtextextended(keys[1], 20));
    wait_s := web_login_wait(keys);
    IF wait_s > 0 THEN
        verdict := 'wait';
        RETURN;
    END IF;

    ha1 := CASE WHEN bare = named THEN CASE algo WHEN 'MD5' THEN c.ha1 ELSE c.ha1_sha256 END
                ELSE CASE algo WHEN 'MD5' THEN c.ha1b ELSE c.ha1b_sha256 END END;
    IF lower(d->>'response') = digest_hash(algo, concat_ws(':', ha1, d->>'nonce', d->>'nc',
           d->>'cnonce', d->>'qop',
           digest_hash(algo, registrar_text(method_hex) || ':' || (d->>'uri'))))
       AND ha1 IS NOT NULL THEN
        verdict := CASE WHEN 'sip:' || uri_plain(registrar_text(name_hex)) <> c.key THEN 'other'
                        WHEN c.may THEN 'good' ELSE 'disabled' END;
        IF c.may THEN
            proof := registrar_proof(c.principal_id);
            PERFORM signin_passed(c.principal_id, user_key, address, device);
        END IF;
        RETURN;
    END IF;
    verdict := 'wrong';
    PERFORM web_login_failed(keys, limits[1:cardinality(keys)], wait_max);
    wait_s := web_login_wait(keys);
END $$;

REVOKE ALL ON FUNCTION registrar_offer(text), registrar_may(text, text),
    registrar_prove(text, text, text, text, text, text, text, integer[], integer) FROM public;

INSERT INTO schema_version (version) VALUES (20);
