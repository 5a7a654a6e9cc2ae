"""Ends of containers that people reported in public, each with the issue that it is from."""

from __future__ import annotations

from typing import Any

from e2e.manifests import AGNHOST, FOREVER, container, shell
from e2e.support import Bench, Manifest
from incidents.catalogue.exits import exits
from incidents.catalogue.probe_kills import FAST, liveness, on_term
from incidents.catalogue.reported import hold, limit
from incidents.incident import Expected, Incident, Step, Whole, broken
from incidents.when import (
    deleting,
    either,
    ended,
    event,
    every,
    looping,
    phase,
    ready,
    refused,
    restarted,
    running,
    running_for,
    stopped,
)

WEB = "mkdir -p /www; echo ok > /www/index.html; exec httpd -f -p 8080 -h /www"

# As Spring prints it: the cause of a cause stands below it.
NESTED = """cat <<'X'
2026-11-29 06:00:01 INFO  o.s.boot.SpringApplication - Starting Orders
2026-11-29 06:00:04 ERROR o.s.boot.SpringApplication - Application run failed
org.springframework.beans.factory.BeanCreationException: Error creating bean 'dataSource'
\tat org.springframework.beans.factory.support.Factory.create(F.java:1786)
Caused by: org.hibernate.service.spi.ServiceException: Unable to create requested service
\tat org.hibernate.service.internal.Registry.createService(R.java:275)
\t... 33 common frames omitted
Caused by: org.postgresql.util.PSQLException: FATAL: database "orders" does not exist
\tat org.postgresql.core.v3.ConnectionFactoryImpl.doAuthentication(C.java:693)
\t... 40 common frames omitted
X
exit 1"""

LONG_TRACEBACK = (
    "echo 'Traceback (most recent call last):'; i=0; while [ $i -lt 18 ]; do"
    ' echo "  File \\"/srv/shop/m$i.py\\", line $i, in load"; echo \'    import plugins\';'
    " i=$((i+1)); done; echo \"ModuleNotFoundError: No module named 'plugins'\"; exit 1"
)


def printed(name: str, story: str, code: int, script: str, *words: str, **more: Any) -> Incident:
    """It prints why, and exits with this code in a loop."""
    return broken(
        name,
        story,
        shell(script),
        until=looping(times=2),
        expected=exits(code, *words, **more),
    )


def delete(bench: Bench, pod: Manifest) -> None:
    bench.kubectl("delete", "pod", pod["metadata"]["name"], "--wait=false")


