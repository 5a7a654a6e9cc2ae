"""A TCP proxy that makes a local server as far away as one over a long road.

Each direction takes half of a round trip, and opening a connection a whole one, as the handshake
of TCP would. Bandwidth is not limited.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable

_CHUNK = 65536

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float, opened: float
) -> None:
    """Passes bytes on, each chunk `delay` seconds after it came and none `delay` before `opened`.

    Reading goes on meanwhile: it is a long road, not a narrow one.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def send() -> None:
        while True:
            due, chunk = await queue.get()
            await asyncio.sleep(due - loop.time())
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
        writer.close()

    sending = asyncio.create_task(send())
    chunk = b"-"
    while chunk:
        try:
            chunk = await reader.read(_CHUNK)
        except OSError:
            chunk = b""
        queue.put_nowait((max(loop.time(), opened) + delay, chunk))
    with contextlib.suppress(OSError):
        await sending


def proxy(host: str, port: int, round_trip: float) -> Serve:
    """The handler of one connection to `host:port`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = asyncio.get_running_loop().time() + round_trip
        there, back = await asyncio.open_connection(host, port)
        # Cancelled where the proxy ends first.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(
                carry(reader, back, round_trip / 2, opened),
                carry(there, writer, round_trip / 2, 0.0),
            )

    return serve


async def main(host: str, port: int, round_trip: float) -> None:
    """Serves on a free port of the loopback, which is printed, until standard input ends."""
    server = await asyncio.start_server(proxy(host, port, round_trip), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
