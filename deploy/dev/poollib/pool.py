"""The subcommands of the private pool."""
import collections
import json
import os
import shutil
import signal
import threading

from poollib import compliance, web
from poollib.channel import Channel
from poollib.compliance import Compliance
from poollib.daemon import Daemon, ctl, program, settings
from poollib.dirs import Dirs, PoolError, write_file
from poollib.pki import Pki
from poollib.proc import Process
from poollib.registrar import Registrar, settings as registrar_settings
from poollib.store import ROLES, Store
from poollib.web import Web

DOMAIN = "example.net"
POOL_USER = "GC-1-PersistentChatService-1"


class Pool:
    def __init__(self, path):
        self.dirs = Dirs(path)
        self.started = []

    def open(self):
        if not self.dirs.exists():
            raise PoolError(f"there is no pool in {self.dirs.top}")

    def members(self):
        """Every process that this pool has, in the order of starting."""
        state = self.dirs.state
        return [Store(self.dirs)] + \
            [Compliance(self.dirs, name)
             for name in state.get("compliance", [])] + \
            [Channel(self.dirs, name) for name in state["instances"]] + \
            [Web(self.dirs, name) for name in state.get("web", [])] + \
            ([Registrar(self.dirs)] if state.get("registrar") else [])

    def member(self, name):
        members = self.members()
        for one in members:
            if one.name == name:
                return one
        raise PoolError(f"there is no {name} here, only " +
                        ", ".join(m.name for m in members), status=2)

    # ----------------------------------------------------------------- up

    def up(self, opts):
        sets = _sets(opts.set)
        chosen = registrar_settings({k: sets.pop(k) for k in list(sets)
                                     if k.startswith("registrar.")})
        beside = {Compliance: settings(sets, compliance.PREFIX),
                  Web: settings(sets, web.PREFIX)}
        for name in ["pchatctl", "pchat-channel", "pchat-compliance"] + \
                ["pchat-webfiles"] * bool(opts.web):
            program(name)
        os.makedirs(self.dirs.top, exist_ok=True)
        with self.dirs.lock():
            if self.dirs.exists():
                self.dirs.load()
            self.dirs.create()
            self.tell()
            try:
                self._up(opts, sets, chosen, beside)
            except BaseException:
                for one in reversed(self.started):
                    one.end()
                self.tell()
                raise

    def _up(self, opts, sets, chosen, beside):
        state = self.dirs.state
        self._settle(opts, sets)
        store, *rest = self.members()
        channels = [m for m in rest if isinstance(m, Channel)]
        registrars = [m for m in rest if isinstance(m, Registrar)]
        archivers = [m for m in rest if isinstance(m, Compliance)]
        webs = [m for m in rest if isinstance(m, Web)]

        wanted = {}
        for one in (store, *rest):
            if not one.pid():
                one.clear_leftovers()
            wanted.update(one.wanted_ports())
        self.dirs.keep_ports(wanted, {m.name for m in (store, *rest)
                                      if m.pid()})
        self.dirs.save()

        pki = Pki(self.dirs, state["domain"])
        making = _Thread(lambda: pki.make(["registrar"] + state["instances"]
                                          + state["web"],
                                          chosen["registrar.usage"]))
        self._fill(store, opts.data)
        making.join()

        uris = sets.get("pool.uri") or [state["pool_uri"]]
        told = web.told(webs[0].url) if webs else {}
        for one in channels:
            values = one.values(store, pki, uris, state["domain"])
            self._run(one, one.configure({**values, **told}, sets))
        for one in archivers:
            self._run(one, one.configure(one.values(store),
                                         beside[Compliance]))
        for one in webs:
            self._run(one, one.configure(
                one.values(store, pki, state["domain"]), beside[Web]))
        for one in channels + archivers + webs:
            one.wait()
        for one in registrars:
            self._run(one, one.configure(store, pki, state["domain"], chosen,
                                         channels))
            one.wait()
        self.tell()

    def _settle(self, opts, sets):
        """What this pool consists of now; what it had before and has no
        longer is stopped."""
        state = self.dirs.state
        before = [m for m in self.members() if m.pid()]
        self._keep(opts, bool(before))
        domain = _domain(opts.data) or state.get("domain") or DOMAIN
        state["domain"] = sets.get("pool.domain", [domain])[-1]
        state["pool_uri"] = sets.get(
            "pool.uri", [f"sip:{POOL_USER}@{state['domain']}"])[0]
        state["instances"] = [f"channel-{n + 1}"
                              for n in range(opts.instances)]
        state["compliance"] = [f"compliance-{n + 1}"
                               for n in range(opts.compliance)]
        state["web"] = [f"web-{n + 1}" for n in range(opts.web)]
        state["registrar"] = opts.registrar
        names = {m.name for m in self.members()}
        for one in before:
            if one.name not in names:
                one.end()
        self.dirs.save()

    def _keep(self, opts, running):
        """What the options do not say: as it is, or as a new pool has it."""
        state = self.dirs.state if running else {}
        if opts.instances is None:
            opts.instances = len(state.get("instances", [])) or 2
        if opts.compliance is None:
            opts.compliance = len(state.get("compliance", []))
        if opts.web is None:
            opts.web = len(state.get("web", []))
        if opts.registrar is None:
            opts.registrar = bool(state.get("registrar"))

    def _fill(self, store, data):
        if not store.pid():
            store.init()
            self._run(store, False)
            store.wait()
        store.make_database()
        ctl(store, "migrate", "--roles")
        store.let_registrar_ask()
        if data:
            ctl(store, "import", data)
        if self.dirs.state["compliance"]:
            os.makedirs(compliance.archive(self.dirs, "files"), exist_ok=True)
            ctl(store, "compliance", "enable")
        if self.dirs.state["web"]:
            web.make_folder(self.dirs)

    def _run(self, one, changed):
        """Start what does not run; what runs with an old file, again."""
        if one.pid() and changed:
            one.end()
        if not one.pid():
            self.started.append(one)
            one.spawn()

    # ------------------------------------------------- one process, or all

    def stop(self, name):
        self.open()
        with self.dirs.lock():
            self.dirs.load()
            self.member(name).end()
            self.tell(keep=True)

    def start(self, name):
        self.open()
        with self.dirs.lock():
            self.dirs.load()
            one = self.member(name)
            if isinstance(one, Daemon) and not self.member("store").pid():
                raise PoolError(f"{name} needs the store, which does not run")
            if not one.pid():
                one.spawn()
            try:
                one.wait()
            except PoolError:
                one.end()
                raise
            finally:
                self.tell(keep=True)

    def down(self):
        self.open()
        with self.dirs.lock():
            self.dirs.load()
            store, *rest = self.members()
            for one in rest:
                one.ask(signal.SIGTERM)
            for one in reversed(rest):
                one.end()
            store.end()
            self.dirs.state["addresses"] = {}
            self.dirs.drop_socket_dir()
            self.tell()

    # ---------------------------------------------------------------- tell

    def tell(self, keep=False):
        """Write pool.json; with nothing running there is none, unless it is
        to be kept."""
        state = self.dirs.state
        self.dirs.save()
        path = self.dirs.path("pool.json")
        if not keep and not any(m.pid() for m in self.members()):
            if os.path.exists(path):
                os.unlink(path)
            return
        registrar = Registrar(self.dirs) if state.get("registrar") else None
        text = json.dumps({
            "store": Store(self.dirs).conninfo(),
            "roles": {role: Store(self.dirs).conninfo(role) for role in ROLES},
            "compliance_store": state.get("compliance") and
            Store(self.dirs).compliance() or None,
            "archive": state.get("compliance") and
            compliance.archive(self.dirs) or None,
            "pool_uri": state["pool_uri"],
            "domain": state["domain"],
            "instances": [_instance(Channel(self.dirs, name))
                          for name in state["instances"]],
            "registrar": registrar and {
                "tcp": registrar.address("tcp"),
                "tls": registrar.address("tls"),
                "pool": registrar.address("pool"),
                "ctl": registrar.rpc("ctl"), "fifo": registrar.rpc("fifo"),
                "pid": registrar.pid()},
            "compliance": [_compliance(Compliance(self.dirs, name))
                           for name in state.get("compliance", [])],
            "web": [_web(Web(self.dirs, name))
                    for name in state.get("web", [])],
            "ca": Pki(self.dirs, state["domain"]).ca,
        }, indent=2)
        write_file(path, text + "\n")

    def status(self):
        """A row for each process."""
        self.open()
        self.dirs.load()
        return [_row(one) for one in self.members()]


