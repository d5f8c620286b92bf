"""What a run found: the goals it meets or misses, and its tables in Markdown. It measures nothing."""

import statistics
from dataclasses import dataclass, field

import slopes
from goals import Goal, goal_table
from report import number, table

SETTLED = 50  # reloads until memory is what it stays
MOST_GROWTH = 0.05
MOST_P99_US = 10_000
MOST_P99_RATIO = 2
MOST_FIRST_MS = 50


@dataclass
class Findings:
    phases: dict = field(default_factory=dict)  # name -> what the generator told at its end
    reloads: list = field(default_factory=list)
    looks: list = field(default_factory=list)  # (reloads, Look)
    base: object = None  # a Look before all
    last: object = None  # and after all
    status: dict = None  # of the server at the end
    seconds: float = 0.0
    exit_status: int = 0
    log_errors: list = field(default_factory=list)


def failures_in(findings):
    return sum(kind["failed"] for kind in findings.phases["reloads"]["kinds"])


def plain(phase):
    """The keep-alive requests of a phase."""
    return phase["kinds"][0]


def p99_alone_and_beside(findings):
    """Of the plain requests, in microseconds: of the slices in which the machine left the cores alone, if half of all were
    such in either phase, else of all."""
    phases = findings.phases["alone"], findings.phases["reloads"]
    quiet = all(phase["quiet_slices"] * 2 >= phase["slices"] for phase in phases)
    return tuple(phase["quiet_p99_us"] if quiet else plain(phase)["p99_us"] for phase in phases)


def goals(findings, wanted, timed):
    """`wanted`: how many reloads. `timed`: also those that only a quiet machine can meet."""
    phase = findings.phases["reloads"]
    done = sum(bool(reload["report"] and reload["report"]["done"]) for reload in findings.reloads)
    loaded = sum(outcome_of(reload) == "loaded" for reload in findings.reloads)
    last, base = findings.last, findings.base
    found = [
        Goal("reloads that took effect", f"{wanted:,}", number(done), done == wanted, True),
        Goal("of them with a new image", f"{wanted:,}", number(loaded), loaded == wanted, True),
        Goal("failed requests", "0", number(failures_in(findings)), failures_in(findings) == 0, True),
        Goal("images that could not leave (`retired_images`)", "0", number(findings.status["retired_images"]),
             findings.status["retired_images"] == 0, True),
        Goal("old generations in memory", "0", number(len(findings.status["draining"])),
             not findings.status["draining"], True),
        Goal("images mapped at the end", "1", number(last.images), last.images == 1, True),
        Goal("descriptors at the end", f"at most {base.descriptors} as before", number(last.descriptors),
             last.descriptors <= base.descriptors, True),
        Goal("threads at the end, but for those of pools", f"at most {base.threads_beside_pools} as before",
             number(last.threads_beside_pools), last.threads_beside_pools <= base.threads_beside_pools, True),
        Goal("exit status of the server", "0", str(findings.exit_status), findings.exit_status == 0, True),
        Goal("errors in its log", "0", number(len(findings.log_errors)), not findings.log_errors, True),
    ]
    if not timed:
        return found
    growth = slopes.growth_of([(n, look.rss_bytes) for n, look in findings.looks], SETTLED)
    if growth is not None:
        found.append(Goal(f"growth of RSS after the first {SETTLED}", f"at most {MOST_GROWTH:.0%}", f"{growth:+.1%}",
                          growth <= MOST_GROWTH, False))
    alone, beside = p99_alone_and_beside(findings)
    bound = max(MOST_P99_RATIO * alone, MOST_P99_US)
    found.append(Goal("p99 of the plain requests beside reloads", f"at most {number(bound)} us",
                      f"{number(beside)} us (alone {number(alone)} us)", beside <= bound, False))
    first = [reload["first_us"] / 1000 for reload in findings.reloads]
    found.append(Goal("reload asked -> first request served by the new release, median",
                      f"at most {MOST_FIRST_MS} ms", f"{statistics.median(first):.1f} ms",
                      statistics.median(first) <= MOST_FIRST_MS, False))
    return found


def outcome_of(reload):
    """Of the one plugin."""
    plugins = (reload["report"] or {}).get("plugins") or [{}]
    return plugins[0].get("outcome")


