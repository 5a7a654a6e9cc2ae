"""The public contract: keys and words of the report. A change here is a deliberate edit."""

from __future__ import annotations

import re
from typing import Any, get_args

import msgspec
import pytest

from kubectl_podx.analysis.reports import DOCUMENTS
from kubectl_podx.model import words
from kubectl_podx.model.errors import ExitStatus
from kubectl_podx.render.html.sections import stands_out
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.table import KEYS as SECTIONS
from kubectl_podx.view.layout import state_cell

KEYS = {
    "PodReport": (
        "apiVersion kind metadata verdict pod containers namespaces network volumes files "
        "environment downwardAPI serviceAccountTokens probes restarts changes lifecycle "
        "scheduling node images hosts security injections timeline findings silenced coverage"
    ),
    "Metadata": "capturedAt source serverVersion podxVersion",
    "Verdict": "severity summary codes",
    "Pod": (
        "namespace name uid status ready phase reason message restarts node podIPs hostIP "
        "qosClass restartPolicy serviceAccount priorityClass createdAt startedAt "
        "deletionTimestamp age cpuThrottling owners conditions debugContainers"
    ),
    "CpuThrottling": "periods throttled seconds",
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
    "ObservationReport": "state method through reason needs ways",
    "Way": "way state reason",
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
    "Network": "connections services egressPolicies readinessGates",
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
        "sourceChangedAt sourceChangedBy notBefore notAfter"
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
        "coverage live waitsFor"
    ),
    "Handler": "kind text port resolvedPort host scheme",
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
    "Scheduling": "state requirements reasons held",
    "Requirement": "kind text satisfied detail",
    "Node": (
        "name state cordoned heartbeatAge clockAhead conditions taints kubeletVersion runtime"
    ),
    "Image": (
        "container image tag digest pullPolicy pullPolicyBasis state reason message pullSecrets "
        "pullSecretStates"
    ),
    "PullSecret": "name state type elsewhere",
    "Hosts": (
        "hostname observedHostname subdomain dnsPolicy aliases nameservers searches options differs"
    ),
    "HostAlias": "ip hostnames state container",
    "Security": (
        "container privileged runAsUser runAsGroup runAsNonRoot fsGroup supplementalGroups "
        "capabilitiesAdded capabilitiesDropped seccompProfile readOnlyRoot "
        "allowPrivilegeEscalation process user group groups capabilities seccomp noNewPrivileges "
        "observedReadOnlyRoot differs exceeds"
    ),
    "Injection": "path change by confidence detail edited",
    "TimelineEntry": "time what container source count kind first",
    "Finding": "code severity title container evidence remedy next fix blocking rivals",
    "Coverage": "section container state reason needs",
    "PodReportList": "apiVersion kind metadata verdict distinctions differences notes groups items",
    "PodGroup": "severity summary codes pods",
    "WorkloadReport": (
        "apiVersion kind metadata verdict workload findings silenced groups distinctions "
        "differences coverage items"
    ),
    "Workload": (
        "kind namespace name wanted made ready updated createdAt changedAt deletedAt paused "
        "suspended behind strategy unavailable ordered partition selector owners conditions "
        "refusals scaledBy revision job schedule runs nodesWithout guards events"
    ),
    "Refusal": "by name details configuration message object count last",
    "WorkloadEvent": "object type reason message count last",
    "Revision": "name previous changedAt changes oldPods",
    "RevisionChange": "field before after",
    "Guard": "kind name state detail reason message",
    "JobRun": (
        "name state reason message startedAt finishedAt completions succeeded failed active "
        "backoffLimit deadline failedIndexes keptBy keptSince workTook keptServe"
    ),
    "Schedule": (
        "schedule timeZone concurrency valid lastScheduled lastSuccessful lastDue nextDue skipped"
    ),
    "NodeWithout": "node reason wanted",
    "Scaling": "manager time subresource",
    "Distinction": "fact pods value others",
    "OtherValue": "value pods",
    "DoctorReport": "apiVersion kind metadata namespace rights coverage pods",
    "ComparisonReport": "apiVersion kind metadata pods compared differences notes",
    "ComparedPod": "label namespace name capturedAt source file",
    "Difference": "section container fact values outliers",
    "TriageReport": (
        "apiVersion kind metadata namespace by scanned healthy sick lacking rows rowsLeftOut nodes "
        "coverage"
    ),
    "TriageRow": (
        "namespace kind name owners pods missing names symptom cause severity summary codes basis "
        "nodes since restarts next"
    ),
    "TriageNode": "name state pods sick owners summary",
    "TriageShard": "apiVersion kind shard shards rowCount report",
    "RightRow": "verb resource group namespace name state optional sections",
    "PodForecast": "namespace name coverage",
    "StartProblem": "kind severity confidence title evidence container object field line next",
    "AdmissionAnswer": "state message",
    "NodesForPod": "fitting fit of reasons",
    "PodStart": (
        "namespace name owner basis object line state summary admission nodes pulls problems "
        "coverage"
    ),
    "RehearsalReport": (
        "apiVersion kind metadata verdict wouldStart wouldNotStart unknown items coverage"
    ),
    "DriftRow": (
        "namespace kind name drift state severity confidence source how pods of names "
        "changedAt changedBy startedAt expiresAt summary evidence next fix"
    ),
    "DriftReport": (
        "apiVersion kind metadata namespace source verdict scanned workloads stale lookedInto "
        "rows coverage"
    ),
    "PreflightReport": (
        "apiVersion kind metadata file offline verdict wouldStart wouldNotStart unknown items"
    ),
}
WORDS = {
    "PullSecretState": "ok missing denied wrongType unknown",
    "ProbeWait": "pod container stop startup initialDelay result",
    "Severity": "ok info warning critical unknown",
    "FindingSeverity": "info warning critical",
    "Confidence": "proven likely possible",
    "Basis": "proven declared",
    "ContainerKind": "init sidecar app ephemeral",
    "CaptureSource": "live bundle manifest",
    "ObservationState": "observed partial unobservable",
    "ObservationMethod": "exec neighbour ephemeral none",
    "LookWay": "exec neighbour ephemeral outside",
    "WayState": "used open closed",
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
        "crashLoop imagePull cannotStart unschedulable podsMissing initStuck stuckStarting "
        "nodeLost oomKilled jobFailed failed evicted notReady jobHeld runsMissed restarting "
        "terminating unknown"
    ),
    "RefusedBy": (
        "quota limitRange podSecurity webhookUnavailable webhookDenied admissionPolicy "
        "serviceAccount priorityClass runtimeClass namespaceTerminating claim invalid other"
    ),
    "JobState": "active complete failed suspended waiting",
    "GuardKind": "HorizontalPodAutoscaler VerticalPodAutoscaler PodDisruptionBudget",
    "CallKind": (
        "get type list names log metrics podMetrics stats throttling version apis exec probe "
        "debug dryRun"
    ),
    "GuardState": "fine limited failing blocked",
    "TriageBasis": "status api inside",
    "GroupedBy": "owner cause node",
    "SeccompMode": "disabled strict filter",
    "ContainerState": "running waiting terminated unknown",
    "PolicyBasis": "matchesDefault declared",
    "ImageState": "present pulling failed unknown",
    "Colors": "auto always never",
    "HandlerKind": "exec httpGet tcpSocket grpc sleep none",
    "HookState": "declared failed",
    "EvidenceSource": "status event metrics cgroup logs spec node process observed",
    "ConfigKind": "ConfigMap Secret",
    "SourceKind": (
        "ConfigMap Secret downwardAPI serviceAccountToken clusterTrustBundle podCertificate "
        "literal field resource file service image"
    ),
    "TokenState": "valid refreshDue expired mismatch unreadable unknown",
    "Protocol": "TCP UDP",
    "ConnectionState": "SYN_SENT CLOSE_WAIT",
    "EndpointState": "ready notReady terminating absent unknown",
    "NodeState": "ready notReady missing denied unknown",
    "SchedulingState": "scheduled pending gated unknown",
    "RequirementKind": (
        "nodeSelector nodeAffinity toleration schedulingGate schedulerName topology"
    ),
    "AliasState": "present missing undeclared unknown",
    "InjectionChange": "added changed removed absent",
    "ChangeKind": "rollout image template config resize labels replaced",
    "TimelineSource": "event status condition metadata volume managedFields gap",
    "HowBad": "bad doubtful fine good",
    "StartState": "wouldStart wouldNotStart unknown",
    "StartBasis": "template pod manifest",
    "AdmissionState": "accepted refused denied unsupported failed notAsked",
    "StartProblemKind": (
        "configMap secret key serviceAccount pullSecret claim storageClass priorityClass "
        "runtimeClass device node gate image quota limitRange podSecurity webhook policy "
        "namespace invalid refused"
    ),
    "DriftKind": "environment subPath immutable files image template token certificate pullSecret",
    "DriftState": "old gone reload expires current unknown",
}


