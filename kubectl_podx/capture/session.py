"""A live look: from the command line's words to a sealed Capture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from kubectl_podx import __version__
from kubectl_podx.capture.planned import LookOptions
from kubectl_podx.capture.targets import Targets
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.errors import PodxError

if TYPE_CHECKING:
    # Nothing that takes its time: what looks is imported while the connections are dialled.
    from kubectl_podx.capture.calls import Meanwhile, Progress
    from kubectl_podx.capture.sharing import Witness
    from kubectl_podx.cluster.access import AccessFlags
    from kubectl_podx.cluster.server import ApiServer
    from kubectl_podx.model.capture import Capture
    from kubectl_podx.model.revealed import Revealed

__all__ = ["Kept", "KeptIn", "LookOptions", "Targets", "connect", "connected", "take"]

CONSENT_SECONDS = 120.0
"""How long a person may think about `--debug-image`."""
_MAX_CONNECTIONS = 16
# Two execs, and for the reads one, which they take turns with; over a long road one for each.
_DIAL_AHEAD, _DIAL_FAR = 3, 12


def connect(
    flags: AccessFlags,
    *,
    deadline: Deadline,
    environ: Mapping[str, str],
    home: str,
    warn: Callable[[str], None],
    ahead: int = 0,
) -> tuple[ApiServer, str]:
    """The server that the flags and the kubeconfig name, and the namespace. Of its connections
    `ahead` are under way by then.
    """
    from kubectl_podx.cluster.access import resolve_access  # noqa: PLC0415 - late: it is slow
    from kubectl_podx.cluster.ahead import connect_ahead  # noqa: PLC0415

    access = resolve_access(flags, environ, home)
    under_way = connect_ahead(access, environ, ahead)
    from kubectl_podx.cluster.server import ApiServer  # noqa: PLC0415

    server = ApiServer(
        access,
        deadline=deadline,
        environ=environ,
        user_agent=f"kubectl-podx/{__version__}",
        on_warning=warn,
        max_connections=_MAX_CONNECTIONS,
        ahead=under_way,
    )
    return server, access.namespace


class Kept:
    """One server for several runs, one after the other: its connections stay open in between."""

    def __init__(
        self,
        flags: AccessFlags,
        *,
        environ: Mapping[str, str],
        home: str,
        warn: Callable[[str], None],
    ) -> None:
        self._flags = flags
        self._environ = environ
        self._home = home
        self._warn = warn
        self._deadline = Deadline(0)
        self._server: ApiServer | None = None
        self._namespace = ""

    def open(self, deadline: Deadline) -> tuple[ApiServer, str]:
        """The server under this deadline, made where there is none, and the flags' namespace."""
        self._deadline.restart(deadline.remaining())
        if self._server is None:
            self._server, self._namespace = connect(
                self._flags,
                deadline=self._deadline,
                environ=self._environ,
                home=self._home,
                warn=self._warn,
            )
        return self._server, self._namespace

    def drop(self) -> None:
        """Ends what is under way; the next run gets another server."""
        server, self._server = self._server, None
        if server is not None:
            server.cancel()
            server.close()


class KeptIn(Struct, frozen=True):
    """A kept server, and the namespace that is meant; empty for that of the flags."""

    kept: Kept
    namespace: str = ""


@contextmanager
def connected(
    flags: AccessFlags | KeptIn,
    *,
    deadline: Deadline,
    environ: Mapping[str, str],
    home: str,
    warn: Callable[[str], None],
    dial: int = 0,
    far: int = 0,
) -> Iterator[tuple[ApiServer, str]]:
    """As `connect`, until the end of the block: then the server is closed. If something is raised
    there, requests that are still under way are cancelled first. A kept server stays open.

    `dial`: so many connections are dialled, `far` of them where the server is far away.
    """
    if isinstance(flags, KeptIn):
        server, namespace = flags.kept.open(deadline)
        try:
            server.dial_ahead(dial, far)
            yield server, flags.namespace or namespace
        except BaseException as error:
            if not isinstance(error, PodxError):
                flags.kept.drop()
            raise
        finally:
            if deadline.passed():
                # What did not answer in time may still be under way.
                flags.kept.drop()
        return
    server, namespace = connect(
        flags, deadline=deadline, environ=environ, home=home, warn=warn, ahead=dial
    )
    try:
        server.dial_ahead(dial, far)
        yield server, namespace
    except BaseException:
        server.cancel()
        raise
    finally:
        server.close()


