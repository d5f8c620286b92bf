"""The berth that is reloaded: its configuration, its control socket, and what the kernel tells about it."""

import contextlib
import os
import re
import shutil
import time
from dataclasses import dataclass

import control
import log
import process

POOL_THREAD = re.compile(r"berth-\d+")
CONFIGURATION = """\
listen:
  - {{ name: public, address: "127.0.0.1:{port}" }}
plugins:
  app: {{ file: ./app.so, drain: {drain_ms}ms }}
routes:
  - {{ pattern: "GET /which", handler: app.which }}
  - {{ pattern: "POST /sum", handler: app.sum, timeout: none }}
  - {{ pattern: "GET /stream", handler: app.stream }}
  - {{ pattern: "GET /lines", handler: app.lines, timeout: none }}
  - {{ pattern: "GET /sleep", handler: app.sleep }}
  - {{ pattern: "GET /held", handler: app.held, timeout: none }}
  - {{ pattern: "GET /late", handler: app.late, timeout: 50ms }}
timeouts: {{ idle: 1h }}
limits: {{ threads: 48, client_waits: 32 }}
log: {{ access: off }}
control: {control}
"""


@dataclass
class Look:
    """What the process has at one moment."""

    rss_bytes: int
    descriptors: int
    mappings: int
    threads: int
    threads_beside_pools: int  # those of a pool stay for a while after a load
    images: int  # of plugins, that are mapped

    def within(self, other):
        """Whether it has no more than the other of what has to come back."""
        return (self.descriptors <= other.descriptors and self.images <= other.images
                and self.threads_beside_pools <= other.threads_beside_pools)


def images_in(maps, folder):
    """Files below `folder` that are mapped, by the text of /proc/PID/maps."""
    paths = (line.split(maxsplit=5)[5] for line in maps.splitlines() if line.count("/") > 0)
    return {path for path in paths if path.startswith(folder + os.sep)}


class Reloaded:
    """A context manager. Serves release 1; its files lie in `scratch`."""

    def __init__(self, build, scratch, core, drain_ms):
        self._plugins = os.path.join(build, "tests", "reload", "plugins")
        self._state = os.path.join(scratch, "state")
        self.deployed = os.path.join(scratch, "app.so")
        self.control = os.path.join(scratch, "control.sock")
        self.log = os.path.join(scratch, "log")
        shutil.copyfile(self.release(1), self.deployed)
        port = process.free_port()
        configuration = os.path.join(scratch, "berth.yaml")
        with open(configuration, "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(port=port, drain_ms=drain_ms, control=self.control))
        command = ["env", f"STATE_DIRECTORY={self._state}", os.path.join(build, "berth"), "run", "--no-supervisor",
                   "--allow-root", "-c", configuration]
        self._server = process.Server(command, core, port, self.log)
        self.port = port

    def __enter__(self):
        self._server.__enter__()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        return self._server.pid

    def release(self, number):
        return os.path.join(self._plugins, f"reload_{number}.so")

    def ask(self, target):
        """The answer to a GET on the control socket."""
        return control.ask(self.control, target)

    def look(self):
        folder = f"/proc/{self.pid}"
        with open(f"{folder}/status", encoding="ascii") as file:
            resident = int(re.search(r"^VmRSS:\s+(\d+)", file.read(), re.MULTILINE).group(1)) * 1024
        with open(f"{folder}/maps", encoding="utf-8", errors="replace") as file:
            maps = file.read()
        threads = self.threads()
        return Look(resident, len(os.listdir(f"{folder}/fd")), maps.count("\n"), len(threads),
                    sum(not POOL_THREAD.fullmatch(name) for name in threads), len(images_in(maps, self._state)))

    def at_rest(self):
        """The look at a server that has come up whole: its control socket answers, and nothing changes any more."""
        self.ask("/v1/status")
        before = None
        while (now := self.look()) != before:
            before = now
            time.sleep(0.3)
        return now

    def threads(self):
        """Their names."""
        folder = f"/proc/{self.pid}/task"
        names = []
        for task in sorted(os.listdir(folder), key=int):
            with contextlib.suppress(OSError), open(f"{folder}/{task}/comm", encoding="ascii") as file:
                names.append(file.read().strip())
        return names

    def names(self):
        """Of its threads and of what its descriptors are open on, for those who wonder what is left."""
        folder = f"/proc/{self.pid}"
        names = ["thread " + name for name in self.threads()]
        for number in sorted(os.listdir(f"{folder}/fd"), key=int):
            with contextlib.suppress(OSError):
                names.append("descriptor " + re.sub(r"\d+", "N", os.readlink(f"{folder}/fd/{number}")))
        return names

    def stop(self):
        """Its exit status."""
        return self._server.stop(patience=60)

    def log_text(self):
        return log.text_of(self.log)
