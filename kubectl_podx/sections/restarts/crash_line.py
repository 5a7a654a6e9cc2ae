"""The line of a log that tells why the program ended, and why that line was chosen. Pure.

From the surest sign to the vaguest: what a runtime prints about a crash (a panic, a traceback, an
unhandled exception), a line of a fatal level, one of level error, one whose words name a failure,
and at last the last line. A level beats words: a line of level info that contains "error" is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import one_line


class CrashLine(Struct, frozen=True):
    """What the end of a log says."""

    text: str
    """Without time, level and logger."""
    why: str
    certain: bool = True
    """False for a last line that names no failure."""


_FATAL, _ERROR, _WARNING, _INFO, _DEBUG = 4, 3, 2, 1, 0
_LEVELS = {
    word: level
    for level, words in (
        (_FATAL, "fatal panic crit critical emerg emergency alert f"),
        (_ERROR, "error err eror severe fail e err!"),
        (_WARNING, "warn warning wrn w"),
        (_INFO, "info inf information notice log i status"),
        (_DEBUG, "debug dbg dbug trace trce verbose fine finer d"),
    )
    for word in words.split()
}
# pino and bunyan: 60 is fatal, 30 is info.
_NUMBERS = ((60, _FATAL), (50, _ERROR), (40, _WARNING), (30, _INFO), (0, _DEBUG))
_LEVEL_KEYS = (
    *("level", "lvl", "severity", "log.level", "loglevel", "LogLevel", "levelname", "@l"),
    *("severity_text", "SeverityText", "Level", "s"),
)
_MESSAGE_KEYS = (
    *("message", "msg", "@m", "@mt", "event", "text", "body", "Message", "MESSAGE"),
    "short_message",
)
_ERROR_KEYS = (
    *("error", "err", "exception", "exc", "@x", "cause", "reason", "exc_info", "Exception"),
    "stack_trace",
)
_LONGEST_JSON = 16384

_COLOUR = lazy(r"\x1b\[[0-9;]*m")
# The margin that Python draws beside the parts of an exception group.
_GROUP = lazy(r"^ +[|+] ")
_TIME = lazy(
    r"^[\[(]?(?:\d{4}[-/.]\d\d[-/.]\d\d[T ]?|[A-Z][a-z]{2} +\d{1,2} )?\d\d:\d\d:\d\d\S*[\])]?"
    r"(?: (?:[+-]\d{4}|[A-Z]{3,4}))?[\])]?\s*(?:[-|] )?"
)
_KLOG = lazy(r"^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ [^\]]{1,80}\]\s?(.*)$")
_RUBY_LOG = lazy(r"^([DIWEF]), \[[^\]]*\]\s+[A-Z]+ -- [^:]*: (.*)$")
_DOTNET_LOG = lazy(r"^(trce|dbug|info|warn|fail|crit): [\w.`]+\[\d+\]$")
_LOGFMT = lazy(r'(?:^|\s)(?:level|lvl|severity)="?([A-Za-z]+)"?(?=\s|$)')
_LOUD = lazy(
    r"(?:^|[\s\[(<|:/])(EMERG|EMERGENCY|ALERT|CRIT|CRITICAL|FATAL|PANIC|ERROR|ERR|ERR!|SEVERE|WARN"
    r"|WARNING|NOTICE|INFO|LOG|DEBUG|TRACE)(?=[\s\])>|:,/]|$)"
)
_BRACKETED = lazy(
    r"\[\s*(emerg|alert|crit|critical|fatal|error|err|warn|warning|notice|info|debug)\s*\]"
    r"|\t(fatal|error|warn|info|debug)\t|<(Fatal|Critical|Error|Warning|Information|Debug|Trace)>"
)
_QUIET = lazy(
    r"^(?:[\w./ -]{1,40}(?:\[\d+\])?: ){0,2}"
    r"([Ff]atal(?: error)?|[Pp]anic|[Cc]ritical|[Ee]rror|[Ww]arning|[Ii]nfo|[Dd]ebug|[Nn]otice): "
)
# `#` marks what Redis calls a warning, which is all it says when it ends.
_REDIS = lazy(r"^\d+:[XCSM] \d\d \w{3} \d{4} \S+ ([.*#-]) (.*)$")
# A level stands near the beginning; further on it is a word of the message.
_NEAR = 90
_SEPARATORS = " \t-:|]>),/"


class _Line(NamedTuple):
    raw: str
    level: int | None
    message: str


def crash_line(lines: Sequence[str], *, failed: bool = True) -> CrashLine | None:
    """The line that tells most; None if no line names a failure.

    With `failed` (the program ended by itself with an exit code other than 0) the last line counts
    even if it names none: many programs say why they end without a word such as "error".
    """
    shown = [_GROUP.sub("", _COLOUR.sub("", line)).rstrip() for line in lines]
    shown = [line for line in shown if line.strip()]
    for find in _SIGNATURES:
        told = find(shown)
        if told is not None:
            return CrashLine(_cut(told[0]), told[1])
    read = list(_read(shown))
    return (
        _by_level(read, telling=True)
        or _by_words(read)
        or _by_level(read, telling=False)
        or (_last(read) if failed else None)
    )


def shortened(text: str, longest: int) -> str:
    """The text on one line, without its middle if it is longer: its end tells what failed."""
    line = one_line(text, 2000)
    if len(line) <= longest:
        return line
    head = line[: longest // 4]
    tail = line[-(longest - len(head) - 3) :]
    # Words stay whole if there are any.
    head = head.rpartition(" ")[0] or head
    tail = tail.partition(" ")[2] or tail
    return f"{head} … {tail}"


# --- what runtimes print about a crash -------------------------------------------------------

_Found = tuple[str, str]
_EXCEPTION = lazy(
    r"^(?:Uncaught |Unhandled exception\. |Unhandled Exception: "
    r"|error: Uncaught (?:\(in promise\) )?)?"
    r"((?:[A-Za-z_][\w.$:]*)?(?:Error|Exception|Throwable|Fault|Exit|Interrupt|Warning)"
    r"(?: \[\w+\])?(?:: .*)?)$"
)
_PYTHON_FRAME = lazy(r'^\s+File "[^"]*", line \d+')
_PYTHON_END = lazy(r"^[A-Za-z_][\w.]*(?:: .*)?$")
_FRAME = lazy(r"^\s+at \S|^\s*\.\.\. \d+ (?:more|common frames)")
_CAUSED = lazy(r"^(?:Caused by: |\s*\[cause\]: |\s*---> )(.*)$")
_RUST = lazy(r"^thread '[^']*'(?: \(\d+\))? panicked at (.*)$")
_RUBY = lazy(r"^\S+:\d+:in .*?: (.*) \(([A-Z][\w:]*)\)$")
_PHP = lazy(r"^(?:PHP )?((?:Fatal|Parse|Compile|Core) error: .*)$")
_DIED = lazy(
    r"(?i)segmentation fault|core dumped|\bbus error\b|illegal instruction|assertion .*failed"
    r"|stack smashing detected|buffer overflow detected|double free|corrupted size"
    r"|^(?:malloc|free|realloc)\(\): |sigsegv: segmentation"
)
_MEMORY = lazy(
    r"OutOfMemoryError|heap out of memory|fatal error: out of memory|runtime: out of memory"
    r"|std::bad_alloc|(?i:cannot allocate memory)|^MemoryError"
    r"|memory allocation of \d+ bytes failed"
)


def _spring(lines: Sequence[str]) -> _Found | None:
    """Spring Boot's own analysis is what the traces above it come to."""
    if "APPLICATION FAILED TO START" not in (line.strip() for line in lines):
        return None
    at = next((n for n, line in enumerate(lines) if line.strip() == "Description:"), None)
    if at is None or at + 1 >= len(lines):
        return None
    return lines[at + 1].strip(), "Spring Boot describes the failure with it"