def _instance(one):
    return {"name": one.name, "pid": one.pid(),
            "sip_tcp": one.address("tcp"), "sip_tls": one.address("tls"),
            "ctl": one.ctl, "conf": one.conf}


def _compliance(one):
    return {"name": one.name, "pid": one.pid(), "ctl": one.ctl,
            "conf": one.conf}


def _web(one):
    return {"name": one.name, "pid": one.pid(), "url": one.url,
            "ctl": one.ctl, "conf": one.conf}


def _row(one: Process):
    row = {"name": one.name, "state": one.state(), "pid": one.pid()}
    if isinstance(one, Store):
        row["tcp"] = f"127.0.0.1:{one.port}"
    elif isinstance(one, Web):
        row["tls"] = one.url.rpartition("/")[2]
    elif not isinstance(one, Compliance):
        row["tcp"], row["tls"] = one.address("tcp"), one.address("tls")
    if isinstance(one, Daemon) and row["pid"]:
        said = one.status()
        row["state"] = said.get("state", "no answer")
        row.update({k: said[k] for k in ("endpoints", "rooms") if k in said})
    row["log"] = one.log
    return row


def _sets(given):
    sets = {}
    for text in given:
        key, sign, value = text.partition("=")
        if not sign or not key or "\n" in value:
            raise PoolError(f"--set {text}: KEY=VALUE is wanted", status=2)
        sets.setdefault(key, []).append(value)
    return sets


def _domain(path):
    """The domain that most users of the data file have, None without."""
    if not path:
        return None
    try:
        with open(path, encoding="utf-8") as f:
            users = json.load(f).get("users", [])
        count = collections.Counter(
            u["uri"].rpartition("@")[2].lower() for u in users)
        return count.most_common(1)[0][0] if count else None
    except OSError as e:
        raise PoolError(f"{path}: {e.strerror}", status=2) from None
    except (ValueError, KeyError, AttributeError, TypeError):
        return None     # pchatctl names the place


class _Thread(threading.Thread):
    """Work beside ours; join() raises what it raised."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.error = work, None
        self.start()

    def run(self):
        try:
            self.work()
        except PoolError as e:
            self.error = e

    def join(self, timeout=None):
        super().join(timeout)
        if self.error:
            raise self.error


def tail(path, lines=25):
    """The end of a log, of its last run."""
    with open(path, encoding="utf-8", errors="replace") as f:
        last = f.read().rpartition("--- started ")[2].splitlines()[1:]
    width = shutil.get_terminal_size((160, 24)).columns
    return "\n".join("  | " + line[:max(width, 120)] for line in last[-lines:])
