"""Reports and cases that are built by hand rather than by an analysis."""

from __future__ import annotations

from typing import Any

from kubectl_podx.model.parts import Metadata, Verdict
from kubectl_podx.pod.view import PodView
from kubectl_podx.rules.rule import Case
from kubectl_podx.sections.pod.report import Pod
from kubectl_podx.sections.report import PodReport


def report(severity: Any = "ok", summary: str = "", **sections: Any) -> PodReport:
    """A report of the pod `web-0` with nothing but these sections and fields."""
    return PodReport(
        **{
            "metadata": Metadata(captured_at="", source="live"),
            "verdict": Verdict(severity=severity, summary=summary),
            "pod": Pod(namespace="shop", name="web-0", status="Running", ready="1/1"),
            **sections,
        }
    )


def case(view: PodView, **sections: Any) -> Case:
    """What rules are asked about: a pod, and sections of its report."""
    return Case(view, report(**sections))
