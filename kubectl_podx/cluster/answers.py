"""What an answer says of how to go on: the rest of a list, and when to ask again."""

from __future__ import annotations

import re

import msgspec

from kubectl_podx.cluster.connection import Response
from kubectl_podx.cluster.errors import ClusterError


class _ListMeta(msgspec.Struct, rename={"continues": "continue"}):
    continues: str | None = None


class _List(msgspec.Struct):
    metadata: _ListMeta | None = None


# Made here and not at the first answer: several threads would build the type's plan at once, and
# msgspec crashes the process then (seen as SIGSEGV in one of a hundred runs on a busy machine).
_LIST_DECODER = msgspec.json.Decoder(_List)


def retry_after(response: Response) -> float | None:
    """Seconds that the server asks to wait before the same request (429 and 503 only)."""
    value = response.headers.get("Retry-After", "").strip()
    if response.status not in (429, 503) or not re.fullmatch(r"\d{1,6}", value):
        return None
    return float(value)


def continue_token(body: bytes) -> str:
    """Where the next page of a list begins; empty on the last one. ClusterError for no list."""
    try:
        metadata = _LIST_DECODER.decode(body).metadata
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise ClusterError("failed", "the server answered with something that is no list") from None
    return (metadata.continues or "") if metadata else ""
