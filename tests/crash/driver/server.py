"""The berth that crashes: a supervisor and its hosts, their reports, and what the kernel tells about them."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import time

import log
import process

PATIENCE = 120  # seconds that anything may take


class Crashing:
    """A context manager. `configuration` is all but `listen` and `control`; its files lie in `scratch`."""

    def __init__(self, build, scratch, core, configuration):
        self.build = build
        self.folder = scratch
        self.log = os.path.join(scratch, "log")
        self.port = process.free_port()
        self.configuration = os.path.join(scratch, "berth.yaml")
        with open(self.configuration, "w", encoding="ascii") as file:
            file.write(f'listen:\n  - {{ name: public, address: "127.0.0.1:{self.port}" }}\n'
                       f"control: {os.path.join(scratch, 'control.sock')}\nlog: {{ access: off }}\n{configuration}")
        self._variables = {"STATE_DIRECTORY": os.path.join(scratch, "state"), "RUNTIME_DIRECTORY": scratch}
        command = ["env", *(f"{name}={value}" for name, value in self._variables.items()),
                   os.path.join(build, "berth"), "run", "--allow-root", "-c", self.configuration]
        self._server = process.Server(command, core, self.port, self.log)

    def __enter__(self):
        self._server.__enter__()
        try:
            self._wait_until_it_serves()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def _wait_until_it_serves(self):
        """It answers a little before it says so, and a first host that ends then is not replaced."""
        end = time.monotonic() + PATIENCE
        while " info serving " not in self.log_text():
            if time.monotonic() > end:
                raise process.Failed(f"berth does not serve: {self._server.said()}")
            time.sleep(0.01)

    @property
    def pid(self):
        """Of the supervisor."""
        return self._server.pid

    def verb(self, *arguments):
        """`berth` with these arguments, about this server: exit status, stdout, stderr."""
        done = subprocess.run([os.path.join(self.build, "berth"), *arguments], env=os.environ | self._variables,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False)
        return done.returncode, done.stdout, done.stderr

    def reload(self):
        status, out, err = self.verb("reload", "-c", self.configuration)
        if status != 0:
            raise process.Failed(f"berth reload: {out}{err}")

    def get(self, target, fields=None):
        """Status, fields and body; on a connection of its own, that may end without an answer: None."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", target, headers=(fields or {}) | {"Connection": "close"})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode("ascii", "replace")
        except (ConnectionError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def host(self, target, other_than=0):
        """The process that answers there, once it is another one."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            answer = self.get(target)
            if answer and answer[0] == 200 and (pid := int(answer[2].removeprefix("process "))) != other_than:
                return pid
            time.sleep(0.005)
        raise process.Failed(f"no new host serves {target}: {self._server.said()}")

    def reports(self):
        """The names of its crash reports."""
        with contextlib.suppress(FileNotFoundError):
            return set(os.listdir(os.path.join(self._variables["STATE_DIRECTORY"], "crashes")))
        return set()

    def report(self, name):
        """One of them, as people and programs are shown it."""
        status, out, err = self.verb("crashes", name, "--json")
        if status != 0:
            raise process.Failed(f"berth crashes {name} --json: {err}")
        return json.loads(out)

    def stop(self):
        """The supervisor's exit status; no host stays behind."""
        processes = process.descendants(self.pid)[1:]
        status = self._server.stop(patience=60)
        for pid in processes:
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/environ", "rb") as file:
                    ours = self.folder.encode() in file.read()
                if ours:
                    os.kill(pid, signal.SIGKILL)
        return status

    def log_text(self):
        return log.text_of(self.log)
