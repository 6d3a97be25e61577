-- Policies, further addresses of the pool, and principals: changed one by one
-- by an operator, or many at a time by a directory.

-- Whoever writes principals or who is in which: one at a time, until the end
-- of the transaction.  Sign-in, join and post do not ask for it.
CREATE FUNCTION principals_lock() RETURNS void LANGUAGE sql AS $$
SELECT pg_advisory_xact_lock(hashtextextended('pchatctl import', 0))
$$;

-- ---------------------------------------------------------------- policies

-- One pool has one store, so there is one policy of the pool at most; of the
-- sites' policies the one counts that has the name in the setting Site.
CREATE UNIQUE INDEX policy_single ON policy (scope) WHERE scope IN ('global', 'pool');
CREATE UNIQUE INDEX policy_name ON policy (lower(name));

-- EnablePersistentChat for who was granted no policy.
CREATE VIEW chat_default AS
SELECT p.enable_chat FROM policy p
 WHERE p.scope IN ('pool', 'global')
    OR p.scope = 'site' AND lower(p.name) = (SELECT lower(setting_text('Site', NULL)))
 ORDER BY array_position(ARRAY['pool', 'site', 'global'], p.scope) LIMIT 1;

-- The same for who was granted that policy, or none (NULL).
CREATE FUNCTION chat_enabled(granted integer) RETURNS boolean
    LANGUAGE sql STABLE AS $$
SELECT coalesce((SELECT p.enable_chat FROM policy p WHERE p.policy_id = granted),
                (SELECT enable_chat FROM chat_default), false)
$$;

-- Not by chat_enabled(): a function in a function costs ten times as much.
CREATE OR REPLACE FUNCTION user_ancestors(who bigint) RETURNS bigint[]
    LANGUAGE sql STABLE AS $$
SELECT coalesce((
       SELECT array_agg(a.ancestor_id)
         FROM principal p
         JOIN principal_affiliation a ON a.principal_id = p.principal_id
         LEFT JOIN policy u ON u.policy_id = p.policy_id
        WHERE p.principal_id = who AND p.state = 0
          AND coalesce(u.enable_chat, (SELECT enable_chat FROM chat_default), false)),
       '{}')
$$;

CREATE TRIGGER site_told AFTER INSERT OR UPDATE ON configuration
    FOR EACH ROW WHEN (NEW.key = 'Site') EXECUTE FUNCTION principals_told();
CREATE TRIGGER site_gone AFTER DELETE ON configuration
    FOR EACH ROW WHEN (OLD.key = 'Site') EXECUTE FUNCTION principals_told();

CREATE FUNCTION policy_named(given text) RETURNS policy LANGUAGE plpgsql AS $$
DECLARE
    found policy;
BEGIN
    SELECT * INTO found FROM policy p WHERE lower(p.name) = lower(given);
    IF found.policy_id IS NULL THEN
        PERFORM ctl_refuse('no such policy: ' || given);
    END IF;
    RETURN found;
END $$;

