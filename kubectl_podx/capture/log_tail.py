"""The last lines of a container's log, scrubbed and bounded."""

from __future__ import annotations

from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.plan import PlannedCall
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.model.capture import LogTail

_MAX_LOG_LINE = 2000


def log_tail(sealer: Sealer, outcome: Outcome, most: int) -> LogTail:
    """At most so many lines of what a `log` call brought; known secret values are scrubbed."""
    lines: list[str] = []
    if outcome.state == "ok":
        decoded = _whole_lines(outcome.answer, outcome.call).decode("utf-8", "replace")
        shown = sealer.free_text(decoded, outcome.call.reference).splitlines()
        lines = [line[:_MAX_LOG_LINE] for line in shown[-most:]]
    return LogTail(
        container=outcome.call.container,
        previous=("previous", "true") in outcome.call.query,
        state=outcome.state,
        reason=outcome.reason,
        lines=lines,
    )


def _whole_lines(log: bytes, call: PlannedCall) -> bytes:
    """Without the line that the limit of bytes cut: half of a secret value is not known as one."""
    limit = int(dict(call.query).get("limitBytes", "0"))
    return log[: log.rfind(b"\n") + 1] if 0 < limit <= len(log) else log
