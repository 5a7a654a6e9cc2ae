"""Small YAML files of the person's own (kubeconfig, kuberc), read within bounds.

What kubectl writes is read without a YAML library, whose import takes longer than the rest.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from kubectl_podx.model.errors import BadYamlError
from kubectl_podx.model.patterns import lazy

_MAX_DEPTH = 20

# `KEY:` or `KEY: VALUE`. What begins with a letter, a slash or as a flag is no number and no date,
# nor is what has three dots.
_ENTRY = lazy(r"([A-Za-z][A-Za-z0-9_-]*):(?: +(\S+))?")
_PLAIN = lazy(
    r"-{0,2}[A-Za-z/](?:[A-Za-z0-9_./@=+,%-]|:(?=[A-Za-z0-9_./@=+,%-]))*"
    r"|\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?"
)
_QUOTED = lazy(r'"([A-Za-z0-9_./:@=+,%-]*)"')
_LINE = lazy(r"( *)((?:- )?)([^ \t\r#].*)")

_BOOLEANS = {
    **dict.fromkeys(("y", "yes", "on", "true"), True),
    **dict.fromkeys(("n", "no", "off", "false"), False),
}


class _Unsure(Exception):  # noqa: N818 - not an error: somebody else reads it
    """The text needs a real parser."""


class _Line(Struct, frozen=True):
    indent: int
    """Of what the line says: behind the dash of an item."""
    dash: bool
    text: str


def block_document(text: str) -> Any | None:
    """The document, or None where PyYAML has to say what it is."""
    try:
        lines = _lines(text)
        if not lines:
            return None
        value, end = _block(lines, 0, 0)
    except _Unsure:
        return None
    return value if end == len(lines) and lines[0].indent == 0 else None


def _lines(text: str) -> list[_Line]:
    found: list[_Line] = []
    if not text.isascii():
        return found
    for raw in text.split("\n"):
        if not raw:
            continue
        match = _LINE.fullmatch(raw)
        if match is None:
            raise _Unsure
        spaces, dash, content = match.groups()
        found.append(_Line(len(spaces) + len(dash), bool(dash), content))
    return found


def _block(lines: list[_Line], at: int, depth: int) -> tuple[Any, int]:
    """The mapping or list that begins at this line, and the line behind it."""
    if depth > _MAX_DEPTH:
        raise _Unsure
    return _list(lines, at, depth) if lines[at].dash else _mapping(lines, at, depth)


def _list(lines: list[_Line], at: int, depth: int) -> tuple[list[Any], int]:
    indent = lines[at].indent
    found: list[Any] = []
    while at < len(lines) and lines[at].dash and lines[at].indent == indent:
        if _ENTRY.fullmatch(lines[at].text):
            lines[at] = replace(lines[at], dash=False)
            item, at = _mapping(lines, at, depth + 1)
            found.append(item)
        else:
            found.append(_scalar(lines[at].text))
            at += 1
    return found, at


def _mapping(lines: list[_Line], at: int, depth: int) -> tuple[dict[Any, Any], int]:
    indent = lines[at].indent
    found: dict[Any, Any] = {}
    while at < len(lines) and lines[at].indent == indent and not lines[at].dash:
        entry = _ENTRY.fullmatch(lines[at].text)
        if entry is None:
            raise _Unsure
        key, value = entry.groups()
        if key.lower() in _BOOLEANS or key.lower() == "null" or key in found:
            raise _Unsure
        at += 1
        if value is not None:
            found[key] = _scalar(value)
        elif at < len(lines) and _is_below(lines[at], indent):
            found[key], at = _block(lines, at, depth + 1)
        else:
            found[key] = None
    if at < len(lines) and lines[at].indent > indent and not lines[at].dash:
        raise _Unsure
    return found, at


def _is_below(line: _Line, indent: int) -> bool:
    """A list may stand as far left as its key: its dash counts, not what is behind it."""
    return line.indent - 2 >= indent if line.dash else line.indent > indent


def _scalar(text: str) -> Any:
    if text == "{}":
        return {}
    if text == "[]":
        return []
    if text == "null":
        return None
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        return quoted[1]
    if not _PLAIN.fullmatch(text):
        raise _Unsure
    if text.lower() in _BOOLEANS:
        if text not in (text.lower(), text.upper(), text.capitalize()):
            raise _Unsure
        return _BOOLEANS[text.lower()]
    if text.lower() == "null":
        raise _Unsure
    return text


_MAX_BYTES = 4 << 20


def load_documents(content: bytes, *, first_only: bool) -> list[Any]:
    """The documents of a YAML or JSON text as plain data; an empty text has none."""
    if len(content) > _MAX_BYTES:
        raise BadYamlError("larger than 4 MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadYamlError("not UTF-8") from None
    if text.lstrip().startswith("{"):
        try:
            return [msgspec.json.decode(text)]
        except (msgspec.DecodeError, RecursionError):
            pass  # A flow mapping of YAML begins with the same brace.
    simple = block_document(text)
    if simple is not None:
        return [simple]
    from kubectl_podx.cluster.full_yaml import documents  # noqa: PLC0415 - costs 8 ms

    return documents(text, first_only=first_only)
