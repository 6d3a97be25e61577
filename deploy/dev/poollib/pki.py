"""A certificate authority for one pool, and what it signs.

Each certificate names DOMAIN hosts and the loopback address, and says that it
is for both ends of mutual TLS, or for servers alone.
"""
import os

from poollib.dirs import read_file, write_file
from poollib.proc import run

DAYS = "3650"
USAGES = {"both": "serverAuth,clientAuth", "server": "serverAuth"}
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Pki:
    def __init__(self, dirs, domain):
        self.dirs = dirs
        self.domain = domain
        self.ca = dirs.path("tls", "ca.pem")

    def cert(self, name):
        return self.dirs.path("tls", f"{name}.pem")

    def key(self, name):
        return self.dirs.path("tls", f"{name}.key")

    def make(self, names, usage):
        """What is missing; everything anew when the domain, or the use that
        the certificates are for, is another."""
        self.usage = usage
        mark = self.dirs.path("tls", "domain")
        wanted = self.domain + ("" if usage == "both" else f" {usage}")
        fresh = read_file(mark) != wanted
        if fresh:
            self._authority()
        for name in names:
            if fresh or not os.path.exists(self.cert(name)):
                self._certificate(name)
        write_file(mark, wanted)

    def _authority(self):
        self._openssl("ca", f"/CN=pool of {self.domain}",
                      ("basicConstraints=critical,CA:TRUE",
                       "keyUsage=critical,keyCertSign,cRLSign",
                       "subjectKeyIdentifier=hash"), ())

    def _certificate(self, name):
        hosts = [f"{name}.{self.domain}", "localhost"]
        if name == "registrar":
            hosts.append(self.domain)
        alt = ",".join([f"DNS:{h}" for h in hosts] + ["IP:127.0.0.1"])
        self._openssl(name, f"/CN={hosts[0]}",
                      ("basicConstraints=critical,CA:FALSE",
                       "keyUsage=critical,digitalSignature",
                       "extendedKeyUsage=" + USAGES[self.usage],
                       "subjectKeyIdentifier=hash",
                       "authorityKeyIdentifier=keyid",
                       f"subjectAltName={alt}"),
                      ("-CA", self.ca, "-CAkey", self.key("ca")))

    def _openssl(self, name, subject, extensions, signer):
        argv = ["openssl", "req", "-x509", *KEY, "-days", DAYS, "-sha256",
                "-subj", subject, "-keyout", self.key(name),
                "-out", self.cert(name), *signer, "-config", "/dev/null"]
        for ext in extensions:
            argv += ["-addext", ext]
        # openssl makes the key file with the mode that the mask leaves
        before = os.umask(0o077)
        try:
            run(argv, f"making the certificate of {name}")
        finally:
            os.umask(before)
        os.chmod(self.cert(name), 0o644)
