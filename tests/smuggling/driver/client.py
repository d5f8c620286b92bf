"""One case against one server: sends the bytes, ends its side, reads to the end. No time decides an outcome."""

import asyncio
import dataclasses
import re

PROBE_TARGET = "/probe"
# Reached only by a server that hangs: a failure.
PATIENCE_S = 120


@dataclasses.dataclass
class Reply:
    status: int        # 9 for a reply without a status line, as to HTTP/0.9
    understood: str    # field Understood: what a handler took the request for; empty: no handler answered
    number: int        # field Number, or 0
    closes: bool       # says that the connection ends with it


@dataclasses.dataclass
class Outcome:
    replies: list      # in order, without that of the probe
    probe: bool        # the request behind the case was answered as the one it is
    number: int        # field Number of that reply, or 0
    ended: bool        # the server closed

    @property
    def statuses(self):
        return [reply.status for reply in self.replies]

    @property
    def finals(self):
        return [reply.status for reply in self._final_replies]

    @property
    def understood(self):
        return [reply.understood for reply in self.replies if reply.understood]

    @property
    def numbers(self):
        return [number for number in [*(reply.number for reply in self.replies), self.number] if number]

    def accepts(self, index):
        """Whether the request of that index, and all before it, got no error."""
        return len(self.finals) > index and all(status < 400 for status in self.finals[:index + 1])

    def keeps(self, index):
        """Whether the connection was to be used behind the reply of that index: there came another, or it did not say
        close. REQUIRES: there is one."""
        replies = self._final_replies
        return 0 <= index < len(replies) and (len(replies) > index + 1 or self.probe or not replies[index].closes)

    def __str__(self):
        text = " ".join(str(status) for status in self.statuses) or "-"
        if not self.ended:
            return text + " hangs"
        return text + (" probe" if self.probe else " open" if self.keeps(len(self.finals) - 1) else "")

    @property
    def _final_replies(self):
        return [reply for reply in self.replies if reply.status >= 200 or reply.status == 9]


def _body_end(head, fields, at, data, status):
    """Where the body of the reply whose head ends at `at` ends."""
    rest = data[at:]
    # Handlers send no body, so a status line where one should begin is the reply behind one to HEAD.
    if status < 200 or status in (204, 304) or rest.startswith(b"HTTP/1."):
        return at
    if "chunked" in fields.get("transfer-encoding", ""):
        end = re.search(rb"(?:\A|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n", rest)
        return at + end.end() if end else len(data)
    length = fields.get("content-length")
    return at + int(length) if length is not None else len(data)


def replies_in(data):
    replies = []
    at = 0
    while at < len(data):
        end = data.find(b"\r\n\r\n", at)
        if not data.startswith(b"HTTP/1.", at) or end < 0:
            replies.append(Reply(9, "", 0, True))
            break
        head = data[at:end].decode("latin-1").split("\r\n")
        fields = {}
        for line in head[1:]:
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        status = int(head[0].split(" ")[1])
        at = _body_end(head, fields, end + 4, data, status)
        connection = fields.get("connection", "").lower()
        replies.append(Reply(status, fields.get("understood", ""), int(fields.get("number", "0")),
                             "close" in connection or (head[0].startswith("HTTP/1.0") and connection == "")))
    return replies


def outcome_of(data, ended=True):
    replies = replies_in(data)
    probes = [reply for reply in replies if reply.understood.startswith(f"GET {PROBE_TARGET} ")]
    others = [reply for reply in replies if reply not in probes]
    return Outcome(others, bool(probes), probes[0].number if probes else 0, ended)


class _Receiver(asyncio.Protocol):
    """Collects what comes; `ended` is set by the server's close."""

    def __init__(self):
        self.data = bytearray()
        self.ended = asyncio.Event()

    def data_received(self, data):
        self.data += data

    def connection_lost(self, _):
        self.ended.set()


class Fence:
    """Waits for a server to have done what it can with bytes that it was sent, by no clock: other clients' requests to
    the servers at `paths`, all on the way of the case, come back so often without anything new for it."""

    ROUNDS = 8
    # Berth's handler does not see it.
    REQUEST = b"OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

    def __init__(self, *paths):
        self._paths = paths

    async def settle(self, receiver):
        rounds = 0
        while rounds < self.ROUNDS and not receiver.ended.is_set():
            before = len(receiver.data)
            for path in self._paths:
                await exchange(path, self.REQUEST)
            rounds = rounds + 1 if len(receiver.data) == before else 0


async def exchange(path, sent, fence=None):
    """What becomes of these bytes on a connection of their own to the Unix socket at `path`. `fence`: for a proxy that
    forgets pipelined requests behind an end; this side is ended only when nothing more comes."""
    loop = asyncio.get_running_loop()
    transport, receiver = await loop.create_unix_connection(_Receiver, path)
    try:
        transport.write(sent)
        if fence is not None:
            await fence.settle(receiver)
        if not transport.is_closing():
            transport.write_eof()
        try:
            await asyncio.wait_for(receiver.ended.wait(), PATIENCE_S)
        except asyncio.TimeoutError:
            return outcome_of(bytes(receiver.data), ended=False)
        return outcome_of(bytes(receiver.data))
    finally:
        transport.abort()
