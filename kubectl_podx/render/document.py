"""A report as plain data, as JSON, as YAML and by name. `--query` asks exactly this."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.wire import Wire
from kubectl_podx.sections.report import PodReport
from kubectl_podx.view.escape import clean, clean_json, clean_yaml


def plain(report: Wire) -> Any:
    """The report as dicts, lists and scalars under its public keys."""
    return msgspec.to_builtins(report)


def to_json(value: Any) -> str:
    """A report, or the result of a query, as indented JSON with a line end."""
    return clean_json(_encoded(value)) + "\n"


def to_json_line(value: Any) -> str:
    """The same in one line: one document of many, for a reader of JSON lines."""
    try:
        encoded = msgspec.json.encode(value).decode()
    except (UnicodeEncodeError, msgspec.MsgspecError):
        encoded = json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
    return clean_json(encoded) + "\n"


def raw_json(value: str) -> str:
    """One string as JSON, its hostile characters still in it."""
    return _encoded(value)


def _encoded(value: Any) -> str:
    try:
        return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    except (UnicodeEncodeError, msgspec.MsgspecError):
        # A lone surrogate has no UTF-8: the standard library can write it as an escape.
        return json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False)


def names(reports: Sequence[PodReport]) -> str:
    """`pod/NAME`, a line each."""
    return "".join(f"pod/{clean(report.pod.name)}\n" for report in reports)


# Starts with a letter or a slash, ends with neither a space nor a colon.
_WORD = lazy(r"[A-Za-z/](?:[A-Za-z0-9_./@%+=() -]|:(?=[A-Za-z0-9/]))*(?<! )")

_MEANS_SOMETHING = frozenset(
    "y n yes no on off true false null nan inf infinity".split()  # noqa: SIM905 - reads as words
)


def to_yaml(value: Any) -> str:
    """A report, or the result of a query, as one YAML document."""
    data = plain(value)
    if isinstance(data, dict | list) and data:
        return "\n".join(_lines(data, "")) + "\n"
    return _scalar(data) + "\n"


def to_kyaml(value: Any) -> str:
    """The same as KYAML, kubectl's strict subset of YAML (KEP-5295): brackets, and every string
    quoted, so that no reader takes a word for something else.
    """
    return f"---\n{_kyaml(plain(value), '')}\n"


def _kyaml(value: Any, indent: str) -> str:
    inner = indent + "  "
    if isinstance(value, dict) and value:
        lines = [f"{inner}{_key(key)}: {_kyaml(each, inner)},\n" for key, each in value.items()]
        return "{\n" + "".join(lines) + indent + "}"
    if isinstance(value, list) and value:
        if all(isinstance(each, dict) and each for each in value):
            # The brackets of a list of objects stand in their lines.
            return "[" + ", ".join(_kyaml(each, indent) for each in value) + "]"
        lines = [f"{inner}{_kyaml(each, inner)},\n" for each in value]
        return "[\n" + "".join(lines) + indent + "]"
    return clean_yaml(raw_json(value)) if isinstance(value, str) else _scalar(value)


_PLAIN_KEY = lazy(r"[A-Za-z_][A-Za-z0-9_./-]*")


def _key(key: str) -> str:
    plainly = _PLAIN_KEY.fullmatch(key) and key.lower() not in _MEANS_SOMETHING
    return key if plainly else clean_yaml(raw_json(key))


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _entry(f"{indent}{_scalar(str(key))}:", inner, indent)
    else:
        for inner in value:
            yield from _item(inner, indent)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield head
        yield from _lines(value, indent + "  ")
    elif isinstance(value, list) and value:
        yield head
        # kubectl's look: the items of a list stand below their key without further indent.
        yield from _lines(value, indent)
    else:
        yield f"{head} {_scalar(value)}"


def _item(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        first, *rest = _lines(value, indent + "  ")
        yield f"{indent}- {first[len(indent) + 2 :]}"
        yield from rest
    else:
        yield f"{indent}- {_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        plainly = (
            _WORD.fullmatch(value) and value.lower() not in _MEANS_SOMETHING and " #" not in value
        )
        return value if plainly else clean_yaml(raw_json(value))
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list):
        return "[]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    return to_json(value).rstrip("\n")


def _float(value: float) -> str:
    """With a point and a sign: YAML 1.1 takes `1e16` for a word."""
    mantissa, exponent, digits = to_json(value).rstrip("\n").partition("e")
    point = "" if "." in mantissa or mantissa == "null" else ".0"
    sign = "+" if exponent and digits[:1].isdigit() else ""
    return f"{mantissa}{point}{exponent}{sign}{digits}"
