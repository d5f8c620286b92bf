"""What the sections of a run have in common: what they are given, what they find, and samples of a time."""

import os
import statistics
import sys
import time
from dataclasses import dataclass, field

import noise
from clients import failures, total
from goals import Goal
from report import number

# A host that lived shorter makes the supervisor wait before it starts the next one (docs/operating.md).
QUICK_SECONDS = 10.3
BUSY_SECONDS = 1  # before each incident
MOST_LOAD = 0.3  # of one core, by others, before that


@dataclass
class Given:
    build: str
    scratch: str
    cores: tuple  # of the server and of the load; (None, None): any
    short: bool
    sanitized: bool
    crashes: int
    kills: int
    upgrades: int
    servers: int  # of attribution, at once
    patience: object = None  # machine.Patience, for all sections
    build_ids: dict = field(default_factory=dict)  # release -> of its file

    def folder(self, name):
        path = os.path.join(self.scratch, name)
        os.mkdir(path)
        return path

    def plugin(self, release=1):
        return os.path.join(self.build, "tests", "crash", "plugins", f"crash_{release}.so")

    @property
    def pause_us(self):
        """Between an answer and the next request: a measurement has none, a test leaves the cores to others."""
        return 5000 if self.short else 0

    @property
    def clients(self):
        return 64


@dataclass
class Found:
    title: str
    goals: list = field(default_factory=list)
    lines: list = field(default_factory=list)  # of Markdown, below the title
    failures: list = field(default_factory=list)


def say(text):
    print(text, file=sys.stderr, flush=True)


@dataclass
class Times:
    """Milliseconds of those samples beside which nobody else ran, and why others are left out."""

    values: list = field(default_factory=list)
    rejected: list = field(default_factory=list)
    steal_seconds: float = 0.0
    seconds: float = 0.0

    def add(self, microseconds, before, after):
        """With readings of the cores around it, or None where nobody looks."""
        if before is not None:
            self.steal_seconds += after.steal - before.steal
            self.seconds += after.time - before.time
            reason = noise.reason_to_reject(before, after)
            if reason is not None:
                self.rejected.append(reason)
                return
        self.values.append(microseconds / 1000)

    @property
    def median(self):
        return statistics.median(self.values) if self.values else None

    def shown(self):
        text = f"median {number(self.median, 1)} ms, most {number(max(self.values, default=None), 1)} ms"
        if self.rejected:
            text += f" ({len(self.rejected)} of {len(self.rejected) + len(self.values)} rejected: "
            text += ", ".join(sorted(set(self.rejected))) + ")"
        return text

    def line(self):
        """About the noise, if anybody looked."""
        if not self.seconds:
            return []
        return [f"{len(self.values)} samples count, {len(self.rejected)} are rejected; steal "
                f"{self.steal_seconds / self.seconds:.1%} of a core meanwhile.", ""]


def exactly(what, wanted, measured):
    """A goal that is counted."""
    return Goal(what, number(wanted), number(measured), measured == wanted, True)


def load_goals(counts, incidents):
    """Of busy clients beside whom nothing may be lost."""
    return [exactly("requests that failed, of " + number(total(counts, "completed")), 0, total(counts, "failed")),
            *connect_goals(counts, incidents)]


def connect_goals(counts, incidents):
    """Behind a close that it was told of no client has to ask anew."""
    refused = total(counts, "refused") + sum(incident["refused"] for incident in incidents)
    return [exactly("connects refused", 0, refused),
            exactly("new connections that were lost", 0, sum(incident["lost"] for incident in incidents)),
            exactly("requests asked anew, as their connection was closed before any byte of an answer", 0,
                    total(counts, "asked_anew"))]


def found(title, goals, lines, counts, server):
    """Also how the server ended. `server` is stopped."""
    status = server.stop()
    result = Found(title, goals, lines, failures(counts))
    result.goals.append(exactly("exit status of the server", 0, status))
    if not all(goal.met for goal in result.goals if goal.counted):
        result.failures += server.log_text().splitlines()[-30:]
    return result


def settle(given, began):
    """Until the host that serves since `began` has lived long enough for the next one to start at once."""
    if not given.short:
        time.sleep(max(0.0, began + QUICK_SECONDS - time.monotonic()))


def settle_at_rest(given, began, load):
    """The same, and until others leave the cores alone; then everybody is busy again."""
    if not given.short:
        load.tell("rest")
        settle(given, began)
        given.patience.wait_for_quiet(MOST_LOAD)
        load.tell("busy")
        time.sleep(BUSY_SECONDS)
    load.wait_until_all_are_answered()
