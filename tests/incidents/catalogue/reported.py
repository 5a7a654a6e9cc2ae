"""Troubles from public reports about which something false was once said, or proven.

Each is of a kind: another history leaves the same evidence, or silence looks like health.
"""

from __future__ import annotations

import json
import struct
from typing import Any

from e2e.manifests import FOREVER, NOSHELL, config_map, container, shell
from e2e.support import Bench, Manifest
from incidents.catalogue.pod_ends import LARGE, more_important, priority
from incidents.catalogue.probe_kills import FAST, STUBBORN, on_term
from incidents.catalogue.stops import NOT_YET_HEALTHY
from incidents.incident import LABEL, Expected, Incident, Step, broken, service, subject
from incidents.when import (
    age,
    condition,
    deleting,
    either,
    ended,
    event,
    every,
    last_reason,
    looping,
    ready,
    refused,
    restarted,
    running,
    running_for,
    stopped,
    waiting,
)

SHM: dict[str, Any] = {"volumeMounts": [{"name": "shm", "mountPath": "/cache"}]}
IN_MEMORY: dict[str, Any] = {"volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}]}


def limit(memory: str) -> dict[str, Any]:
    return {"limits": {"memory": memory}, "requests": {"memory": memory}}


def hold(mebi: int, after: int = 2) -> str:
    """A program that holds so much memory of its own."""
    return f"sleep {after}; exec dd if=/dev/zero of=/dev/null bs={mebi}M"


def abort_as_pid_1() -> str:
    """A shell that becomes what abort() of a C library is on amd64: SIGABRT to itself, then hlt.

    Written as the octal escapes of a whole ELF program.
    """
    # getpid(); kill(it, SIGABRT); hlt
    code = bytes.fromhex("b827000000 0f05 89c7 be06000000 b83e000000 0f05 f4")
    base, head = 0x400000, 64 + 56
    elf = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",
        *(2, 62, 1, base + head, 64, 0, 0, 64, 56, 1, 0, 0, 0),
    )
    size = head + len(code)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000)
    octal = "".join(f"\\{byte:03o}" for byte in elf + load + code)
    made = f"printf '{octal}' > /tmp/a; chmod +x /tmp/a; exec /tmp/a"
    return f"echo 'index is not sorted, giving up'; {made}"


def term_by_exec(bench: Bench, pod: Manifest) -> None:
    name = pod["metadata"]["name"]
    bench.kubectl("exec", name, "-c", "app", "--", "kill", "-TERM", "1")


def too_much_memory(bench: Bench, pod: Manifest) -> None:
    """An answer of either kind is right: newer servers refuse it, older ones call it Infeasible."""
    change = {"spec": {"containers": [{"name": "app", "resources": limit("9000Gi")}]}}
    name = pod["metadata"]["name"]
    words = ("--subresource=resize", "--patch", json.dumps(change))
    bench.kubectl("patch", "pod", name, *words, check=False)


def less_memory(bench: Bench, pod: Manifest) -> None:
    change = {"spec": {"containers": [{"name": "app", "resources": limit("32Mi")}]}}
    name = pod["metadata"]["name"]
    bench.kubectl("patch", "pod", name, "--subresource=resize", "--patch", json.dumps(change))


def job(name: str, *containers: Manifest, **spec: Any) -> Manifest:
    """A Job whose pods carry the incident's label."""
    template = subject(name, *containers, restartPolicy="OnFailure", **spec)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {
            "backoffLimit": 0,
            "template": {"metadata": {"labels": {LABEL: name}}, "spec": template["spec"]},
        },
    }


def unimportant() -> Manifest:
    return subject(
        "going-preempted",
        shell(STUBBORN, resources=LARGE),
        priorityClassName="podx-going-preempted-low",
        terminationGracePeriodSeconds=40,
    )


