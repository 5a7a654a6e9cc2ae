"""`--watch`: the report again, each time that one of its pods changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import msgspec

from kubectl_podx.cli.options import access_flags
from kubectl_podx.model.errors import PodxError

if TYPE_CHECKING:
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

Take = Callable[["Request"], "Capture"]
Show = Callable[["Capture"], str]


def follow(request: Request, env: Environment, take: Take, show: Show) -> None:
    """Prints a report now and after each change, until it is interrupted.

    The containers are looked into once; again only with `--exec`, when a container is a new
    instance. What the first look needs and cannot have is an error; later ones are tried again.
    """
    from kubectl_podx.capture.watch import new_instances, with_looks_of_before

    following = _following(request, env)
    known: Capture | None = None
    pause = _FIRST_PAUSE
    while True:
        try:
            _on_server(request, env, following.begin)
            if known is None:
                now = take(request)
            else:
                now = take(msgspec.structs.replace(request, no_exec=True))
                now = with_looks_of_before(now, known)
                if request.exec and not request.no_exec and new_instances(now, known):
                    now = with_looks_of_before(take(request), now)
            _print(env, show(now), first=known is None, at=now.captured_at)
            known = now
            pause = _FIRST_PAUSE
            _wait(request, env, following, _pods(now))
            time.sleep(_SETTLE)
        except PodxError as error:
            if known is None:
                raise
            env.say(f"{error}; trying again in {pause:g} s")
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


def _wait(request: Request, env: Environment, following: Following, pods: frozenset[str]) -> None:
    """Returns when there is something to look at again."""
    from kubectl_podx.model.clock import Deadline

    ended = "quiet"
    while ended == "quiet":
        ended = _on_server(
            request, env, lambda server: following.wait(server, pods, deadline=Deadline(_WAIT))
        )


def _following(request: Request, env: Environment) -> Following:
    from kubectl_podx.capture.targets import Targets
    from kubectl_podx.capture.watch import Following
    from kubectl_podx.cluster.access import resolve_access

    access = resolve_access(access_flags(request.connection), env.variables, env.home)
    targets = Targets(
        words=request.words,
        selector=request.selector,
        field_selector=request.field_selector or "",
        all_namespaces=request.all_namespaces,
    )
    return Following(targets, access.namespace)


def _on_server(request: Request, env: Environment, use: Callable[[ApiServer], _T]) -> _T:
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


def _pods(capture: Capture) -> frozenset[str]:
    """`NAMESPACE/NAME` of every pod that was looked at."""
    return frozenset(pod.reference.partition("/")[2] for pod in capture.pods)


def _print(env: Environment, text: str, *, first: bool, at: str) -> None:
    """On a terminal in the place of the report before; elsewhere below it, with the time."""
    if env.stdout.isatty():
        env.write(f"{_CLEAR}{text}\n(every change is shown; Ctrl-C ends it; {at})\n")
    else:
        env.write(text if first else f"\n--- {at}\n{text}")
