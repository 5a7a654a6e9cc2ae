"""`--watch`: the report again, each time that one of its pods changes."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct

from kubectl_podx.cli.options import access_flags
from kubectl_podx.model.errors import PodxError

if TYPE_CHECKING:
    from kubectl_podx.capture.targets import Targets
    from kubectl_podx.capture.watch import Following
    from kubectl_podx.cli.environment import Environment
    from kubectl_podx.cli.request import Request
    from kubectl_podx.cluster.server import ApiServer
    from kubectl_podx.model.capture import Capture

_T = TypeVar("_T")

# A pod that starts writes its status several times in a second: one report for all of them.
_SETTLE = 0.4
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 4.0

# Of one connection; then another one is made.
_WAIT = 300.0
_CLEAR = "\x1b[H\x1b[2J"
_TICK = 5.0
"""Seconds after which the ages on a terminal are written anew."""
Take = Callable[["Request"], "Capture"]
Show = Callable[["Capture"], str]


class Sight(Struct, frozen=True):
    """What one look gave."""

    text: str
    at: str
    """The moment of the look, RFC 3339."""
    pods: frozenset[str] | None
    """`NAMESPACE/NAME` of those whose changes matter; None for all."""
    news: bool = True
    """Whether it says something else than the one before."""
    later: Callable[[float], str] | None = None
    """The same after so many seconds without news: its ages have grown. None for a text without."""


class Pace(Struct, frozen=True):
    """How often is looked again; in seconds."""

    settle: float = _SETTLE
    """From a change to the look at it, so that changes that come together are seen together."""
    longest: float | None = None
    """After so long is looked again without a change; None for never."""


def follow(request: Request, env: Environment, take: Take, show: Show) -> None:
    """Prints a report now and after each change, until it is interrupted.

    The containers are looked into once; again only with `--exec`, when a container is a new
    instance.
    """
    from kubectl_podx.capture.watch import new_instances, with_looks_of_before

    known: Capture | None = None

    def look() -> Sight:
        nonlocal known
        if known is None:
            now = take(request)
        else:
            now = take(msgspec.structs.replace(request, no_exec=True))
            now = with_looks_of_before(now, known)
            if request.exec and not request.no_exec and new_instances(now, known):
                now = with_looks_of_before(take(request), now)
        known = now
        return Sight(show(now), now.captured_at, pods_of(now))

    watch(request, env, request.targets(), look)


def watch(
    request: Request,
    env: Environment,
    targets: Targets,
    look: Callable[[], Sight],
    pace: Callable[[float], Pace] = lambda _: Pace(),
) -> None:
    """Looks now and after each change of the pods that are named, until it is interrupted.

    `pace` is told how long a look has taken. What the first look needs and cannot have is an error;
    later ones are tried again.
    """
    following = following_of(request, env, targets)
    first, pause = True, _FIRST_PAUSE
    while True:
        try:
            on_server(request, env, following.begin)
            begun = time.monotonic()
            sight = look()
            rhythm = pace(time.monotonic() - begun)
            _print(env, sight, first=first, lines=request.format == "json")
            first, pause = False, _FIRST_PAUSE
            with _ticking(env, sight):
                wait_for_news(request, env, following, sight.pods, rhythm.longest)
            time.sleep(rhythm.settle)
        except PodxError as error:
            if first:
                raise
            env.say(f"{error}; trying again in {pause:g} s")
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


def _screen(env: Environment, sight: Sight, text: str) -> str:
    """The top of the text, as much as the terminal has room for: what is worst stands there."""
    said = f"(every change is shown; Ctrl-C ends it; {sight.at})"
    room = env.rows() - 3
    shown = text.rstrip("\n").split("\n")
    if 0 < room < len(shown):
        more = len(shown) - room + 1
        shown = [*shown[: room - 1], f"… {more} more lines: without -w, or in a higher window"]
    return "\n".join([f"{_CLEAR}{shown[0]}", *shown[1:], "", said, ""])


@contextlib.contextmanager
def _ticking(env: Environment, sight: Sight) -> Iterator[None]:
    """Meanwhile the ages on a terminal grow."""
    if sight.later is None or not env.stdout.isatty():
        yield
        return
    later, over, begun = sight.later, threading.Event(), time.monotonic()

    def tick() -> None:
        while not over.wait(_TICK):
            env.write(_screen(env, sight, later(time.monotonic() - begun)))

    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        over.set()
        ticker.join()


def wait_for_news(
    request: Request,
    env: Environment,
    following: Following,
    pods: frozenset[str] | None,
    longest: float | None,
) -> None:
    """Returns when there is something to look at again."""
    from kubectl_podx.model.clock import Deadline

    ended = "quiet"
    while ended == "quiet":
        ended = on_server(
            request,
            env,
            lambda server: following.wait(server, pods, deadline=Deadline(longest or _WAIT)),
        )
        if longest is not None:
            return


def following_of(request: Request, env: Environment, targets: Targets) -> Following:
    """Who is followed, from no moment yet."""
    from kubectl_podx.capture.watch import Following
    from kubectl_podx.cluster.access import resolve_access

    access = resolve_access(access_flags(request.connection), env.variables, env.home)
    return Following(targets, access.namespace)


def on_server(request: Request, env: Environment, use: Callable[[ApiServer], _T]) -> _T:
    """On a connection of its own: a watch outlives every deadline, and an API server's restart."""
    from kubectl_podx.capture.session import connect
    from kubectl_podx.model.clock import Deadline

    server, _ = connect(
        access_flags(request.connection),
        deadline=Deadline(_WAIT),
        environ=env.variables,
        home=env.home,
        warn=env.warn,
    )
    try:
        return use(server)
    finally:
        server.close()


def pods_of(capture: Capture) -> frozenset[str]:
    """`NAMESPACE/NAME` of every pod that was looked at."""
    return frozenset(pod.reference.partition("/")[2] for pod in capture.pods)


def _print(env: Environment, sight: Sight, *, first: bool, lines: bool) -> None:
    """On a terminal in the place of the report before; elsewhere below it, with the time.

    `lines`: JSON lines, one document in each, for a program: nothing stands between them.
    """
    if lines:
        env.write(sight.text if first or sight.news else "")
    elif env.stdout.isatty():
        env.write(_screen(env, sight, sight.text))
    elif first or sight.news:
        env.write(sight.text if first else f"\n--- {sight.at}\n{sight.text}")
