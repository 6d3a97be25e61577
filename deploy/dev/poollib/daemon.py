"""What our daemons have in common, and the pchatctl that fills their stores."""
import json
import os
import socket

from poollib.dirs import PoolError, write_file
from poollib.proc import Process, run

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))


def program(name):
    """A program of ours: build/, or where PCHAT_BUILD says."""
    build = os.environ.get("PCHAT_BUILD") or os.path.join(TOP, "build")
    path = os.path.join(os.path.abspath(build), name)
    if not os.access(path, os.X_OK):
        raise PoolError(f"{path} is not there: run make, or set PCHAT_BUILD"
                        " to the folder that has it", status=2)
    return path


def ctl(store, *args):
    """As the owner; the passwords stay out of the command line."""
    return run([program("pchatctl"), *args], f"pchatctl {args[0]}",
               env={"PCHAT_STORE": store.conninfo(),
                    "PCHAT_COMPLIANCE": store.compliance()})


def settings(sets, prefix):
    """Take what --set gives to the daemons of a prefix out of the rest."""
    return {k[len(prefix):]: sets.pop(k) for k in list(sets)
            if k.startswith(prefix)}


class Daemon(Process):
    """A process with a configuration file and a control socket."""

    program = None

    def __init__(self, dirs, name):
        super().__init__(dirs, name)
        self.conf = dirs.path("conf", f"{name}.conf")
        self.ctl = dirs.socket(f"{name}.ctl")

    def wanted_ports(self):
        return {}

    def argv(self):
        return [program(self.program), "-f", self.conf]

    def status(self):
        """The reply to "status" on the control socket, {} if there is none."""
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(5)
                sock.connect(self.ctl)
                sock.sendall(b"status\n")
                line = sock.makefile("rb").readline()
            return json.loads(line)
        except (OSError, ValueError):
            return {}

    def ready(self):
        said = self.status()
        if said.get("state") != "ready" or \
           said.get("pid", self.pid()) != self.pid():
            return False
        self.heard(said)
        return True

    def heard(self, said):
        """It is ready, and said this of itself."""

    def configure(self, values, sets):
        """Write its file; true if it is another than before.  What --set
        gives replaces our value, or all of them where a key has several."""
        lines = {k: v for k, v in values.items() if k not in sets}
        text = "# Written by deploy/dev/pool\n"
        for key, given in {**lines, **sets}.items():
            text += "".join(f"{key}\t{v}\n" for v in given if v != "")
        try:
            with open(self.conf, encoding="utf-8") as f:
                if f.read() == text:
                    return False
        except FileNotFoundError:
            pass
        write_file(self.conf, text)
        return True
