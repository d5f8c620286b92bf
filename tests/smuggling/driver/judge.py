"""What is a fault of Berth, and what is told about a peer. Outcomes come from client.py, cases from table.py."""

# Statuses that say that the server did not take the request, and not that a handler had nothing for it.
_REFUSALS = frozenset((400, 408, 411, 413, 414, 417, 421, 426, 431, 500, 501, 502, 503, 505))


def suspect_index(case):
    """Which of the requests in the case is the one that it is about: the last that Berth answers."""
    return max(sum(status >= 200 for status in case.statuses) - 1, 0)


def accepts_and_keeps(case, outcome):
    index = suspect_index(case)
    return outcome.accepts(index) and outcome.keeps(index)


def refuses(outcome):
    return not outcome.finals or any(status in _REFUSALS for status in outcome.finals)


def faults_of_berth(case, outcome):
    """Texts, none if all is well."""
    faults = []
    if not outcome.ended:
        faults.append("the connection hangs")
    if case.verdict == "forbidden" and accepts_and_keeps(case, outcome):
        faults.append(f"accepts it and keeps the connection alive ({case.rule})")
    if case.verdict == "allowed" and refuses(outcome):
        faults.append(f"refuses a valid request ({case.rule})")
    if (outcome.statuses, outcome.probe) != (case.statuses, case.probe):
        expected = " ".join(str(status) for status in case.statuses) or "-"
        faults.append(f"replies {outcome}, expected {expected}{' probe' if case.probe else ''}")
    if case.understood and outcome.understood != case.understood:
        faults.append(f"understood {outcome.understood}, expected {case.understood}")
    if not case.understood and any(" /smuggled " in text for text in outcome.understood):
        faults.append("serves the request that hides in the body")
    return faults


def differs(case, outcome, berth):
    """Whether a peer takes the case for something else than Berth does: information, no fault."""
    index = suspect_index(case)
    return ((outcome.accepts(index), outcome.keeps(index), outcome.understood)
            != (berth.accepts(index), berth.keeps(index), berth.understood))
