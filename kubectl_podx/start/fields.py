"""Paths of fields, as the API server writes them: `spec.containers[0].env[1].name`."""

from __future__ import annotations

from kubectl_podx.model.patterns import lazy

_FIELD = lazy(r"(?<![\w./-])(spec(?:\.[A-Za-z]\w*|\[[^\]\s]{1,80}\])+)")
_STEP = lazy(r"\.?([A-Za-z]\w*)|\[([^\]]*)\]")


def field_of_message(message: str) -> str:
    """The first field that a message of the API server speaks of; empty for none."""
    found = _FIELD.search(message)
    return found[1] if found else ""


def steps(field: str) -> list[str | int]:
    """`spec.containers[0].name` -> `["spec", "containers", 0, "name"]`."""
    found: list[str | int] = []
    for word, inner in _STEP.findall(field):
        found.append(word or (int(inner) if inner.isdigit() else inner))
    return found
