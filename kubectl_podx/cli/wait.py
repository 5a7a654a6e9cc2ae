"""`kubectl podx wait TARGET`: until it is well, or until it is known why it is not."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any, Literal

import click
from msgspec import Struct

from kubectl_podx.cli.command import Command, option
from kubectl_podx.cli.durations import duration
from kubectl_podx.cli.options import CHOICE, COLORS, LOGS, RUN, reading_options
from kubectl_podx.model.errors import ExitStatus, PodxError, UsageError

if TYPE_CHECKING:
    from kubectl_podx.analysis.standing import Standing
    from kubectl_podx.cli.engine import Document
    from kubectl_podx.cli.environment import Environment
    from kubectl_podx.cli.request import Request

_HELP = """
Wait until pods are healthy, and end early if they cannot become so: as soon as the cause is known,
podx prints it, instead of waiting until the time is up.

--for=healthy is met when every pod has been ready for --stable and neither restarts nor probes
are in trouble; of a workload, when all of its pods are updated, too; a Job has to be complete.
It ends with status 1 as soon as the cause is known of what keeps a pod from being ready, or if the
time is up. --for=diagnosed is met when a cause is known, or when everything is healthy.

A cause counts as known if its evidence excludes other causes, and if it is still the case three
seconds later. podx asks the API only and runs nothing inside containers.
"""
_EXAMPLES = """
# After a rollout: succeed when it is healthy, or say at once why it will not be
kubectl apply -f web.yaml
kubectl podx wait deploy/web --for=healthy --timeout=5m

# What is the matter with this pod? Wait until that is known
kubectl podx wait web-0 --for=diagnosed --timeout=2m

