"""`--debug-image` on the command line: what it goes with, and who says yes."""

from __future__ import annotations

import io
import os
import pty
from collections.abc import Iterator
from typing import Any

import pytest

from kit.cli_runs import Run
from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.request import Request
from kubectl_podx.model.errors import UsageError

ADD = ("--debug-image", "busybox", "--yes")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("web-0", "--debug-image", "busybox"), "confirm it with --yes"),
        (("web-0", "--yes"), "--yes is only for --debug-image"),
        (("deploy/web", *ADD), "--debug-image takes one POD"),
        (("web-0", "web-1", *ADD), "--debug-image takes one POD"),
        (("-l", "app=web", *ADD), "--debug-image takes one POD"),
        (("web-0", "--no-exec", *ADD), "--debug-image needs an exec"),
        (("web-0", "-w", *ADD), "--watch and --debug-image cannot be used together"),
        (("web-0", "--debug-image", "", "--yes"), "--debug-image takes the name of an image"),
        (("web-0", "--debug-image", "a b", "--yes"), "--debug-image takes the name of an image"),
        (("web-0", "--debug-profile", "sysadmin", *ADD), "debug-profile"),
    ],
)
def test_what_it_does_not_go_with(run: Run, words: tuple[str, ...], said: str) -> None:
    result = run("describe", *words)
    assert result.status == 2
    assert said in result.err


def test_a_bundle_is_no_live_pod(run: Run, bundle: str) -> None:
    result = run("describe", "--from", bundle, "web-0", *ADD)
    assert result.status == 2
    assert "--debug-image needs a live pod" in result.err


@pytest.fixture
def terminal() -> Iterator[tuple[int, Any]]:
    """Our end of a terminal, and the program's."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r+b", buffering=0) as raw:
        stream = io.TextIOWrapper(raw, write_through=True)
        yield ours, stream
        os.close(ours)


def wish(env: Environment, **values: Any) -> Request:
    given = {"debug_image": None, "debug_profile": "restricted", "yes": False}
    return Request.of(env, {**given, **values}, ("web-0",))


VARIABLE = {"KUBECTL_PODX_DEBUG_IMAGE": "alpine"}


def test_the_variable_counts_only_where_a_person_can_be_asked(terminal: tuple[int, Any]) -> None:
    _, stream = terminal
    alone = Environment(variables=VARIABLE, home="", stdin=io.StringIO(), stderr=io.StringIO())
    asked = Environment(variables=VARIABLE, home="", stdin=stream, stderr=stream)
    assert wish(alone).debug() is None
    found = wish(alone, yes=True).debug()
    assert found is not None
    assert found.image == "alpine"
    assert wish(asked).debug_image == "alpine"
    assert wish(asked, debug_image="busybox").debug_image == "busybox"
    # Where the flag would be an error, the variable means nothing.
    for elsewhere in ({"no_exec": True}, {"watch": True}, {"from_file": "x"}, {"selector": "a=b"}):
        words = () if "selector" in elsewhere else ("web-0",)
        values = {"debug_image": None, "yes": False, **elsewhere}
        assert Request.of(asked, values, words).debug() is None
    with pytest.raises(UsageError):
        wish(alone, debug_image="busybox")


def test_a_question_takes_time_that_the_deadline_does_not_count(terminal: tuple[int, Any]) -> None:
    _, stream = terminal
    env = Environment(variables={}, home="", stdin=stream, stderr=stream)
    assert wish(env, debug_image="busybox").longest_wait() > 0
    assert wish(env, debug_image="busybox", yes=True).longest_wait() == 0


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("y", True), ("YES", True), ("", False), ("n", False), ("yellow", False)],
)
def test_only_y_is_yes(terminal: tuple[int, Any], typed: str, answer: bool) -> None:
    ours, stream = terminal
    env = Environment(variables={}, home="", stdin=stream, stderr=stream)
    os.write(ours, f"{typed}\n".encode())
    assert env.confirm("Add it? ", 20) is answer


def test_silence_is_no(terminal: tuple[int, Any]) -> None:
    _, stream = terminal
    env = Environment(variables={}, home="", stdin=stream, stderr=stream)
    assert env.confirm("Add it? ", 0.05) is False
    nobody = Environment(variables={}, home="", stdin=io.StringIO("y\n"), stderr=io.StringIO())
    assert nobody.confirm("Add it? ", 20) is False
