"""Every rival of a cause is recorded, and of no recording of one the cause is called proven."""

from __future__ import annotations

from pathlib import Path

import pytest

from incidents.catalogue import EVERY
from incidents.judge import row_of
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.sections.restarts.rivals import RIVALS
from kubectl_podx.sections.restarts.rules import RULES

RECORDED = Path(__file__).resolve().parents[2] / "incidents" / "recorded"
CAUSES = {
    "RST001": "livenessProbe",
    "RST002": "startupProbe",
    "RST003": "oomKilled",
    "RST004": "",
    "RST006": "exitCode",
    "RST007": "completed",
    "RST008": "signal",
    "RST010": "",
    "RST011": "postStartHook",
    "RST015": "evicted",
    "RST018": "deadlineExceeded",
    "RST020": "deleted",
    "RST022": "lostByRuntime",
}
"""Code -> its cause; empty where a rival's own words are looked for by the incident's `never`."""
INCIDENTS: dict[str, tuple[str, ...]] = {
    "RST001": (
        "mixed-exit-under-failing-liveness",
        "exit-3-at-the-attempt",
        "oom-beside-liveness",
    ),
    "RST002": ("mixed-exit-under-failing-startup", "mixed-oom-while-starting"),
    "RST003": (
        "oom-pod-limit-by-files-of-init",
        "oom-pod-limit-by-files-of-neighbour",
        "oom-child-own-137",
        "oom-child-liveness",
    ),
    "RST004": ("oom-mark-on-a-neighbour",),
    "RST006": ("liveness-exec-own-code", "deleted-own-code", "mixed-exit-during-post-start"),
    "RST007": (
        "liveness-exec-exit-0",
        "startup-exit-0",
        "signal-neighbour-handled",
        "signal-exec-handled",
        "mixed-resize-exit-0",
        "signal-of-a-readiness-probe",
    ),
    "RST008": (
        "crash-abort-as-pid-1",
        "crash-child-segv",
        "signal-own-135",
        "signal-pipe",
        "signal-of-timeout",
        "liveness-exec-143",
        "sigkill-neighbour",
    ),
    "RST010": ("start-hidden-by-a-mount", "start-oom-memory-used-up"),
    "RST011": ("mixed-exit-during-post-start", "exit-0-before-its-hook-is-done"),
    "RST015": ("mixed-exit-then-evicted",),
    "RST018": ("mixed-exit-then-deadline",),
    "RST020": ("exit-then-deleted", "job-deletes-its-pod-after-an-exit", "preempted"),
    "RST022": ("mixed-own-255",),
}
"""Code -> the recordings of its rivals, in their order."""
BY_NAME = {each.name: each for each in EVERY}
# From outside the same, and so is what is to be done: the mark is of the container's own memory.
SAME_END = frozenset({"oom-child-own-137"})
# Where memory is concerned, on cgroup v2 as well; not where the kernel makes another history of it.
ON_V2 = (
    "oom-beside-liveness",
    "mixed-oom-while-starting",
    "oom-pod-limit-by-files-of-init",
    "oom-pod-limit-by-files-of-neighbour",
    "oom-mark-on-a-neighbour",
    "start-oom-memory-used-up",
)
PAIRS = [
    pytest.param(code, name, where, id=f"{code}-{where}{name}")
    for code, all_ in INCIDENTS.items()
    for name in all_
    for where in ("", *(("v2/",) if name in ON_V2 else ()))
]


def test_every_rival_has_its_recording() -> None:
    assert {code: len(found) for code, found in RIVALS.items()} == {
        code: len(found) for code, found in INCIDENTS.items()
    }
    assert RIVALS.keys() <= {rule.code for rule in RULES}


@pytest.mark.parametrize(("code", "name", "where"), PAIRS)
def test_of_a_rival_no_other_cause_is_proven(code: str, name: str, where: str) -> None:
    incident = BY_NAME[name]
    report = analyse(read_bundle(RECORDED / f"{where}{name}.podx")).items[0]
    row = row_of(report, incident.expected.container)
    assert row is not None
    if CAUSES[code] and name not in SAME_END:
        assert (row.cause, row.confidence) != (CAUSES[code], "proven"), row.summary
    if not CAUSES[code]:
        assert incident.expected.never


def test_a_cause_that_is_not_proven_names_its_rivals() -> None:
    for name, code in (("oom-pod-limit-by-files-of-init", "RST003"), ("oom-main", "RST003")):
        report = analyse(read_bundle(RECORDED / f"{name}.podx")).items[0]
        (found,) = [each for each in report.findings or [] if each.code == code]
        proven = row_of(report, found.container)
        assert proven is not None
        assert bool(found.rivals) == (proven.confidence != "proven")