def _memory(lines: Sequence[str]) -> _Found | None:
    found = [line for line in lines if _MEMORY.search(line)]
    return (_without_prefix(found[0]), "it says that memory ran out") if found else None


def _panic(lines: Sequence[str]) -> _Found | None:
    """Go's panics and fatal errors: the first, as a deferred function may panic once more."""
    for line in lines:
        text = _TIME.sub("", line.strip())
        if text.startswith(("panic: ", "fatal error: ")):
            return text.removesuffix(" [recovered]"), "it begins a panic"
    return None


def _rust(lines: Sequence[str]) -> _Found | None:
    """The message stands on the line below the place, since Rust 1.73."""
    for at, line in enumerate(lines):
        found = _RUST.match(_TIME.sub("", line.strip()))
        if found:
            place = found.group(1)
            below = lines[at + 1].strip() if at + 1 < len(lines) else ""
            if place.endswith(":") and below and not below.startswith("note: "):
                return f"{below} (panicked at {place[:-1]})", "it is the message of a panic"
            return f"panicked at {place}", "it begins a panic"
    return None


def _python(lines: Sequence[str]) -> _Found | None:
    """The last line of a traceback; its beginning may be further up than the log's end reaches."""
    frames = [at for at, line in enumerate(lines) if _PYTHON_FRAME.match(line)]
    if not frames:
        return None
    for at in range(frames[-1] + 1, len(lines)):
        line = lines[at]
        if line[:1].isspace():
            continue
        if _PYTHON_END.match(line):
            more = _belongs_to(lines[at + 1 :]) if line.endswith(("Settings", "error", ":")) else ""
            more = more or (_belongs_to(lines[at + 1 :]) if "validation error" in line else "")
            return f"{line} {more}".strip(), "it ends a traceback"
        return None
    return None


