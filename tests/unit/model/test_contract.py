"""The public contract: keys and words of the report. A change here is a deliberate edit."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from kubectl_podx.analysis.reports import DOCUMENTS
from kubectl_podx.model import words
from kubectl_podx.model.errors import ExitStatus
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.table import SECTIONS

KEYS = {
    "PodReport": (
        "apiVersion kind metadata verdict pod containers namespaces network volumes files "
        "environment downwardAPI serviceAccountTokens probes restarts changes lifecycle "
        "scheduling node images hosts injections timeline findings coverage"
    ),
    "Metadata": "capturedAt source serverVersion podxVersion",
    "Verdict": "severity summary codes",
    "Pod": (
        "namespace name uid status ready phase reason message restarts node podIPs hostIP "
        "qosClass restartPolicy serviceAccount priorityClass createdAt startedAt "
        "deletionTimestamp age owners conditions"
    ),
    "Owner": "kind name controller",
    "Condition": "type status reason message since",
    "Container": (
        "name kind image imageID imagePullPolicy state reason message exitCode startedAt "
        "finishedAt started ready restartCount restartPolicy restartRules waitsFor waitsSince "
        "containerID resources pids files user security injectedBy recentLogs observation"
    ),
    "PullPolicy": "value basis",
    "Resources": (
        "cpu memory ephemeralStorage throttledShare oomKills memoryHigh memoryHighEvents swapUsage "
        "swapLimit stalled"
    ),
    "Stalled": "memory cpu io",
    "Stall": "some full",
    "Quantity": "request limit allocated actualLimit observedLimit observedUsage",
    "Limit": "limit used",
    "ObservationReport": "state method through reason needs",
    "Namespaces": (
        "network pid ipc uts user mount cgroup pidOne processes processesLeftOut listeners"
    ),
    "Namespace": "mode declaredBy groups agrees reason",
    "NamespaceGroup": "containers basis inode",
    "ProcessRow": (
        "container pid seenFrom parent executable argumentCount state uid gid startedAt main "
        "handlesTerm resident"
    ),
    "ListenerRow": (
        "protocol address port container pid executable uid reason declaredAs hostPort queue"
    ),
    "Network": "connections services readinessGates",
    "HangingConnection": "state container remote local count",
    "ServiceRow": "name type ports endpoint serving",
    "ServicePort": "name port targetPort resolved listening",
    "ReadinessGate": "condition status",
    "Volume": (
        "name type source details mounts shared basis size used available inodes inodesUsed "
        "injected injectedBy"
    ),
    "VolumeMount": (
        "container path readOnly subPath propagation state device inode fstype observedReadOnly "
        "injectedBy"
    ),
    "FileRow": (
        "container path volume source subPath state reason mode declaredMode uid gid readable "
        "digest sourceDigest size sourceSize modifiedAt volumeWrittenAt volumeWrittenAfterStart "
        "sourceChangedAt sourceChangedBy notAfter"
    ),
    "KeySource": "kind name key optional",
    "VariableRow": (
        "container name source declared injected process current state reason shadows injectedBy"
    ),
    "DownwardRow": "container form name field divisor observed current state reason",
    "TokenRow": (
        "container path volume audiences issuedAt expiresAt warnAfter refreshAt "
        "expirationSeconds boundPod boundNode serviceAccount state reason"
    ),
    "Probe": (
        "container type handler timing secondsToAction counters recentFailures state reason "
        "coverage live"
    ),
    "Handler": "kind text port resolvedPort",
    "Timing": (
        "initialDelay period timeout failureThreshold successThreshold terminationGracePeriod"
    ),
    "Counters": "successful failed",
    "ProbeFailure": "kind count first last message",
    "LiveProbe": "succeeded result seconds method detail needs",
    "Restart": (
        "container kind count explained cause confidence summary evidence exitCode signal "
        "reason startedAt finishedAt duration terminationMessage previousLogs crashLine looping "
        "tempo backoff"
    ),
    "Evidence": "source text time",
    "BackOff": "delay next resets",
    "Change": "kind what before after time by object",
    "Hook": "container type handler state reason gracePeriod stopSignal",
    "Scheduling": "state requirements reasons",
    "Requirement": "kind text satisfied detail",
    "Node": "name state cordoned heartbeatAge conditions taints kubeletVersion runtime",
    "Image": (
        "container image tag digest pullPolicy pullPolicyBasis state reason message pullSecrets"
    ),
    "Hosts": (
        "hostname observedHostname subdomain dnsPolicy aliases nameservers searches options differs"
    ),
    "HostAlias": "ip hostnames state container",
    "Injection": "path change by confidence detail",
    "TimelineEntry": "time what container source count kind first",
    "Finding": "code severity title container evidence remedy blocking",
    "Coverage": "section container state reason needs",
    "PodReportList": "apiVersion kind metadata distinctions notes items",
    "DoctorReport": "apiVersion kind metadata namespace rights coverage pods",
    "ComparisonReport": "apiVersion kind metadata pods compared differences notes",
    "ComparedPod": "label namespace name capturedAt source file",
    "Difference": "section container fact values outliers",
    "TriageReport": (
        "apiVersion kind metadata namespace by scanned healthy sick rows rowsLeftOut nodes coverage"
    ),
    "TriageRow": (
        "namespace kind name owners pods names symptom cause severity summary codes basis nodes "
        "since restarts next"
    ),
    "TriageNode": "name state pods sick owners summary",
    "TriageShard": "apiVersion kind shard shards rowCount report",
    "RightRow": "verb resource group namespace name state optional sections",
    "PodForecast": "namespace name coverage",
}
WORDS = {
    "Severity": "ok info warning critical unknown",
    "FindingSeverity": "info warning critical",
    "Confidence": "proven likely possible",
    "Basis": "proven declared",
    "ContainerKind": "init sidecar app ephemeral",
    "CaptureSource": "live bundle manifest",
    "ObservationState": "observed partial unobservable",
    "ObservationMethod": "exec neighbour ephemeral none",
    "CoverageState": "full partial denied unobservable timedOut skipped",
    "ValueState": (
        "denied orphaned unreadable missing extra shadowed unresolved current changedByProgram "
        "frozen stuck stale unknown"
    ),
    "ProbeType": "liveness readiness startup",
    "ProbeState": "passing failing erroring waiting unknown",
    "LiveResult": "succeeded failed errored timedOut notRun",
    "RestartCause": (
        "livenessProbe startupProbe oomKilled nodeOOM exitCode completed signal startError "
        "postStartHook definitionChanged resize sandboxChanged evicted preempted nodeShutdown "
        "deadlineExceeded rejected deleted restartAllContainers lostByRuntime unknown"
    ),
    "TimelineKind": (
        "pod condition started ended completed probe killing warning event source volume token "
        "certificate node gap"
    ),
    "Symptom": (
        "crashLoop imagePull cannotStart unschedulable initStuck stuckStarting nodeLost oomKilled "
        "failed evicted notReady restarting terminating unknown"
    ),
    "TriageBasis": "status api inside",
    "GroupedBy": "owner cause node",
}


def schema() -> dict[str, Any]:
    _, found = msgspec.json.schema_components(DOCUMENTS)
    return found


@pytest.mark.parametrize("name", KEYS)
def test_the_keys_of_the_report(name: str) -> None:
    assert set(schema()[name]["properties"]) == set(KEYS[name].split())


@pytest.mark.parametrize("name", WORDS)
def test_the_closed_sets_of_words(name: str) -> None:
    assert list(get_args(getattr(words, name))) == WORDS[name].split()


def test_every_type_and_every_set_of_words_is_pinned() -> None:
    assert set(schema()) == set(KEYS)
    sets = {name for name, value in vars(words).items() if name[0].isupper() and get_args(value)}
    assert sets == set(WORDS)


def test_the_sections() -> None:
    always = {"apiVersion", "kind", "metadata", "verdict", "pod", "coverage"}
    assert set(SECTIONS) == set(KEYS["PodReport"].split()) - always


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
