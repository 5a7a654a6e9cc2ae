"""What a bundle that is given away tells of what it hides."""

from __future__ import annotations

from kubectl_podx.model.wire import Wire


class HiddenPlaces(Wire, frozen=True, kw_only=True):
    """Values that are hidden in one field by one rule."""

    rule: str
    """`secretKey`, `configMapKey`, `sealed`, `looksSecret`, `withheldText`, `unreadSecret` or
    `logLine`."""
    field: str
    """Its path, such as `objects.Pod.spec.containers.command`; names of objects are left out."""
    values: int


class SharingManifest(Wire, frozen=True, kw_only=True):
    """What is hidden in a bundle that was made to be given away."""

    hidden: int = 0
    places: list[HiddenPlaces] = []
