"""pchat-compliance daemons."""
from poollib.daemon import Daemon

PREFIX = "compliance."


class Compliance(Daemon):
    program = "pchat-compliance"

    def values(self, store):
        return {
            "instance.name": [self.name],
            "store.conninfo": [store.conninfo()],
            "staging.conninfo": [store.compliance()],
            "queue.listen": ["tcp://127.0.0.1:*"],
            "ctl.socket": [self.ctl],
        }


def archive(dirs):
    """The folder for what adapters write."""
    return dirs.path("archive")