def markdown(findings, found, facts):
    phase = findings.phases["reloads"]
    steal = sum(phase["steal_seconds"]) / phase["seconds"]
    rate = f" in an open loop at {number(phase['rate'])}/s" if phase["rate"] else ""
    lines = [f"{facts['date']}, Linux {facts['kernel']}, {facts['cpu']}, {facts['cores']} cores; "
             f"{number(len(findings.reloads))} reloads in {phase['seconds']:.0f} s, plain requests{rate}; steal "
             f"{steal:.1%} of a core, server's CPU {phase['server_cpu_seconds'] / phase['seconds']:.0%} of one.", ""]
    lines += ["### the load", "", *load_table(findings)]
    lines += [quiet_line(findings), ""] if "alone" in findings.phases else []
    lines += ["### a reload", "", *reload_table(findings)]
    lines += ["### the process", "", *process_table(findings)]
    lines += ["### figures to reach", "", *goal_table(found)]
    return "\n".join(lines + failure_lines(findings))


def quiet_line(findings):
    told = [f"{number(phase['quiet_p99_us'])} us {name} ({number(phase['quiet_slices'])} of {number(phase['slices'])})"
            for name, phase in (("beside reloads", findings.phases["reloads"]), ("alone", findings.phases["alone"]))]
    return ("p99 of keep-alive in those slices of the time, each a reload's turn, in which the machine took at most 5 % of a "
            "core away, and in the one before: " + ", ".join(told) + ".")


def load_table(findings):
    alone = {kind["name"]: kind for kind in findings.phases.get("alone", {"kinds": []})["kinds"]}
    rows = []
    for kind in findings.phases["reloads"]["kinds"]:
        before = alone.get(kind["name"], {})
        rows.append([kind["name"], str(kind["clients"]), number(kind["completed"]), number(kind["failed"]),
                     f"{number(kind['p50_us'])} ({number(before.get('p50_us'))})",
                     f"{number(kind['p99_us'])} ({number(before.get('p99_us'))})"])
    return table(["", "clients", "answers", "failed", "p50 us (alone)", "p99 us (alone)"], rows)


def reload_table(findings):
    """Milliseconds. What `took` tells of the plugin is file, probe and load."""
    columns = {
        "asked -> first request served": [reload["first_us"] for reload in findings.reloads],
        "asked -> answered": [reload["answered_us"] for reload in findings.reloads],
        "of it the host (`took`)": [reload["report"]["took_us"] for reload in findings.reloads if reload["report"]],
        "of it the plugin: checks, probe, load": [
            reload["report"]["plugins"][0]["took_us"] for reload in findings.reloads if outcome_of(reload)],
    }
    rows = []
    for name, values in columns.items():
        values = sorted(value / 1000 for value in values)
        if values:
            rows.append([name, f"{statistics.median(values):.1f}", f"{values[int(len(values) * 0.99)]:.1f}",
                         f"{values[-1]:.1f}"])
    return table(["", "median ms", "p99 ms", "most ms"], rows)


def process_table(findings):
    rows = []
    for name, title, divisor in (("rss_bytes", "RSS, KiB", 1024), ("descriptors", "descriptors", 1),
                                 ("mappings", "mappings", 1), ("threads", "threads", 1), ("images", "images", 1)):
        points = [(n, getattr(look, name) / divisor) for n, look in findings.looks]
        slope = slopes.slope_of([point for point in points if point[0] >= SETTLED])
        values = [value for _, value in points] or [0]
        rows.append([title, number(getattr(findings.base, name) / divisor), number(statistics.median(values)),
                     number(max(values)), number(getattr(findings.last, name) / divisor),
                     "-" if slope is None else f"{slope.per_thousand:+,.2f} +- {slope.margin:,.2f}"])
    return table(["", "before", "median", "most", "after", "slope per 1,000 reloads (95 %)"], rows)


def failure_lines(findings):
    lines = []
    for kind in findings.phases["reloads"]["kinds"]:
        lines += [f"- {kind['name']}: {text}" for text in kind["failures"]]
    for reload in findings.reloads:
        if not (reload["report"] and reload["report"]["done"]):
            lines.append(f"- reload {reload['reload']}: {reload['report']}")
    lines += [f"- log: {line}" for line in findings.log_errors]
    return ["### failures", "", *lines[:60], ""] if lines else []
