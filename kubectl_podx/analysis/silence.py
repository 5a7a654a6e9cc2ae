"""Findings that somebody does not want to see. What is left out is always said. Pure.

A pod may silence what is worth a word about it, by the annotation `podx.dev/ignore: NSP003,PRB007`,
and never what is critical or keeps it from being ready: an image or a controller that can write an
annotation must not be able to make a broken pod look well. Whoever runs podx may silence anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import msgspec
from msgspec import Struct

from kubectl_podx.model.parts import Finding, Verdict
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.words import FindingSeverity
from kubectl_podx.view.units import counted

ANNOTATION = "podx.dev/ignore"
CODE = lazy(r"[A-Z]{3}\d{3}")
_ORDER: tuple[FindingSeverity, ...] = get_args(FindingSeverity)


class Silence(Struct, frozen=True):
    """What the command line leaves out."""

    codes: frozenset[str] = frozenset()
    least: FindingSeverity = "info"
    """The mildest severity that is shown."""


class Heard(Struct, frozen=True):
    """The findings in two parts, each in its order."""

    findings: list[Finding]
    silenced: list[Finding]


def heard(findings: Sequence[Finding], silence: Silence, annotation: str) -> Heard:
    """The findings, without those that are silenced. `annotation`: what the object itself says."""
    of_the_pod = frozenset(CODE.findall(annotation))
    parts = Heard([], [])
    for found in findings:
        mild = found.severity != "critical" and not found.blocking
        below = _ORDER.index(found.severity) < _ORDER.index(silence.least)
        out = found.code in silence.codes or below or (mild and found.code in of_the_pod)
        (parts.silenced if out else parts.findings).append(found)
    return parts


def with_silenced(verdict: Verdict, silenced: Sequence[Finding]) -> Verdict:
    """The verdict, which does not read as all of the truth where what is bad was left out."""
    bad = [found for found in silenced if found.severity == "critical" or found.blocking]
    if not bad:
        return verdict
    words = f"{verdict.summary} ({counted(len(bad), 'critical finding')} ignored)"
    return msgspec.structs.replace(verdict, summary=words)
