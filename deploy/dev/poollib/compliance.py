"""pchat-compliance daemons."""
from poollib import web
from poollib.daemon import Daemon

PREFIX = "compliance."


class Compliance(Daemon):
    program = "pchat-compliance"

    def values(self, store):
        return {
            "instance.name": [self.name],
            "store.conninfo": [store.conninfo("compliance")],
            "staging.conninfo": [store.compliance("compliance")],
            "queue.listen": ["tcp://127.0.0.1:*"],
            "ctl.socket": [self.ctl],
            **self._files(),
        }

    def _files(self):
        """Where the web service has files, and where they are kept for
        archives."""
        if not self.dirs.state.get("web"):
            return {}
        return {"files.store": [web.files(self.dirs)],
                "files.archive": [archive(self.dirs, "files")]}


def archive(dirs, *parts):
    """The folder for what adapters write."""
    return dirs.path("archive", *parts)
