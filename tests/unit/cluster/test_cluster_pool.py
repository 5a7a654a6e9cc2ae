"""The connections of a run: few, and dialled before they are needed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from kubectl_podx.cluster.pool import Pool
from kubectl_podx.cluster.stream import Stream
from kubectl_podx.model.clock import Deadline


class Dialling:
    """Makes connections to nowhere, and counts them."""

    def __init__(self) -> None:
        self.count = 0
        self.far_ends: list[socket.socket] = []

    def __call__(self, deadline: Deadline, opened: Callable[[Stream], None]) -> Stream:
        self.count += 1
        near, far = socket.socketpair()
        self.far_ends.append(far)
        stream = Stream(near, deadline)
        opened(stream)
        return stream

    def close(self) -> None:
        for each in self.far_ends:
            each.close()


def test_dial_ahead_tops_up_to_so_many_and_no_more_than_the_limit() -> None:
    dialling = Dialling()
    pool = Pool(dialling, Deadline(20), 4)
    pool.dial_ahead(2)
    pool.dial_ahead(3)
    pool.dial_ahead(100)
    streams = [pool.acquire(Deadline(20)) for _ in range(4)]
    assert dialling.count == 4
    for each in streams:
        pool.release(each)
    pool.close()
    dialling.close()


def test_who_finds_all_connections_in_use_waits_as_long_as_a_dial_would_take() -> None:
    dialling = Dialling()
    pool = Pool(dialling, Deadline(20), 4)
    first = pool.acquire(Deadline(20))
    # As if that one had come over a very long road.
    pool._dial_seconds = 60.0
    got: list[Stream] = []
    waiting = threading.Thread(target=lambda: got.append(pool.acquire(Deadline(20))))
    waiting.start()
    pool.release(first)
    waiting.join(20)
    assert got == [first]
    assert dialling.count == 1
    pool.release(first)
    pool.close()
    dialling.close()


def test_who_has_waited_that_long_dials() -> None:
    dialling = Dialling()
    pool = Pool(dialling, Deadline(20), 4)
    first = pool.acquire(Deadline(20))
    pool._dial_seconds = 0.0
    second = pool.acquire(Deadline(20))
    assert second is not first
    assert dialling.count == 2
    pool.release(first)
    pool.release(second)
    pool.close()
    dialling.close()
