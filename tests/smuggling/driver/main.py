"""Runs the smuggling table against Berth, nginx, HAProxy and Go, and through both proxies against Berth.

Prints one line for each case, then what is wrong. Exit code: 0 if nothing is, 1 if something is."""

import argparse
import asyncio
import contextlib
import os
import re
import sys
import tempfile

import client
import front
import recorder
import report
import servers
import table

PARALLEL = 16
# Fewer are no table: the least that was promised.
LEAST_CASES = 300


async def run_all(path, cases, fence=None):
    """The outcome of each case, by name."""
    turn = asyncio.Semaphore(PARALLEL)

    async def run(case):
        async with turn:
            return case.name, await client.exchange(path, case.sent, fence)
    return dict(await asyncio.gather(*(run(case) for case in cases)))


async def measure(arguments, cases, folder):
    """Outcomes by server and case, the fronts, and the faults found behind them."""
    behind = recorder.Recorder()
    with contextlib.ExitStack() as stack:
        start = servers.Servers(folder, stack)
        os.makedirs(arguments.build, exist_ok=True)
        go = servers.build_go(arguments.build)
        await behind.start(start.path("recorder"))
        berths = [start.berth(name, arguments.berth, arguments.plugin)
                  for name in ("berth", "behind-nginx", "behind-haproxy")]
        start.nginx(start.path("recorder"), start.path("behind-nginx"))
        start.haproxy(start.path("recorder"), start.path("behind-haproxy"))
        start.go(go)
        paths = {"Berth": "berth", "nginx": "nginx", "HAProxy": "haproxy", "Go": "go"}
        # HAProxy forgets pipelined requests once its client has ended its side.
        fences = {"HAProxy": client.Fence(start.path("haproxy"))}
        fronts = [front.Front("nginx", start.path("nginx-front")),
                  front.Front("HAProxy", start.path("haproxy-front"),
                              client.Fence(start.path("haproxy"), start.path("behind-haproxy")))]
        outcomes = await asyncio.gather(
            *(run_all(start.path(name), cases, fences.get(server)) for server, name in paths.items()))
        faults = await asyncio.gather(*(one.run(cases) for one in fronts))
        ended = [berth.said() for berth in berths if berth.has_ended]
    await behind.stop()
    if ended:
        raise servers.Failed(f"berth has ended: {ended[0]}")
    return dict(zip(paths, outcomes)), fronts, [fault for some in faults for fault in some]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--berth", required=True, help="the program")
    parser.add_argument("--plugin", required=True, help="understood.so")
    parser.add_argument("--build", required=True, help="where the peer in Go is built")
    parser.add_argument("--only", default="", metavar="REGEX", help="only cases whose name holds it")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    try:
        cases = table.read_table(servers.HERE / "cases")
        if len(cases) < LEAST_CASES:
            raise table.Malformed(f"{len(cases)} cases, at least {LEAST_CASES}")
        cases = [case for case in cases if re.search(arguments.only, case.name)]
        with tempfile.TemporaryDirectory(prefix="berth-smuggling-") as folder:
            outcomes, fronts, faults = asyncio.run(measure(arguments, cases, folder))
    except (servers.Failed, table.Malformed) as error:
        print(f"smuggling: {error}", file=sys.stderr)
        return 1
    return 0 if report.show(cases, outcomes, fronts, faults) else 1


if __name__ == "__main__":
    sys.exit(main())
