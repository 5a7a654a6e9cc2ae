"""A report with something in every section, built by hand: a web pod on a bad night."""

from __future__ import annotations

import pytest

from kubectl_podx.model.parts import (
    BackOff,
    Condition,
    Coverage,
    Evidence,
    Finding,
    Handler,
    KeySource,
    ListenerRow,
    Metadata,
    Owner,
    ProbeFailure,
    ProcessRow,
    PullPolicy,
    Timing,
    Verdict,
)
from kubectl_podx.sections.changes.report import Change
from kubectl_podx.sections.containers.report import (
    Container,
    Limit,
    ObservationReport,
    Quantity,
    Resources,
)
from kubectl_podx.sections.downward.report import DownwardRow
from kubectl_podx.sections.environment.report import VariableRow
from kubectl_podx.sections.files.report import FileRow
from kubectl_podx.sections.hosts.report import HostAlias, Hosts
from kubectl_podx.sections.images.report import Image
from kubectl_podx.sections.injections.report import Injection
from kubectl_podx.sections.lifecycle.report import Hook
from kubectl_podx.sections.namespaces.report import Namespace, NamespaceGroup, Namespaces
from kubectl_podx.sections.network.report import (
    HangingConnection,
    Network,
    ReadinessGate,
    ServicePort,
    ServiceRow,
)
from kubectl_podx.sections.node.report import Node
from kubectl_podx.sections.pod.report import Pod
from kubectl_podx.sections.probes.report import Counters, Probe
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.restarts.report import Restart
from kubectl_podx.sections.scheduling.report import Requirement, Scheduling
from kubectl_podx.sections.security.report import Security
from kubectl_podx.sections.timeline.report import TimelineEntry
from kubectl_podx.sections.tokens.report import TokenRow
from kubectl_podx.sections.volumes.report import Volume, VolumeMount

OBSERVED = ObservationReport(state="observed", method="exec")
UNREADY = "containers with unready status: [app]"


def own(*names: str) -> list[NamespaceGroup]:
    return [NamespaceGroup(containers=[name], basis="proven", inode="1") for name in names]


def shared(inode: str) -> list[NamespaceGroup]:
    return [NamespaceGroup(containers=["app", "log"], basis="proven", inode=inode)]


def containers() -> list[Container]:
    return [
        Container(
            name="init-data",
            kind="init",
            image="busybox:1.36",
            state="terminated",
            reason="Completed",
            exit_code=0,
            observation=ObservationReport(state="unobservable", reason="it has ended"),
        ),
        Container(
            name="app",
            kind="app",
            image="registry.example/shop/web:1.27",
            image_pull_policy=PullPolicy(value="IfNotPresent", basis="matchesDefault"),
            state="waiting",
            reason="CrashLoopBackOff",
            message="back-off 40s restarting failed container=app pod=web-0",
            restart_count=4,
            resources=Resources(
                memory=Quantity(limit="64Mi", observed_usage=12.5 * 2**20),
                cpu=Quantity(limit="500m"),
                throttled_share=0.34,
            ),
            pids=Limit(limit=100, used=7),
            recent_logs=["GET /healthz 200", "open /tmp/healthy: no such file"],
            observation=ObservationReport(
                state="unobservable", reason="the container is not running"
            ),
        ),
        Container(
            name="log",
            kind="app",
            image="busybox:1.36",
            state="running",
            started_at="2026-11-23T11:00:00Z",
            ready=True,
            observation=OBSERVED,
        ),
    ]


def restarts() -> list[Restart]:
    return [
        Restart(
            container="app",
            kind="app",
            count=4,
            explained=3,
            cause="livenessProbe",
            confidence="proven",
            summary="app was killed by its liveness probe (exec cat /tmp/healthy)",
            evidence=[
                Evidence(source="event", text="Killing: Container app failed liveness probe"),
                Evidence(source="status", text="exit 137 after 45 s"),
            ],
            exit_code=137,
            signal="SIGKILL",
            reason="Error",
            started_at="2026-11-23T11:58:00Z",
            finished_at="2026-11-23T11:58:45Z",
            duration=45.0,
            previous_logs=["started", "open /tmp/healthy: no such file"],
            crash_line="open /tmp/healthy: no such file",
            looping=True,
            backoff=BackOff(delay=40.0, next="2026-11-23T12:00:38Z", resets="after 10m of running"),
        ),
        Restart(
            container="init-data",
            kind="init",
            count=1,
            explained=1,
            cause="oomKilled",
            confidence="likely",
            summary="init-data was killed for its memory limit",
            exit_code=137,
            signal="SIGKILL",
        ),
        Restart(container="log", kind="app"),
    ]


