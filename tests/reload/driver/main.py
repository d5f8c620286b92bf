"""Reloads under load: starts a berth, lets the generator deploy and reload, judges. `tests/reload/run` calls it."""

import argparse
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path += [os.path.join(ROOT, "tests", folder, "driver") for folder in ("bench", "load")]

import findings as report  # noqa: E402
import goals  # noqa: E402
import log  # noqa: E402
import machine  # noqa: E402
import process  # noqa: E402
from findings import Findings  # noqa: E402
from server import Reloaded  # noqa: E402

LOOKS = 500  # at the process, spread over a run
SETTLE_SECONDS = 60  # for what drains to be gone
# What sanitizers and the host itself write when something is wrong.
WRONG = re.compile(r"ThreadSanitizer|AddressSanitizer|LeakSanitizer|runtime error:|Z error |assert")


def arguments():
    parser = argparse.ArgumentParser(
        prog="tests/reload/run", description="Has a berth reload again and again under load, and judges every answer.")
    parser.add_argument("--reloads", type=int, default=1000, metavar="N", help="how many (1,000)")
    parser.add_argument("--pace", type=int, metavar="MS", help="from one to the next (600: 1,000 in 10 minutes)")
    parser.add_argument("--soak", action="store_true", help="10,000 reloads, one every 100 ms: how memory, "
                        "descriptors, mappings and threads grow")
    parser.add_argument("--short", action="store_true", help="30 reloads under every kind of load, on no core of its "
                        "own; only what can be counted is judged")
    parser.add_argument("--share", type=int, metavar="PERCENT", default=70,
                        help="of its core's time that the load takes, without reloads (70)")
    parser.add_argument("--drain", type=int, metavar="MS", help="of the plugin (1,500)")
    parser.add_argument("--build", metavar="FOLDER", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    given = parser.parse_args()
    if given.soak:
        given.reloads = 10000
    if given.short and given.reloads == 1000:
        given.reloads = 30
    if given.pace is None:
        given.pace = 100 if given.soak or given.short else 600
    if given.drain is None:
        given.drain = 1500
    return given


def say(text):
    print(text, file=sys.stderr, flush=True)


def generator(given, server):
    """Its command."""
    command = [os.path.join(given.build, "tests", "reload", "reload_load")]
    options = {"port": server.port, "control": server.control, "release-1": server.release(1),
               "release-2": server.release(2), "deployed": server.deployed, "pace-ms": given.pace,
               "reloads": given.reloads, "process": server.pid}
    if given.short:
        options |= {"keep-alive": 8, "rate": 1000, "further": 1}
    else:
        options |= {"peak-ms": 3000, "alone-ms": 15000, "spin": 1, "share-percent": given.share}
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    return command


def measure(given, server, core, findings):
    """Reads what the generator tells, and looks at the server between two reloads."""
    every = max(1, given.reloads // LOOKS)
    with subprocess.Popen(process.pinned(generator(given, server), core), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as child:
        if core is not None:
            process.get_ahead(child.pid)
        try:
            for line in child.stdout:
                told = json.loads(line)
                if "phase" in told:
                    findings.phases[told["phase"]] = told
                    say(f"{told['phase']}: {told['kinds'][0]['completed'] / told['seconds']:,.0f} plain requests/s, "
                        f"p99 {told['kinds'][0]['p99_us']:,.0f} us")
                    continue
                findings.reloads.append(told)
                if told["reload"] % every == 0:
                    findings.looks.append((told["reload"], server.look()))
            err = child.stderr.read()
        finally:
            child.kill()
    if "reloads" not in findings.phases:
        raise process.Failed(f"reload_load: {err.strip() or child.returncode}")


def settle(server, findings):
    """Until nothing old is left, or for so long that it will stay."""
    end = time.monotonic() + SETTLE_SECONDS
    while True:
        # In this order, so that the connection that asked is gone, too.
        findings.last = server.look()
        findings.status = server.ask("/v1/status")
        gone = (findings.status["retired_images"] == 0 and not findings.status["draining"]
                and findings.last.within(findings.base))
        if gone or time.monotonic() > end:
            return
        time.sleep(0.1)


def run(given, scratch, cores):
    findings = Findings()
    with Reloaded(given.build, scratch, cores[0], given.drain) as server:
        findings.base = server.at_rest()
        names = server.names()
        try:
            measure(given, server, cores[1], findings)
        except BaseException:
            say(log.report_in(server.log_text()))
            raise
        settle(server, findings)
        if not findings.last.within(findings.base):
            say(f"before: {names}\nafter: {server.names()}")
        findings.exit_status = server.stop()
        findings.log_errors = [line for line in server.log_text().splitlines() if WRONG.search(line)]
        if findings.log_errors or findings.exit_status != 0:
            say(log.report_in(server.log_text()))
    return findings


def main():
    given = arguments()
    # Ended by a signal, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory(prefix="berth-reload-") as scratch:
            if given.short:
                findings = run(given, scratch, (None, None))
            else:
                with machine.alone():
                    findings = run(given, scratch, machine.two_cores())
    except (machine.Unsuitable, process.Failed) as error:
        say(f"tests/reload/run: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    found = report.goals(findings, given.reloads, timed=not given.short)
    if given.json:
        with open(given.json, "w", encoding="ascii") as file:
            json.dump(dataclasses.asdict(findings), file, indent=1)
            file.write("\n")
    print(report.markdown(findings, found, machine.facts()))
    return 0 if goals.all_counted_met(found) else 1


if __name__ == "__main__":
    sys.exit(main())