def _belongs_to(rest: Sequence[str]) -> str:
    """The lines below a message that is not complete on its own."""
    return " ".join(line.strip() for line in rest[:2])


def _deepest_cause(lines: Sequence[str]) -> _Found | None:
    """Java, .NET and Node print the cause of a cause below it: the last one is where it began."""
    traced = any(_FRAME.match(line) for line in lines)
    causes = [found.group(1) for line in lines if (found := _CAUSED.match(line))]
    causes = [cause.rstrip(" {") for cause in causes if _names_exception(cause)]
    if causes and (traced or any(line.startswith("Caused by: ") for line in lines)):
        return causes[-1], "it is the deepest cause of an exception"
    return None


def _names_exception(text: str) -> bool:
    return bool(re.match(r"[\w.$]*(?:Error|Exception|Throwable)\b", text)) or ": " in text


def _unhandled(lines: Sequence[str]) -> _Found | None:
    """An exception above its frames, as Java, JavaScript and .NET print it."""
    for line in lines:
        text = line.strip()
        if text.startswith('Exception in thread "'):
            return text.partition('" ')[2] or text, "it names the exception"
    found = None
    for at, line in enumerate(lines[:-1]):
        match = _EXCEPTION.match(line.strip())
        if match and any(_FRAME.match(below) for below in lines[at + 1 : at + 6]):
            found = match.group(1)
    return (found, "it names the exception") if found else None


def _other_languages(lines: Sequence[str]) -> _Found | None:
    for at, line in enumerate(lines):
        text = _TIME.sub("", line.strip())
        below = lines[at + 1].strip() if at + 1 < len(lines) else ""
        ruby, php = _RUBY.match(text), _PHP.match(text)
        if ruby:
            return f"{ruby.group(2)}: {ruby.group(1)}", "it begins a traceback"
        if php:
            return php.group(1), "it names the error"
        if text.startswith("terminate called after throwing an instance of "):
            what = below.removeprefix("what():").strip() if below.startswith("what():") else ""
            kind = text.rpartition(" of ")[2].strip("'")
            return (f"{kind}: {what}" if what else text), "it names the exception"
        if text.startswith("** ("):
            return text.removeprefix("** "), "it names the exception"
        if below.startswith(("CallStack (from HasCallStack)", "HasCallStack backtrace:")):
            return text, "it is followed by a call stack"
    return None


def _bare_exception(lines: Sequence[str]) -> _Found | None:
    """An exception on a line of its own, without frames."""
    found = [m.group(1) for line in lines if (m := _EXCEPTION.match(line.strip()))]
    found = [one for one in found if not one.startswith(("Error", "Exception"))]
    return (found[-1], "it names the exception") if found else None


def _died(lines: Sequence[str]) -> _Found | None:
    found = [line for line in lines if _DIED.search(line)]
    return (_without_prefix(found[0]), "it names a crash of the program") if found else None


