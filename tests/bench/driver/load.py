"""Runs the load generator against a server, between two looks at how near the cores are to each other."""

import json
import os

import figures
import machine
import process


class Load:
    """`window_ms` is the measured time of a run."""

    def __init__(self, root, scratch, cores, window_ms, count):
        self._programs = os.path.join(root, "build", "release", "tests", "bench")
        self._scratch = scratch
        self._server_core, self._core = cores
        self._window_ms = window_ms
        self._count = count  # whether perf counts instructions

    def measure(self, server, options):
        """A Run. `options` are those of bench_load, without what the server tells."""
        options = {"duration-ms": self._window_ms} | options
        before = self._ping_pong()
        result = self.ask(server, options)
        return figures.run_of(result, self._server_core, self._core, (before, self._ping_pong()))

    def ask(self, server, options):
        """What bench_load printed, as a dict."""
        processes = ",".join(str(pid) for pid in server.processes)
        command = [os.path.join(self._programs, "bench_load"), "--port", str(server.port), "--processes", processes]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        counts = os.path.join(self._scratch, "counts")
        if self._count:
            command = ["perf", "stat", "-x,", "-e", "instructions:u,instructions:k", "-p", processes, "-o", counts,
                       "--", *command]
        result = json.loads(process.run(command, self._core, seconds=400))
        if self._count:
            with open(counts, encoding="ascii") as file:
                for name, total in machine.counts_in(file.read()).items():
                    # Warming up is counted too, so it is divided by all requests.
                    result[name] = total / max(result["in_all"], 1) if total is not None else None
        return result

    def _ping_pong(self):
        command = [os.path.join(self._programs, "bench_ping_pong"), str(self._server_core), str(self._core)]
        return float(process.run(command, f"{self._server_core},{self._core}", seconds=60))
