"""Where a pool keeps things, and what it remembers between commands.

Everything lies below one folder.  The one exception are the UNIX sockets of
a folder whose name is too long for a socket address: they get a short folder
below the temporary one, recorded in the state and removed by `down`.
"""
import contextlib
import fcntl
import json
import os
import random
import secrets
import shutil
import socket
import tempfile

SUN_PATH_MAX = 107
SOCKET_NAME_MAX = 32


class PoolError(Exception):
    """Something to tell the user; no traceback."""

    def __init__(self, text, log=None, status=1):
        super().__init__(text)
        self.log = log
        self.status = status


def write_file(path, text, mode=0o600):
    """Replace a file as a whole: readers see the old or the new one."""
    tmp = f"{path}.tmp"
    with open(os.open(tmp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w",
              encoding="utf-8") as f:
        f.write(text)
        f.flush()
        os.fsync(f.fileno())
    os.replace(tmp, path)


def read_file(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        return None


class Dirs:
    """Paths below DIR, and state.json: ports, passwords, process ids."""

    def __init__(self, path):
        self.top = os.path.realpath(path)
        self.state = {"ports": {}, "processes": {}, "instances": [],
                      "addresses": {}}

    def path(self, *parts):
        return os.path.join(self.top, *parts)

    def log(self, name):
        return self.path("log", f"{name}.log")

    def exists(self):
        return os.path.exists(self.path("state.json"))

    def create(self):
        for sub in "", "conf", "log", "run", "tls", "store":
            os.makedirs(self.path(sub), exist_ok=True)
        if "socket_dir" not in self.state or \
           not os.path.isdir(self.state["socket_dir"]):
            self.state["socket_dir"] = self._socket_dir()
        for who in ("admin", "owner", "channel", "web", "compliance", "ctl",
                    "reader", "registrar"):
            self.state.setdefault(f"{who}_password", secrets.token_hex(16))

    def _socket_dir(self):
        run = self.path("run")
        if len(run.encode()) + 1 + SOCKET_NAME_MAX <= SUN_PATH_MAX:
            return run
        return tempfile.mkdtemp(prefix="pchat-", dir="/tmp")

    def drop_socket_dir(self):
        path = self.state.pop("socket_dir", None)
        if path and path != self.path("run"):
            shutil.rmtree(path, ignore_errors=True)

    def socket(self, name):
        return os.path.join(self.state.get("socket_dir", self.path("run")),
                            name)

    def load(self):
        text = read_file(self.path("state.json"))
        if text is None:
            raise PoolError(f"there is no pool in {self.top}")
        self.state = json.loads(text)

    def save(self):
        write_file(self.path("state.json"),
                   json.dumps(self.state, indent=1) + "\n")

    @contextlib.contextmanager
    def lock(self):
        """One command at a time; a second one waits for the first."""
        fd = os.open(self.path("lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def keep_ports(self, wanted, running):
        """A port for every name; one that is ours already stays unless
        somebody else listens there now."""
        held = []
        ports = self.state["ports"]
        for name, owner in wanted.items():
            if owner in running and name in ports:
                continue
            sock = _listen(ports[name]) if name in ports else None
            while sock is None:
                sock = _listen(_any_port())
            held.append(sock)
            ports[name] = sock.getsockname()[1]
        for sock in held:
            sock.close()


def _any_port():
    """Below the range that outgoing connections take theirs from: a process
    that is down for a while must find its port free when it comes back."""
    with open("/proc/sys/net/ipv4/ip_local_port_range",
              encoding="ascii") as f:
        low = int(f.read().split()[0])
    return random.randrange(20000, low) if low > 21000 else 0


def _listen(port):
    sock = socket.socket()
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        sock.listen()
        return sock
    except OSError:
        sock.close()
        return None
