"""Colour and width, as the environment asks for them."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping

import pytest

from kubectl_podx.model.words import Colors
from kubectl_podx.view.layout import Terminal


class Tty(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "get_terminal_size", lambda _fd: os.terminal_size((120, 40)))


@pytest.mark.parametrize(
    ("variables", "colors", "expected"),
    [
        ({}, "auto", Terminal(120, True)),
        ({"NO_COLOR": "1"}, "auto", Terminal(120, False)),
        ({"NO_COLOR": ""}, "auto", Terminal(120, True)),
        ({"TERM": "dumb"}, "auto", Terminal(120, False)),
        ({"COLUMNS": "72"}, "never", Terminal(72, False)),
        ({"COLUMNS": "5"}, "auto", Terminal(40, True)),
        ({"COLUMNS": "many"}, "auto", Terminal(120, True)),
        # Who asks for it on the command line has the last word.
        ({"NO_COLOR": "1", "TERM": "dumb"}, "always", Terminal(120, True)),
    ],
)
def test_a_terminal(variables: Mapping[str, str], colors: Colors, expected: Terminal) -> None:
    assert Terminal.of(Tty(), variables, colors) == expected


def test_a_pipe_has_colour_only_where_it_is_asked_for() -> None:
    assert Terminal.of(io.StringIO(), {}, "always") == Terminal(None, True)
    assert Terminal.of(io.StringIO(), {}) == Terminal()


def test_a_pipe_has_no_colour_and_is_not_wrapped() -> None:
    assert Terminal.of(io.StringIO(), {"COLUMNS": "80"}) == Terminal(None, False)


def test_a_closed_stream_is_no_terminal() -> None:
    stream = io.StringIO()
    stream.close()
    assert Terminal.of(stream, {}) == Terminal()
