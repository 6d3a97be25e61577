-- What every command of pchatctl begins with.
-- for: ctl

-- name: ctl_actor
-- Who does what is done over this connection.  $1 text: name
SELECT set_config('pchat.actor', $1, false);