CREATE FUNCTION policy_create(new_name text, new_scope text, enable boolean,
                              about text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    other text;
BEGIN
    IF new_scope = 'global' THEN
        PERFORM ctl_refuse('there is one global policy, which can be set');
    END IF;
    SELECT p.name INTO other FROM policy p
     WHERE lower(p.name) = lower(new_name) OR p.scope = 'pool' AND new_scope = 'pool'
     LIMIT 1;
    IF FOUND THEN
        PERFORM ctl_refuse(CASE WHEN lower(other) = lower(new_name)
            THEN 'there is a policy of that name: ' || other
            ELSE 'the pool has a policy: ' || other END);
    END IF;
    INSERT INTO policy (name, scope, enable_chat, description)
    VALUES (new_name, new_scope, enable, coalesce(about, ''));
    PERFORM admin_audited(NULL, 'policy.create', new_name, jsonb_build_object(
        'scope', new_scope, 'enable', enable));
END $$;

CREATE FUNCTION policy_set(given text, enable boolean, about text)
    RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    p policy := policy_named(given);
BEGIN
    IF p.policy_id IN (2, 3) AND enable <> p.enable_chat THEN
        PERFORM ctl_refuse('built in, and means what it is called: ' || p.name);
    END IF;
    IF coalesce(enable, p.enable_chat) = p.enable_chat
       AND coalesce(about, p.description) = p.description THEN
        RETURN false;
    END IF;
    UPDATE policy x
       SET enable_chat = coalesce(enable, p.enable_chat),
           description = coalesce(about, p.description)
     WHERE x.policy_id = p.policy_id;
    PERFORM admin_audited(NULL, 'policy.modify', p.name, jsonb_strip_nulls(
        jsonb_build_object('enable', enable, 'description', about)));
    RETURN true;
END $$;

CREATE FUNCTION policy_remove(given text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    p policy := policy_named(given);
    users bigint;
BEGIN
    IF p.policy_id <= 3 THEN
        PERFORM ctl_refuse('built in: ' || p.name);
    END IF;
    SELECT count(*) INTO users FROM principal x WHERE x.policy_id = p.policy_id;
    IF users > 0 THEN
        PERFORM ctl_refuse(format('granted to %s users: %s', users, p.name));
    END IF;
    DELETE FROM policy x WHERE x.policy_id = p.policy_id;
    PERFORM admin_audited(NULL, 'policy.delete', p.name, NULL);
END $$;

-- ------------------------------------------------- settings of the pool

-- MaxFileSizeKB as it is now, in bytes.
CREATE FUNCTION file_size_max_bytes() RETURNS bigint LANGUAGE sql STABLE AS $$
SELECT 1024 * setting_number('MaxFileSizeKB', 20000)
$$;

-- Look-up addresses (the product's endpoints) beside those in the processes'
-- files, for older clients.
CREATE TABLE pool_address (
    uri        text PRIMARY KEY,
    display    text NOT NULL DEFAULT '',
    updated_by text NOT NULL DEFAULT '',
    updated_on timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION pool_address_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('pchat_config', '');
    RETURN NULL;
END $$;
CREATE TRIGGER pool_address_told AFTER INSERT OR UPDATE OR DELETE ON pool_address
    FOR EACH STATEMENT EXECUTE FUNCTION pool_address_told();

CREATE FUNCTION pool_address_create(given text, shown text) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM principal p WHERE p.key = given AND p.state <> 2) THEN
        PERFORM ctl_refuse('that is the address of a user: ' || given);
    END IF;
    INSERT INTO pool_address (uri, display, updated_by)
    VALUES (given, coalesce(shown, ''), admin_actor(NULL));
    PERFORM admin_audited(NULL, 'endpoint.create', given, NULL);
EXCEPTION WHEN unique_violation THEN
    PERFORM ctl_refuse('there is such an endpoint: ' || given);
END $$;

CREATE FUNCTION pool_address_remove(given text) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM pool_address a WHERE a.uri = given;
    IF NOT FOUND THEN
        PERFORM ctl_refuse('no such endpoint: ' || given);
    END IF;
    PERFORM admin_audited(NULL, 'endpoint.delete', given, NULL);
END $$;

-- --------------------------------------------------------- who is in what

-- Brings the ancestors of principals up to date whose memberships came or
-- went, and of all below them.  Everything above a group is climbed once, not
-- once for each member.  Answers with a row for each ancestor that changed.
CREATE FUNCTION affiliation_follow(members bigint[]) RETURNS SETOF bigint
    LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMPORARY TABLE follow_whom ON COMMIT DROP AS
    SELECT DISTINCT m AS principal_id FROM unnest(members) AS m;
    ANALYZE follow_whom;
    INSERT INTO follow_whom
    SELECT a.principal_id
      FROM follow_whom w JOIN principal_affiliation a ON a.ancestor_id = w.principal_id
    EXCEPT SELECT principal_id FROM follow_whom;
    CREATE INDEX ON follow_whom (principal_id);
    ANALYZE follow_whom;

    CREATE TEMPORARY TABLE follow_up ON COMMIT DROP AS
    WITH RECURSIVE up (group_id, ancestor_id) AS (
           SELECT DISTINCT m.group_id, m.group_id
             FROM follow_whom w JOIN principal_member m ON m.member_id = w.principal_id
            UNION
           SELECT up.group_id, m.group_id
             FROM up JOIN principal_member m ON m.member_id = up.ancestor_id
         )
    SELECT group_id, ancestor_id FROM up;
    ANALYZE follow_up;

    RETURN QUERY
    DELETE FROM principal_affiliation a
     USING follow_whom w
     WHERE a.principal_id = w.principal_id
       AND a.ancestor_id NOT IN (1, a.principal_id)
       AND NOT EXISTS (SELECT FROM principal_member m
                         JOIN follow_up up ON up.group_id = m.group_id
                        WHERE m.member_id = a.principal_id
                          AND up.ancestor_id = a.ancestor_id)
    RETURNING a.principal_id;

    -- in the order in which they shall lie on disk, a principal's together
    RETURN QUERY
    INSERT INTO principal_affiliation AS n (principal_id, ancestor_id)
    SELECT x.principal_id, x.ancestor_id
      FROM (SELECT w.principal_id, w.principal_id AS ancestor_id FROM follow_whom w
             UNION
            SELECT w.principal_id, 1 FROM follow_whom w
             UNION
            SELECT w.principal_id, up.ancestor_id
              FROM follow_whom w
              JOIN principal_member m ON m.member_id = w.principal_id
              JOIN follow_up up ON up.group_id = m.group_id
             ORDER BY principal_id, ancestor_id) AS x
     WHERE NOT EXISTS (SELECT FROM principal_affiliation a
                        WHERE a.principal_id = x.principal_id
                          AND a.ancestor_id = x.ancestor_id)
    RETURNING n.principal_id;

    DROP TABLE follow_whom, follow_up;
END $$;

-- ------------------------------------------------------------- directories

-- A directory that principals are taken over from.  cookie: up to where its
-- changes are known; settings: with what it was read, for another way of
-- reading asks for all of it again.
CREATE TABLE directory_source (
    name      text PRIMARY KEY,
    cookie    text,
    settings  text NOT NULL DEFAULT '',
    synced_on timestamptz NOT NULL DEFAULT now(),
    full_on   timestamptz NOT NULL DEFAULT now()
);

-- A principal as the directory has it, whose principal.external_id names it
-- there.  state is what the directory said last: an operator's choice stands
-- until the directory changes its mind.
CREATE TABLE directory_entry (
    principal_id bigint PRIMARY KEY REFERENCES principal ON DELETE CASCADE,
    source       text NOT NULL REFERENCES directory_source,
    dn           text NOT NULL,
    uid          text,
    state        smallint NOT NULL
);
CREATE INDEX ON directory_entry (source);

-- Its groups' lists as they are there: DNs, or "uid:" and a name.  Whom they
-- mean is looked up each time, for users come and go without their groups.
CREATE TABLE directory_member (
    group_id bigint NOT NULL REFERENCES principal ON DELETE CASCADE,
    member   text NOT NULL,
    PRIMARY KEY (group_id, member)
);

-- -------------------------------------------------------- users one by one

-- By its key; who: "user" or "group", for the message.
CREATE FUNCTION principal_named(given text, who text) RETURNS principal
    LANGUAGE plpgsql AS $$
DECLARE
    found principal;
BEGIN
    SELECT * INTO found FROM principal p
     WHERE p.key = lower(given) AND p.state <> 2
       AND p.kind = CASE who WHEN 'user' THEN 5 ELSE 9 END;
    IF found.principal_id IS NULL THEN
        PERFORM ctl_refuse(format('no such %s: %s', who,
            CASE who WHEN 'group' THEN substr(given, 7) ELSE given END));
    END IF;
    RETURN found;
END $$;

-- Lists as people type them: canonical URIs, group:, domain:, folder:.
CREATE FUNCTION principals_named(keys text[]) RETURNS bigint[]
    LANGUAGE plpgsql AS $$
DECLARE
    missing text;
BEGIN
    SELECT k INTO missing FROM unnest(keys) AS k
     WHERE NOT EXISTS (SELECT FROM principal p
                        WHERE p.key = lower(k) AND p.state <> 2 AND p.kind IN (5, 8, 9, 10));
    IF FOUND THEN
        PERFORM ctl_refuse('no such user or group: ' || missing);
    END IF;
    RETURN ARRAY(SELECT DISTINCT p.principal_id
                   FROM unnest(keys) AS k JOIN principal p ON p.key = lower(k));
END $$;

CREATE FUNCTION directory_refuse(who principal) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    e directory_entry;
BEGIN
    SELECT * INTO e FROM directory_entry x WHERE x.principal_id = who.principal_id;
    IF FOUND THEN
        PERFORM ctl_refuse(format('kept by the directory "%s", change it there: %s',
                                       e.source, who.name));
    END IF;
END $$;

-- The principal of a domain, made when there is none.  The pool's own domain
-- is that of its first user.
CREATE FUNCTION domain_principal(host text) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
BEGIN
    UPDATE store s SET domain = host
     WHERE s.domain <> host AND NOT EXISTS (SELECT FROM principal p WHERE p.kind = 5);
    SELECT p.principal_id INTO id FROM principal p WHERE p.key = 'domain:' || host;
    IF id IS NULL THEN
        INSERT INTO principal (kind, key, name, display)
        VALUES (8, 'domain:' || host, host, host) RETURNING principal_id INTO id;
        PERFORM affiliation_follow(ARRAY[id]);
    END IF;
    RETURN id;
END $$;

CREATE FUNCTION user_create(uri text, host text, shown text, mail text,
                            policy_given text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
    granted integer;
    home bigint;
BEGIN
    PERFORM principals_lock();
    IF EXISTS (SELECT FROM principal p WHERE p.key = uri AND p.state <> 2) THEN
        PERFORM ctl_refuse('there is such a user: ' || uri);
    END IF;
    IF EXISTS (SELECT FROM pool_address a WHERE a.uri = user_create.uri) THEN
        PERFORM ctl_refuse('that is an endpoint of the pool: ' || uri);
    END IF;
    IF policy_given IS NOT NULL THEN
        granted := policy_user(policy_given);
    END IF;
    home := domain_principal(host);
    INSERT INTO principal AS p (kind, key, name, display, email, policy_id)
    VALUES (5, uri, uri, coalesce(shown, ''), coalesce(mail, ''), granted)
        ON CONFLICT (key) DO UPDATE
       SET display = excluded.display, email = excluded.email,
           policy_id = excluded.policy_id, state = 0, updated_on = now()
    RETURNING principal_id INTO id;
    INSERT INTO principal_member (group_id, member_id)
    VALUES (home, id) ON CONFLICT DO NOTHING;
    PERFORM affiliation_follow(ARRAY[id]);
    PERFORM admin_audited(NULL, 'user.create', uri, NULL);
END $$;

-- A policy that can be granted.
CREATE FUNCTION policy_user(given text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    p policy := policy_named(given);
BEGIN
    IF p.scope <> 'user' THEN
        PERFORM ctl_refuse(format('of a %s, not for users: %s', p.scope, p.name));
    END IF;
    RETURN p.policy_id;
END $$;

CREATE FUNCTION user_set(uri text, shown text, mail text, new_state integer)
    RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    u principal := principal_named(uri, 'user');
BEGIN
    IF coalesce(shown, mail) IS NOT NULL THEN
        PERFORM directory_refuse(u);
    END IF;
    IF (u.display, u.email, u.state) = (coalesce(shown, u.display), coalesce(mail, u.email),
                                        coalesce(new_state, u.state)) THEN
        RETURN false;
    END IF;
    UPDATE principal p
       SET display = coalesce(shown, u.display), email = coalesce(mail, u.email),
           state = coalesce(new_state, u.state), updated_on = now()
     WHERE p.principal_id = u.principal_id;
    PERFORM admin_audited(NULL, 'user.modify', u.key, jsonb_strip_nulls(jsonb_build_object(
        'display', shown, 'email', mail, 'state', new_state)));
    RETURN true;
END $$;

-- What the registrar checks, and the web service (new_kdf); the password itself
-- is never seen here.
CREATE FUNCTION user_set_credential(uri text, new_username text, new_realm text,
                                    new_ha1 text, new_ha1b text, new_kdf text)
    RETURNS boolean
    LANGUAGE plpgsql AS $$
DECLARE
    u principal := principal_named(uri, 'user');
BEGIN
    INSERT INTO credential AS c (principal_id, username, realm, ha1, ha1b, password_kdf)
    VALUES (u.principal_id, new_username, new_realm, new_ha1, new_ha1b, new_kdf)
        ON CONFLICT (principal_id) DO UPDATE
       SET username = excluded.username, realm = excluded.realm, ha1 = excluded.ha1,
           ha1b = excluded.ha1b, password_kdf = excluded.password_kdf
     WHERE (c.username, c.realm, c.ha1, c.ha1b)
           IS DISTINCT FROM (excluded.username, excluded.realm, excluded.ha1, excluded.ha1b);
    IF FOUND THEN
        PERFORM admin_audited(NULL, 'user.modify', u.key, '{"password": "changed"}');
    END IF;
    RETURN FOUND;
END $$;

-- The row stays, for lists, messages and archives point at it.
CREATE FUNCTION user_remove(uri text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    u principal := principal_named(uri, 'user');
BEGIN
    PERFORM directory_refuse(u);
    UPDATE principal p SET state = 2, updated_on = now()
     WHERE p.principal_id = u.principal_id;
    DELETE FROM credential c WHERE c.principal_id = u.principal_id;
    PERFORM admin_audited(NULL, 'user.delete', u.key, NULL);
END $$;

-- To a user, or to all users of a group, domain or folder; how many changed.
CREATE FUNCTION policy_put(granted integer, whom text) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
    ids bigint[] := principals_named(ARRAY[whom]);
BEGIN
    UPDATE principal p SET policy_id = granted
      FROM principal_affiliation a
     WHERE a.ancestor_id = ids[1] AND p.principal_id = a.principal_id
       AND p.kind = 5 AND p.policy_id IS DISTINCT FROM granted;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;

CREATE FUNCTION policy_grant(given text, whom text) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    n bigint := policy_put(policy_user(given), whom);
BEGIN
    IF n > 0 THEN
        PERFORM admin_audited(NULL, 'policy.grant', given, jsonb_build_object('to', whom, 'users', n));
    END IF;
    RETURN n;
END $$;

CREATE FUNCTION policy_revoke(whom text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint := policy_put(NULL, whom);
BEGIN
    IF n > 0 THEN
        PERFORM admin_audited(NULL, 'policy.revoke', whom, jsonb_build_object('users', n));
    END IF;
    RETURN n;
END $$;

-- ------------------------------------------------------- groups one by one

CREATE FUNCTION group_put(id bigint, members bigint[]) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    round text;
    made bigint[];
BEGIN
    SELECT p.name INTO round FROM principal p
     WHERE p.kind = 9 AND p.principal_id = ANY (members)
       AND (p.principal_id = id OR EXISTS (
            SELECT FROM principal_affiliation a
             WHERE a.principal_id = id AND a.ancestor_id = p.principal_id));
    IF FOUND THEN
        PERFORM ctl_refuse('the group would contain itself, through: ' || round);
    END IF;
    WITH put AS (
           INSERT INTO principal_member (group_id, member_id)
           SELECT id, m FROM unnest(members) AS m
               ON CONFLICT DO NOTHING RETURNING member_id
         )
    SELECT array_agg(member_id) INTO made FROM put;
    PERFORM affiliation_follow(made);
    RETURN coalesce(cardinality(made), 0);
END $$;

CREATE FUNCTION group_create(new_name text, members text[]) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
BEGIN
    PERFORM principals_lock();
    IF EXISTS (SELECT FROM principal p
                WHERE p.key = 'group:' || lower(new_name) AND p.state <> 2) THEN
        PERFORM ctl_refuse('there is such a group: ' || new_name);
    END IF;
    INSERT INTO principal AS p (kind, key, name, display)
    VALUES (9, 'group:' || lower(new_name), new_name, new_name)
        ON CONFLICT (key) DO UPDATE
       SET name = excluded.name, display = excluded.display, state = 0, updated_on = now()
    RETURNING principal_id INTO id;
    PERFORM affiliation_follow(ARRAY[id]);
    PERFORM group_put(id, principals_named(members));
    PERFORM admin_audited(NULL, 'group.create', new_name, to_jsonb(members));
END $$;

CREATE FUNCTION group_rename(given text, new_name text) RETURNS boolean
    LANGUAGE plpgsql AS $$
DECLARE
    g principal := principal_named(given, 'group');
BEGIN
    PERFORM directory_refuse(g);
    IF g.name = new_name THEN
        RETURN false;
    END IF;
    UPDATE principal p
       SET key = 'group:' || lower(new_name), name = new_name, display = new_name,
           updated_on = now()
     WHERE p.principal_id = g.principal_id;
    PERFORM admin_audited(NULL, 'group.modify', g.name, jsonb_build_object('name', new_name));
    RETURN true;
EXCEPTION WHEN unique_violation THEN
    PERFORM ctl_refuse('there is such a group: ' || new_name);
END $$;

CREATE FUNCTION group_change(given text, members text[], put boolean)
    RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    g principal;
    ids bigint[];
    gone bigint[];
    n bigint;
BEGIN
    PERFORM principals_lock();
    g := principal_named(given, 'group');
    PERFORM directory_refuse(g);
    ids := principals_named(members);
    IF put THEN
        n := group_put(g.principal_id, ids);
    ELSE
        WITH d AS (
               DELETE FROM principal_member m
                WHERE m.group_id = g.principal_id AND m.member_id = ANY (ids)
            RETURNING m.member_id
             )
        SELECT array_agg(member_id), count(*) INTO gone, n FROM d;
        PERFORM affiliation_follow(gone);
    END IF;
    IF n > 0 THEN
        UPDATE principal p SET updated_on = now() WHERE p.principal_id = g.principal_id;
        PERFORM admin_audited(NULL, CASE WHEN put THEN 'group.add' ELSE 'group.drop' END,
                               g.name, to_jsonb(members));
    END IF;
    RETURN n;
END $$;

-- Nobody is in it any more, nor it in others.
CREATE FUNCTION group_remove(given text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    g principal;
    gone bigint[];
BEGIN
    PERFORM principals_lock();
    g := principal_named(given, 'group');
    PERFORM directory_refuse(g);
    WITH d AS (
           DELETE FROM principal_member m
            WHERE g.principal_id IN (m.group_id, m.member_id)
        RETURNING m.member_id
         )
    SELECT array_agg(DISTINCT member_id) INTO gone FROM d;
    UPDATE principal p SET state = 2, updated_on = now()
     WHERE p.principal_id = g.principal_id;
    PERFORM affiliation_follow(gone);
    PERFORM admin_audited(NULL, 'group.delete', g.name, NULL);
END $$;

INSERT INTO schema_version (version) VALUES (9);
