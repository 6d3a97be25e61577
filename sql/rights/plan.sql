-- Roles and rights: what is there against what rights.txt says, as statements
-- that close the difference.  Both stores have these.
-- for: owner

-- name: roles_plan
-- Makes the roles, in this order; needs CREATEROLE.  $1 text: prefix,
-- $2 boolean: the owner too
WITH role AS (
       SELECT $1::text || '_' || r.name AS name, r.name AS is, r.nth
         FROM unnest('{owner,channel,web,compliance,ctl,reader,registrar}'::text[])
              WITH ORDINALITY AS r (name, nth)
        WHERE r.name <> 'owner' OR $2
     )
SELECT x.sql
  FROM (SELECT 1 AS step, nth, format('CREATE ROLE %I LOGIN', name) AS sql
          FROM role WHERE name NOT IN (SELECT rolname FROM pg_roles)
         UNION ALL
        SELECT 2, nth, format('ALTER ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE'
                              ' NOREPLICATION NOBYPASSRLS', name)
          FROM role JOIN pg_roles p ON p.rolname = name
         WHERE p.rolsuper OR p.rolcreatedb OR p.rolcreaterole OR p.rolreplication
            OR p.rolbypassrls
         UNION ALL
        -- the transactions of others, which archiving must wait for
        SELECT 3, nth, format('GRANT pg_read_all_stats TO %I', name)
          FROM role
         WHERE role.is IN ('compliance', 'ctl', 'owner')
           AND NOT EXISTS (SELECT FROM pg_auth_members m
                             JOIN pg_roles u ON u.oid = m.member AND u.rolname = name
                            WHERE m.roleid = 'pg_read_all_stats'::regrole)) AS x
 ORDER BY x.step, x.nth;

-- name: roles_owner_plan
-- Hands a database that the server's administrator made to the owner, and what
-- was migrated or restored in it as the administrator: functions that run with
-- their owner's rights must not be a superuser's.
-- $1 text: prefix
WITH home AS (
       SELECT relnamespace AS oid FROM pg_class WHERE oid = to_regclass('schema_version')
     ), thing AS (
       SELECT 0 AS step, 'DATABASE ' || quote_ident(datname) AS name, datdba AS owner
         FROM pg_database WHERE datname = current_database()
        UNION ALL
       SELECT 1, CASE c.relkind WHEN 'v' THEN 'VIEW ' WHEN 'm' THEN 'MATERIALIZED VIEW '
                                WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END
                 || c.oid::regclass, c.relowner
         FROM pg_class c
        WHERE c.relnamespace IN (SELECT oid FROM home)
          AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
          -- extensions stay; sequences of columns follow their tables
          AND NOT EXISTS (SELECT FROM pg_depend d
                           WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                             AND (d.deptype = 'e' OR c.relkind = 'S' AND d.deptype IN ('a', 'i')))
        UNION ALL
       SELECT 2, 'ROUTINE ' || p.oid::regprocedure, p.proowner
         FROM pg_proc p
        WHERE p.pronamespace IN (SELECT oid FROM home)
          AND NOT EXISTS (SELECT FROM pg_depend d
                           WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                             AND d.deptype = 'e')
        UNION ALL
       SELECT 3, 'TYPE ' || t.oid::regtype, t.typowner
         FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE t.typnamespace IN (SELECT oid FROM home)
          AND (t.typtype IN ('d', 'e') OR c.relkind = 'c')
          AND NOT EXISTS (SELECT FROM pg_depend d
                           WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid
                             AND d.deptype = 'e')
     )
SELECT format('ALTER %s OWNER TO %I', t.name, $1::text || '_owner')
  FROM thing t JOIN pg_roles r ON r.oid = t.owner
 WHERE r.rolsuper
 ORDER BY t.step, t.name;

-- name: roles_owner
-- Whose the schema is; false when that is us already, or cannot be
SELECT r.rolname, r.rolname <> current_user AND pg_has_role(r.oid, 'MEMBER')
  FROM pg_database d
  LEFT JOIN pg_class c ON c.oid = to_regclass('schema_version')
  JOIN pg_roles r ON r.oid = coalesce(c.relowner, d.datdba)
 WHERE d.datname = current_database();

-- name: roles_known
-- The prefix that was set up, no row or NULL: none
SELECT prefix FROM role_setup;

-- name: roles_keep
-- $1 text: prefix
UPDATE role_setup SET prefix = $1 WHERE prefix IS DISTINCT FROM $1;