# As a test result for a pipeline
kubectl podx wait -l app=web --for=healthy -o junit > podx.xml
"""
_OPTIONS = (
    CHOICE
    | LOGS
    | RUN
    | COLORS
    | {
        "output",
        "query",
        "container",
        "exit-code",
        "ignore",
        "min-severity",
        "verbose",
    }
)
_SETTLE = 0.4
"""Seconds: changes that come together are seen together."""
_AGAIN = 5.0
"""Seconds after which is looked again without a change: some states are bad only after a while."""
_STILL = 3.0
"""Seconds that a cause has to last: what a controller removes by itself is none."""
_SHORTEST = 1.0
"""Seconds that another look needs."""
Word = Literal["healthy", "diagnosed"]


def command(name: str) -> click.Command:
    """The command `wait`."""

    @click.command(
        name,
        cls=Command,
        help=_HELP,
        examples=_EXAMPLES,
        usage="(TARGET... | -l SELECTOR) [--for=healthy|diagnosed] [--timeout=5m] [options]",
    )
    @click.argument("words", nargs=-1, metavar="TARGET")
    @option(
        "--for",
        "goal",
        type=click.Choice(("healthy", "diagnosed")),
        default="healthy",
        help="What to wait for: 'healthy' or 'diagnosed'.",
    )
    @option(
        "--timeout",
        default="5m",
        callback=_duration,
        help="How long to wait before giving up, such as 30s or 5m.",
    )
    @option(
        "--stable",
        default="5s",
        callback=_duration,
        help="How long the pods must have been ready to count as healthy, such as 5s or 1m.",
    )
    @reading_options(_OPTIONS)
    @click.pass_obj
    def wait(
        env: Any,
        /,
        words: tuple[str, ...],
        goal: Word,
        timeout: float,
        stable: float,
        **values: Any,
    ) -> int:
        from kubectl_podx.cli.request import Request

        if not words and values.get("selector") is None:
            raise UsageError("wait takes pods, a workload, or a selector")
        values["output"] = values["output"] or ("json" if values["query"] else "brief")
        if values["output"] in ("html", "mermaid", "name", "table"):
            raise UsageError(f"wait prints a report, which {values['output']} is not")
        request = Request.of(env, values, words, no_exec=True, patience=timeout)
        return _waited(request, env, _Goal(goal, timeout, stable))

    return wait


_duration = duration("30s or 5m")


class _Goal(Struct, frozen=True):
    """What is waited for."""

    word: Word
    timeout: float
    stable: float
    """Seconds of being ready that count as healthy."""


class _End(Struct, frozen=True):
    """How the wait ended."""

    document: Document
    met: bool
    said: str
    """For standard error."""


def _waited(request: Request, env: Environment, goal: _Goal) -> int:
    from kubectl_podx.cli.engine import printed_report, status_of_document

    end = _wait(request, env, goal)
    env.write(printed_report(request, env, end.document))
    env.say(end.said)
    if request.exit_code:
        found = status_of_document(end.document)
        return found if end.met or found else ExitStatus.UNKNOWN
    return ExitStatus.OK if end.met else ExitStatus.FAILED


def _wait(request: Request, env: Environment, goal: _Goal) -> _End:
    """Looks after each change, and every few seconds, until there is nothing to wait for."""
    from kubectl_podx.analysis.standing import standing
    from kubectl_podx.cli.follow import following_of, on_server, pods_of, wait_for_news
    from kubectl_podx.model.clock import Deadline

    deadline = Deadline(goal.timeout)
    targets = request.targets()
    following = following_of(request, env, targets)
    known: Document | None = None
    told, since = "", _Since()
    while True:
        begun = time.monotonic()
        try:
            on_server(request, env, following.begin)
            capture, document = _look(request, env, deadline, first=known is None)
            found = standing(document)
            known = document
            if (end := _ended(goal, document, found, since.lasting(found))) is not None:
                return end
            if found.what != told:
                env.say(f"waiting: {found.what}")
                told = found.what
            left = min(_AGAIN, since.left(found))
            if found.state == "healthy":
                left = min(left, goal.stable - found.lasted)
            pause = max(_SHORTEST, left - (time.monotonic() - begun))
            if deadline.remaining() > pause + _SHORTEST:
                wait_for_news(request, env, following, pods_of(capture), pause)
        except PodxError as error:
            # What the first look needs and cannot have is an error, as is a target that is gone.
            if known is None or getattr(error, "kind", "") == "notFound":
                raise
            env.say(f"{error}; trying again")
            time.sleep(min(_SHORTEST, deadline.remaining()))
        if deadline.remaining() < _SHORTEST + _SETTLE:
            return _timed_out(known, goal)
        time.sleep(_SETTLE)


class _Since:
    """For how long the same cause has been seen."""

    def __init__(self) -> None:
        self._codes: tuple[str, ...] = ()
        self._begun = 0.0

    def lasting(self, found: Standing) -> bool:
        """Whether it has lasted long enough to count."""
        now = time.monotonic()
        if found.state != "diagnosed" or found.codes != self._codes:
            self._codes = found.codes if found.state == "diagnosed" else ()
            self._begun = now
            return False
        return now - self._begun >= _STILL

    def left(self, found: Standing) -> float:
        """Seconds until it counts; what it is looked at for where there is no cause."""
        if found.state != "diagnosed":
            return _AGAIN
        return max(0.0, self._begun + _STILL - time.monotonic())


def _look(
    request: Request, env: Environment, deadline: Any, *, first: bool
) -> tuple[Any, Document]:
    """One look by the API. What it warns of is said once."""
    import msgspec

    from kubectl_podx.cli.engine import document_of
    from kubectl_podx.cli.environment import Environment
    from kubectl_podx.cli.sources import capture_of

    bounded = msgspec.structs.replace(
        request, deadline=min(request.deadline, max(_SHORTEST, deadline.remaining()))
    )
    quiet = Environment(env.stdout, io.StringIO(), env.variables, env.home)
    capture = capture_of(bounded, env if first else quiet, frozenset())
    return capture, document_of(bounded, capture, frozenset())


def _ended(goal: _Goal, document: Document, found: Standing, lasting: bool) -> _End | None:
    if found.state == "healthy" and found.lasted >= goal.stable:
        warned = document.verdict.severity == "warning"
        words = "healthy now, with a warning" if warned else "healthy"
        return _End(document, True, f"{words}: {found.what}")
    if found.state == "diagnosed" and lasting:
        if goal.word == "diagnosed":
            return _End(document, True, f"the cause is known: {found.what}")
        if found.blocks:
            said = f"it is not healthy, and the cause is known: {found.what}"
            return _End(document, False, said)
    return None


def _timed_out(document: Document | None, goal: _Goal) -> _End:
    spent = f"timed out after {goal.timeout:g} s"
    if document is None:
        raise PodxError(f"{spent}: nothing could be read")
    healthy = goal.word == "healthy"
    why = "it is not healthy" if healthy else "no cause is known that excludes others"
    return _End(document, False, f"error: {spent}: {why}")
