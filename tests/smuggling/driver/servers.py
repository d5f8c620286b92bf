"""Berth and its peers as processes of their own on Unix sockets in a temporary folder, ended whatever happens."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import socket
import time

HERE = pathlib.Path(__file__).resolve().parent.parent
# Reached only by a server that does not start.
START_S = 120


class Failed(Exception):
    """A server is missing or does not start; the text says which and what it said."""


def found(program):
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")
    if path is None:
        raise Failed(f"{program} is missing; tests/dependencies names its package")
    return path


def build_go(build):
    """The peer in Go, compiled without network from the standard library alone."""
    build = os.path.abspath(build)
    program = os.path.join(build, "go-peer")
    environment = os.environ | {
        "GO111MODULE": "off", "GOFLAGS": "", "GOPROXY": "off", "GOCACHE": os.path.join(build, "go-cache"),
        "GOPATH": os.path.join(build, "go-path")}
    made = subprocess.run([found("go"), "build", "-o", program, str(HERE / "peers" / "go.go")], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Failed(f"go build: {made.stderr.strip()}")
    return program


class Process:
    """A server that listens at the Unix sockets `paths`; a context manager, so that none stays behind."""

    def __init__(self, command, paths, log):
        self._name = os.path.basename(command[0])
        self._paths = paths
        self._log = log
        with open(log, "wb") as file:
            self._child = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command], stdin=subprocess.DEVNULL,
                                           stdout=file, stderr=subprocess.STDOUT, start_new_session=True)

    def __enter__(self):
        try:
            for path in self._paths:
                self._wait_for(path)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def said(self):
        with open(self._log, encoding="utf-8", errors="replace") as file:
            return file.read().strip()[-3000:]

    @property
    def has_ended(self):
        return self._child.poll() is not None

    def _wait_for(self, path):
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if self.has_ended:
                raise Failed(f"{self._name} has ended: {self.said()}")
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                return
            time.sleep(0.02)
        raise Failed(f"{self._name} does not listen at its socket: {self.said()}")

    def stop(self, patience_s=10):
        """SIGTERM, and what is left of its session after that is killed."""
        with contextlib.suppress(ProcessLookupError):
            self._child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(patience_s)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()


class Servers:
    """Starts servers whose files lie in `folder`; `stack` ends them. Each returns its process and its socket."""

    def __init__(self, folder, stack):
        self._folder = folder
        self._stack = stack

    def path(self, name):
        return os.path.join(self._folder, name + ".sock")

    def berth(self, name, program, plugin):
        file = self._fill("berth.yaml", name, own=self.path(name), plugin=os.path.abspath(plugin))
        return self._start(name, [program, "run", "--no-supervisor", "--allow-root", "-c", file], [self.path(name)])

    def nginx(self, recorder, berth):
        file = self._fill("nginx.conf", "nginx", recorder=recorder, berth=berth, own=self.path("nginx"),
                          front=self.path("nginx-front"))
        return self._start("nginx", [found("nginx"), "-p", self._folder, "-e", "stderr", "-c", file],
                           [self.path("nginx"), self.path("nginx-front")])

    def haproxy(self, recorder, berth):
        file = self._fill("haproxy.cfg", "haproxy", recorder=recorder, berth=berth, own=self.path("haproxy"),
                          front=self.path("haproxy-front"))
        return self._start("haproxy", [found("haproxy"), "-db", "-q", "-f", file],
                           [self.path("haproxy"), self.path("haproxy-front")])

    def go(self, program):
        return self._start("go", [program, self.path("go")], [self.path("go")])

    def _fill(self, template, name, **values):
        text = (HERE / "peers" / template).read_text(encoding="ascii")
        for key, value in (values | {"folder": self._folder}).items():
            text = text.replace(f"@{key}@", value)
        path = os.path.join(self._folder, name + "-" + template)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def _start(self, name, command, paths):
        return self._stack.enter_context(Process(command, paths, os.path.join(self._folder, name + ".log")))
