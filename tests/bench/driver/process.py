"""Processes of the bench: pinned, ahead of other load where that is allowed, and ended whatever happens."""

import contextlib
import os
import signal
import socket
import subprocess
import time


class Failed(Exception):
    """A program of the bench did not do its part; the text says which and what it said."""


def pinned(command, core):
    """The command on one core, or with None anywhere and behind nobody. It ends with the driver, even if that is
    killed."""
    if core is None:
        return ["setpriv", "--pdeathsig", "TERM", *command]
    nice = ["nice", "-n", "-20"] if os.geteuid() == 0 else []
    return ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", str(core), *nice, *command]


def get_ahead(pid):
    """Its session before other sessions, where the kernel schedules by sessions and lets us say so."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/autogroup", "w", encoding="ascii") as file:
        file.write("-20")


def run(command, core, seconds):
    """Its standard output. Raises Failed, after at most `seconds`."""
    with subprocess.Popen(pinned(command, core), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, start_new_session=True) as child:
        get_ahead(child.pid)
        name = os.path.basename(command[0])
        try:
            out, err = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{name} took more than {seconds} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        if child.returncode != 0:
            raise Failed(f"{name}: {err.strip() or f'exit status {child.returncode}'}")
        return out


@contextlib.contextmanager
def in_background(command, core):
    """On one core, behind everybody else there; ended with the block."""
    with subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "taskset", "-c", str(core), "nice", "-n", "19", *command],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          start_new_session=True) as child:
        try:
            yield
            if child.poll() is not None and child.returncode != 0:
                raise Failed(f"{os.path.basename(command[0])} has ended with {child.returncode}")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def descendants(pid):
    """The process and all it has forked."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children", encoding="ascii") as file:
                    found.extend(int(child) for child in file.read().split())
    return found


class Server:
    """A server that answers on `port`; a context manager, so that none stays behind."""

    def __init__(self, command, core, port, log):
        self.port = port
        self._name = os.path.basename(command[0])
        self._log = log
        with open(log, "wb") as file:
            self._child = subprocess.Popen(pinned(command, core), stdin=subprocess.DEVNULL, stdout=file,
                                           stderr=subprocess.STDOUT, start_new_session=True)
        if core is not None:
            get_ahead(self._child.pid)

    def __enter__(self):
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        return self._child.pid

    @property
    def processes(self):
        return descendants(self._child.pid)

    def said(self):
        with open(self._log, encoding="utf-8", errors="replace") as file:
            return file.read().strip()[-600:]

    def _wait_until_it_answers(self):
        for _ in range(600):
            if self._child.poll() is not None:
                raise Failed(f"{self._name} has ended: {self.said()}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.1)
        raise Failed(f"{self._name} does not listen on its port: {self.said()}")

    def stop(self, patience=10):
        """SIGTERM, and what is left of its session after `patience` seconds is killed. Its exit status."""
        with contextlib.suppress(ProcessLookupError):
            self._child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(patience)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        return self._child.wait()
