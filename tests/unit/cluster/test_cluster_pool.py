"""The connections of a run: few, and dialled before they are needed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from functools import partial

import pytest

from kit.threads import together
from kubectl_podx.cluster.errors import ClusterError
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


def test_who_is_expected_goes_first() -> None:
    """An exec keeps its connection to the end: a read that took it before would cost both."""
    dialling = Dialling()
    pool = Pool(dialling, Deadline(20), 1)
    pool.release(pool.acquire(Deadline(20)))
    pool.expect(1)
    order: list[str] = []
    begun = threading.Event()

    def read() -> None:
        begun.set()
        stream = pool.acquire(Deadline(20))
        order.append("read")
        pool.release(stream)

    reading = threading.Thread(target=read)
    reading.start()
    begun.wait(20)
    stream = pool.acquire(Deadline(20), long=True)
    order.append("exec")
    pool.release(stream)
    reading.join(20)
    assert sorted(order) == ["exec", "read"]
    assert pool._expected == 0
    pool.close()
    dialling.close()


def test_who_was_expected_and_does_not_come_holds_nobody_up() -> None:
    dialling = Dialling()
    pool = Pool(dialling, Deadline(20), 2)
    pool.expect(5)
    pool.release(pool.acquire(Deadline(20)))
    assert pool._expected == 0
    pool.close()
    dialling.close()


def test_over_a_long_road_more_connections_are_dialled() -> None:
    class Slow(Dialling):
        def __call__(self, deadline: Deadline, opened: Callable[[Stream], None]) -> Stream:
            stream = super().__call__(deadline, opened)
            if stream.is_far is not None:
                stream.is_far()
            return stream

    near, far = Dialling(), Slow()
    for dialling, count in ((near, 2), (far, 4)):
        pool = Pool(dialling, Deadline(20), 8)
        pool.dial_ahead(2, far=4)
        streams = [pool.acquire(Deadline(20)) for _ in range(count)]
        assert dialling.count == count
        assert all(stream.is_far is None for stream in streams)
        for each in streams:
            pool.release(each)
        pool.close()
        dialling.close()


def test_a_stream_tells_that_its_other_side_is_far() -> None:
    near, there = socket.socketpair()
    told = threading.Event()
    stream = Stream(near, Deadline(20))
    stream.is_far = told.set

    def answer() -> None:
        told.wait(20)
        there.sendall(b"late")

    answering = threading.Thread(target=answer)
    answering.start()
    assert stream.recv(9) == b"late"
    answering.join(20)
    assert told.is_set()
    assert stream.is_far is None
    stream.close()
    there.close()


def test_who_answers_at_once_is_near() -> None:
    near, there = socket.socketpair()
    told = threading.Event()
    stream = Stream(near, Deadline(20))
    stream.is_far = told.set
    there.sendall(b"here")
    assert stream.recv(9) == b"here"
    assert not told.is_set()
    stream.close()
    there.close()


def _close(pool: Pool, dialling: Dialling) -> None:
    """Closes both, when nobody dials any more."""
    with pool._changed:
        assert pool._changed.wait_for(lambda: not pool._dialling, 30)
    pool.close()
    dialling.close()


@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_everybody_of_a_crowd_is_served_by_few_connections(seconds: float) -> None:
    dialling = Dialling()
    pool = Pool(dialling, Deadline(60), 3)
    pool._dial_seconds = seconds
    served: list[int] = []

    def use(number: int) -> None:
        for turn in range(20):
            stream = pool.acquire(Deadline(60), long=number == 0)
            # Some of them are of no more use afterwards.
            (pool.discard if (number + turn) % 7 == 3 else pool.release)(stream)
        served.append(number)

    pool.expect(1)
    together([partial(use, number) for number in range(12)])
    assert sorted(served) == list(range(12))
    _close(pool, dialling)


def test_a_dial_that_fails_is_told_to_one_and_the_others_dial_again() -> None:
    class Failing(Dialling):
        def __call__(self, deadline: Deadline, opened: Callable[[Stream], None]) -> Stream:
            if self.count < 3:
                self.count += 1
                raise ClusterError("unreachable", "connection refused")
            return super().__call__(deadline, opened)

    dialling = Failing()
    pool = Pool(dialling, Deadline(60), 2)
    ends: list[str] = []

    def use() -> None:
        try:
            pool.release(pool.acquire(Deadline(60)))
        except ClusterError:
            ends.append("refused")
        else:
            ends.append("served")

    together([use] * 8)
    assert len(ends) == 8
    assert 1 <= ends.count("refused") <= 3
    _close(pool, dialling)


def test_who_gives_up_lets_another_one_have_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    dialling = Dialling()
    pool = Pool(dialling, Deadline(60), 1)
    first = pool.acquire(Deadline(60))
    pool._dial_seconds = 60.0
    wait, ends = pool._changed.wait, list[str]()

    def give_up() -> None:
        with pytest.raises(ClusterError):
            pool.acquire(Deadline(0))
        ends.append("gave up")

    def go_on() -> None:
        pool.release(pool.acquire(Deadline(60)))
        ends.append("served")

    impatient = threading.Thread(target=give_up)

    waits = threading.Semaphore(0)

    def told_too_late(seconds: float) -> bool:
        waits.release()
        if threading.current_thread() is not impatient:
            return wait(seconds)
        wait(60)
        return False

    monkeypatch.setattr(pool._changed, "wait", told_too_late)
    patient = threading.Thread(target=go_on)
    for thread in (impatient, patient):
        thread.start()
        waits.acquire(timeout=30)
    # They hold the lock until they wait, so both do; the first of them is told.
    pool.release(first)
    impatient.join(30)
    patient.join(30)
    assert ends == ["gave up", "served"]
    _close(pool, dialling)
