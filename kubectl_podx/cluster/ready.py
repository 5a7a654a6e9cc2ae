"""Waits until a socket can be read or written: by `poll`, or by `select` on Windows."""

from __future__ import annotations

import select
import socket
import sys

# As POSIX numbers them: other bits of an answer (an error, a hang-up) are for the reader to find.
READ, WRITE = 1, 4


def wait(sock: socket.socket, events: int, seconds: float) -> int:
    """Which of the events is there, or 0 where the seconds have passed first."""
    if sys.platform == "win32":
        return wait_by_select(sock, events, seconds)
    poll = select.poll()
    poll.register(sock.fileno(), events)
    ready = poll.poll(seconds * 1000 + 1)
    return ready[0][1] if ready else 0


def wait_by_select(sock: socket.socket, events: int, seconds: float) -> int:
    """The same on Windows, where a connection that was refused is told as an exception only."""
    number = sock.fileno()
    if number < 0:
        raise OSError("the socket is closed")
    readers = [number] if events & READ else []
    writers = [number] if events & WRITE else []
    can_read, can_write, failed = select.select(readers, writers, [number], seconds)
    if failed:
        return events
    return (READ if can_read else 0) | (WRITE if can_write else 0)
