"""One server for several runs: its connections stay open; a run that was cut off ends them."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_podx.capture import session
from kubectl_podx.capture.session import Kept, KeptIn, connected
from kubectl_podx.cluster.access import AccessFlags
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.errors import PodxError


class _Server:
    """Notes its end."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self.said: list[str] = []
        self.dialled: list[tuple[int, int]] = []

    def dial_ahead(self, count: int, far: int) -> None:
        self.dialled.append((count, far))

    def cancel(self) -> None:
        self.said.append("cancel")

    def close(self) -> None:
        self.said.append("close")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[_Server]:
    servers: list[_Server] = []

    def connect(_flags: AccessFlags, *, deadline: Deadline, **_: Any) -> tuple[_Server, str]:
        servers.append(_Server(deadline))
        return servers[-1], "of-the-flags"

    monkeypatch.setattr(session, "connect", connect)
    return servers


def kept() -> Kept:
    return Kept(AccessFlags(), environ={}, home="", warn=lambda _: None)


def run(where: KeptIn, seconds: float = 60, error: BaseException | None = None) -> str:
    deadline = Deadline(seconds)
    with connected(
        where, deadline=deadline, environ={}, home="", warn=lambda _: None, dial=2, far=5
    ) as (_, namespace):
        if error is not None:
            raise error
        return namespace


def test_the_second_run_uses_the_server_of_the_first(made: list[_Server]) -> None:
    where = kept()
    assert run(KeptIn(where)) == "of-the-flags"
    assert run(KeptIn(where, "shop")) == "shop"
    (server,) = made
    assert server.said == []
    # Some may have been closed meanwhile: each run has as many as it needs.
    assert server.dialled == [(2, 5), (2, 5)]


def test_each_run_has_a_deadline_of_its_own(made: list[_Server]) -> None:
    where = kept()
    run(KeptIn(where), 1000)
    run(KeptIn(where), 50)
    assert 0 < made[0].deadline.remaining() <= 50
    run(KeptIn(where), 500)
    assert 50 < made[0].deadline.remaining() <= 500


def test_a_refusal_keeps_it(made: list[_Server]) -> None:
    where = kept()
    with pytest.raises(PodxError):
        run(KeptIn(where), error=PodxError("forbidden"))
    run(KeptIn(where))
    assert len(made) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError()])
def test_a_run_that_broke_off_ends_what_is_under_way(
    made: list[_Server], error: BaseException
) -> None:
    where = kept()
    with pytest.raises(type(error)):
        run(KeptIn(where), error=error)
    assert made[0].said == ["cancel", "close"]
    run(KeptIn(where))
    assert len(made) == 2


def test_what_did_not_answer_in_time_is_ended(made: list[_Server]) -> None:
    where = kept()
    run(KeptIn(where), 0)
    assert made[0].said == ["cancel", "close"]


def test_to_drop_it_twice_does_no_harm(made: list[_Server]) -> None:
    where = kept()
    run(KeptIn(where))
    where.drop()
    where.drop()
    assert made[0].said == ["cancel", "close"]
