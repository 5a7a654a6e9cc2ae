"""The one line of a log that looks like the crash, and why it was chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from kubectl_podx.model.raw import one_line


class CrashLine(NamedTuple):
    """A line of a log's end."""

    text: str
    why: str


# From the surest sign to the vaguest; within one sign the line that decides is named beside it.
_SIGNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^panic: |^fatal error: |panicked at "), "it begins a panic"),
    (re.compile(r"^\S*(Error|Exception|Exit|Interrupt)(: |$)"), "it ends a traceback"),
    (re.compile(r"^Exception in thread |^Caused by: "), "it names the exception"),
    (
        re.compile(
            r"(?i)segmentation fault|core dumped|bus error|assertion .*failed|stack smashing"
        ),
        "it names a crash of the program",
    ),
    (
        re.compile(r"(?i)out of memory|OutOfMemoryError|cannot allocate memory|heap limit"),
        "it says that memory ran out",
    ),
    (re.compile(r"^F\d{4} \d\d:"), "it has the log's highest level"),
    (re.compile(r"\b(FATAL|CRITICAL|PANIC|EMERG|emerg)\b"), "it has the log's highest level"),
    (re.compile(r'(?i)"?level"?[=:] ?"?(fatal|panic|critical)'), "it has the log's highest level"),
    (re.compile(r"(?i)\b(uncaught|unhandled|traceback|aborted)\b"), "it names an unhandled error"),
    (re.compile(r"^E\d{4} \d\d:"), "it is the last line of the level error"),
    (
        re.compile(
            r"(?i)\berror\b|\bERR\b|\[error\]|\bfailed\b|\bcannot\b|\bcan't\b|\bunable to\b"
        ),
        "it is the last line that names an error",
    ),
    (
        re.compile(r"(?i)not found|no such file|permission denied|refused|invalid|missing|denied"),
        "it is the last line that names a failure",
    ),
)
# A line that names its own level (klog's letter, level=info, [INFO]) is no error by its words.
_HARMLESS = re.compile(
    r"^[IWD]\d{4} \d\d:|(?i:\blevel\"?[=:] ?\"?(?:info|debug|trace|warn))|\b(?:INFO|DEBUG|TRACE)\b"
)
_VAGUE = frozenset(
    {"it is the last line that names an error", "it is the last line that names a failure"}
)
_TRACEBACK = "Traceback (most recent call last):"
_LEVELS_FIRST = frozenset({"it begins a panic", "it names the exception"})


def crash_line(lines: Sequence[str]) -> CrashLine | None:
    """The most telling line; None for a log without one that names a failure.

    A panic and a Java exception are named by their first line, everything else by the last one
    that shows the surest sign.
    """
    stripped = [line.strip() for line in lines]
    for pattern, why in _SIGNS:
        if why == "it ends a traceback" and _TRACEBACK not in stripped:
            continue
        found = [line for line in stripped if pattern.search(line)]
        if why in _VAGUE:
            found = [line for line in found if not _HARMLESS.search(line)]
        if found:
            chosen = found[0] if why in _LEVELS_FIRST else found[-1]
            return CrashLine(one_line(chosen), why)
    return None
