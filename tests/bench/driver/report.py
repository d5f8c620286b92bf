"""The result as a dict for JSON and as tables in Markdown. It computes ratios and measures nothing."""

import dataclasses

import cells
import figures

METRICS = {
    "requests_per_second": "requests/s", "cpu_us": "CPU", "p99_us": "p99",
    "user_instructions": "user instructions a request", "kernel_instructions": "kernel instructions",
    "bytes_each": "bytes of a connection",
    "failed": "plain requests failed", "instructions_ratio": "user instructions a request, against none slow",
    "beside_idle": "user instructions beside 10,000 idle connections",
}


FULL_CELLS = {cell.name for cell in cells.timed_cells()}


def cell_as_dict(cell, outcomes):
    """`outcomes`: name of the contender -> Outcome."""
    subject = cell.contenders[0].name
    contenders = {}
    for name, outcome in outcomes.items():
        states = {}
        for state in figures.STATES:
            summary = outcome.in_state(state)
            if summary is None:
                continue
            first = outcomes[subject].in_state(state)
            states[state] = dataclasses.asdict(summary) | {
                "requests_ratio": figures.ratio(first and first.requests_per_second, summary.requests_per_second),
                "cpu_ratio": figures.ratio(first and first.cpu_us, summary.cpu_us),
            }
        unweighted = outcome.without_weight()
        contenders[name] = {"states": states, "rejected": dict(outcome.rejections()), "failure": outcome.failure,
                            "rejected_runs": unweighted and dataclasses.asdict(unweighted)}
    return {"title": cell.title, "note": cell.note, "subject": subject, "contenders": contenders}


def goal_as_dict(goal, result):
    """With every state in which it was measured; empty where it was not."""
    what = METRICS[goal.metric] + (f" against {METRICS.get(goal.against, goal.against)}" if goal.against else "")
    return {"cell": goal.cell, "what": what, "bound": goal.bound, "at_least": goal.at_least, "state": goal.state,
            "measured": {state: {"value": value, "met": goal.met(value)}
                         for state, value in values_of(goal, result).items() if value is not None}}


def values_of(goal, result):
    """State -> what was measured; figures that have no state stand under "any"."""
    if goal.cell not in FULL_CELLS:
        ours = (result | result.get("slow", {})).get(goal.cell, {}).get("berth", {})
        if goal.against:
            return {"any": figures.ratio(ours.get(goal.metric), ours.get(goal.against))}
        return {"any": ours.get(goal.metric)}
    cell = result["cells"].get(goal.cell)
    if cell is None or "contenders" not in cell:
        return {}
    ours, theirs = (cell["contenders"].get(name, {"states": {}})["states"] for name in (cell["subject"], goal.against))
    return {state: figures.ratio(ours[state][goal.metric], theirs[state][goal.metric])
            for state in figures.STATES
            if state in ours and state in theirs and goal.state in (None, state)}


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def times(value):
    """A ratio; small ones keep their digits."""
    return number(value, 2 if value is None or value >= 0.1 else 4)


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def markdown(result):
    lines = [f"{result['date']}, Linux {result['kernel']}, {result['cpu']}, {result['cores']} cores; "
             f"{result['rounds']} rounds of {result['window_ms']} ms. Medians of the runs that count, in one state "
             "of the machine: `near` and `far` are how long a cache line takes between the two cores. x: the first "
             "row's figure divided by this row's. `rejected` rows have no run that counts and are in no ratio.", ""]
    for cell in result["cells"].values():
        lines += cell_lines(cell)
    if cells.INSTRUCTIONS in result:
        lines += instruction_lines(result[cells.INSTRUCTIONS])
    if cells.IDLE in result:
        lines += idle_lines(result[cells.IDLE])
    if result.get("slow"):
        lines += slow_lines(result["slow"])
    return "\n".join(lines + goal_lines(result["goals"]))


def cell_lines(cell):
    lines = [f"### {cell['title']}", ""]
    counted = any(state["user_instructions"] is not None
                  for contender in cell["contenders"].values() for state in contender["states"].values())
    header = ["", "state", "runs", "requests/s", "x", "CPU us (user, system)", "x", "p50 us", "p99 us", "steal"]
    rows = []
    for state in figures.STATES:
        for name, contender in cell["contenders"].items():
            if state in contender["states"]:
                rows.append(cell_row(name, state, contender["states"][state], counted))
    for name, contender in cell["contenders"].items():
        if contender["rejected_runs"]:
            rows.append(cell_row(name, "rejected", contender["rejected_runs"], counted))
    if counted:
        header += ["user instructions", "kernel instructions"]
    lines += table(header, rows) if rows else ["No run counts.", ""]
    remarks = [cell["note"]] if cell["note"] else []
    for name, contender in cell["contenders"].items():
        if contender["failure"]:
            remarks.append(f"{name} failed: {contender['failure']}.")
        for summary in contender["states"].values():
            if summary["refused_per_second"]:
                remarks.append(f"{name}: {number(summary['refused_per_second'])} answers/s were no 200.")
            if summary["beside_per_second"] is not None:
                remarks.append(f"{name}: the others got {number(summary['beside_per_second'])} answers/s.")
            if summary["uploads_cut"]:
                remarks.append(f"{name}: {summary['uploads_cut']} uploads were cut.")
    return lines + [" ".join([*remarks, rejected_line(cell)]), ""]