def take(
    flags: AccessFlags | KeptIn,
    targets: Targets,
    options: LookOptions,
    *,
    deadline: Deadline,
    environ: Mapping[str, str],
    home: str,
    warn: Callable[[str], None],
    meanwhile: Meanwhile = lambda: None,
    revealed: Revealed | None = None,
    say: Callable[[str], None] = lambda _: None,
    progress: Progress | None = None,
    early: Callable[[Capture], None] | None = None,
    waiting: Callable[[str], None] = lambda _: None,
    consent: Callable[[str], bool] = lambda _: False,
    witness: Witness | None = None,
) -> Capture:
    """Looks at the targets and returns the sealed Capture.

    Raises PodxError where nothing can be told: no usable kubeconfig, an unreachable server, a
    named object that is not there. A single call that fails costs only its rows. `meanwhile` is
    run once while the looks are under way. `revealed` gets the values that `--reveal` shows. A wait
    for a start is not part of the deadline. `progress` is told how far it is, `waiting` the
    server's address, and `early` gets what the API alone tells, where execs take their time.
    `consent` asks a person before anything is written (`--debug-image`); that takes no time of the
    deadline either, but is bounded by `CONSENT_SECONDS`.
    `witness` gets the search for secret values of this run.
    """
    whole = _with_wait(deadline) if options.wait_start else deadline
    if options.debug is not None:
        whole = Deadline(whole.remaining() + CONSENT_SECONDS)
    with connected(
        flags,
        deadline=whole,
        environ=environ,
        home=home,
        warn=warn,
        dial=_DIAL_AHEAD,
        far=_DIAL_FAR,
    ) as (server, namespace):
        waiting(server.address)
        # Imported while the connections are being dialled.
        from kubectl_podx.capture.gather import Gatherer  # noqa: PLC0415
        from kubectl_podx.capture.steps import Steps  # noqa: PLC0415

        if options.exec_allowed:
            from kubectl_podx.capture import look  # noqa: PLC0415
            from kubectl_podx.cluster import exec_protocol  # noqa: F401, PLC0415

            # Read now: a look that waited for a file would get its connection after the reads.
            look.script()

        if options.wait_start:
            deadline = _wait(server, targets, namespace, options, deadline, say)
        steps = Steps(consent=consent, say=say)
        gatherer = Gatherer(server, options, deadline, revealed, progress, steps, early)
        if witness is not None:
            witness.search = gatherer.search

        def while_they_travel() -> None:
            from kubectl_podx.capture import seal_environment, throttling  # noqa: F401, PLC0415

            if options.exec_allowed:
                from kubectl_podx.capture import seal_observation  # noqa: F401, PLC0415
            meanwhile()

        try:
            return gatherer.capture(targets, namespace, while_they_travel)
        except PodxError as error:
            _name_others(error, server, targets, namespace)
            raise


def _name_others(error: PodxError, server: ApiServer, targets: Targets, namespace: str) -> None:
    """If a name is not there, raises the same error with names that are."""
    from kubectl_podx.cluster.errors import ClusterError  # noqa: PLC0415

    if not isinstance(error, ClusterError) or error.kind != "notFound" or not targets.words:
        return
    from kubectl_podx.capture.nearby import suggestions  # noqa: PLC0415 - of no run that goes well

    found = suggestions(server, targets.words, namespace)
    if found:
        hint = f"{error}\nDid you mean {' or '.join(found)}?"
        raise ClusterError("notFound", hint) from None


def _with_wait(deadline: Deadline) -> Deadline:
    from kubectl_podx.capture.watch import LONGEST  # noqa: PLC0415 - only where asked for

    return Deadline(deadline.remaining() + LONGEST)


def _wait(
    server: ApiServer,
    targets: Targets,
    namespace: str,
    options: LookOptions,
    deadline: Deadline,
    say: Callable[[str], None],
) -> Deadline:
    """Waits for the start, and returns the deadline of the look, which begins only now."""
    from kubectl_podx.capture.targets import parse_words  # noqa: PLC0415
    from kubectl_podx.capture.watch import LONGEST, wait_for_start  # noqa: PLC0415

    seconds = deadline.remaining()
    (named,) = parse_words(targets.words)
    reference = named.reference(namespace)
    wait_for_start(server, reference, options.container, deadline=Deadline(LONGEST), say=say)
    return Deadline(seconds)
