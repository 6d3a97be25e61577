"""The private pool: what `deploy/dev/pool` is made of.

dirs     the files of a pool, its state, its lock, free ports
proc     processes that outlive the script: start, watch, end
store    the PostgreSQL cluster
channel  pchat-channel instances
registrar  Kamailio
pki      a certificate authority of the pool's own
pool     the subcommands
"""