def own_signal(name: str, story: str, script: str, *words: str, **more: Any) -> Incident:
    expected = Expected("signal", words=words, exactly=True, never=("sent by", "sent it"), **more)
    return broken(name, story, shell(script), until=looping(times=2), expected=expected)


INCIDENTS = (
    broken(
        "oom-pod-limit-by-files-of-init",
        "files that an init container left in memory fill the pod's limit before the app its own",
        shell(hold(24, 3), resources=limit("40Mi"), **SHM),
        initContainers=[
            shell(
                "dd if=/dev/zero of=/cache/warm bs=1M count=44",
                "warm",
                resources=limit("60Mi"),
                **SHM,
            )
        ],
        until=ended(times=2),
        expected=Expected("oomKilled", exactly=True, words=("OOM-killed", "the pod's of 60Mi")),
        **IN_MEMORY,
    ),
    broken(
        "oom-pod-limit-by-files-of-neighbour",
        "a neighbour's files in memory fill the pod's limit; the app is far from its own",
        shell(hold(30, 1), resources={"limits": {"memory": "60Mi"}}),
        shell(
            f"sleep 4; dd if=/dev/zero of=/cache/f bs=1M count=44 2>/dev/null; {FOREVER}",
            "filler",
            **SHM,
        ),
        resources=limit("64Mi"),
        until=ended(),
        needs=("1.34", "pod-level resources"),
        expected=Expected(
            "oomKilled", exactly=True, severity=NOT_YET_HEALTHY, words=("the pod's of 64Mi",)
        ),
        **IN_MEMORY,
    ),
    broken(
        "start-oom-memory-used-up",
        "the pod's memory is full of a neighbour's files: the app's own limit is not too low",
        shell(hold(30, 1), resources={"limits": {"memory": "60Mi"}}),
        shell(
            f"sleep 4; dd if=/dev/zero of=/cache/f bs=1M count=60 2>/dev/null; {FOREVER}",
            "filler",
            **SHM,
        ),
        resources=limit("64Mi"),
        until=either(
            every(looping(times=2), last_reason("StartError")),
            every(waiting("CreateContainerError"), event("Failed", times=2)),
        ),
        needs=("1.34", "pod-level resources"),
        expected=Expected(
            "startError",
            words=("app cannot start: its",),
            never=("limit is too low for",),
        ),
        with_crio=Expected("oomKilled", never=("limit is too low for",)),
        **IN_MEMORY,
    ),
    broken(
        "oom-mark-on-a-neighbour",
        "the pod's limit marks every container of it OOMKilled, also one that lost no process",
        shell("sleep 25; exit 0", "batch"),
        shell(hold(100, 5)),
        restartPolicy="Never",
        resources=limit("48Mi"),
        until=every(stopped(), stopped("batch")),
        needs=("1.34", "pod-level resources"),
        expected=Expected(
            "completed",
            "batch",
            at_least="possible",
            words=("app",),
            never=("a process in batch was OOM-killed while",),
        ),
    ),
    own_signal(
        "crash-abort-as-pid-1",
        "abort() of PID 1 ends by SIGSEGV: the kernel spares PID 1 the SIGABRT",
        abort_as_pid_1(),
        "crashed with SIGSEGV",
        "or abort()",
    ),
    own_signal(
        "signal-pipe",
        "a shell under pipefail hands on that its writer wrote to a closed pipe: nobody sent that",
        "set -eo pipefail; yes candidate | head -n 1 > /tmp/pick; echo picked",
        "SIGPIPE",
    ),
    own_signal(
        "signal-own-135",
        "a program that ends with 135 by itself is no crash",
        "sleep 1; exit 135",
        "SIGBUS",
    ),
    broken(
        "signal-of-timeout",
        "a shell hands on the 143 of a command that `timeout` ended",
        shell("timeout 2 sleep 100; exit $?"),
        until=looping(times=2),
        expected=Expected(
            "signal",
            words=("SIGTERM", "who sent it is not known"),
            at_least="possible",
            never=("left no trace",),
        ),
    ),
    broken(
        "signal-neighbour-handled",
        "a neighbour sends TERM over the shared PID namespace, and the program ends with 0",
        shell(f'cp /bin/busybox /tmp/ash; exec /tmp/ash -c "{on_term(0)}"'),
        shell(f"sleep 8; kill -TERM $(pidof ash); {FOREVER}", "reloader"),
        shareProcessNamespace=True,
        until=ended(),
        expected=Expected(
            "completed",
            at_least="possible",
            exactly=False,
            severity=NOT_YET_HEALTHY,
            words=("exit code 0",),
            never=("by itself", "nothing else", "no reason to stop it"),
        ),
    ),
    broken(
        "signal-exec-handled",
        "somebody's exec sends TERM to PID 1, which ends with 0 on it",
        shell(on_term(0)),
        steps=(Step(running_for(12), term_by_exec),),
        until=restarted(),
        expected=Expected(
            "completed",
            exactly=True,
            severity=NOT_YET_HEALTHY,
            words=("exit code 0",),
            never=("by itself",),
        ),
    ),
    broken(
        "stopping-liveness",
        "liveness has failed, and the grace period still runs: the status says that all is well",
        shell("exec sleep 100000", livenessProbe={"exec": {"command": ["false"]}, **FAST}),
        terminationGracePeriodSeconds=60,
        until=event("Killing", "liveness"),
        expected=Expected(
            severity=("warning",),
            words=("app is being stopped because its liveness probe failed", "of grace left"),
            codes=("LIF008",),
            never=("healthy",),
        ),
    ),
    broken(
        "start-hidden-by-a-mount",
        "a ConfigMap mounted over /bin hides the program that the image has there",
        container(
            "app",
            command=["/bin/httpd", "-f"],
            volumeMounts=[{"name": "config", "mountPath": "/bin"}],
        ),
        objects=(config_map("start-hidden-by-a-mount", {"config.yml": "port: 53"}),),
        volumes=[{"name": "config", "configMap": {"name": "start-hidden-by-a-mount"}}],
        until=refused(),
        expected=Expected(
            "startError",
            words=("app cannot start", "volume config is mounted at /bin"),
            never=("does not exist in the image",),
        ),
    ),
    broken(
        "readiness-exec-hangs",
        "an exec probe whose child keeps its output open has no result for minutes",
        shell(
            "exec sleep 100000",
            readinessProbe={
                "exec": {"command": ["sh", "-c", "sleep 100000 & sleep 100000"]},
                "periodSeconds": 3,
            },
        ),
        until=running_for(15),
        expected=Expected(
            words=("app's readiness probe", "given no result"),
            codes=("PRB016",),
            never=("errors only",),
        ),
        # CRI-O ends the attempt when its time is up, whoever still has its output.
        with_crio=Expected(words=("app's readiness probe", "timed out"), codes=("PRB002",)),
    ),
    broken(
        "readiness-comes-and-goes",
        "readiness that comes and goes: at the moment it is ready",
        shell(
            "while :; do touch /tmp/ready; sleep 6; rm /tmp/ready; sleep 6; done",
            readinessProbe={
                "exec": {"command": ["cat", "/tmp/ready"]},
                "periodSeconds": 1,
                "failureThreshold": 2,
            },
        ),
        until=every(running_for(40), event("Unhealthy", "Readiness", times=8), ready),
        expected=Expected(
            severity=("warning",), words=("comes and goes", "failed"), codes=("PRB017",)
        ),
    ),
    broken(
        "post-start-hangs",
        "a postStart hook that does not end: the container behind it waits",
        shell(
            lifecycle={
                "postStart": {"exec": {"command": ["sh", "-c", "while :; do sleep 1; done"]}}
            }
        ),
        shell(FOREVER, "second"),
        until=every(event("Started"), age(40)),
        expected=Expected(
            words=("the postStart hook of app has been running", "second waits"),
            codes=("LIF009",),
        ),
    ),
    broken(
        "exec-gives-no-answer",
        "an exec of a shell hangs: nothing of the inside is known",
        shell(
            "cp /bin/busybox /tmp; rm /bin/sh; b=/tmp/busybox;"
            ' printf "#!$b ash\\n$b sleep 1000\\n" > /bin/sh; chmod +x /bin/sh;'
            f" touch /tmp/done; {FOREVER}",
            readinessProbe={"exec": {"command": ["cat", "/tmp/done"]}, "periodSeconds": 1},
        ),
        until=ready,
        expected=Expected(
            severity=("unknown",), words=("an exec in app gave no answer",), never=("OK:",)
        ),
    ),
    Incident(
        "job-deletes-its-pod-after-an-exit",
        "the Job deletes the pod because its container has ended: the exit comes first",
        (
            job(
                "job-deletes-its-pod-after-an-exit",
                shell("echo 'error: cannot reach bucket'; sleep 3; exit 1"),
                shell(STUBBORN, "slow"),
                terminationGracePeriodSeconds=40,
            ),
        ),
        every(deleting, ended()),
        Expected(
            "exitCode",
            words=("app exited with code 1", "has failed (BackoffLimitExceeded)"),
            never=("app was stopped because the pod is deleted",),
        ),
    ),
    Incident(
        "going-preempted",
        "the scheduler takes it away, and its grace period still runs",
        (
            priority("podx-going-preempted-low", -10),
            priority("podx-going-preempted-high", 10),
            unimportant(),
        ),
        every(deleting, running()),
        Expected(severity=("warning",), words=("being preempted by the scheduler",)),
        steps=(Step(running_for(3), more_important),),
    ),
    broken(
        "resize-below-use",
        "a memory limit below what is in use: the resize fails, and nothing was changed",
        shell(hold(60, 1), resources=limit("128Mi")),
        steps=(Step(running_for(6), less_memory),),
        needs=("1.35", "a memory limit that is lowered in place"),
        until=condition("PodResizeInProgress", "True", "Error"),
        expected=Expected(
            severity=("warning",),
            words=("the in-place resize fails",),
            never=("were changed in place",),
            codes=("POD002",),
        ),
    ),
    # kubernetes/kubernetes#126033: since 1.35 the server refuses what no node can give
    broken(
        "resize-refused-then-oom",
        "a resize to more than the node has is refused; later the container needs more than it has",
        shell(hold(60, 15), resources=limit("32Mi")),
        steps=(Step(running_for(3), too_much_memory),),
        until=looping(),
        expected=Expected(
            "oomKilled",
            words=("OOM-killed", "32Mi"),
            never=("were changed in place", "is being resized"),
        ),
    ),
    broken(
        "image-called-certificate",
        "the registry refuses the connection; the image's name has certificate in it",
        container("app", "127.0.0.1:1/enix/x509-certificate-exporter:3.17.0"),
        until=waiting("ImagePullBackOff"),
        expected=Expected(
            words=("cannot be pulled", "cannot be reached"), never=("is not trusted",)
        ),
    ),
    broken(
        "pending-spread-label",
        "a spread constraint by a label that no node has",
        shell(),
        topologySpreadConstraints=[
            {
                "maxSkew": 1,
                "topologyKey": "topology.example.com/rack",
                "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {"matchLabels": {LABEL: "pending-spread-label"}},
            }
        ],
        until=event("FailedScheduling"),
        expected=Expected(words=("missing required label",), never=("unevenly",)),
    ),
)
UNCHECKED = Incident(
    "fine-service-unchecked",
    "nobody could look whether somebody listens where its Service leads: the line says so",
    (
        service("fine-service-unchecked"),
        subject("fine-service-unchecked", container("app", NOSHELL)),
    ),
    every(ready, event("Started"), running_for(3)),
    Expected(
        severity=("ok",),
        words=("not checked: port 8080 of Service fine-service-unchecked",),
    ),
    healthy=True,
)
