"""How much of two cores others had while something was measured: the hypervisor, and whoever else runs here."""

import contextlib
import os
import time
from dataclasses import dataclass

import figures
import machine
import process

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Reading:
    time: float
    steal: float
    busy: float
    ours: float
    waited: dict  # thread -> seconds that it could have run and had no core


def _steal_seconds(cores):
    ticks = 0
    names = {f"cpu{core}" for core in cores}
    with open("/proc/stat", encoding="ascii") as file:
        for line in file:
            fields = line.split()
            if fields and fields[0] in names:
                ticks += int(fields[8])
    return ticks / _TICKS


def _cpu_seconds(pid):
    """Of a process and of those of its children that it has waited for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS


def _waited(pid):
    threads = {}
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                threads[int(task)] = int(file.read().split()[1]) / 1e9
    return threads


class Noise:
    """Of the cores, but for these processes with all they have started, and the driver itself."""

    def __init__(self, cores, processes):
        self._cores = cores
        self._processes = processes

    def read(self):
        mine = os.times()
        all_of_them = [pid for root in self._processes for pid in process.descendants(root)]
        ours = sum(map(_cpu_seconds, all_of_them))
        ours += mine.user + mine.system + mine.children_user + mine.children_system
        return Reading(time.monotonic(), _steal_seconds(self._cores), machine.busy_seconds(self._cores), ours,
                       {thread: waited for pid in all_of_them for thread, waited in _waited(pid).items()})


def reason_to_reject(before, after):
    """Why what was measured between the two tells nothing about the server, or None."""
    seconds = after.time - before.time
    if (after.steal - before.steal) / seconds > figures.MOST_STEAL:
        return "steal"
    others = after.busy - before.busy - (after.ours - before.ours)
    waited = sum(total - before.waited.get(thread, 0.0) for thread, total in after.waited.items())
    # Others may have what is left; they are in the way only as long as somebody waits for them.
    if min(others, waited) / seconds > figures.MOST_OTHER_LOAD:
        return "other load"
    return None