-- name: rights_plan
-- $1 text: prefix, $2 ... $5 text[]: rights.txt, a row for each right: kind,
-- object, role, privilege; $6 boolean: also for roles that are not there
WITH line AS (
       SELECT kind, object, who AS is, CASE WHEN who <> '' THEN $1::text || '_' || who END AS who,
              upper(what) AS what
         FROM unnest($2::text[], $3::text[], $4::text[], $5::text[])
              AS r (kind, object, who, what)
     ), ours AS (
       SELECT $1::text || '_' || r AS who
         FROM unnest('{channel,web,compliance,ctl,reader,registrar}'::text[]) AS r
        WHERE $6 OR $1::text || '_' || r IN (SELECT rolname FROM pg_roles)
        UNION ALL SELECT 'PUBLIC'
     ), home AS (
       SELECT relnamespace AS oid FROM pg_class WHERE oid = 'schema_version'::regclass
     ), routine AS (
       SELECT p.oid, p.proname AS object, p.oid::regprocedure::text AS name, p.prokind,
              p.prosecdef, p.proconfig, p.prolang, p.proowner,
              p.prorettype = 'trigger'::regtype
              OR EXISTS (SELECT FROM line r WHERE r.kind = 'function'
                                                AND r.object = p.proname
                                                AND r.what = 'OWNER') AS definer,
              coalesce(p.proacl, acldefault('f', p.proowner)) AS acl
         FROM pg_proc p
        WHERE p.pronamespace IN (SELECT oid FROM home)
          AND NOT EXISTS (SELECT FROM pg_depend d
                           WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                             AND d.deptype = 'e')
     ), thing AS (
       SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind,
              c.relname::text AS object, '' AS col,
              CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || c.oid::regclass AS name,
              c.relacl AS acl
         FROM pg_class c
        WHERE c.relnamespace IN (SELECT oid FROM home)
          AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        UNION ALL
       SELECT 'column', c.relname || '.' || a.attname, format(' (%I)', a.attname),
              'TABLE ' || c.oid::regclass, a.attacl
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace IN (SELECT oid FROM home)
          AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        UNION ALL
       SELECT 'function', object, '', 'FUNCTION ' || name, acl FROM routine
        UNION ALL
       SELECT 'schema', '-', '', format('SCHEMA %I', n.nspname),
              coalesce(n.nspacl, acldefault('n', n.nspowner))
         FROM pg_namespace n WHERE n.oid IN (SELECT oid FROM home)
        UNION ALL
       SELECT 'database', '-', '', format('DATABASE %I', d.datname),
              coalesce(d.datacl, acldefault('d', d.datdba))
         FROM pg_database d WHERE d.datname = current_database()
     ), wanted AS (
       SELECT t.name, t.col, r.who,
              CASE r.kind WHEN 'function' THEN 'EXECUTE' ELSE r.what END AS what
         FROM thing t JOIN line r ON r.kind = t.kind AND r.object = t.object
         JOIN ours ON ours.who = r.who
     ), has AS (
       SELECT t.name, t.col, ours.who, a.privilege_type AS what
         FROM thing t
        CROSS JOIN LATERAL aclexplode(t.acl) AS a
         JOIN ours ON ours.who = CASE a.grantee WHEN 0 THEN 'PUBLIC'
                                  ELSE pg_get_userbyid(a.grantee)::text END
     ), differs AS (
       (SELECT 3 AS step, 'REVOKE' AS verb, 'FROM' AS way, * FROM has
        EXCEPT ALL SELECT 3, 'REVOKE', 'FROM', * FROM wanted)
        UNION ALL
       (SELECT 4, 'GRANT', 'TO', * FROM wanted
        EXCEPT ALL SELECT 4, 'GRANT', 'TO', * FROM has)
     )
SELECT x.sql
  FROM (SELECT 1 AS step, name AS by,
               format('ALTER FUNCTION %s SECURITY %s', name,
                      CASE WHEN definer THEN 'DEFINER' ELSE 'INVOKER' END) AS sql
          FROM routine
         WHERE prokind = 'f' AND prosecdef <> definer
         UNION ALL
        -- not where it would keep the planner from expanding a function in place
        SELECT 2, p.name, format('ALTER FUNCTION %s SET search_path = %I, pg_temp', p.name, n.nspname)
          FROM routine p JOIN pg_language l ON l.oid = p.prolang
         CROSS JOIN home JOIN pg_namespace n ON n.oid = home.oid
         WHERE p.prokind = 'f' AND (p.definer OR l.lanname <> 'sql')
           AND format('search_path=%I, pg_temp', n.nspname) <> ALL (coalesce(p.proconfig, '{}'))
         UNION ALL
        SELECT 3, '', 'ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC'
         WHERE NOT EXISTS (SELECT FROM pg_default_acl
                            WHERE defaclrole = current_user::regrole
                              AND defaclnamespace = 0 AND defaclobjtype = 'f')
         UNION ALL
        SELECT d.step, d.name || d.who,
               format('%s %s ON %s %s %s', d.verb, string_agg(d.what || d.col, ', ' ORDER BY d.what, d.col),
                      d.name, d.way, CASE d.who WHEN 'PUBLIC' THEN d.who ELSE quote_ident(d.who) END)
          FROM differs d GROUP BY d.step, d.verb, d.way, d.name, d.who) AS x
 ORDER BY x.step, x.by;

-- name: rights_undecided
-- What rights.txt does not name, and what it names that is not there.  $1 ... $4 text[]: as
-- $2 ... $5 of rights_plan
WITH line AS (
       SELECT DISTINCT kind, object
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
              AS r (kind, object, who, what)
        WHERE kind IN ('table', 'function')
     ), thing AS (
       SELECT DISTINCT 'function' AS kind, p.proname::text AS object
         FROM pg_proc p
        WHERE p.pronamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'schema_version'::regclass)
          AND p.prorettype <> 'trigger'::regtype
          AND NOT EXISTS (SELECT FROM pg_depend d
                           WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                             AND d.deptype = 'e')
        UNION ALL
       SELECT 'table', c.relname
         FROM pg_class c
        WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'schema_version'::regclass)
          AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
     )
SELECT coalesce(t.kind, r.kind), coalesce(t.object, r.object), r.kind IS NULL AS undecided
  FROM thing t FULL JOIN line r ON r.kind = t.kind AND r.object = t.object
 WHERE t.kind IS NULL OR r.kind IS NULL
 ORDER BY 1, 2;
