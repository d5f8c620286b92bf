"""What the sections of a run have in common: what they are given, what they find, and samples of a time."""

import os
import statistics
import sys
import time
from dataclasses import dataclass, field

import noise
from clients import failures, total
from goals import Goal, all_counted_met
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
    turns: int  # servers that crash or are killed in turn
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


def load_goals(counts, incidents, what="requests"):
    """Of busy clients beside whom nothing may be lost. Behind a close that it was told of none has to ask anew."""
    refused = total(counts, "refused") + sum(incident["refused"] for incident in incidents)
    return [exactly(f"{what} that failed, beside {number(total(counts, 'completed'))} answered", 0,
                    total(counts, "failed")),
            exactly("connects refused", 0, refused),
            exactly("new connections that were lost", 0, sum(incident["lost"] for incident in incidents)),
            exactly("requests asked anew, as their connection was closed before any byte of an answer", 0,
                    total(counts, "asked_anew"))]


def found(title, goals, lines, counts, servers):
    """Also how the servers end."""
    result = Found(title, goals, lines, failures(counts))
    result.goals.append(exactly("servers that did not end as asked", 0, sum(server.stop() != 0 for server in servers)))
    if not all_counted_met(result.goals):
        for server in servers:
            result.failures += server.log_text().splitlines()[-30:]
    return result