def schema() -> dict[str, Any]:
    _, found = msgspec.json.schema_components(DOCUMENTS)
    return found


@pytest.mark.parametrize("name", KEYS)
def test_the_keys_of_the_report(name: str) -> None:
    assert set(schema()[name]["properties"]) == set(KEYS[name].split())


@pytest.mark.parametrize("name", WORDS)
def test_the_closed_sets_of_words(name: str) -> None:
    """An empty word says that it is not known, where there is no other word for that."""
    assert [word for word in get_args(getattr(words, name)) if word] == WORDS[name].split()


STATES = (
    words.Severity,
    words.ValueState,
    words.ProbeState,
    words.TokenState,
    words.ImageState,
    words.HookState,
    words.AliasState,
    words.NodeState,
    words.EndpointState,
    words.SchedulingState,
    words.JobState,
    words.StartState,
    words.AdmissionState,
    words.DriftState,
)


@pytest.mark.parametrize("word", sorted({word for states in STATES for word in get_args(states)}))
def test_how_bad_each_state_is(word: str) -> None:
    """Colour, and what makes a row stand out on the page, come from one table."""
    assert words.HOW_BAD[word] in get_args(words.HowBad)
    assert bool(state_cell(word).tone) == (words.HOW_BAD[word] != "fine")


