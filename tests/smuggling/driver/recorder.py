"""The server behind the proxies: takes whatever it can find the end of, and tells what came through."""

import asyncio

SHOWN_BYTES = 32
# Of more the beginning never ends: it is answered unread, and the connection closed.
MOST_BYTES = 1 << 20


def word(data):
    """As in understood.cpp: bytes that would not be one visible character each become \\xHH."""
    return "".join(chr(byte) if 0x20 < byte < 0x7f and byte != 0x5c else f"\\x{byte:02x}" for byte in data) or "-"


async def _chunked(reader):
    body = b""
    while True:
        size = int((await reader.readuntil(b"\n")).split(b";")[0], 16)
        if size == 0:
            break
        body += await reader.readexactly(size)
        await reader.readuntil(b"\n")
    while (await reader.readuntil(b"\n")).strip():
        pass
    return body


async def _request(reader):
    """The field Understood for one request, and whether its end was found."""
    head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    method, target = (head[0].split(b" ") + [b"", b""])[:2]
    fields = {}
    for line in head[1:]:
        name, _, value = line.partition(b":")
        key, value = name.lower(), value.strip()
        fields[key] = fields[key] + b", " + value if key in fields else value
    words = [word(method), word(target), word(fields.get(b"host", b""))]
    length = int(fields.get(b"content-length", b"0"))
    if b"chunked" in fields.get(b"transfer-encoding", b"").lower():
        body = await _chunked(reader)
    elif length > MOST_BYTES:
        return " ".join([*words, str(length), "unread"]), False
    else:
        body = await reader.readexactly(length)
    words.append(str(len(body)))
    if body:
        words.append(word(body[:SHOWN_BYTES]))
    return " ".join(words), True


class Recorder:
    """Listens at a Unix socket until it is stopped, which is after the proxies in front of it have ended."""

    def __init__(self):
        self._connections = set()
        self._server = None

    async def start(self, path):
        self._server = await asyncio.start_unix_server(self._serve, path, limit=MOST_BYTES)

    async def stop(self):
        self._server.close()
        await asyncio.gather(*self._connections)

    async def _serve(self, reader, writer):
        self._connections.add(asyncio.current_task())
        try:
            found_end = True
            while found_end:
                understood, found_end = await _request(reader)
                writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nUnderstood: {understood}\r\n\r\n".encode("ascii"))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            pass  # the end, or what cannot be framed: the proxy tells its client
        finally:
            self._connections.discard(asyncio.current_task())
            writer.close()
