"""What is measured: the cells, who takes part in each, and the figures to reach."""

from dataclasses import dataclass, field

HELLO = {"path": "/hello/world"}
# The same where callgrind counts: it makes a call some fifty times as long, and what takes 20 us is measured further.
COUNTED = {"path": "/count/world"}
EVERYBODY = ("raw", "nginx", "libh2o", "Kore", "Go")
IDLE_FEW = 1000
IDLE_MANY = 10000


@dataclass
class Contender:
    """A server under one load. Contenders with the same server and settings share the process."""

    name: str
    server: str
    load: dict
    settings: dict = field(default_factory=dict)
    both_cores: bool = False  # the server may use the generator's core too, as two loops have to


@dataclass
class Cell:
    """Contenders in turn, round by round; ratios are the first one's to each of the others'."""

    name: str
    title: str
    contenders: list
    note: str = ""
    warmup_ms: int = 200


@dataclass
class Goal:
    """A figure to reach: `metric` of the first contender against that of `against`, or alone."""

    cell: str
    metric: str
    against: str
    bound: float
    at_least: bool
    state: str = None  # near or far, if it holds in one only

    def met(self, value):
        return value >= self.bound if self.at_least else value <= self.bound


def against_peers(load, peers):
    return [Contender("berth", "berth", load)] + [Contender(peer, peer, load) for peer in peers]


def timed_cells():
    sixteen = {"limits": "threads: 16"}
    for_each = {"limits": "threads: 260"}
    hello_32 = HELLO | {"connections": 32}
    burn = {"path": "/burn/20us", "connections": 64}
    unlearnt = burn | {"path": "/burn-unlearnt/20us"}
    return [
        Cell("keepalive-64", "plaintext keep-alive, 64 connections",
             against_peers(HELLO | {"connections": 64}, EVERYBODY)),
        Cell("keepalive-512", "plaintext keep-alive, 512 connections",
             against_peers(HELLO | {"connections": 512}, EVERYBODY)),
        Cell("echo-4k", "POST echo of 4 KiB, 64 connections",
             against_peers({"path": "/echo", "body-bytes": 4096, "connections": 64}, EVERYBODY)),
        Cell("big-1m", "response of 1 MiB, 8 connections",
             against_peers({"path": "/big", "connections": 8}, EVERYBODY)),
        Cell("close", "a connection for each request, 32 at once",
             against_peers(HELLO | {"close": 1, "connections": 32}, EVERYBODY)),
        Cell("sleep-10ms", "handler that sleeps 10 ms, 256 connections (ideal: 25,600 requests/s)",
             [Contender("berth", "berth", {"path": "/sleep/10ms", "connections": 256}, for_each),
              Contender("threads", "threads", {"path": "/sleep/10ms", "connections": 256}),
              Contender("Go", "Go", {"path": "/sleep/10ms", "connections": 256})],
             note="`limits.threads` is 260: a call that blocks has a thread for itself.", warmup_ms=1500),
        Cell("sleep-300us", "handler that sleeps 300 us, 64 connections",
             against_peers({"path": "/sleep/300us", "connections": 64}, ["threads", "Go"]), warmup_ms=1000),
        Cell("rare", "handler that sleeps 10 ms in one call of a hundred, 64 connections",
             against_peers({"path": "/rare/10ms", "connections": 64}, ["Go"]), warmup_ms=1000),
        Cell("beside-sleep", "hello on 32 connections, beside 128 in a handler that sleeps 20 ms, and alone",
             [Contender("beside", "berth",
                        hello_32 | {"beside-path": "/sleep/20ms", "beside-connections": 128}, sixteen),
              Contender("alone", "berth", hello_32, sixteen)],
             note="`limits.threads` is 16. Who is refused with a 503 asks again after 100 ms.", warmup_ms=1000),
        Cell("beside-uploads", "hello on 32 connections, beside 64 uploads of 10 MiB at 10 KiB/s, and alone",
             [Contender("beside", "berth", hello_32 | {"upload-path": "/sink", "uploads": 64}),
              Contender("alone", "berth", hello_32)],
             note="`limits.threads` is the default: 64.", warmup_ms=1000),
        Cell("burn", "handler that burns 20 us of CPU, 64 connections, learning on and off, one loop",
             [Contender("on", "berth", burn), Contender("off", "berth", unlearnt)]),
        Cell("burn-2", "the same with two loops, one on the generator's core",
             [Contender("on", "berth", burn, {}, True), Contender("off", "berth", unlearnt, {}, True)]),
    ]


