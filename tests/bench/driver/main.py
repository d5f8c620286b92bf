"""The bench: starts the servers, measures cell after cell, prints the tables. `tests/bench/run` calls it."""

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile

import cells
import figures
import machine
import process
import report
from figures import Outcome
from instructions import Counter
from load import Load
from servers import Servers
from slow import SlowClients

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
ATTEMPTS = 4  # of one run that is rejected again and again


SLOW = "slow"  # all attacks


def slow_names():
    return [attack.name for attack in cells.attacks()]


def names():
    return [cell.name for cell in cells.timed_cells()] + [cells.INSTRUCTIONS, cells.IDLE, SLOW] + slow_names()


def arguments():
    parser = argparse.ArgumentParser(
        prog="tests/bench/run", description="Measures berth beside other servers, on this machine, over loopback.",
        epilog="cells: " + ", ".join(names()) + f". {SLOW}: all of the slow-... ones")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: a few minutes")
    parser.add_argument("--only", metavar="CELL", action="append", help="this cell; may be given more than once")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of each cell (5, quick 2)")
    parser.add_argument("--patience", type=float, metavar="SECONDS",
                        help="how long a cell may wait for others to leave the cores alone (60, quick 10)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    given = parser.parse_args()
    for name in given.only or []:
        if name not in names():
            parser.error(f"there is no cell '{name}': {', '.join(names())}")
    if SLOW in (given.only or []):
        given.only += slow_names()
    if given.rounds is None:
        given.rounds = 2 if given.quick else 5
    if given.patience is None:
        given.patience = 10 if given.quick else 60
    if given.rounds < 1:
        parser.error("--rounds is at least 1")
    return given


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    def __init__(self, given, scratch):
        self._rounds = given.rounds
        self._only = given.only
        self._scratch = scratch
        self._cores = machine.two_cores()
        self._window_ms = 500 if given.quick else 1000
        self._patience_seconds = given.patience
        self._requests = 10000 if given.quick else 20000
        self._servers = Servers(ROOT, scratch, self._cores[0])
        self._load = Load(ROOT, scratch, self._cores, self._window_ms, machine.counts_instructions())
        self._uncounted = Load(ROOT, scratch, self._cores, self._window_ms, False)
        self._counter = Counter(self._servers, self._uncounted, scratch, self._requests)
        self.failed = False

    def run(self):
        result = machine.facts() | {"rounds": self._rounds, "window_ms": self._window_ms, "cells": {}}
        for cell in cells.timed_cells():
            if self._wanted(cell.name):
                result["cells"][cell.name] = self._timed(cell)
        if self._wanted(cells.INSTRUCTIONS):
            result[cells.INSTRUCTIONS] = self._instructions()
        if self._wanted(cells.IDLE):
            result[cells.IDLE] = self._idle()
        result[SLOW] = {attack.name: self._slow(attack) for attack in cells.attacks() if self._wanted(attack.name)}
        goals = [report.goal_as_dict(goal, result) for goal in cells.goals() if self._wanted(goal.cell)]
        return result | {"goals": goals}

    def _wanted(self, name):
        return self._only is None or name in self._only

    def _timed(self, cell):
        say(f"{cell.name}: {cell.title}")
        outcomes = {contender.name: Outcome() for contender in cell.contenders}
        patience = machine.Patience(self._cores, self._patience_seconds)
        with contextlib.ExitStack() as stack:
            running = self._start_all(cell, outcomes, stack)
            # More rounds than asked for where the machine has changed its state meanwhile.
            for number in range(2 * self._rounds):
                taking_part = [outcomes[name] for name in running]
                if number >= self._rounds and figures.fullest(taking_part) >= self._rounds:
                    break
                for contender in cell.contenders:
                    if contender.name in running:
                        self._measure(cell, contender, running, outcomes[contender.name], patience)
        return report.cell_as_dict(cell, outcomes)

    def _start_all(self, cell, outcomes, stack):
        """Name of the contender -> its server."""
        started = {}
        running = {}
        for contender in cell.contenders:
            key = (contender.server, tuple(contender.settings.items()), contender.both_cores)
            try:
                if key not in started:
                    core = "{},{}".format(*self._cores) if contender.both_cores else None
                    started[key] = stack.enter_context(
                        self._servers.start(contender.server, contender.settings, core=core))
                running[contender.name] = started[key]
            except (OSError, process.Failed) as failure:
                self._fail(outcomes[contender.name], contender.name, failure)
        return running

    def _measure(self, cell, contender, running, outcome, patience):
        """One run that counts, if one of a few does."""
        for _ in range(ATTEMPTS):
            patience.wait_for_quiet(figures.MOST_OTHER_LOAD)
            try:
                run = self._load.measure(running[contender.name], {"warmup-ms": cell.warmup_ms} | contender.load)
            except process.Failed as failure:
                self._fail(outcome, contender.name, failure)
                del running[contender.name]
                return
            outcome.add(run)
            reason = figures.reason_to_reject(run)
            say(f"  {contender.name:8} {run.requests_per_second:9.0f}/s {report.number(run.cpu_us, 2):>8} us  "
                f"{run.ping_pong_ns[0]:.0f}/{run.ping_pong_ns[1]:.0f} ns"
                + (f"  rejected: {reason}" if reason else ""))
            # A second look helps if the cores have moved; against others only waiting does.
            if reason is None or (patience.exhausted and reason != figures.CORES_MOVED):
                return

    def _fail(self, outcome, name, failure):
        outcome.failure = str(failure)
        self.failed = True
        say(f"  {name} failed: {failure}")

    def _each(self, title, names_of_servers, measure):
        """Name -> what `measure` returned or how it failed."""
        say(title)
        rows = {}
        for name in names_of_servers:
            try:
                rows[name] = measure(name)
                say(f"  {name:8} {rows[name]}")
            except (OSError, process.Failed) as failure:
                rows[name] = {"failure": str(failure)}
                self.failed = True
                say(f"  {name} failed: {failure}")
        return rows

    def _slow(self, attack):
        slow = SlowClients(self._servers, self._uncounted, self._counter, self._cores, self._window_ms / 200)
        return self._each(f"{attack.name}: {attack.title}", cells.SLOW_OF, lambda name: slow.measure(name, attack))

    def _instructions(self):
        counter = self._counter
        def measure(name):
            hello = (cells.COUNTED if name == "berth" else cells.HELLO) | {"connections": 64}
            row = {"user_instructions": counter.per_request(name, hello)}
            if name == "berth":
                row["beside_idle"] = counter.per_request(name, hello | {"idle": cells.IDLE_MANY})
            return row

        return self._each(f"{cells.INSTRUCTIONS}: user instructions a request, counted by callgrind",
                          cells.INSTRUCTIONS_OF, measure)

    def _idle(self):
        steps = {"idle": f"{cells.IDLE_FEW},{cells.IDLE_MANY}", "connections": 0}

        def measure(name):
            with self._servers.start(name) as server:
                few, many = self._load.ask(server, cells.HELLO | steps)["private_bytes"]
            return {"few_bytes": few, "many_bytes": many,
                    "bytes_each": figures.per_connection(few, many, cells.IDLE_FEW, cells.IDLE_MANY)}

        return self._each(f"{cells.IDLE}: private memory of idle connections", cells.IDLE_OF, measure)


def main():
    given = arguments()
    # Ended by a signal, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        machine.raise_descriptor_limit(16384)
        with machine.alone(), tempfile.TemporaryDirectory(prefix="berth-bench-") as scratch:
            bench = Bench(given, scratch)
            result = bench.run()
    except (machine.Unsuitable, process.Failed) as error:
        say(f"tests/bench/run: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    if given.json:
        with open(given.json, "w", encoding="ascii") as file:
            json.dump(result, file, indent=2)
            file.write("\n")
    print(report.markdown(result))
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
