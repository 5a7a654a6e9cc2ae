"""What a scan for drift hands on to be told."""

from __future__ import annotations

from msgspec import Struct

from kubectl_podx.drift.tally import OldTemplate, Tally
from kubectl_podx.drift.uses import SourceKey
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.parts import Coverage, Metadata


class Drifted(Struct, frozen=True):
    """What the scan has found."""

    metadata: Metadata
    namespace: str
    """Empty for all."""
    source: tuple[str, str] | None
    exists: bool
    """Whether the source that was asked for is there."""
    tally: Tally
    templates: list[OldTemplate]
    expiries: dict[SourceKey, str]
    """Secret -> the earliest end of a certificate in it."""
    looked: Capture | None
    """The doubtful pods that were looked into."""
    coverage: list[Coverage]