def cell_row(name, state, summary, counted):
    user = summary["user_share"]
    cpu = summary["cpu_us"]
    split = "" if None in (user, cpu) else f" ({number(cpu * user, 2)}, {number(cpu * (1 - user), 2)})"
    row = [name, state, str(summary["runs"]), number(summary["requests_per_second"]),
           times(summary.get("requests_ratio")), number(cpu, 2) + split, times(summary.get("cpu_ratio")),
           number(summary["p50_us"]), number(summary["p99_us"]), f"{summary['steal']:.0%}"]
    if counted:
        row += [number(summary["user_instructions"]), number(summary["kernel_instructions"])]
    return row


def rejected_line(cell):
    reasons = {}
    for contender in cell["contenders"].values():
        for reason, count in contender["rejected"].items():
            reasons[reason] = reasons.get(reason, 0) + count
    if not reasons:
        return "No run was rejected."
    return "Rejected runs: " + ", ".join(f"{count} for {reason}" for reason, count in reasons.items()) + "."


def instruction_lines(counts):
    rows = [[name, number(row.get("user_instructions")), number(row.get("beside_idle")), row.get("failure") or ""]
            for name, row in counts.items()]
    return ["### user instructions a request, counted by callgrind", "",
            *table(["", "hello, 64 connections", "beside 10,000 idle ones", ""], rows)]


def idle_lines(memory):
    rows = [[name, number(row.get("bytes_each")), number(row.get("few_bytes"), 0), number(row.get("many_bytes"), 0),
             row.get("failure") or ""] for name, row in memory.items()]
    return ["### private memory of idle keep-alive connections", "",
            *table(["", "bytes each", "process at 1,000", "process at 10,000", ""], rows)]


def slow_lines(slow):
    rows = []
    for attack in cells.attacks():
        for name, row in slow.get(attack.name, {}).items():
            rows.append([attack.name, name, row.get("failure") or number(row["open"]), *slow_figures(row)])
    header = ["", "", "slow ones open", "plain requests", "a second", "failed", "p50 us (alone)", "p99 us (alone)",
              "user instructions (alone)", "x", "KiB each", "MiB in all", "kernel KiB each", "gone after"]
    titles = [f"`{attack.name}`: {attack.title}." for attack in cells.attacks()]
    return [f"### plain requests in an open loop at half of the peak, beside {cells.SLOW:,} slow connections", "",
            *table(header, rows), " ".join(titles) + " KiB each: growth of the "
            "server's resident memory for each that is open. Kernel: TCP buffers of "
            "both ends, for each that was attempted. Gone after: seconds until the default deadlines have ended the "
            "last of them.", ""]


def slow_figures(row):
    """What stands behind the number of those that are open."""
    if row.get("failure"):
        return ["-"] * 11

    def with_alone(name):
        return f"{number(row.get(name + '_us'))} ({number(row.get(name + '_us_alone'))})"

    def kibibytes(name):
        return number(None if row[name] is None else row[name] / 1024, 1)

    alone = row.get("instructions_alone")
    counted = "-" if alone is None else f"{number(row['instructions_beside'])} ({number(alone)})"
    return [number(row["requests"]), number(row["rate"]), number(row["failed"]), with_alone("p50"), with_alone("p99"),
            counted, number(row.get("instructions_ratio"), 3), kibibytes("bytes_each"),
            number(row["bytes_in_all"] / 2**20, 1), kibibytes("kernel_bytes_each"),
            number(row.get("seconds_until_gone"), 1)]


def goal_lines(goals):
    rows = []
    for goal in goals:
        bound = f"at {'least' if goal['at_least'] else 'most'} {goal['bound']:,g}"
        where = f" ({goal['state']})" if goal["state"] else ""
        measured = [f"{times(told['value']) if 0 < told['value'] < 100 else number(told['value'])}"
                    f"{'' if state == 'any' else ' ' + state}: {'met' if told['met'] else '**missed**'}"
                    for state, told in goal["measured"].items()]
        rows.append([goal["cell"], goal["what"] + where, bound, "; ".join(measured) or "not measured"])
    return ["### figures to reach", "", *table(["cell", "figure", "bound", "measured"], rows)]
