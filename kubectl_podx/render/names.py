"""`-o name`: what can be handed to the next command."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.sections.report import PodReport
from kubectl_podx.view.escape import clean


def names(reports: Sequence[PodReport]) -> str:
    """`pod/NAME`, a line each."""
    return "".join(f"pod/{clean(report.pod.name)}\n" for report in reports)
