"""The arithmetic of the bench: which runs count, their medians, ratios and goals. It measures nothing."""

import collections
import statistics
from dataclasses import dataclass, field

MOST_STEAL = 0.12  # of one core, over both cores of a run
MOST_OTHER_LOAD = 0.12  # likewise: CPU time of others while the server or the generator waited for it
MOST_BROKEN = 0.001  # connections broken for each request answered
NEAR_NS = 200  # a cache line there and back between the two cores; measured: 80 to 160 near, 300 to 520 far

CORES_MOVED = "cores moved"  # a reason to reject that says nothing about other load


@dataclass
class Run:
    """One measured window of one server."""

    requests_per_second: float
    cpu_us: float  # of the server, for each request; None if it has answered none
    user_ticks: int
    system_ticks: int
    p50_us: float
    p99_us: float
    steal: float  # share of one core
    other_load: float  # share of one core
    completed: int
    errors: int
    refused_per_second: float
    ping_pong_ns: tuple  # before and after
    user_instructions: float = None  # for each request, where the machine counts them
    kernel_instructions: float = None
    beside_per_second: float = None  # requests of the second group of clients
    uploads_cut: int = 0

    @property
    def state(self):
        """near or far; None if it changed meanwhile."""
        before, after = (ns < NEAR_NS for ns in self.ping_pong_ns)
        if before != after:
            return None
        return "near" if before else "far"


def run_of(result, server_core, generator_core, ping_pong_ns):
    """A Run out of what the load generator printed."""
    seconds = result["seconds"]
    completed = result["completed"]
    busy = result["core_busy_seconds"]
    others_with_server = busy[server_core] - result["server_cpu_seconds"]
    others_with_generator = busy[generator_core] - result["generator_cpu_seconds"]
    # Others may have what a sleeping server leaves; they are in its way only as long as it waits for the core.
    in_the_way = min(others_with_server, max(0.0, result["server_waited_seconds"]))
    steal = result["steal_seconds"]
    return Run(
        requests_per_second=completed / seconds,
        cpu_us=ratio(result["server_cpu_seconds"] * 1e6, completed),
        user_ticks=result["server_user_ticks"],
        system_ticks=result["server_system_ticks"],
        p50_us=result["p50_us"],
        p99_us=result["p99_us"],
        steal=(steal[server_core] + steal[generator_core]) / seconds,
        other_load=(max(0.0, in_the_way) + max(0.0, others_with_generator)) / seconds,
        completed=completed,
        errors=result["errors"],
        refused_per_second=result["refused"] / seconds,
        ping_pong_ns=ping_pong_ns,
        user_instructions=result.get("user_instructions"),
        kernel_instructions=result.get("kernel_instructions"),
        beside_per_second=result["beside_completed"] / seconds if "beside_completed" in result else None,
        uploads_cut=result["uploads_cut"],
    )


def reason_to_reject(run):
    """Why the run tells nothing about the server, or None."""
    if run.steal > MOST_STEAL:
        return "steal"
    if run.other_load > MOST_OTHER_LOAD:
        return "other load"
    if run.state is None:
        return CORES_MOVED
    if run.errors > MOST_BROKEN * run.completed:
        return "broken connections"
    return None


def median_of(values):
    """The median of those that are there; None of none."""
    there = [value for value in values if value is not None]
    return statistics.median(there) if there else None


def ratio(above, below):
    """None where there is nothing to compare."""
    if above is None or not below:
        return None
    return above / below


@dataclass
class Summary:
    """Medians of the runs of one contender in one state of the machine."""

    runs: int
    requests_per_second: float
    cpu_us: float
    user_share: float  # of the CPU time; over all runs, as one has too few ticks to tell
    p50_us: float
    p99_us: float
    steal: float
    refused_per_second: float
    user_instructions: float
    kernel_instructions: float
    beside_per_second: float
    uploads_cut: int


def summary_of(runs):
    """None of no runs."""
    if not runs:
        return None

    def median(name):
        return median_of(getattr(run, name) for run in runs)

    user = sum(run.user_ticks for run in runs)
    return Summary(
        runs=len(runs),
        requests_per_second=median("requests_per_second"),
        cpu_us=median("cpu_us"),
        user_share=ratio(user, user + sum(run.system_ticks for run in runs)),
        p50_us=median("p50_us"),
        p99_us=median("p99_us"),
        steal=median("steal"),
        refused_per_second=median("refused_per_second"),
        user_instructions=median("user_instructions"),
        kernel_instructions=median("kernel_instructions"),
        beside_per_second=median("beside_per_second"),
        uploads_cut=max(run.uploads_cut for run in runs),
    )


@dataclass
class Outcome:
    """All runs of one contender in one cell."""

    accepted: list = field(default_factory=list)
    rejected: list = field(default_factory=list)
    failure: str = None  # it could not be measured at all

    def add(self, run):
        """True if the run counts."""
        accepted = reason_to_reject(run) is None
        (self.accepted if accepted else self.rejected).append(run)
        return accepted

    def rejections(self):
        """Reason -> number of runs."""
        return collections.Counter(reason_to_reject(run) for run in self.rejected)

    def without_weight(self):
        """Medians of the rejected runs, where no run counts: better than to know nothing, and no more."""
        return None if self.accepted else summary_of(self.rejected)

    def in_state(self, state):
        return summary_of([run for run in self.accepted if run.state == state])

    def runs_in(self, state):
        return sum(run.state == state for run in self.accepted)


STATES = ("near", "far")


def fullest(outcomes):
    """How many runs each contender has at least, in the state where that is most."""
    return max(min((outcome.runs_in(state) for outcome in outcomes), default=0) for state in STATES)


def per_connection(bytes_at_few, bytes_at_many, few, many):
    """Growth for each connection."""
    return (bytes_at_many - bytes_at_few) / (many - few)


def for_each(before, after, count):
    """Growth for each of so many; None of none. What shrinks meanwhile is nobody's."""
    return max(0, after - before) / count if count else None


def failed(result):
    """Requests of an open loop that got no answer, or one that is no 200."""
    return result["refused"] + result["errors"] + result["unanswered"]


def per_request(total_of_short, total_of_long, short, long):
    """What one request costs: start and stop are in both and fall out."""
    return (total_of_long - total_of_short) / (long - short)
