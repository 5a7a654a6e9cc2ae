"""What a line says of environment variables: one that is not set, one as it is written. Pure."""

from __future__ import annotations

import re

from kubectl_podx.model.patterns import lazy

_VARIABLE = r"([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9]|[A-Z][A-Z0-9]{3,})"
_IS_UNSET = (
    r"(?:must be set|must not be empty|is not set|not set|is required|required|is missing|missing"
    r"|is undefined|not defined|is not defined|is empty|cannot be empty|parameter not set"
    r"|parameter null or not set|unbound variable|not found in env|has no value"
    r"|must be (?:provided|specified|defined|non-empty)|can't be blank|environment variable not "
    r"found|does not exist in env)"
)
_UNSET = tuple(
    lazy(pattern)
    for pattern in (
        rf"(?i:environment variables?|env ?var(?:iable)?s?:?|variables?):? [\"'`$]*{_VARIABLE}\b",
        rf"\b{_VARIABLE}[\"'`]?,?:? (?i:(?:environment variable |env var )?{_IS_UNSET})",
        (
            rf"(?i:missing|required|undefined|no value for|must set|please set|need to set|set the"
            rf"|not set:?|key not found:?|keyerror:?|missing required) [\"'`$]*{_VARIABLE}\b"
        ),
    )
)
_NO_VARIABLES = frozenset(
    ("ERROR", "FATAL", "WARN", "WARNING", "INFO", "DEBUG", "HTTP", "HTTPS", "JSON", "YAML", "NULL")
)
_REFERENCE = lazy(r"\$\([A-Za-z_][\w.-]*\)")
_OF_A_SHELL = lazy(r"\$\{[A-Za-z_]\w*(?:[:?=+-][^}]{0,100})?\}|(?<!\$)\$[A-Za-z_]\w*")
_LINK = lazy(r"tcp://\[?([0-9a-fA-F:.]{3,45}?)\]?:\d{1,5}\b")
_NOT_ACCEPTED = lazy(
    r"(?i)invalid (?:header|character|control character)|illegal (?:header|character)"
    r"|header field value|newline|malformed|invalid (?:url|port)|first path segment|net/url"
)


def names(line: str, variable: str) -> bool:
    """Whether the line names the variable as a word of its own."""
    return bool(re.search(rf"(?<![\w$]){re.escape(variable)}(?!\w)", line))


def unset(line: str) -> str:
    """The variable that the line says is not set; empty if it says that of none."""
    for pattern in _UNSET:
        found = pattern.search(line)
        if found and found[1] not in _NO_VARIABLES:
            return found[1]
    return ""


def references(text: str) -> list[str]:
    """Each `$(NAME)`."""
    return _REFERENCE.findall(text)


def of_a_shell(text: str) -> list[str]:
    """Each `$NAME` and `${NAME}`."""
    return _OF_A_SHELL.findall(text)


def link(line: str) -> str:
    """The address in a `tcp://ADDRESS:PORT`; empty if there is none."""
    found = _LINK.search(line)
    return found[1] if found else ""


def not_accepted(line: str) -> bool:
    """Whether the line refuses a value for a character in it."""
    return bool(_NOT_ACCEPTED.search(line))
