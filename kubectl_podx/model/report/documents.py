"""Every kind of document that podx prints: what the schema is made of. The first is the report."""

from __future__ import annotations

from kubectl_podx.model.report import PodReport, PodReportList
from kubectl_podx.model.report.comparison import ComparisonReport
from kubectl_podx.model.report.doctor import DoctorReport
from kubectl_podx.model.report.triage import TriageReport, TriageShard
from kubectl_podx.model.wire import Wire

DOCUMENTS: tuple[type[Wire], ...] = (
    PodReport,
    PodReportList,
    DoctorReport,
    ComparisonReport,
    TriageReport,
    TriageShard,
)
"""Each has `apiVersion: podx/v1` and a `kind` of its own."""
