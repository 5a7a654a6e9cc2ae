"""The public contract: keys and words of the report. A change here is a deliberate edit."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from kubectl_podx.model.errors import ExitStatus
from kubectl_podx.model.report import PodReport, PodReportList, words

KEYS = {
    "PodReport": (
        "apiVersion kind metadata verdict pod containers namespaces network volumes files "
        "environment downwardAPI serviceAccountTokens probes restarts changes lifecycle scheduling "
        "node images hosts injections timeline findings coverage"
    ),
    "PodReportList": "apiVersion kind metadata distinctions items",
    "Verdict": "severity summary codes",
    "FileRow": (
        "container path volume source subPath state reason mode declaredMode uid gid readable "
        "digest sourceDigest size sourceSize modifiedAt volumeWrittenAt volumeWrittenAfterStart "
        "sourceChangedAt sourceChangedBy notAfter"
    ),
    "VariableRow": ("container name source declared injected process current state reason shadows"),
    "DownwardRow": "container form name field divisor observed current state reason",
    "Probe": (
        "container type handler timing secondsToAction counters recentFailures state reason "
        "coverage live"
    ),
    "Restart": (
        "container kind count explained cause confidence summary evidence exitCode signal reason "
        "startedAt finishedAt duration terminationMessage previousLogs crashLine looping tempo "
        "backoff"
    ),
    "Finding": "code severity title container evidence remedy blocking",
    "Coverage": "section container state reason needs",
    "Namespaces": (
        "network pid ipc uts user mount cgroup pidOne processes processesLeftOut listeners"
    ),
}
WORDS = {
    "Severity": "ok info warning critical unknown",
    "Confidence": "proven likely possible",
    "Basis": "proven declared",
    "ContainerKind": "init sidecar app ephemeral",
    "ObservationState": "observed partial unobservable",
    "CoverageState": "full partial denied unobservable timedOut skipped",
    "ValueState": (
        "denied orphaned unreadable missing extra shadowed unresolved current changedByProgram "
        "frozen stuck stale unknown"
    ),
    "ProbeState": "passing failing erroring waiting unknown",
    "RestartCause": (
        "livenessProbe startupProbe oomKilled nodeOOM exitCode completed signal startError "
        "postStartHook definitionChanged resize sandboxChanged evicted preempted nodeShutdown "
        "deadlineExceeded rejected deleted restartAllContainers lostByRuntime unknown"
    ),
}


def schema() -> dict[str, Any]:
    (_, _), found = msgspec.json.schema_components([PodReport, PodReportList])
    return found


@pytest.mark.parametrize("name", KEYS)
def test_the_keys_of_the_report(name: str) -> None:
    assert set(schema()[name]["properties"]) == set(KEYS[name].split())


@pytest.mark.parametrize("name", WORDS)
def test_the_closed_sets_of_words(name: str) -> None:
    assert list(get_args(getattr(words, name))) == WORDS[name].split()


def test_the_exit_statuses() -> None:
    assert {each.name: int(each) for each in ExitStatus} == {
        "OK": 0,
        "FAILED": 1,
        "USAGE": 2,
        "WARNING": 3,
        "CRITICAL": 4,
        "UNKNOWN": 5,
        "INTERRUPTED": 130,
    }


def test_the_version_of_the_document() -> None:
    assert PodReport.__struct_defaults__[:2] == ("podx/v1", "PodReport")
