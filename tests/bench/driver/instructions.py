"""User instructions for each request, counted by callgrind where the machine cannot: two runs, one longer."""

import contextlib
import glob
import os
import re

import figures
from process import Failed


CALLGRIND = ["valgrind", "--quiet", "--tool=callgrind"]


def totals_in(text):
    """Instructions that one output file of callgrind tells."""
    found = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
    return int(found.group(1)) if found else 0


class Counter:
    def __init__(self, servers, load, scratch, requests):
        self._servers = servers
        self._load = load
        self._scratch = scratch
        self._requests = requests

    def peak(self, name, options, settings=None):
        """Requests a second, counted but not told how many instructions."""
        prefix = [*CALLGRIND, "--callgrind-out-file=/dev/null"]
        with self._servers.start(name, settings, prefix=prefix) as server:
            result = self._load.ask(server, options | {"warmup-ms": 2000, "duration-ms": 3000})
            return result["completed"] / result["seconds"]

    def per_request(self, name, options, settings=None, beside=contextlib.nullcontext, requests=None):
        """`beside` gets the server, and makes a context manager in which the requests are sent; what it costs
        in the time of so many `requests` is counted."""
        requests = requests or self._requests
        short, long = (self._total(name, options, factor * requests, settings, beside) for factor in (1, 2))
        return figures.per_request(short[0], long[0], short[1], long[1])

    def _total(self, name, options, requests, settings, beside):
        """Instructions and requests of one life of the server."""
        pattern = os.path.join(self._scratch, f"callgrind-{name}-{requests}")
        for old in glob.glob(pattern + ".*"):
            os.unlink(old)
        prefix = [*CALLGRIND, f"--callgrind-out-file={pattern}.%p"]
        with self._servers.start(name, settings, prefix=prefix) as server:
            with beside(server):
                result = self._load.ask(server, options | {"requests": requests})
            server.stop(patience=60)
            total = 0
            for path in glob.glob(pattern + ".*"):
                with open(path, encoding="utf-8", errors="replace") as file:
                    total += totals_in(file.read())
        if total == 0 or result["in_all"] < requests:
            raise Failed(f"{name} could not be counted: {server.said()}")
        return total, result["in_all"]
