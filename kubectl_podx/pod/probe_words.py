"""A probe's failure in a few words, for the first line of a report. Pure.

The texts are those of pkg/probe/http, tcp, grpc and exec, and of Go's network errors.
"""

from __future__ import annotations

import re

from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import one_line

_LONGEST = 90
_STATUS = lazy(r"HTTP probe failed with statuscode: (\d{3})")
_EXEC_TIMEOUT = lazy(
    r'^command timed out: .*timed out after (\S+)$|^command ".*" timed out '
    r"after (\S+)$",
    re.DOTALL,
)
_TIMEOUT = lazy(
    r"\(Client\.Timeout exceeded while |context deadline exceeded|: i/o timeout$|^timeout: health "
    r"rpc did not complete"
)
_ENDS = (
    "connection refused",
    "connection reset by peer",
    "no route to host",
    "server gave HTTP response to HTTPS client",
    "EOF",
)


def in_brief(failure: str, timeout: float) -> str:
    """`HTTP 404`, `timed out after 1s`, `connection refused`, or the last line of its output.

    `timeout`: timeoutSeconds, which the messages of a network probe do not repeat.
    """
    status = _STATUS.search(failure)
    if status:
        return f"HTTP {status[1]}"
    exec_timeout = _EXEC_TIMEOUT.search(failure.strip())
    if exec_timeout:
        return f"timed out after {exec_timeout[1] or exec_timeout[2]}"
    if _TIMEOUT.search(failure):
        return f"timed out after {timeout:g}s"
    if failure.startswith(("Get ", "dial ", "timeout: ", "error: ")):
        ending = next((words for words in _ENDS if failure.rstrip('"').endswith(words)), "")
        if ending:
            return ending
    lines = [line for line in failure.split("\n") if line.strip()]
    return one_line(lines[-1], _LONGEST) if lines else ""
