"""pchat-webfiles daemons."""
import os

from poollib.daemon import Daemon

PREFIX = "webfiles."


class Web(Daemon):
    program = "pchat-webfiles"

    def wanted_ports(self):
        return {f"{self.name}.https": self.name}

    @property
    def url(self):
        return f"https://127.0.0.1:{self.dirs.state['ports'][f'{self.name}.https']}"

    def values(self, store, pki, domain):
        return {
            "instance.name": [self.name],
            "store.conninfo": [store.conninfo("web")],
            "pool.domain": [domain],
            "http.listen": [self.url.rpartition("/")[2]],
            "http.certificate": [pki.cert(self.name)],
            "http.key": [pki.key(self.name)],
            "files.dir": [files(self.dirs)],
            "ctl.socket": [self.ctl],
        }


def files(dirs):
    """The folder of the files, for all of them."""
    return dirs.path("files")


def make_folder(dirs):
    os.makedirs(files(dirs), mode=0o700, exist_ok=True)


def told(url):
    """What the channel processes tell clients of the web service."""
    return {
        "web.room_management_url": [f"{url}/"],
        "web.file_service_url": [f"{url}/PersistentChat/MGCWebService.asmx"],
    }