INSTRUCTIONS = "instructions"
IDLE = "idle"
INSTRUCTIONS_OF = ("berth", "raw", "nginx", "libh2o")  # Go and Kore do not serve under valgrind
IDLE_OF = ("berth", "raw", "nginx", "libh2o", "Kore", "Go")


SLOW = 5000  # connections of an attack
SLOW_RATE = 2000  # opened a second
SLOW_PERIOD_SECONDS = 10  # each of them sends something in it
SLOW_PLAIN = 64  # connections of the plain requests
SLOW_OF = ("berth", "nginx", "Go")
SLOW_COUNTED = ("berth",)
# All slow connections are there while it is measured; how soon they go by default is a figure of its own.
PATIENT = {"timeouts": "header: 1h, body_grace: 1h, write_stall: 1h"}


@dataclass
class Attack:
    """What slowhttptest does, and to which path."""

    name: str
    title: str
    arguments: tuple
    path: str
    counted: bool = True  # beside it instructions can be counted: files are not served under valgrind


def attacks():
    return [
        Attack("slow-headers", "slowhttptest -H: heads that do not end, 10 s between two fields",
               ("-H", "-i", str(SLOW_PERIOD_SECONDS)), "/hello/world"),
        Attack("slow-bodies", "slowhttptest -B: bodies of 4 KiB that do not end, 10 s between two pieces",
               ("-B", "-i", str(SLOW_PERIOD_SECONDS)), "/echo"),
        Attack("slow-read-file", "slowhttptest -X: a file of 1 MiB, read at 5 bytes/s", ("-X",), "/files/big",
               counted=False),
        Attack("slow-read", "slowhttptest -X: answers of 1 MiB, read at 5 bytes/s", ("-X",), "/big"),
        Attack("slow-read-64k", "slowhttptest -X: answers of 64 KiB, read at 5 bytes/s", ("-X",), "/page"),
    ]


def goals():
    def at_least(cell, metric, against, bound, state=None):
        return Goal(cell, metric, against, bound, True, state)

    def at_most(cell, metric, against, bound):
        return Goal(cell, metric, against, bound, False)

    requests, cpu = "requests_per_second", "cpu_us"
    hello = [
        goal for cell in ("keepalive-64", "keepalive-512") for goal in (
            at_least(cell, requests, "nginx", 1.25, "near"), at_least(cell, requests, "libh2o", 1.1, "near"),
            at_least(cell, requests, "Kore", 1.3, "near"), at_least(cell, requests, "Go", 2.5, "near"),
            at_least(cell, requests, "raw", 0.85, "near"), at_least(cell, requests, "raw", 0.95, "far"))
    ]
    slow = [
        goal for attack in attacks() for goal in (
            at_most(attack.name, "failed", None, 0), at_most(attack.name, "bytes_each", None, 8192))
    ] + [at_most(attack.name, "instructions_ratio", None, 1.1) for attack in attacks() if attack.counted]
    return [
        at_most(INSTRUCTIONS, "user_instructions", None, 2500),
        at_most("keepalive-64", "kernel_instructions", "raw", 1.05),
        *hello,
        at_least("echo-4k", requests, "libh2o", 1.0), at_least("echo-4k", requests, "Kore", 2.0),
        at_most("big-1m", cpu, "raw", 1.05),
        at_most("close", cpu, "raw", 1.1),
        at_least("sleep-10ms", requests, "Go", 1.0), at_most("sleep-10ms", "p99_us", "Go", 1.0),
        at_least("sleep-300us", requests, "Go", 1.5),
        at_least("beside-sleep", requests, "alone", 0.5),
        at_least("beside-uploads", requests, "alone", 0.9),
        at_least("burn", requests, "off", 0.97), at_least("burn-2", requests, "off", 0.97),
        at_most(IDLE, "bytes_each", None, 512),
        at_most(INSTRUCTIONS, "beside_idle", "user_instructions", 1.05),
        *slow,
    ]
