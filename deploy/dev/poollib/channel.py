"""pchat-channel instances."""
from poollib.daemon import Daemon


class Channel(Daemon):
    program = "pchat-channel"

    def wanted_ports(self):
        return {f"{self.name}.tcp": self.name, f"{self.name}.tls": self.name}

    def address(self, kind):
        """Where it listens, as it says itself, else as it was told to."""
        said = self.dirs.state["addresses"].get(self.name, {})
        if said.get(f"sip_{kind}"):
            return said[f"sip_{kind}"]
        return f"127.0.0.1:{self.dirs.state['ports'][f'{self.name}.{kind}']}"

    def heard(self, said):
        self.dirs.state["addresses"][self.name] = {
            k: said[k] for k in ("sip_tcp", "sip_tls") if said.get(k)}

    def values(self, store, pki, pool_uris, domain):
        ports = self.dirs.state["ports"]
        return {
            "instance.name": [self.name],
            "store.conninfo": [store.conninfo("channel")],
            "pool.uri": pool_uris,
            "pool.domain": [domain],
            "sip.listen_tcp": [f"127.0.0.1:{ports[f'{self.name}.tcp']}"],
            "sip.listen_tls": [f"127.0.0.1:{ports[f'{self.name}.tls']}"],
            "sip.certificate": [pki.cert(self.name)],
            "sip.key": [pki.key(self.name)],
            "sip.ca": [pki.ca],
            "sip.trusted_addresses": ["127.0.0.0/8"],
            "sip.trusted_names": [f"registrar.{domain}"],
            # A lab: whoever connects by hand asserts nothing.
            "sip.identity": ["from"],
            "bus.listen": ["tcp://127.0.0.1:*"],
            "ctl.socket": [self.ctl],
        }
