"""The lightest batchsendmsg there is: it reads a request and says that everybody was accepted.

A benchmark of the daemon must not measure its stub. This one neither parses nor verifies; the
campaign's own counts show that every recipient had its answer. `python3 stub.py` prints its port.
"""

from __future__ import annotations

import asyncio

BODY = b'{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","MsgKey":"1_2_1700000000"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(BODY),
    BODY,
)


class Stub(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers each request as soon as its last byte is there."""
        self.received += data
        while len(self.received) >= self.missing and self.received:
            if self.missing == 0:
                self.missing = self.size()
                if self.missing == 0:
                    return
                continue
            del self.received[: self.missing]
            self.missing = 0
            self.transport.write(ANSWER)

    def size(self) -> int:
        """The bytes of the request that begins here, 0 while its head isn't complete."""
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return 0
        for line in bytes(self.received[:end]).lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return end + 4 + int(line[15:])
        return end + 4


async def main() -> None:
    """Serves until it is killed."""
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
