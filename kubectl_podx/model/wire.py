"""The base of everything that is written out: camelCase keys with Kubernetes' acronyms."""

from __future__ import annotations

import msgspec

# Kubernetes writes imageID, podIPs, downwardAPI: msgspec's own "camel" would make imageId.
_ACRONYMS = {"id": "ID", "ip": "IP", "ips": "IPs", "api": "API", "dns": "DNS", "oom": "OOM"}


def wire_name(name: str) -> str:
    """`image_id` -> `imageID`: the key under which a field is written."""
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(_ACRONYMS.get(part, part.capitalize()) for part in rest)


class Wire(msgspec.Struct, frozen=True, rename=wire_name):
    """A value that may be written to a report or a bundle."""
