"""What the bench needs of the machine: two cores, descriptors, quiet, and a few facts about it."""

import contextlib
import ctypes
import datetime
import fcntl
import os
import platform
import re
import resource
import subprocess
import tempfile
import time


class Unsuitable(Exception):
    """The machine cannot run the bench; the text says why."""


def facts():
    """What stands above the table: nothing that names a machine."""
    with open("/proc/cpuinfo", encoding="ascii") as file:
        model = re.search(r"^model name\s*: (.*)$", file.read(), re.MULTILINE)
    return {
        "date": datetime.date.today().isoformat(),
        "kernel": re.match(r"[0-9.]+", platform.release()).group(),
        "cpu": model.group(1).strip() if model else platform.machine(),
        "cores": os.cpu_count(),
    }


def two_cores():
    """Core of the server and core of the load generator."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Unsuitable("the bench needs two cores: one for the server, one for the load")
    return cores[0], cores[1]


def raise_descriptor_limit(wanted):
    """Of this process and what it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted:
        with contextlib.suppress(ValueError, PermissionError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            return
        raise Unsuitable(f"the hard limit of descriptors is {hard}; the bench needs {wanted}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def alone():
    """Two benches at once would measure each other: the second one waits here."""
    path = os.path.join(tempfile.gettempdir(), "berth-bench.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def busy_seconds(cores):
    """CPU time that these cores have spent on whoever ran, so far."""
    ticks = 0
    with open("/proc/stat", encoding="ascii") as file:
        for line in file:
            name, *fields = line.split()
            if name in {f"cpu{core}" for core in cores}:
                user, nice, system, _, _, irq, softirq, _ = map(int, fields[:8])
                ticks += user + nice + system + irq + softirq
    return ticks / os.sysconf("SC_CLK_TCK")


class Patience:
    """Waits for others to leave the cores alone, for so many seconds in all."""

    _LOOK = 0.2

    def __init__(self, cores, seconds):
        self._cores = cores
        self._until_spent = seconds

    @property
    def exhausted(self):
        return self._until_spent <= 0

    def wait_for_quiet(self, most_load):
        """`most_load` is a share of one core."""
        while not self.exhausted:
            before = busy_seconds(self._cores)
            time.sleep(self._LOOK)
            if busy_seconds(self._cores) - before <= most_load * self._LOOK:
                return
            self._until_spent -= self._LOOK


ETHERNET_BYTES = 1500
CLONE_NEWNET = 0x40000000  # Python names it from 3.12 on


@contextlib.contextmanager
def own_network():
    """A loopback of one's own, of this thread and what it starts, with packets as large as on an Ethernet: at the
    loopback's 64 KiB the kernel takes a megabyte of each answer that nobody reads, and at some hundred of them it
    has no memory for TCP left."""
    libc = ctypes.CDLL(None, use_errno=True)

    def must(result, what):
        if result != 0:
            raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")

    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        must(libc.unshare(CLONE_NEWNET), "a network of its own (root may have one)")
        try:
            subprocess.run(["ip", "link", "set", "lo", "mtu", str(ETHERNET_BYTES), "up"], check=True)
            yield
        finally:
            must(libc.setns(before, CLONE_NEWNET), "the network from before")
    finally:
        os.close(before)


def resident_bytes_in(rollup):
    """Of the text of smaps_rollup. What is private there changes by megabytes with who else maps the same files."""
    return 1024 * int(re.search(r"^Rss: +(\d+) kB", rollup, re.MULTILINE).group(1))


def tcp_bytes_in(sockstat):
    """What all TCP buffers of the machine take, both ends of a connection, of the text of /proc/net/sockstat."""
    pages = re.search(r"^TCP:.* mem (\d+)", sockstat, re.MULTILINE)
    return int(pages.group(1)) * resource.getpagesize()


def counts_instructions():
    """Whether perf can count instructions here; many virtual machines cannot."""
    try:
        told = subprocess.run(
            ["perf", "stat", "-x,", "-e", "instructions:u,instructions:k", "true"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    counts = counts_in(told.stderr)
    return counts["user_instructions"] is not None and counts["kernel_instructions"] is not None


def counts_in(text):
    """The counts of `perf stat -x,`; None for what was not counted."""
    counts = {"user_instructions": None, "kernel_instructions": None}
    names = {"instructions:u": "user_instructions", "instructions:k": "kernel_instructions"}
    for line in text.splitlines():
        fields = line.split(",")
        if len(fields) > 2 and fields[0].isdigit() and fields[2] in names:
            counts[names[fields[2]]] = int(fields[0])
    return counts
