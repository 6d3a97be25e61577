"""Processes that outlive the script which started them.

A process is known by its id and its start time together: an id that was
given to somebody else in the meantime is never signalled.  Signals go
through a pidfd for the same reason.
"""
import os
import resource
import select
import signal
import subprocess
import time

from poollib.dirs import PoolError

POLL_MS = 20
INHERITED = ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


def _stat(pid):
    """Fields of /proc/PID/stat from the state on, or None."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            return f.read().rpartition(b")")[2].split()
    except OSError:
        return None


def start_time(pid):
    stat = _stat(pid)
    return int(stat[19]) if stat else None


class Process:
    """One program of the pool.  Subclasses say how it is started, when it is
    ready and how it is asked to end."""

    limit_start_s = 30
    limit_stop_s = 15
    stop_signals = (signal.SIGTERM, signal.SIGKILL)

    def __init__(self, dirs, name):
        self.dirs = dirs
        self.name = name

    def argv(self):
        raise NotImplementedError

    def ready(self):
        raise NotImplementedError

    def prepare(self):
        """Before each start: leftovers of a process that was killed."""

    def leftovers(self):
        """Ids of processes of ours that must not outlive the main one."""
        return []

    @property
    def log(self):
        return self.dirs.log(self.name)

    # ------------------------------------------------------------ what is

    def pid(self):
        """Its id if it runs, else None."""
        known = self.dirs.state["processes"].get(self.name)
        if not known:
            return None
        stat = _stat(known["pid"])
        if not stat or stat[0] in (b"Z", b"X"):
            return None
        return known["pid"] if int(stat[19]) == known["start"] else None

    def state(self):
        if self.pid():
            return "running"
        known = self.dirs.state["processes"].get(self.name)
        return "dead" if known else "stopped"

    # -------------------------------------------------------------- start

    def spawn(self):
        """Start it; wait() tells when it is ready."""
        self.prepare()
        _allow_descriptors()
        env = {k: v for k, v in os.environ.items()
               if k not in INHERITED and not k.startswith("PG")}
        with open(self.log, "ab") as log:
            log.write(time.strftime("--- started %F %T\n").encode())
            log.flush()
            child = subprocess.Popen(self.argv(), stdin=subprocess.DEVNULL,
                                     stdout=log, stderr=log, env=env,
                                     cwd="/", start_new_session=True)
        # It is to go on without us: nobody waits for it here.
        child.returncode = 0
        self.dirs.state["processes"][self.name] = {
            "pid": child.pid, "start": start_time(child.pid)}
        self.dirs.save()

    def wait(self):
        """Until ready; PoolError with its log if it ends or takes too long."""
        pid = self.pid()
        until = time.monotonic() + self.limit_start_s
        while pid and not gone(pid, POLL_MS):
            if self.ready():
                return
            if time.monotonic() > until:
                raise PoolError(f"{self.name} (pid {pid}) was not ready within"
                                f" {self.limit_start_s} s", self.log)
        raise PoolError(f"{self.name} ended while it was starting", self.log)

    # --------------------------------------------------------------- stop

    def ask(self, sig):
        pid = self.pid()
        if pid:
            _signal(pid, sig)

    def end(self):
        """Ask, wait, insist.  Running or not, afterwards it is stopped."""
        for sig in self.stop_signals:
            pid = self.pid()
            if not pid:
                break
            _signal(pid, sig)
            gone(pid, self.limit_stop_s * 1000)
        self.clear_leftovers()
        self.dirs.state["processes"].pop(self.name, None)
        self.dirs.save()

    def clear_leftovers(self):
        until = time.monotonic() + self.limit_stop_s
        for pid in self.leftovers():
            _signal(pid, signal.SIGKILL)
            gone(pid, max(0, until - time.monotonic()) * 1000)


def _allow_descriptors():
    """A connection is one, and shells often give 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 65536:
        most = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _signal(pid, sig):
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(fd, sig)
    except ProcessLookupError:
        pass
    finally:
        os.close(fd)


def gone(pid, timeout_ms):
    """Has it ended, now or within the time?"""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        return bool(poll.poll(timeout_ms))
    finally:
        os.close(fd)


def others(match):
    """Ids of the processes for which match(pid) is true; those that vanish
    or may not be looked at do not count."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and match(int(entry)):
                found.append(int(entry))
        except OSError:
            continue
    return found


def run(argv, what, *, env=None, text_in=None):
    """A command that ends: its output, or PoolError with what it said."""
    done = subprocess.run(argv, env={**os.environ, **(env or {})},
                          input=text_in, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL if text_in is None else None,
                          check=False)
    if done.returncode:
        raise PoolError(f"{what} failed ({done.returncode}):\n"
                        f"{done.stdout.rstrip()}")
    return done.stdout
