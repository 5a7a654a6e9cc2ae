"""What every rule about a workload gets, and the words that several of them use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from kubectl_podx.model.reference import SHORT_NAMES
from kubectl_podx.model.words import BAD
from kubectl_podx.pod.workload import Counts, seconds_since
from kubectl_podx.rules.remedies import DOCS, checked, kubectl
from kubectl_podx.rules.rule import Fix, Rule
from kubectl_podx.sections.report import PodReport
from kubectl_podx.view.units import spell_seconds
from kubectl_podx.workload.report import Workload

SECTION = "workload"
"""What its rules are about, in place of a section of a pod."""


class WorkloadCase(Struct, frozen=True):
    """The facts about the workload, beside the reports on its pods."""

    workload: Workload
    pods: list[PodReport]
    now: datetime | None
    """When the capture was made, by the server's clock."""

    @property
    def label(self) -> str:
        """`Deployment web`."""
        return f"{self.workload.kind} {self.workload.name}"

    @property
    def target(self) -> str:
        """`deploy/web`, as a command takes it."""
        return f"{SHORT_NAMES[self.workload.kind]}/{checked(self.workload.name)}"

    @property
    def missing(self) -> int:
        """Pods that should exist and do not."""
        return Counts(self.workload.wanted, self.workload.made).missing

    @property
    def has(self) -> str:
        """`Deployment web has 1 of 2 pods`."""
        wanted, made = self.workload.wanted or 0, self.workload.made or 0
        return f"{self.label} has {made} of {wanted} pods"

    @property
    def sick(self) -> list[PodReport]:
        """The pods with a verdict that is bad or unknown."""
        return [report for report in self.pods if report.verdict.severity in BAD]

    def kubectl(self, *words: str) -> str:
        """A command in the workload's namespace."""
        return kubectl(*words, namespace=self.workload.namespace)

    def seconds_since(self, moment: str | None) -> float | None:
        """How long ago that was; None where it is not known."""
        return seconds_since(moment, self.now)

    @property
    def edit(self) -> Fix:
        """Change the workload by hand."""
        return Fix(self.kubectl("edit", self.target), by_hand=True)

    @property
    def undo(self) -> Fix:
        """Back to the revision before; nothing where there is none."""
        revision = self.workload.revision
        if revision is None or not revision.previous:
            return Fix()
        return Fix(self.kubectl("rollout", "undo", self.target))

    def ago(self, moment: str | None) -> str:
        """`3 min ago`; empty where it is not known."""
        passed = self.seconds_since(moment)
        return "" if passed is None else f"{spell_seconds(passed)} ago"

    def settled(self, seconds: float) -> bool:
        """Whether nobody has written the spec for so long; yes where that is not known."""
        passed = self.seconds_since(self.workload.changed_at)
        return passed is None or passed >= seconds


def rule(number: int, title: str, meaning: str, known_by: str, **more: Any) -> Rule:
    """A rule about workloads; `more` are the fields that are not as of most of them."""
    known: dict[str, Any] = {
        "severity": "critical",
        "remedy": "See the evidence: it quotes what the API server said.",
        "link": f"{DOCS}concepts/workloads/controllers/deployment/#failed-deployment",
        **more,
    }
    return Rule(
        code=f"WRK{number:03}",
        section=SECTION,
        title=title,
        meaning=meaning,
        known_by=known_by,
        **known,
    )