LOGS = (
    printed(
        "exit-klog-fatal",
        "klog's line of level F tells, not a line of level I that contains the word error",
        255,
        "echo 'I1129 07:00:01.1 1 main.go:3] error budget loaded';"
        " echo 'F1129 07:00:02.2 1 main.go:9] --election-id must name a lease'; exit 255",
        '"--election-id must name a lease"',
    ),
    printed(
        "exit-deepest-cause",
        "Spring's chain of causes ends with the one that tells",
        1,
        NESTED,
        'database "orders" does not exist',
        never=("Unable to create requested service",),
    ),
    # kubernetes/website#24390
    printed(
        "exit-java-heap",
        "a JVM that ends with 3 as its heap is full: no kernel killed anything",
        3,
        "sleep 2; echo 'java.lang.OutOfMemoryError: Java heap space'; echo 'Dumping heap to /h';"
        " echo 'Terminating due to java.lang.OutOfMemoryError: Java heap space'; exit 3",
        "OutOfMemoryError",
        never=("OOM-killed",),
    ),
    printed(
        "exit-traceback-without-head",
        "a traceback that is longer than the end of the log that was read",
        1,
        LONG_TRACEBACK,
        "ModuleNotFoundError: No module named 'plugins'",
    ),
    printed(
        "exit-log-about-secrets",
        "a line that names a certificate and a token says what happened to them",
        1,
        "echo 'starting'; echo 'ERROR could not verify token: expired at 12:00';"
        " echo 'ERROR reading client certificate: open /pki/tls.crt: no such file or directory';"
        " exit 1",
        "reading client certificate: open /pki/tls.crt: no such file or directory",
        never=("<hidden>",),
    ),
    # awslabs/amazon-eks-ami#239
    broken(
        "exit-process-limit",
        "a limit of processes: fork fails",
        shell(
            "ulimit -u 3; sleep 300 & sleep 300 & sleep 300 & sleep 300 & sleep 300 & wait",
            securityContext={"runAsUser": 4242},
        ),
        until=looping(times=2),
        expected=exits(2, "can't fork"),
    ),
    broken(
        "exit-message-elsewhere",
        "a termination message at a path of its own, in two lines",
        shell(
            "mkdir -p /run/app; printf 'E77 cannot open the vault\\nshard 3 is sealed\\n'"
            " > /run/app/last; echo 'INFO bye'; exit 1",
            terminationMessagePath="/run/app/last",
        ),
        until=looping(times=2),
        expected=exits(1, "E77 cannot open the vault"),
    ),
    # prometheus-operator/kube-prometheus: FallbackToLogsOnError with logfmt
    broken(
        "exit-fallback-of-several-lines",
        "the message is the end of the log: its line of level error tells",
        shell(
            "echo 'level=info msg=\"Starting exporter\" version=0.25.0';"
            " echo 'level=info msg=\"Listening\" address=[::]:19115'; sleep 1;"
            ' echo \'level=error msg="Error loading config" err="line 3: mapping values"\'; exit 1',
            terminationMessagePolicy="FallbackToLogsOnError",
        ),
        until=looping(times=2),
        expected=exits(1, "Error loading config: line 3: mapping values"),
    ),
    # element-hq/ess-helm#888
    broken(
        "exit-file-of-an-init-container",
        "an init container of root leaves a file that the program may not read",
        shell(
            "sleep 2; cat /data/key > /dev/null || exit 1; sleep 1000",
            securityContext={"runAsUser": 1000},
            volumeMounts=[{"name": "data", "mountPath": "/data"}],
        ),
        initContainers=[
            shell(
                "umask 077; echo k > /data/key",
                "setup",
                volumeMounts=[{"name": "data", "mountPath": "/data"}],
            )
        ],
        volumes=[{"name": "data", "emptyDir": {}}],
        until=looping(times=2),
        expected=exits(1, "Permission denied"),
    ),
)

STARTS = (
    # apache/shenyu#5490
    broken(
        "start-command-in-one-item",
        "the whole command line stands in one item of `command`",
        container("app", command=["sleep 3600"]),
        until=refused(),
        expected=Expected(
            "startError",
            words=('"sleep 3600" is not in the image\'s PATH', "one item of the list"),
        ),
    ),
    # kubernetes/kubernetes#53125
    broken(
        "completed-shell-without-stdin",
        "a shell with nothing to run and no stdin ends at once",
        container("app", command=["sh"]),
        until=looping(times=2),
        expected=Expected(
            "completed", words=("exit code 0", "`sh` alone reads its stdin, which is closed")
        ),
    ),
    broken(
        "completed-command-of-the-image",
        "no command at all: that of the image is a shell",
        container("app"),
        until=looping(times=2),
        expected=Expected("completed", words=("exit code 0", "no command is set")),
    ),
)

MEMORY = (
    # kubernetes/kubernetes#114142
    broken(
        "oom-pod-level-limit",
        "a limit of the pod alone: the container has none of its own",
        shell(hold(100, 3)),
        shell(FOREVER, "quiet"),
        resources=limit("48Mi"),
        until=ended(times=2),
        needs=("1.34", "pod-level resources"),
        expected=Expected(
            "nodeOOM",
            exactly=True,
            words=("without a memory limit of its own", "the pod's limit of 48Mi"),
            never=("node ran out of memory",),
        ),
        # There a runtime may miss the kill: then it is a SIGKILL like any other.
        whole_group=Whole(
            ended(times=2),
            Expected(
                "nodeOOM", also=("signal",), at_least="possible", never=("node ran out of memory",)
            ),
        ),
    ),
    # kubernetes-sigs/kubernetes-mixin#822
    broken(
        "liveness-probe-eats-memory",
        "the probe's own command is OOM-killed, so that liveness fails",
        shell(
            on_term(0),
            resources=limit("24Mi"),
            livenessProbe={
                "exec": {"command": ["sh", "-c", "dd if=/dev/zero of=/dev/null bs=80M count=1"]},
                "periodSeconds": 3,
                "failureThreshold": 2,
                "timeoutSeconds": 5,
            },
        ),
        until=restarted(times=2),
        # There the probe's command takes the whole container with it.
        whole_group=Whole(
            restarted(times=2),
            Expected(
                "livenessProbe",
                also=("oomKilled", "signal"),
                at_least="possible",
                severity=("warning", "critical"),
            ),
        ),
        expected=Expected(
            "livenessProbe",
            words=("liveness probe",),
            severity=("warning", "critical"),
            codes=("RST004",),
        ),
    ),
)

