"""A live look: from the command line's words to a sealed Capture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_podx import __version__
from kubectl_podx.capture.plan import Wish
from kubectl_podx.capture.targets import Targets
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.clock import Deadline

if TYPE_CHECKING:
    from kubectl_podx.cluster.access import AccessFlags

__all__ = ["LookOptions", "Targets", "take"]

_MAX_CONNECTIONS = 16
# One for each of the plan's reads of a small pod, and two execs.
_DIAL_AHEAD = 8


@dataclass(frozen=True, kw_only=True)
class LookOptions:
    """What a look may do and what it is for."""

    sections: frozenset[str] = frozenset()
    """Empty: all of `model.report.SECTIONS`."""
    container: str | None = None
    exec_allowed: bool = True
    logs: bool = True
    log_lines: int = 20
    max_in_flight: int = 12
    """Requests and execs under way at once."""

    def wish(self) -> Wish:
        """The part of it that the plan reads."""
        return Wish(self.sections, self.container, self.exec_allowed, self.logs, self.log_lines)


def take(
    flags: AccessFlags,
    targets: Targets,
    options: LookOptions,
    *,
    deadline: Deadline,
    environ: Mapping[str, str],
    home: str,
    warn: Callable[[str], None],
) -> Capture:
    """Looks at the targets and returns the sealed Capture.

    Raises PodxError where nothing can be told: no usable kubeconfig, an unreachable server, a
    named object that is not there. A single call that fails costs only its rows.
    """
    from kubectl_podx.cluster.access import resolve_access  # noqa: PLC0415 - late: see DESIGN
    from kubectl_podx.cluster.server import ApiServer  # noqa: PLC0415

    access = resolve_access(flags, environ, home)
    server = ApiServer(
        access,
        deadline=deadline,
        environ=environ,
        user_agent=f"kubectl-podx/{__version__}",
        on_warning=warn,
        max_connections=_MAX_CONNECTIONS,
    )
    try:
        server.dial_ahead(_DIAL_AHEAD)
        # Imported while the connections are being dialled.
        from kubectl_podx.capture.gather import Gatherer  # noqa: PLC0415

        gatherer = Gatherer(server, options.wish(), deadline, options.max_in_flight)
        return gatherer.capture(targets, access.namespace)
    except BaseException:
        server.cancel()
        raise
    finally:
        server.close()