_SIGNATURES: tuple[Callable[[Sequence[str]], _Found | None], ...] = (
    _memory,
    _spring,
    _panic,
    _rust,
    _python,
    _deepest_cause,
    _unhandled,
    _other_languages,
    _died,
    _bare_exception,
)


# --- levels ----------------------------------------------------------------------------------


def _read(lines: Sequence[str]) -> Iterator[_Line]:
    """Each line with its level, if it has one, and its message."""
    skip = False
    for at, line in enumerate(lines):
        if skip:
            skip = False
            continue
        text = line.strip()
        dotnet = _DOTNET_LOG.match(text)
        if dotnet:
            # The message stands on the next line.
            below = lines[at + 1].strip() if at + 1 < len(lines) else ""
            yield _Line(line, _LEVELS.get(dotnet.group(1)), below or text)
            skip = bool(below)
        else:
            yield _structured(text) or _loud(line, text)


def _structured(text: str) -> _Line | None:
    if text.startswith("{") and text.endswith("}") and len(text) <= _LONGEST_JSON:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return None
        return _of_json(text, found) if isinstance(found, dict) else None
    klog = _KLOG.match(text)
    if klog:
        return _Line(text, _LEVELS[klog.group(1).lower()], _of_pairs(klog.group(2)))
    redis = _REDIS.match(text)
    if redis:
        return _Line(text, _ERROR if redis.group(1) == "#" else _INFO, redis.group(2))
    ruby = _RUBY_LOG.match(text)
    if ruby:
        return _Line(text, _LEVELS[ruby.group(1).lower()], ruby.group(2))
    logfmt = _LOGFMT.search(text)
    if logfmt and "=" in text:
        return _Line(text, _LEVELS.get(logfmt.group(1).lower()), _of_pairs(text))
    return None


def _of_json(text: str, found: dict[str, Any]) -> _Line:
    level = next((found[key] for key in _LEVEL_KEYS if key in found), None)
    message = next((str(found[k]) for k in _MESSAGE_KEYS if isinstance(found.get(k), str)), "")
    error = next((_error_text(found[key]) for key in _ERROR_KEYS if found.get(key)), "")
    if isinstance(found.get("attr"), dict):
        error = error or _error_text(found["attr"].get("error"))
    return _Line(text, _level_of(level), _joined(message, error) or text)


def _level_of(level: object) -> int | None:
    if isinstance(level, str):
        return _LEVELS.get(level.strip().lower())
    if isinstance(level, int) and not isinstance(level, bool) and level >= 10:
        return next(rank for least, rank in _NUMBERS if level >= least)
    return None


def _error_text(error: object) -> str:
    if isinstance(error, dict):
        kind = error.get("type") or error.get("name") or error.get("class")
        words = error.get("message") or error.get("msg") or error.get("errmsg")
        parts = (None if kind == "Error" else kind, words)
        return ": ".join(part for part in parts if isinstance(part, str) and part)
    return str(error).split("\n", 1)[0] if isinstance(error, str) else ""


def _of_pairs(text: str) -> str:
    """The message and the error of `msg="…" err="…"`, or of klog's `"…" err="…"`."""
    message = _pair(text, "msg") or _pair(text, "message") or _pair(text, "event")
    if not message and text.startswith('"'):
        message = text[1:].partition('"')[0]
    error = _pair(text, "err") or _pair(text, "error")
    return _joined(message, error) or text


def _pair(text: str, key: str) -> str:
    found = re.search(rf'(?:^|\s){key}=(?:"((?:[^"\\]|\\.)*)"|(\S+))', text)
    if not found:
        return ""
    return (found.group(1) or found.group(2) or "").replace('\\"', '"').replace("\\n", " ")


def _joined(message: str, error: str) -> str:
    if not error or error in message:
        return message
    return f"{message}: {error}" if message else error


def _loud(line: str, text: str) -> _Line:
    """A level as a word near the beginning of the line."""
    near = text[:_NEAR]
    found = [m for pattern in (_LOUD, _BRACKETED, _QUIET) if (m := pattern.search(near))]
    if not found:
        return _Line(line, None, _without_prefix(text))
    first = min(found, key=lambda match: match.start(match.lastindex or 0))
    word = first.group(first.lastindex or 0).lower().split(" ")[0]
    message = text[first.end(first.lastindex or 0) :].lstrip(_SEPARATORS)
    return _Line(line, _LEVELS[word], message)