def probes() -> list[Probe]:
    return [
        Probe(
            container="app",
            type="liveness",
            handler=Handler(kind="exec", text="exec cat /tmp/healthy"),
            timing=Timing(period=3.0),
            seconds_to_action=10.0,
            counters=Counters(successful=20, failed=12),
            recent_failures=[
                ProbeFailure(
                    kind="failed",
                    count=12,
                    last="2026-11-23T11:58:40Z",
                    message="cat: can't open '/tmp/healthy'",
                )
            ],
            state="failing",
            coverage="events of the last hour, counters of the kubelet",
        ),
        Probe(
            container="log",
            type="readiness",
            handler=Handler(kind="tcpSocket", text="tcp :8080", port="8080", resolved_port=8080),
            counters=Counters(successful=400),
            state="passing",
        ),
    ]


def files() -> list[FileRow]:
    source = KeySource(kind="ConfigMap", name="coder", key="config")
    return [
        FileRow(
            container="app",
            path="/config/config",
            volume="config",
            source=source,
            state="current",
            mode="0644",
            size=120,
        ),
        FileRow(
            container="log",
            path="/etc/app.conf",
            volume="config",
            source=source,
            sub_path=True,
            state="frozen",
            reason="mounted by subPath: only a restart brings the new content",
            mode="0644",
            size=100,
            source_size=120,
            source_changed_at="2026-11-23T11:30:00Z",
            source_changed_by="kubectl-edit",
        ),
    ]


def environment() -> list[VariableRow]:
    return [
        VariableRow(
            container="app",
            name="DEMO_GREETING",
            source=KeySource(kind="literal"),
            declared="Hello",
            injected="Hello",
            process="Hello",
            current="Hello",
            state="current",
        ),
        VariableRow(
            container="log",
            name="PASSWORD",
            source=KeySource(kind="Secret", name="zhangyu", key="secret"),
            declared="<hidden>",
            injected="<differs>",
            current="<hidden>",
            state="frozen",
            reason="the Secret changed after the container started",
        ),
        VariableRow(
            container="log",
            name="PATH",
            source=KeySource(kind="image"),
            injected="<hidden>",
            state="extra",
        ),
    ]


def namespaces() -> Namespaces:
    return Namespaces(
        network=Namespace(mode="pod", groups=shared("4026532001"), agrees=True),
        pid=Namespace(
            mode="pod",
            declared_by="shareProcessNamespace: true",
            groups=shared("4026532003"),
            agrees=True,
        ),
        ipc=Namespace(mode="pod", groups=shared("4026532002"), agrees=True),
        uts=Namespace(mode="pod", groups=shared("4026532004"), agrees=True),
        user=Namespace(mode="node"),
        mount=Namespace(mode="container", groups=own("app", "log"), agrees=True),
        cgroup=Namespace(mode="container", groups=own("app", "log"), agrees=True),
        pid_one="pause",
        processes=[
            ProcessRow(container="pause", pid=1, seen_from="log", executable="pause", uid=65535),
            ProcessRow(
                container="log",
                pid=7,
                seen_from="log",
                executable="tail",
                main=True,
                uid=0,
                handles_term=False,
                resident=4 * 2**20,
            ),
        ],
        listeners=[
            ListenerRow(
                address="0.0.0.0",  # noqa: S104 - a row of data
                port=8080,
                container="log",
                pid=7,
                executable="tail",
                declared_as="log:http",
            ),
            ListenerRow(address="::1", port=9000, reason="/proc/N/fd of uid 101 is not readable"),
        ],
    )


def network() -> Network:
    return Network(
        connections=[
            HangingConnection(
                state="SYN_SENT",
                container="log",
                remote="10.0.0.9:5432",
                local="10.1.0.4:40112",
                count=3,
            )
        ],
        services=[
            ServiceRow(
                name="web",
                type="ClusterIP",
                ports=[
                    ServicePort(
                        name="http", port=80, target_port="http", resolved=8080, listening=False
                    )
                ],
                endpoint="notReady",
            )
        ],
        readiness_gates=[ReadinessGate(condition="shop/db", status="False")],
    )


def volumes() -> list[Volume]:
    return [
        Volume(
            name="data",
            type="emptyDir",
            mounts=[
                VolumeMount(
                    container="app", path="/usr/share/nginx/html", state="mounted", device="8:1"
                ),
                VolumeMount(container="log", path="/pod-data", state="mounted", device="8:1"),
            ],
            shared=True,
            basis="proven",
            size=100 * 2**20,
            used=95 * 2**20,
        ),
        Volume(
            name="config",
            type="configMap",
            source="coder",
            mounts=[VolumeMount(container="app", path="/config", read_only=True, state="mounted")],
        ),
    ]


