"""What a decision gives: cause, confidence, a predicate for the sentence, and the evidence."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from kubectl_podx.model.clock import format_time
from kubectl_podx.model.parts import Evidence
from kubectl_podx.model.words import Confidence, EvidenceSource, RestartCause


class Conclusion(NamedTuple):
    """The cause of one end."""

    cause: RestartCause
    confidence: Confidence
    predicate: str
    """`was killed by its liveness probe (…)`: the sentence without its subject."""
    evidence: tuple[Evidence, ...] = ()
    accounts: int = 1
    """How many ends like this one the evidence accounts for."""

    @property
    def hedged(self) -> str:
        """The predicate with as much certainty as there is. A fact of the status needs no hedge."""
        head, _, rest = self.predicate.partition(" ")
        # That the pod is deleted is a fact; what is not known is who wants that.
        if self.confidence == "proven" or self.cause == "deleted":
            return self.predicate
        if head not in ("was", "crashed"):
            return self.predicate
        if head == "crashed":
            likely = self.confidence == "likely"
            return f"probably {self.predicate}" if likely else f"may have {self.predicate}"
        if self.confidence == "likely":
            return f"was probably {rest}"
        return f"may have been {rest}"


def fact(source: EvidenceSource, words: str, moment: datetime | None = None) -> Evidence:
    """One line of evidence."""
    return Evidence(source=source, text=words, time=format_time(moment) if moment else None)