PROBES = (
    # kubernetes/kubernetes#109537
    broken(
        "liveness-on-failure-exit-0",
        "a liveness kill that the program ends with 0, under restartPolicy OnFailure",
        shell(on_term(0), livenessProbe={"exec": {"command": ["cat", "/run/alive"]}, **FAST}),
        restartPolicy="OnFailure",
        until=ended(times=2),
        expected=liveness(severity=("warning", "critical")),
    ),
    broken(
        "startup-takes-an-hour",
        "a startup probe of an hour hides a program that never comes up",
        shell(
            f"echo 'ERROR cannot load licence, retrying for ever'; {FOREVER}",
            startupProbe={
                "httpGet": {"path": "/up", "port": 8080},
                "periodSeconds": 5,
                "failureThreshold": 720,
            },
            livenessProbe={"httpGet": {"path": "/up", "port": 8080}},
        ),
        until=every(running_for(20), event("Unhealthy", "Startup")),
        expected=Expected(words=("startup probe", "8080")),
    ),
    # getlago/lago-helm-charts#149
    broken(
        "liveness-shell-words",
        "`||` in an exec probe is an argument of its program",
        shell(
            WEB,
            livenessProbe={
                "exec": {
                    "command": [
                        "wget",
                        "-q",
                        "-O",
                        "/dev/null",
                        "http://127.0.0.1:8080/",
                        "||",
                        "exit",
                        "1",
                    ]
                },
                **FAST,
                "initialDelaySeconds": 1,
                "periodSeconds": 2,
            },
        ),
        until=ended(),
        expected=Expected(
            "livenessProbe",
            words=("liveness probe",),
            severity=("warning", "critical"),
            codes=("PRB025",),
        ),
    ),
    # prometheus/blackbox_exporter#904
    broken(
        "liveness-grpc-unknown-service",
        "a gRPC probe that asks for a service which the program does not know",
        container(
            "app",
            AGNHOST,
            args=["grpc-health-checking"],
            livenessProbe={
                "grpc": {"port": 5000, "service": "shop.v1.Orders"},
                "initialDelaySeconds": 2,
                "periodSeconds": 2,
                "failureThreshold": 2,
            },
        ),
        until=ended(),
        expected=Expected(
            "livenessProbe", words=("liveness probe",), severity=("warning", "critical")
        ),
    ),
    # kubernetes-retired/blixt#75
    broken(
        "readiness-grpc-to-http",
        "a gRPC probe against a server of HTTP/1",
        shell(
            WEB, readinessProbe={"grpc": {"port": 8080}, "periodSeconds": 2, "failureThreshold": 2}
        ),
        until=every(event("Unhealthy", "Readiness"), running_for(10)),
        expected=Expected(words=("app's readiness probe (grpc :8080)",)),
    ),
    # kubernetes/kubernetes#81042
    broken(
        "probe-leaves-zombies",
        "each attempt of an exec probe leaves an orphan that PID 1 does not wait for",
        container(
            "app",
            command=["sleep", "100000"],
            readinessProbe={
                "exec": {"command": ["sh", "-c", "(sleep 1; true) & exit 0"]},
                "periodSeconds": 1,
            },
        ),
        until=every(ready, running_for(20)),
        expected=Expected(severity=("ok", "info"), codes=("CON012",)),
    ),
    broken(
        "startup-without-shell",
        "a startup probe through a shell that the image does not have: errors, and no kill ever",
        container(
            "app",
            AGNHOST,
            args=["pause"],
            startupProbe={
                "exec": {"command": ["/bin/no-shell", "-c", "test -f /tmp/started"]},
                "periodSeconds": 2,
                "failureThreshold": 3,
            },
        ),
        until=every(event("Unhealthy", "Startup"), running_for(15)),
        expected=Expected(words=("startup probe", "errors", '"/bin/no-shell"')),
    ),
)