def test_the_table_of_how_bad_has_no_word_of_its_own() -> None:
    known = {word for states in STATES for word in get_args(states)}
    assert set(words.HOW_BAD) <= known


@pytest.mark.parametrize(
    "word", ["failed", "notReady", "mismatch", "refreshDue", "undeclared", "unreadable"]
)
def test_a_state_that_needs_attention_stands_out(word: str) -> None:
    assert stands_out([state_cell(word)])


def _texts(node: dict[str, Any]) -> bool:
    """Whether the value is free text, or a list of it."""
    variants = node.get("anyOf", [node])
    return any(
        each.get("type") == "string" or _texts(each.get("items", {}) or {})
        for each in variants
        if "enum" not in each and each
    )


def test_no_text_has_its_values_listed_in_its_description() -> None:
    """Such a field is a closed set, and has a type of its own in model/words.py."""
    listed = re.compile(r"`[a-zA-Z]+`(, | or | and )`[a-zA-Z]+`")
    assert [
        f"{name}.{field}"
        for name, found in schema().items()
        for field, node in found.get("properties", {}).items()
        if _texts(node) and listed.search(node.get("description", ""))
    ] == []


def test_every_type_and_every_set_of_words_is_pinned() -> None:
    assert set(schema()) == set(KEYS)
    sets = {name for name, value in vars(words).items() if name[0].isupper() and get_args(value)}
    assert sets == set(WORDS)


def test_the_sections() -> None:
    always = {"apiVersion", "kind", "metadata", "verdict", "pod", "silenced", "coverage"}
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
