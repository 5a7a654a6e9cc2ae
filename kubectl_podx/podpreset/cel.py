"""Data as expressions of the Common Expression Language, as admission policies take them.

The API server compiles with homogeneous aggregates: all values of a map, and all items of a list,
must be of one type, so that values of several types are wrapped by `dyn()`
(apiserver/pkg/cel/environment/base.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

# Whatever is no plain ASCII is written by its code: nothing of a name reaches a terminal.
_SPECIAL = re.compile(r'["\\]|[^\x20-\x7e]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def literal(value: Any) -> str:
    """JSON data as an expression. ValueError for what CEL has no literal of."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{', '.join(dynamic(each) for each in value)}]"
    if isinstance(value, Mapping):
        mixed = not all(isinstance(each, str) for each in value.values())
        show = dynamic if mixed and len(value) > 1 else literal
        return "{" + ", ".join(f"{quoted(str(k))}: {show(v)}" for k, v in value.items()) + "}"
    raise ValueError("no JSON")


def dynamic(value: Any) -> str:
    """The literal, of a type that goes with every other one."""
    return f"dyn({literal(value)})"


def quoted(value: str) -> str:
    """A string literal. ValueError for half a surrogate pair, which no UTF-8 has."""
    return f'"{_SPECIAL.sub(_escaped, value)}"'


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        raise ValueError("half of a surrogate pair")
    if character in _SHORT:
        return _SHORT[character]
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def listed(entries: Iterable[Any], indent: str) -> str:
    """A list literal with an item a line; `indent` stands before its closing bracket."""
    lines = ",\n".join(f"{indent}  {dynamic(each)}" for each in entries)
    return f"[\n{lines}\n{indent}]"


def selection(selector: Mapping[str, Any], labels: str) -> str:
    """A label selector as an expression over a map of labels; `true` for an empty one."""
    terms = [
        f"({quoted(key)} in {labels} && {labels}[{quoted(key)}] == {quoted(str(value))})"
        for key, value in dict(selector.get("matchLabels") or {}).items()
    ]
    for term in selector.get("matchExpressions") or ():
        key, operator = str(term.get("key", "")), str(term.get("operator", ""))
        inside = f"{quoted(key)} in {labels}"
        among = f"{labels}[{quoted(key)}] in {_strings(term.get('values'))}"
        terms.append(
            {
                "In": f"({inside} && {among})",
                "NotIn": f"!({inside} && {among})",
                "Exists": f"({inside})",
                "DoesNotExist": f"!({inside})",
            }[operator]
        )
    return " && ".join(terms) or "true"


def _strings(values: Any) -> str:
    return f"[{', '.join(quoted(str(each)) for each in values or ())}]"
