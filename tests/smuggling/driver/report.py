"""What is printed: the table of outcomes, its sums, and the faults."""

import judge

_LEGEND = """\
Replies by server: statuses in their order; 'probe' if the request behind the case was answered as one of its own, 'open'
if the connection was to be used further, '-' for a close without a reply, 9 for a reply without a status line. In braces
what the handler understood of each: method, target, host, length of the body and its beginning; '=' is what Berth did.
'!' a forbidden request was accepted and the connection kept; '?' a valid one was refused; '~' not as Berth does.
"""


def _cell(case, outcome, berth):
    text = str(outcome)
    if outcome.understood:
        is_same = berth is not None and outcome.understood == berth.understood
        text += " {" + ("=" if is_same else "; ".join(outcome.understood)) + "}"
    if case.verdict == "forbidden" and judge.accepts_and_keeps(case, outcome):
        return "! " + text
    if case.verdict == "allowed" and judge.refuses(outcome):
        return "? " + text
    return "~ " + text if berth is not None and judge.differs(case, outcome, berth) else text


def _print_row(cells):
    print("| " + " | ".join(cells) + " |")


def _print_sums(cases, outcomes):
    forbidden = [case for case in cases if case.verdict == "forbidden"]
    _print_row(["", *outcomes])
    _print_row(["---"] * (len(outcomes) + 1))

    def add(title, some, found):
        _print_row([f"{title}, of {len(some)}",
                    *(str(sum(found(case, of[case.name]) for case in some)) for of in outcomes.values())])
    add("accepted and kept alive what is forbidden", forbidden, judge.accepts_and_keeps)
    add("- by a MUST", [case for case in forbidden if case.is_must], judge.accepts_and_keeps)
    add("- by the grammar", [case for case in forbidden if not case.is_must], judge.accepts_and_keeps)
    add("refused what is valid", [case for case in cases if case.verdict == "allowed"],
        lambda _, outcome: judge.refuses(outcome))


def show(cases, outcomes, fronts, faults_behind):
    """Prints all of it; whether Berth has no fault. `outcomes`: by server, Berth first, and by name of the case."""
    faults = []
    _print_row(["case", "verdict", "rule", *outcomes])
    _print_row(["---"] * (len(outcomes) + 3))
    for case in cases:
        berth = outcomes["Berth"][case.name]
        _print_row([f"{case.family}: {case.name}", case.verdict, case.rule,
                    *(_cell(case, of[case.name], None if of is outcomes["Berth"] else berth)
                      for of in outcomes.values())])
        faults += [(case, text) for text in judge.faults_of_berth(case, berth)]
    print("\n" + _LEGEND)
    _print_sums(cases, outcomes)
    faults += faults_behind
    for one in fronts:
        print(f"\nBehind {one.name} Berth's handler answered {one.served} requests, and clients got {one.received} "
              "replies of it.", end="")
    print(f"\n{len(cases)} cases, {len(faults)} faults.")
    for case, text in faults:
        print(f"FAULT {case.place}: {case.name}: {text}")
    return not faults