TOGETHER = (
    # istio/istio#11130
    broken(
        "recovered-after-its-proxy",
        "it crashed until its proxy was up, and has been well for more than a minute",
        shell(
            "n=$(cat /state/n 2>/dev/null || echo 0); echo $((n+1)) > /state/n;"
            " [ $n -ge 2 ] || { echo 'dial tcp 127.0.0.1:15001: connection refused'; exit 1; };"
            f" {FOREVER}",
            volumeMounts=[{"name": "state", "mountPath": "/state"}],
        ),
        shell(f"sleep 8; {FOREVER}", "proxy"),
        volumes=[{"name": "state", "emptyDir": {}}],
        until=every(ready, running_for(65)),
        expected=exits(1, "connection refused", "running again for", severity=("warning",)),
    ),
    # kubernetes/enhancements#4880
    broken(
        "sidecar-never-up",
        "a native sidecar exits as it starts: the work never begins",
        shell("echo work"),
        initContainers=[
            shell(
                "sleep 2; echo 'proxy: bad bootstrap config'; exit 7",
                "proxy",
                restartPolicy="Always",
                startupProbe={
                    "tcpSocket": {"port": 15000},
                    "periodSeconds": 2,
                    "failureThreshold": 30,
                },
            )
        ],
        restartPolicy="Never",
        until=looping("proxy", times=2),
        expected=Expected(
            "exitCode", "proxy", words=("sidecar proxy exited with code 7", "bad bootstrap")
        ),
    ),
    broken(
        "worker-never-in-an-always-pod",
        "a container whose own restartPolicy is Never is down in a pod that goes on",
        shell(FOREVER, "web"),
        shell("sleep 2; echo 'worker: queue auth failed'; exit 1", restartPolicy="Never"),
        needs=("1.35", "a restartPolicy of a container"),
        until=stopped(),
        expected=exits(
            1, "queue auth failed", "not started again, because its own restartPolicy is Never"
        ),
    ),
    broken(
        "rule-matches-another-code",
        "its restart rule is for 42, and it exits with 1",
        shell(
            "sleep 2; echo 'lost lease'; exit 1",
            restartPolicy="Never",
            restartPolicyRules=[
                {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}
            ],
        ),
        restartPolicy="Never",
        needs=("1.35", "restartPolicyRules"),
        until=stopped(),
        expected=exits(1, "lost lease", "none of its restartPolicyRules matches 1"),
    ),
    # kubernetes/kubernetes#40908
    broken(
        "one-of-three-failed",
        "of three containers one is done, one failed, and one runs on",
        shell("sleep 2; echo 'upload finished'; exit 0", "upload"),
        shell("sleep 4; echo 'index: checksum mismatch'; exit 1"),
        shell(FOREVER, "agent"),
        restartPolicy="Never",
        until=every(stopped(), stopped("upload"), running("agent")),
        expected=exits(1, "checksum mismatch"),
    ),
)

ENDS = (
    # kubernetes/kubernetes#65496
    broken(
        "deleting-in-its-hook",
        "the preStop hook takes longer than the grace period",
        shell(
            lifecycle={"preStop": {"exec": {"command": ["sh", "-c", "sleep 600"]}}},
        ),
        terminationGracePeriodSeconds=60,
        steps=(Step(running_for(3), delete),),
        until=every(deleting, running()),
        expected=Expected(severity=("info",), words=("being deleted", "grace period ends in")),
    ),
    # maxmind/geoipupdate#135
    broken(
        "deleting-a-shell-that-ignores-term",
        "a shell as PID 1 waits for its child, and TERM is not handed on",
        shell("echo start; sleep 100000; echo end"),
        terminationGracePeriodSeconds=45,
        steps=(Step(running_for(3), delete),),
        until=every(deleting, running()),
        expected=Expected(severity=("info",), words=("being deleted", "grace period ends in")),
    ),
    # kubernetes/kubernetes#124333
    broken(
        "evicted-by-its-logs",
        "what it logs counts against its ephemeral storage",
        shell(
            "i=0; while [ $i -lt 400 ]; do head -c 60000 /dev/zero | tr '\\0' x; echo;"
            f" i=$((i+1)); done; {FOREVER}",
            resources={"limits": {"ephemeral-storage": "8Mi"}},
        ),
        # It counts as Succeeded where the status of its clean end comes last.
        until=every(event("Evicted"), either(phase("Failed"), phase("Succeeded"))),
        expected=Expected("evicted", words=("app was evicted", "counted: the logs")),
    ),
)

INCIDENTS = (*LOGS, *STARTS, *MEMORY, *PROBES, *TOGETHER, *ENDS)
