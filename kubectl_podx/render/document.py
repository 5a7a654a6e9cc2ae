"""The document: a report as plain data and as JSON text. `--query` asks exactly this."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from kubectl_podx.model.wire import Wire
from kubectl_podx.view.escape import clean_json


def plain(report: Wire) -> Any:
    """The report as dicts, lists and scalars under its public keys."""
    return msgspec.to_builtins(report)


def to_json(value: Any) -> str:
    """A report, or the result of a query, as indented JSON with a line end."""
    return clean_json(_encoded(value)) + "\n"


def raw_json(value: str) -> str:
    """One string as JSON, its hostile characters still in it."""
    return _encoded(value)


def _encoded(value: Any) -> str:
    try:
        return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    except (UnicodeEncodeError, msgspec.MsgspecError):
        # A lone surrogate has no UTF-8: the standard library can write it as an escape.
        return json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False)
