"""Crashes, kills and upgrades beside load: makes them, and judges. `tests/crash/run` calls it."""

import argparse
import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path += [os.path.join(ROOT, "tests", folder, "driver") for folder in ("bench", "load")]

import machine  # noqa: E402
import process  # noqa: E402
import under_load  # noqa: E402
from attribution import attribution  # noqa: E402
from goals import all_counted_met, goal_table  # noqa: E402
from section import Given, say  # noqa: E402

TURNS = 8
PATIENCE_SECONDS = 60  # with others who use the cores

SECTIONS = {
    "busy": lambda given: under_load.busy(given, standby=False),
    "standby": lambda given: under_load.busy(given, standby=True),
    "quarantine": under_load.quarantine,
    "kill": under_load.kill,
    "upgrade": under_load.upgrade,
    "attribution": attribution,
}


def sections_in(text):
    names = text.split(",")
    for name in names:
        if name not in SECTIONS:
            raise argparse.ArgumentTypeError(f"there is no section '{name}', but {', '.join(SECTIONS)}")
    return names


def arguments():
    parser = argparse.ArgumentParser(
        prog="tests/crash/run", description="Has a berth crash, be killed and be upgraded beside load, and judges.")
    parser.add_argument("--only", type=sections_in, default=list(SECTIONS), metavar="SECTION[,...]",
                        help=", ".join(SECTIONS))
    parser.add_argument("--crashes", type=int, metavar="N", help="of busy and standby (100)")
    parser.add_argument("--kills", type=int, metavar="N", help="(20)")
    parser.add_argument("--upgrades", type=int, metavar="N", help="(20)")
    parser.add_argument("--servers", type=int, metavar="N", help="of attribution, at once; each crashes 24 times (10)")
    parser.add_argument("--short", action="store_true", help="3 crashes, kills or upgrades and 24 attributions, on no "
                        "core of their own; only what can be counted is judged")
    parser.add_argument("--sanitized", action="store_true", help="the build has a sanitizer, which has an allocator")
    parser.add_argument("--build", metavar="FOLDER", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--json", metavar="FILE", help="write what was found there, too")
    return parser.parse_args()


def given_by(asked, scratch, cores):
    usual = 3 if asked.short else 20
    given = Given(build=os.path.abspath(asked.build), scratch=scratch, cores=cores, short=asked.short,
                  sanitized=asked.sanitized, crashes=asked.crashes or (3 if asked.short else 100),
                  kills=asked.kills or usual, upgrades=asked.upgrades or usual,
                  servers=asked.servers or (5 if asked.short else 10),
                  turns=1 if asked.short else TURNS,
                  patience=None if asked.short else machine.Patience(cores, PATIENCE_SECONDS))
    for release in (1, 2):
        told = subprocess.run([os.path.join(given.build, "berth"), "plugin", "inspect", given.plugin(release), "--json"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        if told.returncode != 0:
            raise process.Failed(f"berth plugin inspect: {told.stderr}")
        given.build_ids[release] = json.loads(told.stdout)["build_id"]
    return given


def run(asked, cores):
    with tempfile.TemporaryDirectory(prefix="berth-crash-") as scratch:
        given = given_by(asked, scratch, cores)
        all_found = []
        for name in asked.only:
            say(f"{name}:")
            all_found.append(SECTIONS[name](given))
        return all_found


def markdown(all_found, facts):
    lines = [f"{facts['date']}, Linux {facts['kernel']}, {facts['cpu']}, {facts['cores']} cores.", ""]
    for found in all_found:
        lines += [f"### {found.title}", "", *goal_table(found.goals), *found.lines]
        if found.failures:
            lines += ["failures:", "", *[f"- {text}" for text in found.failures[:60]], ""]
    return "\n".join(lines)


def main():
    asked = arguments()
    # Ended by a signal, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if asked.short:
            all_found = run(asked, (None, None))
        else:
            with machine.alone():
                all_found = run(asked, machine.two_cores())
    except (machine.Unsuitable, process.Failed) as error:
        say(f"tests/crash/run: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    if asked.json:
        with open(asked.json, "w", encoding="ascii") as file:
            json.dump([dataclasses.asdict(found) for found in all_found], file, indent=1)
            file.write("\n")
    print(markdown(all_found, machine.facts()))
    return 0 if all(all_counted_met(found.goals) for found in all_found) else 1


if __name__ == "__main__":
    sys.exit(main())
