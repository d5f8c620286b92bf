"""Berth behind a proxy: every request that it serves has its reply at the client that asked, and no other."""

import client


class Front:
    """One proxy in front of one Berth that serves nobody else: its handler's numbers come one after the other."""

    def __init__(self, name, path, fence=None):
        self.name = name
        self.served = 0    # by the handler, as its numbers tell
        self.received = 0  # by clients
        self._path = path
        self._fence = fence

    async def run(self, cases):
        """Faults, as (case, text). One case after the other, so that a fault is that of its case."""
        faults = []
        for index, case in enumerate(cases):
            outcome = await client.exchange(self._path, case.sent, self._fence)
            faults += [(case, text) for text in self._judge(outcome.numbers, outcome.ended)]
            # Through the connection to Berth that the case has left behind, if it has left one.
            target = f"/fresh?{index}"
            request = f"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode("ascii")
            fresh = await client.exchange(self._path, request, self._fence)
            faults += [(case, text) for text in self._judge(fresh.numbers, fresh.ended)]
            if fresh.understood != [f"GET {target} h 0"]:
                faults.append((case, f"behind {self.name} the next client got {fresh} {fresh.understood}"))
        return faults

    def _judge(self, numbers, ended):
        if not ended:
            yield f"behind {self.name} the connection hangs"
        expected = list(range(self.served + 1, self.served + 1 + len(numbers)))
        if numbers != expected:
            yield f"behind {self.name} replies have the numbers {numbers}, expected {expected}"
        self.served = max([self.served, *numbers])
        self.received += len(numbers)
