"""The line that says how far it is: on a terminal only, not at once, gone in the end."""

from __future__ import annotations

import io
import time

import pytest

from kubectl_podx.cli import progress
from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.progress import ProgressLine, bar


class Terminal(io.StringIO):
    """A standard error that people look at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", -1.0)


@pytest.mark.usefixtures("at_once")
def test_the_line_is_written_over_itself_and_taken_away() -> None:
    stream = Terminal()
    with ProgressLine(Environment(stderr=stream)) as line:
        line.show("one")
        line.show("two")
    assert stream.getvalue() == "\r\x1b[Kone\r\x1b[Ktwo\r\x1b[K"


@pytest.mark.usefixtures("at_once")
def test_it_is_taken_away_where_the_work_fails() -> None:
    stream = Terminal()

    def work() -> None:
        with ProgressLine(Environment(stderr=stream)) as line:
            line.show("one")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert stream.getvalue().endswith("\r\x1b[K")


@pytest.mark.usefixtures("at_once")
def test_a_file_keeps_what_went_wrong_and_no_progress() -> None:
    stream = io.StringIO()
    with ProgressLine(Environment(stderr=stream)) as line:
        line.show("one")
    assert stream.getvalue() == ""


def test_short_work_shows_nothing() -> None:
    stream = Terminal()
    with ProgressLine(Environment(stderr=stream)) as line:
        line.show("one")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("done", "known", "shown"),
    [
        (0, 4, "[        ] 0 of 4 answers"),
        (1, 4, "[##      ] 1 of 4 answers"),
        (4, 4, "[########] 4 of 4 answers"),
        (0, 0, "[        ] 0 of 0 answers"),
    ],
)
def test_the_bar_fills(done: int, known: int, shown: str) -> None:
    assert bar(done, known, 8) == shown


def test_what_is_known_is_shown_at_once_and_stays_above_the_rest() -> None:
    stream = Terminal()
    with ProgressLine(Environment(stderr=stream)) as line:
        line.know(["CRITICAL: it", "  fails"], "looking")
        line.show("1 of 2")
    up = "\x1b[2A\r\x1b[K\x1b[J"
    assert stream.getvalue() == (
        f"\r\x1b[KCRITICAL: it\n  fails\nlooking{up}CRITICAL: it\n  fails\n1 of 2{up}"
    )


@pytest.mark.usefixtures("at_once")
def test_a_server_that_does_not_answer_is_named() -> None:
    stream = Terminal()
    with ProgressLine(Environment(stderr=stream)) as line:
        line.waits_for("https://10.0.0.1:6443\x1b[2J")
        for _ in range(1000):
            if stream.getvalue():
                break
            time.sleep(0.005)
    assert stream.getvalue().startswith("\r\x1b[Kwaiting for https://10.0.0.1:6443")
    assert "\x1b[2J" not in stream.getvalue()
