"""The generator of load beside crashes, which also makes them: its clock is the one that counts."""

import contextlib
import json
import os
import subprocess
import time

import process

NEW_CONNECTIONS = 4  # clients with a connection for each request, beside all others
NEW_CONNECTIONS_PAUSE_US = 40000
SECONDS = 60  # until everybody has been answered again


class Load:
    """A context manager. `kinds`: (clients, target) of each; `newcomers`: what is asked for on new connections."""

    def __init__(self, build, port, kinds, newcomers, core, pause_us):
        command = [os.path.join(build, "tests", "crash", "crash_load"), "--port", str(port), "--newcomers", newcomers,
                   "--spin", "0" if core is None else "1", "--new-connections",
                   f"{NEW_CONNECTIONS}:{NEW_CONNECTIONS_PAUSE_US}:{newcomers}"]
        for clients, target in kinds:
            command += ["--keep-alive", f"{clients}:{pause_us}:{target}"]
        self._child = subprocess.Popen(process.pinned(command, core), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True, start_new_session=True)
        if core is not None:
            process.get_ahead(self._child.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout, self._child.stderr):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    @property
    def pid(self):
        return self._child.pid

    def _read(self):
        line = self._child.stdout.readline()
        if not line:
            raise process.Failed(f"crash_load has ended: {self._child.stderr.read().strip()}")
        return json.loads(line)

    def tell(self, *words):
        """What came of it."""
        print(*words, file=self._child.stdin, flush=True)
        return self._read()

    def counts(self):
        return self.tell("counts")

    def wait_until_all_are_answered(self):
        """Anew, each of the kinds as often as it has clients. What came of all until then."""
        before = self.counts()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            now = self.counts()
            if all(kind["completed"] >= old["completed"] + kind["clients"]
                   for kind, old in zip(now, before, strict=True)):
                return now
            time.sleep(0.01)
        raise process.Failed(f"requests are not answered any more: {now}")

    def end(self):
        """What came of all, once nothing is under way any more."""
        self._child.stdin.close()
        return self._read()


def total(counts, what):
    return sum(kind[what] for kind in counts)


def failures(counts):
    """Sentences about some of them."""
    return [f"{kind['name']}: {text}" for kind in counts for text in kind["failures"]]
