"""Objects of which only the names or the metadata are asked for: their data is not sent."""

from __future__ import annotations

import msgspec

from kubectl_podx.model.decoder import Decoder

METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
"""Of one object. Kubernetes: Alternate representations of resources."""
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""Of each object of a list."""


class Name(msgspec.Struct, frozen=True):
    """What tells one object of a list from the others."""

    name: str = ""
    namespace: str = ""


class _Metadata(msgspec.Struct, frozen=True):
    metadata: Name = Name()


class _List(msgspec.Struct):
    items: list[_Metadata] = []


_LIST = Decoder(_List)


def names_in(body: bytes) -> list[Name] | None:
    """The names in a list of metadata, and nothing else of it; None for what is no list."""
    try:
        found = _LIST.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    return [each.metadata for each in found.items]