def _without_prefix(text: str) -> str:
    """Without the time."""
    return _TIME.sub("", text.strip()) or text.strip()


# --- words -----------------------------------------------------------------------------------

_FAILURE = lazy(
    r"(?i)\berr(?:or|no)?\b|\bfail(?:ed|ure|s)?\b|\bcannot\b|\bcan't\b|\bcould ?n[o']t\b|\bunable\b"
    r"|not found|no such|\bdenied\b|\brefused\b|\binvalid\b|\bmissing\b|\brequired?\b|not set\b"
    r"|\bunbound\b|\bunknown\b|\bunexpected\b|\bunrecogni[sz]ed\b|\babort(?:ed|ing)?\b|\bfatal\b"
    r"|\bmust (?:be|have|not|set)\b|not defined\b|not specified\b|\btimed? ?out\b|in use\b"
    r"|\bforbidden\b|\bunauthori[sz]ed\b"
    r"|\bread-only\b|\btoo many\b|\bno space\b|\bbad\b|\billegal\b|\bunsupported\b|not supported"
    r"|exec format|not permitted|\bexception\b|\bcorrupt"
)
# What a program says after the reason.
_FAREWELL = lazy(
    r"(?i)^\W*(?:(?:now )?shutting down|shutdown|exit(?:ing|ed)?\b|stopping|stopped"
    r"|terminat(?:ed|ing)|abort(?:ed|ing)?\W*$|giving up|good ?bye|bye\b|worker .*exited"
    r"|reason: |see .* for|process exited|program exited|a complete log of this run"
    r"|command failed$|elifecycle|code elifecycle|errno -?\d+$|failed to start\.?$|dumping core"
    r"|try '.*--help|usage\b|run [`'\"]|for more information|for help|note: |hint: |caused by:?$"
    r"|stack backtrace|goroutine \d|you must specify|could not create the java virtual machine"
    r"|a fatal exception has occurred|execution halted)"
    r"|[,.] aborting\W*$|initiali[sz]ation failed\W*$|compilation aborted\W*$"
    r"|did not exit normally"
)
_ANNOUNCES = lazy(r"\bin the following\b")
_LONGEST = 300


def _by_level(lines: Sequence[_Line], *, telling: bool) -> CrashLine | None:
    for level, why in (
        (_FATAL, "it has the log's highest level"),
        (_ERROR, "it is the last line of level error"),
    ):
        for at in range(len(lines) - 1, -1, -1):
            line = lines[at]
            if line.level == level and line.message and _tells(line.message) == telling:
                return CrashLine(_complete(lines, at), why)
    return None


def _by_words(lines: Sequence[_Line]) -> CrashLine | None:
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at]
        named = line.level is None and not _goes_on(line) and _FAILURE.search(line.message)
        if named and _tells(line.message):
            return CrashLine(_complete(lines, at), "it is the last line that names a failure")
    return None


def _last(lines: Sequence[_Line]) -> CrashLine | None:
    """The only line is the reason; the last of several may be."""
    told = [line for line in lines if line.message and not _goes_on(line)] or list(lines)
    if not told:
        return None
    last = next((line for line in reversed(told) if _tells(line.message)), told[-1])
    if len(lines) == 1:
        return CrashLine(_cut(last.message), "it is the only line of the log")
    return CrashLine(_cut(last.message), "it is the last line of the log", certain=False)


def _tells(message: str) -> bool:
    """Whether it is more than a farewell."""
    return not _FAREWELL.search(message)


def _goes_on(line: _Line) -> bool:
    """Whether it continues the line above: it is indented."""
    return line.raw[:1].isspace()


def _complete(lines: Sequence[_Line], at: int) -> str:
    """The message, with what stands below it where it announces that."""
    message = lines[at].message
    below = [line.message for line in lines[at + 1 : at + 3]]
    if below and below[0].strip() == "Caused by:":
        return _cut(f"{message}: {below[-1].strip()}")
    if below and (message.endswith(":") or _ANNOUNCES.search(message)):
        return _cut(f"{message} {below[0].strip()}")
    return _cut(message)


def _cut(message: str) -> str:
    return shortened(message, _LONGEST)
