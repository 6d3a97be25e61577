"""The private PostgreSQL cluster.

Durable as in production: fsync and synchronous_commit are on.  TCP on the
loopback only, passwords asked for (scram), no UNIX socket: its address could
be too long.  PostgreSQL refuses to run as root; for root it runs as user
postgres, who may have no way through the folders above DIR (a temporary one
is usually closed to others): it then gets the right to look through folders
as an ambient capability, instead of us opening anybody's folders.
"""
import glob
import os
import pwd
import shutil
import signal

from poollib.dirs import PoolError, read_file, write_file
from poollib.proc import Process, gone, others, run

SUPERUSER = "postgres"
PREFIX = "pchat"
# "pchatctl migrate --roles" makes these as well; here they get passwords
ROLES = "channel", "web", "compliance", "ctl", "reader", "registrar"
OWNER = "pchat"
REGISTRAR = f"{PREFIX}_registrar"
DATABASE = "mgc"
COMPLIANCE = "mgccomp"

CONF = """\
# Written by deploy/dev/pool at every "up"; postgresql.conf includes it.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
shared_buffers = 256MB
huge_pages = off
max_wal_size = 2GB
checkpoint_timeout = 5min
wal_compression = on
fsync = on
synchronous_commit = on
full_page_writes = on
jit = off
log_line_prefix = '%m [%p] %q%u@%d '
cluster_name = 'pchat'
"""


def find_bin():
    """The newest installed version's programs."""
    given = os.environ.get("PCHAT_PGBIN")
    if given:
        return given
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"),
                   key=lambda p: int(p.split("/")[4]))
    path = found[-1] if found else shutil.which("postgres")
    if not path:
        raise PoolError("PostgreSQL's server programs are not installed")
    return os.path.dirname(path)


class Store(Process):
    limit_stop_s = 30
    # fast shutdown; immediate; the end of all patience
    stop_signals = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)

    def __init__(self, dirs):
        super().__init__(dirs, "store")
        self.bin = find_bin()
        self.data = dirs.path("store", "data")

    def wanted_ports(self):
        return {"store": self.name}

    @property
    def port(self):
        return self.dirs.state["ports"]["store"]

    def conninfo(self, role="owner", database=DATABASE):
        """For a role of ROLES; the owner is for the operator and for tests."""
        user = OWNER if role == "owner" else f"{PREFIX}_{role}"
        return (f"host=127.0.0.1 port={self.port} dbname={database}"
                f" user={user} password={self.password(role)}")

    def compliance(self, role="owner"):
        return self.conninfo(role, COMPLIANCE)

    def password(self, role):
        return self.dirs.state[f"{role}_password"]

    def url(self):
        """What the registrar reads the credentials with."""
        return (f"postgres://{REGISTRAR}:{self.password('registrar')}"
                f"@127.0.0.1:{self.port}/{DATABASE}")

    def argv(self):
        return self._as_postgres() + [f"{self.bin}/postgres", "-D", self.data]

    def ready(self):
        """The last line of postmaster.pid says so; the first must be ours."""
        lines = (read_file(f"{self.data}/postmaster.pid") or "").splitlines()
        return (len(lines) >= 8 and lines[0] == str(self.pid())
                and lines[7].strip() == "ready")

    def prepare(self):
        """Server processes whose postmaster was killed end by themselves;
        until they have, the shared memory is in use.  The id in the lock file
        may be that of a dead process which nobody has collected yet, and
        PostgreSQL would take it for a living one."""
        for pid in others(lambda pid:
                          os.readlink(f"/proc/{pid}/cwd") == self.data):
            if not gone(pid, self.limit_stop_s * 1000):
                raise PoolError(f"process {pid} works in {self.data} still")
        if os.path.exists(f"{self.data}/postmaster.pid"):
            os.unlink(f"{self.data}/postmaster.pid")

    # ------------------------------------------------------------- making

    def init(self):
        if not os.path.exists(f"{self.data}/PG_VERSION"):
            self._initdb()
        write_file(f"{self.data}/pool.conf", CONF.format(port=self.port))
        self._chown(f"{self.data}/pool.conf")

    def _initdb(self):
        shutil.rmtree(self.data, ignore_errors=True)
        top = os.path.dirname(self.data)
        self._chown(top)
        secret = os.path.join(top, "password")
        write_file(secret, self.dirs.state["admin_password"])
        self._chown(secret)
        new = f"{self.data}.new"
        shutil.rmtree(new, ignore_errors=True)
        try:
            run(self._as_postgres() +
                [f"{self.bin}/initdb", "-D", new, "-U", SUPERUSER,
                 "--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256",
                 f"--pwfile={secret}"], "initdb")
        finally:
            os.unlink(secret)
        with open(f"{new}/postgresql.conf", "a", encoding="utf-8") as f:
            f.write("\ninclude_if_exists = 'pool.conf'\n")
        os.rename(new, self.data)

    def make_database(self):
        """Roles and the empty databases; nothing that is there changes.  What
        the roles may do comes with the schema: pchatctl migrate --roles."""
        roles = {OWNER: "owner", **{f"{PREFIX}_{r}": r for r in ROLES}}
        values = ", ".join(f"('{name}')" for name in roles)
        passwords = "".join(
            f"ALTER ROLE {name} PASSWORD '{self.password(role)}';\n"
            for name, role in roles.items())
        self._sql("postgres", f"""
SELECT format('CREATE ROLE %I LOGIN', r) FROM (VALUES {values}) AS v (r)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) \\gexec
{passwords}
GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO {OWNER};
GRANT pg_read_all_stats TO {PREFIX}_compliance, {PREFIX}_ctl;
SELECT format('CREATE DATABASE %I OWNER {OWNER}', d) FROM (VALUES
 ('{DATABASE}'), ('{COMPLIANCE}')) AS v (d) WHERE NOT EXISTS
 (SELECT FROM pg_database WHERE datname = d) \\gexec
""")

    def let_registrar_ask(self):
        self._sql(DATABASE, "GRANT EXECUTE ON FUNCTION registrar_offer,"
                  f" registrar_may, registrar_prove TO {REGISTRAR};")

    def _sql(self, database, text):
        run([f"{self.bin}/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1",
             "-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER,
             "-d", database], "setting up the database", text_in=text,
            env={"PGPASSWORD": self.dirs.state["admin_password"]})

    # ------------------------------------------------------ another user

    def _chown(self, path):
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(path, user.pw_uid, user.pw_gid)

    def _as_postgres(self):
        if os.geteuid() != 0:
            return []
        argv = ["setpriv", "--reuid=postgres", "--regid=postgres",
                "--init-groups"]
        if not self._reachable():
            right = self._search_right()
            argv += [f"--inh-caps=+{right}", f"--ambient-caps=+{right}"]
        return argv + ["--"]

    def _reachable(self):
        """May anybody walk down to DIR?"""
        path = self.dirs.top
        while os.stat(path).st_mode & 0o001:
            if path == "/":
                return True
            path = os.path.dirname(path)
        return False

    def _search_right(self):
        with open("/proc/self/status", encoding="ascii") as f:
            mask = next(int(line.split()[1], 16) for line in f
                        if line.startswith("CapEff"))
        for bit, name in (2, "dac_read_search"), (1, "dac_override"):
            if mask & 1 << bit:
                return name
        raise PoolError(f"user postgres cannot reach {self.dirs.top}:"
                        " a folder above it is closed to others")
