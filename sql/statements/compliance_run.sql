-- for: compliance

-- name: compliance_active
-- Before this time nobody writes any more: events of transactions that are
-- still open are later, or their transaction began before; and who it is that
-- writes since then.  $1 integer: ms that one may have gone on without a
-- number of its own
SELECT least(clock_timestamp() - $1 * interval '1 ms', w.xact_start),
       coalesce(format('process %s of the chat store (%s, user %s, %s) writes since'
                       ' %s', w.pid, coalesce(nullif(w.application_name, ''), 'no name'),
                       w.usename, w.state, date_trunc('second', w.xact_start)), '')
  FROM (SELECT) AS one
  LEFT JOIN LATERAL (
       SELECT a.* FROM pg_stat_activity a
        WHERE a.datname = current_database() AND a.backend_xid IS NOT NULL
          AND a.pid <> pg_backend_pid()
        ORDER BY a.xact_start LIMIT 1) AS w ON true;

-- name: compliance_source
-- Where this store is, and what it knows of the compliance store
SELECT s.identity, c.system_identifier,
       ('x' || left(pg_walfile_name(l.lsn), 8))::bit(32)::integer,
       d.oid::bigint, (l.lsn - '0/0'::pg_lsn)::bigint,
       t.staging_id, t.staging_mark
  FROM store s
 CROSS JOIN compliance_state t
 CROSS JOIN pg_control_system() AS c
 CROSS JOIN (SELECT pg_current_wal_lsn()) AS l (lsn)
  JOIN pg_database d ON d.datname = current_database();

-- name: compliance_source_set
-- $1 uuid, $2 bigint: identity and mark of the compliance store
UPDATE compliance_state SET staging_id = $1, staging_mark = $2;

-- name: compliance_oldest
-- The oldest event that is not staged, NULL: none
SELECT outbox_oldest();

-- name: compliance_state_set
-- What channel processes are told.  $1 boolean: closed, $2 timestamptz: oldest
UPDATE compliance_state SET closed = $1, oldest = $2, updated_on = now();
