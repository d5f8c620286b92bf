"""Plain requests in an open loop, beside thousands of connections that slowhttptest keeps slow."""

import contextlib
import os
import time

import cells
import figures
import machine
import process

LOOK_SECONDS = 0.1
MOST_RAMP_SECONDS = 120  # until all connections are there; under valgrind it takes longest
STEADY_SECONDS = 3  # a server whose connections have not grown for so long takes no more
SETTLE_SECONDS = 1.5  # what is freed or trimmed after a burst of connections is over by then
MOST_PATIENCE_SECONDS = 90  # for the deadlines of a server to end all slow connections


class SlowClients:
    """Measures in a network of its own, where a packet is as large as on an Ethernet."""

    def __init__(self, servers, load, counter, cores, seconds):
        self._servers = servers
        self._load = load
        self._counter = counter
        self._core = cores[0]
        self._seconds = seconds

    def measure(self, name, attack):
        """One row, as a dict."""
        with machine.own_network():
            row = self._beside(name, attack)
            if name in cells.SLOW_COUNTED and attack.counted:
                row |= self._counted(name, attack)
            if name == "berth":
                row["seconds_until_gone"] = self._until_gone(name, attack)
        return row

    def _beside(self, name, attack):
        hello = cells.HELLO | {"connections": cells.SLOW_PLAIN}
        with self._servers.start(name, cells.PATIENT) as server:
            peak = peak_of(self._load.ask(server, hello | {"warmup-ms": 500, "duration-ms": 1000}))
            plain = hello | {"rate": int(peak / 2), "requests": int(peak / 2 * self._seconds)}
            alone = self._load.ask(server, plain)
            time.sleep(SETTLE_SECONDS)
            descriptors, memory, buffers = look_at(server)
            with self._attack(server, attack):
                opened = self._wait_until_open(server, descriptors)
                _, memory_beside, buffers_beside = look_at(server)
                beside = self._load.ask(server, plain)
                still_open = max(0, look_at(server)[0] - descriptors)
        return {
            "open": min(opened, still_open), "rate": plain["rate"], "requests": plain["requests"],
            "failed": figures.failed(beside), "failed_alone": figures.failed(alone),
            "p50_us": beside["p50_us"], "p99_us": beside["p99_us"],
            "p50_us_alone": alone["p50_us"], "p99_us_alone": alone["p99_us"],
            "bytes_in_all": max(0, memory_beside - memory),
            "bytes_each": figures.for_each(memory, memory_beside, opened),
            "kernel_bytes_each": figures.for_each(buffers, buffers_beside, cells.SLOW),
        }

    def _counted(self, name, attack):
        """The same under callgrind, at half of the peak there."""
        hello = cells.HELLO | {"connections": cells.SLOW_PLAIN}
        plain = hello | {"rate": max(1, int(self._counter.peak(name, hello, cells.PATIENT) / 2))}
        alone = self._counter.per_request(name, plain, cells.PATIENT)

        @contextlib.contextmanager
        def attacked(server):
            descriptors = look_at(server)[0]
            with self._attack(server, attack):
                self._wait_until_open(server, descriptors)
                yield

        # A whole period of the attack: all that the slow ones send in it is in the difference.
        requests = plain["rate"] * cells.SLOW_PERIOD_SECONDS
        beside = self._counter.per_request(name, plain, cells.PATIENT, attacked, requests)
        return {"instructions_alone": alone, "instructions_beside": beside, "rate_counted": plain["rate"],
                "instructions_ratio": figures.ratio(beside, alone)}

    def _until_gone(self, name, attack):
        """Seconds from the last connection to the end of the last one, under the server's own deadlines."""
        with self._servers.start(name) as server:
            descriptors = look_at(server)[0]
            with self._attack(server, attack):
                self._wait_until_open(server, descriptors)
                begin = time.monotonic()
                while time.monotonic() - begin < MOST_PATIENCE_SECONDS:
                    # The probe of slowhttptest may be there.
                    if look_at(server)[0] <= descriptors + 1:
                        return time.monotonic() - begin
                    time.sleep(LOOK_SECONDS)
        return None

    def _attack(self, server, attack):
        """On the server's core, which is idle half of the time, and behind everybody else on it."""
        command = ["slowhttptest", *attack.arguments, "-c", str(cells.SLOW), "-r", str(cells.SLOW_RATE), "-l", "600",
                   "-v", "0", "-u", f"http://127.0.0.1:{server.port}{attack.path}"]
        return process.in_background(command, self._core)

    @staticmethod
    def _wait_until_open(server, descriptors):
        """How many are, when all are or no more come; and have sent what they send at first."""
        most, since = 0, time.monotonic()
        end = since + MOST_RAMP_SECONDS
        while time.monotonic() < end:
            now = look_at(server)[0] - descriptors
            if now > most:
                most, since = now, time.monotonic()
            if now >= cells.SLOW or time.monotonic() - since > STEADY_SECONDS:
                break
            time.sleep(LOOK_SECONDS)
        time.sleep(SETTLE_SECONDS)
        return max(0, look_at(server)[0] - descriptors)


def peak_of(result):
    """Requests a second."""
    return result["completed"] / result["seconds"]


def is_socket(path):
    """Whether a link in /proc/PID/fd is one; files that are open beside their connections are not counted."""
    with contextlib.suppress(OSError):
        return os.readlink(path).startswith("socket:")
    return False


def look_at(server):
    """Sockets and resident bytes of its processes, and bytes that the kernel's TCP buffers take."""
    descriptors = resident = 0
    for pid in server.processes:
        with contextlib.suppress(OSError):
            folder = f"/proc/{pid}/fd"
            descriptors += sum(is_socket(os.path.join(folder, name)) for name in os.listdir(folder))
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                resident += machine.resident_bytes_in(file.read())
    with open("/proc/net/sockstat", encoding="ascii") as file:
        return descriptors, resident, machine.tcp_bytes_in(file.read())
