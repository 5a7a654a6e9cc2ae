"""What one server may reach: one kubeconfig context, some namespaces, bundles of one folder.

Nothing a model says can widen it. Calls that ask the cluster come one after the other, over one
connection that stays open.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.errors import PodxError, UsageError
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.reference import Reference

if TYPE_CHECKING:
    from kubectl_podx.capture.session import Kept, KeptIn
    from kubectl_podx.cluster.access import AccessFlags
    from kubectl_podx.model.capture import Capture

_MOST_CAPTURES = 8
_BUNDLE = lazy(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}\.podx")
_NAMESPACE = lazy(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class Limits(Struct, frozen=True):
    """What the person who starts the server allows."""

    namespaces: tuple[str, ...] = ()
    """Empty for all that the kubeconfig's user may see."""
    exec_allowed: bool = True
    bundles: Path | None = None
    """The folder of bundles: the only one that is read from and written to."""
    seconds: float = 30.0
    """Of one call."""
    max_in_flight: int = 12


class Cancelled(PodxError):  # noqa: N818 - it is no error of the server
    """The client does not want the answer any more."""


class Ticket:
    """One call: it can be cancelled from another thread, whether it has begun or not."""

    def __init__(self) -> None:
        self.far = (0, 0)
        """Answers that are there, and those that are known to come; 0 where that is not known."""
        self._lock = threading.Lock()
        self._cancelled = False
        self._end: Callable[[], None] | None = None

    def progress(self, done: int, known: int) -> None:
        """Says how far it is; from any thread."""
        self.far = (done, known)

    def cancel(self) -> None:
        """Ends its requests and execs."""
        with self._lock:
            self._cancelled = True
            end = self._end
        if end is not None:
            end()

    def begin(self, end: Callable[[], None]) -> None:
        """From here on `end` ends what it does."""
        with self._lock:
            if self._cancelled:
                raise Cancelled("cancelled")
            self._end = end

    def over(self) -> None:
        """Nothing of it is under way any more."""
        with self._lock:
            self._end = None


class Desk:
    """The one place through which tools reach a cluster or a file."""

    def __init__(
        self,
        flags: AccessFlags,
        limits: Limits,
        *,
        environ: Mapping[str, str],
        home: str,
        warn: Callable[[str], None],
    ) -> None:
        self.limits = limits
        self.environ = environ
        self.home = home
        self.warn = warn
        self._flags = flags
        self._kept: Kept | None = None
        self._turn = threading.Lock()
        self._captures: dict[str, Capture] = {}
        self._shelf = threading.Lock()

    @contextmanager
    def reached(self, namespace: str, ticket: Ticket) -> Iterator[tuple[KeptIn, Deadline]]:
        """The cluster for one call, and its deadline, which begins when its turn has come."""
        from kubectl_podx.capture.session import Kept, KeptIn  # noqa: PLC0415 - of live calls only

        chosen = self.namespace(namespace)
        with self._turn:
            if self._kept is None:
                self._kept = Kept(self._flags, environ=self.environ, home=self.home, warn=self.warn)
            ticket.begin(self._kept.drop)
            try:
                yield KeptIn(self._kept, chosen), Deadline(self.limits.seconds)
            finally:
                ticket.over()

    def namespace(self, given: str) -> str:
        """The namespace of a call; empty for that of the kubeconfig. UsageError outside of what is
        allowed.
        """
        allowed = self.limits.namespaces
        if not given:
            return allowed[0] if allowed else ""
        if not _NAMESPACE.fullmatch(given):
            raise UsageError("namespace has to be the name of a namespace")
        if allowed and given not in allowed:
            raise UsageError(
                "this server was started with --namespaces, and this namespace is not among them: "
                + ", ".join(allowed)
            )
        return given

    def check_everywhere(self) -> None:
        """UsageError if not all namespaces may be asked about."""
        if self.limits.namespaces:
            raise UsageError(
                "this server was started with --namespaces: ask about one of "
                + ", ".join(self.limits.namespaces)
            )

    # -- captures --------------------------------------------------------------------------------

    def keep(self, capture: Capture) -> str:
        """Keeps a capture for further questions about the same moment; its name."""
        name = f"c-{secrets.token_hex(4)}"
        with self._shelf:
            self._captures[name] = capture
            while len(self._captures) > _MOST_CAPTURES:
                del self._captures[next(iter(self._captures))]
        return name

    def kept(self, name: str) -> Capture:
        """A capture by its name; UsageError where there is none any more."""
        found = self._captures.get(name)
        if found is None:
            raise UsageError(
                f"no such capture: the last {_MOST_CAPTURES} are kept. Ask again without `capture`"
            )
        return found

    # -- files -----------------------------------------------------------------------------------

    def folder(self) -> Path:
        """The folder of bundles; UsageError where none was named."""
        if self.limits.bundles is None:
            raise UsageError("this server was started without --bundles FOLDER")
        return self.limits.bundles

    def bundle_path(self, name: str) -> Path:
        """The file of a bundle in the folder, and nowhere else."""
        folder = self.folder()
        if not _BUNDLE.fullmatch(name):
            raise UsageError("a bundle is named by its file name alone, which ends with .podx")
        path = folder / name
        if path.is_symlink():
            raise UsageError("a bundle has to be a file, and no symbolic link")
        return path

    def bundle(self, name: str) -> Capture:
        """The capture in a bundle of the folder; what is outside of the namespaces is refused."""
        from kubectl_podx.capture.bundle import read_bundle  # noqa: PLC0415

        found = read_bundle(self.bundle_path(name))
        allowed = self.limits.namespaces
        if allowed:
            keys = [one.reference for one in found.pods] + [w.reference for w in found.workloads]
            if any(Reference.of_key(key).namespace not in allowed for key in keys):
                raise UsageError("the bundle is about a namespace that --namespaces does not name")
        return found

    def bundles(self) -> list[str]:
        """The names of the bundles in the folder, sorted."""
        if self.limits.bundles is None or not self.limits.bundles.is_dir():
            return []
        names = (each.name for each in self.limits.bundles.iterdir() if each.is_file())
        return sorted(name for name in names if _BUNDLE.fullmatch(name))

    def close(self) -> None:
        """Closes the connection."""
        if self._kept is not None:
            self._kept.drop()
