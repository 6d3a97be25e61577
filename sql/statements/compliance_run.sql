-- for: compliance

-- name: compliance_active
-- Before this time nobody writes any more: events of transactions that are
-- still open are later, or their transaction began before.  $1 integer: ms
-- that one may have gone on without a number of its own
SELECT least(clock_timestamp() - $1 * interval '1 ms',
             (SELECT min(a.xact_start) FROM pg_stat_activity a
               WHERE a.datname = current_database()
                 AND a.backend_xid IS NOT NULL
                 AND a.pid <> pg_backend_pid()));

-- name: compliance_oldest
-- The oldest event that is not staged, NULL: none
SELECT outbox_oldest();

-- name: compliance_state_set
-- What channel processes are told.  $1 boolean: closed, $2 timestamptz: oldest
UPDATE compliance_state SET closed = $1, oldest = $2, updated_on = now();
