"""Kamailio in front of the pool, run in the foreground of a session.

The files of deploy/kamailio are used as they are; only the site's values are
written here, beside copies of them.
"""
import os
import shutil
import socket

from poollib.daemon import TOP
from poollib.dirs import PoolError, read_file, write_file
from poollib.proc import Process, others

SETTINGS = {
    "registrar.auth": ("trusted", ("trusted", "digest")),
    "registrar.transport": ("tcp", ("tcp", "tls")),
    "registrar.presence": ("off", ("off", "on")),
    "registrar.usage": ("both", ("both", "server")),
}

SHIPPED = "kamailio.cfg", "checks.cfg", "identity.cfg", "orphans.cfg", "connections.js"

LOCAL = """\
# Written by deploy/dev/pool
listen=tcp:127.0.0.1:{tcp}
listen=tls:127.0.0.1:{tls}
#!define WITH_TLS
listen={kind}:127.0.0.1:{pool}
#!define POOL_SOCKET "{kind}:127.0.0.1:{pool}"
#!substdef "!POOL_PORT!{pool}!g"
{trusted}{presence}#!define TLS_CONFIG "{conf}/tls.cfg"
#!define SQL_STORE "store=>{store}"
#!define DISPATCHER_LIST "{conf}/dispatcher.list"
#!define PROBE_INTERVAL 1
#!define PROBE_FROM "sip:registrar@{domain}"
#!define POOL_WAIT_S 15
#!define RPC_SOCKET "{rpc}"
#!define RPC_FIFO "{fifo}"
#!define RPC_REPLY_DIR "/tmp/"
#!define CTL_SOCKET "unix:{ctl}"
#!define CONNECTIONS_JS "{conf}/connections.js"
#!define TCP_WORKERS 4
#!define TCP_READ_BUFFER 327680
#!define MAX_CONNECTIONS 8192
"""

TLS = """\
# Written by deploy/dev/pool: clients show no certificate; towards the pool
# both sides do.
[server:default]
method = TLSv1.2+
certificate = "{cert}"
private_key = "{key}"
verify_certificate = no
require_certificate = no

[client:default]
method = TLSv1.2+
certificate = "{cert}"
private_key = "{key}"
ca_list = "{ca}"
verify_certificate = yes
require_certificate = yes
"""

PROBE = """\
OPTIONS sip:{host} SIP/2.0\r
Via: SIP/2.0/TCP {host};branch=z9hG4bKready\r
From: <sip:pool@{host}>;tag=ready\r
To: <sip:{host}>\r
Call-ID: ready@{host}\r
CSeq: 1 OPTIONS\r
Max-Forwards: 70\r
Content-Length: 0\r
\r
"""


def settings(given):
    """registrar.* of --set, checked, with the defaults for the others."""
    result = {key: default for key, (default, _) in SETTINGS.items()}
    for key, values in given.items():
        if key not in SETTINGS:
            raise PoolError(f"--set {key}: there is no such key; the"
                            f" registrar has {', '.join(SETTINGS)}", status=2)
        if values[-1] not in SETTINGS[key][1]:
            raise PoolError(f"--set {key}: one of"
                            f" {', '.join(SETTINGS[key][1])}", status=2)
        result[key] = values[-1]
    return result


class Registrar(Process):
    def __init__(self, dirs):
        super().__init__(dirs, "registrar")
        self.conf = dirs.path("conf", "registrar")
        self.cfg = os.path.join(self.conf, "kamailio.cfg")

    def wanted_ports(self):
        return {f"registrar.{kind}": self.name
                for kind in ("tcp", "tls", "pool")}

    def address(self, kind):
        return f"127.0.0.1:{self.dirs.state['ports'][f'registrar.{kind}']}"

    def rpc(self, kind):
        """A socket for commands: ctl (kamcmd), fifo (kamctl), rpc."""
        return self.dirs.socket(f"registrar.{kind}")

    def argv(self):
        kamailio = shutil.which("kamailio") or "/usr/sbin/kamailio"
        return [kamailio, "-DD", "-E", "-f", self.cfg, "-m", "3072",
                "-M", "32", "-Y", self.dirs.state["socket_dir"],
                "-w", self.dirs.path("run")]

    def ready(self):
        """It answers OPTIONS."""
        host, port = self.address("tcp").split(":")
        try:
            with socket.create_connection((host, int(port)), 1) as sock:
                sock.settimeout(1)
                me = "%s:%d" % sock.getsockname()
                sock.sendall(PROBE.format(host=me).encode())
                return sock.recv(1024).startswith(b"SIP/2.0 200")
        except OSError:
            return False

    def leftovers(self):
        """Its workers, when the main process was killed: they would go on
        holding the ports."""
        path = os.fsencode(self.cfg)

        def ours(pid):
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read().split(b"\0")
            return os.path.basename(words[0]) == b"kamailio" and path in words
        return others(ours)

    def prepare(self):
        if not (shutil.which("kamailio") or
                os.path.exists("/usr/sbin/kamailio")):
            raise PoolError("kamailio is not installed")
        self.clear_leftovers()

    def configure(self, store, pki, domain, chosen, channels):
        """Write its files; true if one is another than before."""
        os.makedirs(self.conf, exist_ok=True)
        ports = self.dirs.state["ports"]
        trusted = chosen["registrar.auth"] == "trusted"
        presence = chosen["registrar.presence"] == "on"
        kind = chosen["registrar.transport"]
        files = {
            **{name: read_file(os.path.join(TOP, "deploy", "kamailio", name))
               for name in SHIPPED},
            "kamailio-local.cfg": LOCAL.format(
                tcp=ports["registrar.tcp"], tls=ports["registrar.tls"],
                pool=ports["registrar.pool"], kind=kind,
                conf=self.conf, store=store.url(), domain=domain,
                **{kind: self.rpc(kind) for kind in ("rpc", "fifo", "ctl")},
                trusted="#!define WITH_TRUSTED_NETWORK\n" if trusted else "",
                presence="#!define WITH_PRESENCE\n" if presence else ""),
            "tls.cfg": TLS.format(cert=pki.cert("registrar"),
                                  key=pki.key("registrar"), ca=pki.ca),
            "dispatcher.list": "".join(
                f"1 sip:{c.address(kind)};transport={kind}\n"
                for c in channels),
        }
        changed = False
        for name, text in files.items():
            path = os.path.join(self.conf, name)
            if read_file(path) != text:
                write_file(path, text)
                changed = True
        return changed