def findings() -> list[Finding]:
    return [
        Finding(
            code="PRB001",
            severity="critical",
            title="app: its liveness probe fails and restarts it",
            container="app",
            evidence=["12 of 32 probes failed", "cat: can't open '/tmp/healthy'"],
            next="kubectl logs web-0 -c app --previous -n shop",
            blocking=True,
        ),
        Finding(
            code="FIL003",
            severity="warning",
            title="log: /etc/app.conf is older than ConfigMap coder",
            container="log",
            evidence=["the ConfigMap changed 30m ago"],
            remedy="Restart the pod so that it reads the file again.",
        ),
        Finding(code="IMG002", severity="info", title="app: pull policy IfNotPresent"),
    ]


def coverage() -> list[Coverage]:
    needs = "get nodes/proxy"
    return [
        Coverage(section="containers", state="full"),
        Coverage(section="probes", state="denied", reason="forbidden", needs=needs),
        Coverage(section="restarts", state="denied", reason="forbidden", needs=needs),
        Coverage(
            section="files",
            container="app",
            state="unobservable",
            reason="the container is not running",
        ),
    ]


@pytest.fixture
def report() -> PodReport:
    return PodReport(
        metadata=Metadata(
            captured_at="2026-11-23T12:00:00Z",
            source="live",
            server_version="v1.37.2",
            podx_version="0.1.0",
        ),
        verdict=Verdict(
            severity="critical",
            summary="app was killed by its liveness probe (exec cat /tmp/healthy, 3 failures in "
            "9 s): restarted 4 times, next start in 38 s",
            codes=["PRB001"],
        ),
        pod=Pod(
            namespace="shop",
            name="web-0",
            uid="0b1f",
            status="CrashLoopBackOff",
            ready="1/2",
            phase="Running",
            restarts=4,
            node="node-1",
            pod_ips=["10.1.0.4"],
            qos_class="Burstable",
            restart_policy="Always",
            service_account="web",
            age=3600.0,
            owners=[Owner(kind="StatefulSet", name="web", controller=True)],
            conditions=[
                Condition(type="PodScheduled", status="True"),
                Condition(
                    type="Ready",
                    status="False",
                    reason="ContainersNotReady",
                    message=UNREADY,
                    since="2026-11-23T11:58:45Z",
                ),
                Condition(
                    type="ContainersReady",
                    status="False",
                    reason="ContainersNotReady",
                    message=UNREADY,
                    since="2026-11-23T11:58:45Z",
                ),
            ],
        ),
        containers=containers(),
        namespaces=namespaces(),
        network=network(),
        volumes=volumes(),
        files=files(),
        environment=environment(),
        downward_api=[
            DownwardRow(
                container="app",
                form="env",
                name="CPU",
                field="limits.cpu",
                observed="1",
                current="2",
                state="frozen",
            )
        ],
        service_account_tokens=[
            TokenRow(
                container="app",
                path="/var/run/secrets/kubernetes.io/serviceaccount/token",
                service_account="web",
                expires_at="2026-11-23T12:50:00Z",
                audiences=["https://kubernetes.default.svc"],
                state="mismatch",
                reason="bound to a pod that is gone",
            )
        ],
        probes=probes(),
        restarts=restarts(),
        changes=[
            Change(
                kind="config",
                what="ConfigMap coder was written",
                time="2026-11-23T11:30:00Z",
                by="kubectl-edit",
                object="ConfigMap/coder",
            )
        ],
        lifecycle=[
            Hook(
                container="app",
                type="preStop",
                handler=Handler(kind="exec", text="exec sleep 5"),
                grace_period=30.0,
            )
        ],
        scheduling=Scheduling(
            state="scheduled",
            requirements=[
                Requirement(
                    kind="nodeSelector",
                    text="disktype=ssd",
                    satisfied=False,
                    detail="the node has no such label now",
                )
            ],
        ),
        node=Node(name="node-1", state="ready", cordoned=True, heartbeat_age=4.0),
        images=[
            Image(
                container="app",
                image="registry.example/shop/web:1.27",
                tag="1.27",
                pull_policy="IfNotPresent",
                state="present",
            )
        ],
        hosts=Hosts(
            hostname="web-0",
            dns_policy="ClusterFirst",
            aliases=[HostAlias(ip="127.0.0.1", hostnames=["foo.local"], state="missing")],
            differs=["foo.local is declared and not in /etc/hosts of log"],
        ),
        security=[
            Security(
                container="app",
                run_as_non_root=True,
                process="nginx",
                user=0,
                group=0,
                capabilities=["CHOWN"],
                seccomp="filter",
                exceeds=["user 0 (root), although runAsNonRoot is set"],
            )
        ],
        injections=[Injection(path="spec.containers[log]", change="added", by="webhook/logger")],
        timeline=[
            TimelineEntry(time="2026-11-23T11:00:00Z", what="pod created", source="metadata"),
            TimelineEntry(
                time="2026-11-23T11:58:40Z",
                what="Unhealthy: Liveness probe failed",
                container="app",
                source="event",
                count=12,
            ),
        ],
        findings=findings(),
        coverage=coverage(),
    )
