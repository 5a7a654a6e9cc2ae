"""A TCP proxy that makes a local server as far away as one over a long road.

Each direction takes half of a round trip, and opening a connection a whole one, as the handshake
of TCP would. Bandwidth is not limited. Where packets are lost, the sender notices after two round
trips (the tail loss probe of RFC 8985) and sends them again; what follows waits for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
from collections.abc import Awaitable, Callable

_CHUNK = 65536

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


_PACKET = 1448
_LUCK = random.Random(27)  # noqa: S311 - the same of every run


def late(size: int, delay: float, loss: float) -> float:
    """The seconds by which so many bytes come later, because some of their packets were lost."""
    packets = -(-size // _PACKET)
    return 4 * delay if _LUCK.random() >= (1 - loss) ** packets else 0.0


async def carry(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    delay: float,
    opened: float,
    loss: float,
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
        due = max(loop.time(), opened) + delay + late(len(chunk), delay, loss)
        queue.put_nowait((due, chunk))
    with contextlib.suppress(OSError):
        await sending


def proxy(host: str, port: int, round_trip: float, loss: float) -> Serve:
    """The handler of one connection to `host:port`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = asyncio.get_running_loop().time() + round_trip
        there, back = await asyncio.open_connection(host, port)
        # Cancelled where the proxy ends first.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(
                carry(reader, back, round_trip / 2, opened, loss),
                carry(there, writer, round_trip / 2, 0.0, loss),
            )

    return serve


async def main(host: str, port: int, round_trip: float, loss: float) -> None:
    """Serves on a free port of the loopback, which is printed, until standard input ends."""
    server = await asyncio.start_server(proxy(host, port, round_trip, loss), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
