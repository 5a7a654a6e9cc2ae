"""Small YAML files of the person's own (kubeconfig, kuberc), read within bounds."""

from __future__ import annotations

from typing import Any

import msgspec

from kubectl_podx.cluster.block_yaml import block_document
from kubectl_podx.model.errors import BadYamlError

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
