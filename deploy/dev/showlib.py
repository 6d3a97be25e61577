"""What deploy/dev/show needs to tell its story: clients, and a look at who
holds whom.  Everything waits for events, with a deadline."""
import collections
import json
import os
import queue
import socket
import subprocess
import threading
import time

STEP_S = 20

Event = collections.namedtuple("Event", "time name fields")


class ShowError(Exception):
    """What was expected did not happen."""

    def __init__(self, text, lines=()):
        super().__init__(text)
        self.lines = list(lines)


def unescape(text):
    """A field of an event as one reads it; a line break becomes " / "."""
    out, chars = [], iter(text)
    for c in chars:
        if c == "\\":
            c = next(chars, "")
            c = {"n": " / ", "r": "", "t": "\t"}.get(c, c)
        out.append(c)
    return "".join(out)


class Client:
    """pidgin-sipe in tests/purple's program: lines in, events out."""

    def __init__(self, program, user, password, server, transport, trace,
                 seed=0):
        self.user = user
        self.name = user.split(":")[-1].split("@")[0]
        self.transport = transport
        self.server = server
        self.trace = trace
        self.seen = []
        self.events = queue.Queue()
        self.process = subprocess.Popen(
            [program, "--user", user, "--password", password,
             "--server", server, "--transport", transport, "--debug", trace,
             "--seed", str(seed)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            encoding="utf-8", errors="replace", start_new_session=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            when, name, *fields = line.rstrip("\n").split("\t")
            self.events.put(Event(when, name, [unescape(f) for f in fields]))
        self.events.put(None)

    def send(self, command):
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise ShowError(f"{self.name}'s client has ended",
                            self.tail()) from None

    def wait(self, name, *fields, what=None):
        """The next such event; the fields that are given must be equal."""
        deadline = time.monotonic() + STEP_S
        while True:
            try:
                event = self.events.get(
                    timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                event = None
            if event is None:
                break
            self.seen.append(event)
            if event.name == name and all(
                    a is None or a == b for a, b in zip(fields, event.fields)):
                return event
        wanted = what or " ".join(f for f in (name, *fields) if f)
        ended = self.process.poll() is not None
        raise ShowError(f"{self.name}: {wanted}: " + (
            "the client has ended" if ended else
            f"did not happen within {STEP_S} s"), self.tail())

    def tail(self, count=15):
        return [f"{self.name}'s client: {e.time} {e.name} "
                + " | ".join(e.fields) for e in self.seen[-count:]]

    def post(self, room, text):
        text = text.replace("\\", "\\\\").replace("\n", "\\n")
        self.send(f'say "{room}" {text}')

    def end(self):
        if self.process.poll() is None:
            try:
                self.send("quit")
                self.process.wait(STEP_S)
            except (ShowError, subprocess.TimeoutExpired):
                self.process.kill()
        self.process.wait()


class Pool:
    """pool.json, and what the instances say on their control sockets."""

    def __init__(self, folder):
        self.dir = folder
        with open(os.path.join(folder, "pool.json"), encoding="utf-8") as f:
            said = json.load(f)
        self.instances = {i["name"]: i for i in said["instances"]}
        self.registrar = said["registrar"]
        self.uri = said["pool_uri"]
        self.web = said["web"][0]["url"]

    def endpoints(self):
        """{name of the instance: clients it holds}"""
        return {name: self._status(i["ctl"]).get("endpoints", 0)
                for name, i in self.instances.items()}

    @staticmethod
    def _status(path):
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(5)
                sock.connect(path)
                sock.sendall(b"status\n")
                return json.loads(sock.makefile("rb").readline())
        except (OSError, ValueError):
            return {}

    def newcomer(self, before):
        """The instance that holds one more than before, once the short
        look-up session of that client is over."""
        deadline = time.monotonic() + STEP_S
        while time.monotonic() < deadline:
            now = self.endpoints()
            more = [n for n in now if now[n] > before.get(n, 0)]
            if sum(now.values()) == sum(before.values()) + 1 \
               and len(more) == 1:
                return more[0]
            time.sleep(0.02)
        raise ShowError(f"no instance tells of one more client: {before} "
                        f"became {self.endpoints()}")

    def settled(self, total):
        """Wait until the instances hold so many clients together."""
        deadline = time.monotonic() + STEP_S
        while sum(self.endpoints().values()) != total:
            if time.monotonic() > deadline:
                raise ShowError(f"{total} clients expected, the instances "
                                f"hold {self.endpoints()}")
            time.sleep(0.02)


def logs(folder, count=12):
    """The ends of all logs below a folder."""
    for top, dirs, files in os.walk(folder):
        dirs.sort()
        for name in sorted(f for f in files if f.endswith(".log")):
            path = os.path.join(top, name)
            with open(path, encoding="utf-8", errors="replace") as f:
                last = collections.deque(f, count)
            if last:
                yield path, [line.rstrip("\n") for line in last]
