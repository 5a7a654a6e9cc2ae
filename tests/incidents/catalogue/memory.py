"""Memory: the main process, a child of it, and kills that only look like it."""

from __future__ import annotations

from typing import Any

from e2e.manifests import FOREVER, shell
from incidents.catalogue.probe_kills import FAST, STUBBORN, on_term
from incidents.incident import Expected, Whole, broken
from incidents.when import either, ended, event, every, looping, ready, restarted, stopped, waiting

LIMIT: dict[str, Any] = {"limits": {"memory": "32Mi"}}
EAT = "dd if=/dev/zero of=/dev/null bs=100M count=1"
# Of a container that ends in its first second the runtime may not see why (cgroup v2).
CHILD = f"sleep 1; ({EAT}) 2>/dev/null; "


def oom(*words: str, **more: Any) -> Expected:
    return Expected("oomKilled", words=("OOM-killed", "32Mi", *words), **more)


# The child's kill is the main process's: one cause, whatever was to come later. A runtime may miss
# it (containerd on a slow node: reason Error, and 137); then it is a SIGKILL like any other.
def whole(container: str = "app", times: int = 3) -> Whole:
    killed = Expected(
        "oomKilled", container, also=("signal",), at_least="possible", words=(container,)
    )
    return Whole(looping(container, times), killed)


WHOLE = whole()

INCIDENTS = (
    broken(
        "oom-main",
        "the main process eats more than its limit",
        shell(f"echo loading; sleep 2; exec {EAT}", resources=LIMIT),
        until=looping(times=2),
        expected=oom("app was", at_least="proven"),
    ),
    broken(
        "oom-beside-liveness",
        "the same with a liveness probe that succeeds: it is not what killed it",
        shell(
            f"sleep 6; exec {EAT}",
            resources=LIMIT,
            livenessProbe={"exec": {"command": ["true"]}, **FAST},
        ),
        until=restarted(),
        expected=oom(severity=("warning", "critical")),
    ),
    broken(
        "oom-memory-volume",
        "files in an emptyDir of medium Memory are charged to the container that writes them",
        shell(
            "sleep 2; exec dd if=/dev/zero of=/scratch/blob bs=1M count=200",
            resources=LIMIT,
            volumeMounts=[{"name": "scratch", "mountPath": "/scratch"}],
        ),
        volumes=[{"name": "scratch", "emptyDir": {"medium": "Memory"}}],
        until=either(
            every(looping(times=2), event("Failed", "memory")),
            # On cgroup v2 the init of the container is killed before it can say so.
            every(looping(times=2), event("Failed", "procReady not received")),
            every(waiting("CreateContainerError"), event("Failed", times=2)),
        ),
        # The volume outlives the container: it starts with its memory full, and cannot.
        expected=Expected("startError", words=("app cannot start", "memory")),
        with_crio=Expected("oomKilled", words=("app cannot start", "memory")),
        runtime_speaks=True,
    ),
    broken(
        "oom-init",
        "an init container that eats more than its limit",
        shell(),
        initContainers=[shell(f"sleep 2; exec {EAT}", "migrate", resources=LIMIT)],
        until=looping("migrate", 2),
        expected=Expected("oomKilled", "migrate", words=("init container migrate", "OOM-killed")),
        whole_group=whole("migrate"),
    ),
    broken(
        "oom-child-exit-0",
        "a child is OOM-killed, the main process ends 0 later: it reads OOMKilled",
        shell(f"{CHILD}sleep 2; exit 0", resources=LIMIT),
        until=looping(times=2),
        whole_group=WHOLE,
        expected=Expected("completed", words=("app", "exit code 0"), codes=("RST004",)),
    ),
    broken(
        "oom-child-exit-3",
        "a child is OOM-killed, the main process gives up with 3",
        shell(f"{CHILD}echo 'error: worker lost'; sleep 2; exit 3", resources=LIMIT),
        until=looping(times=2),
        whole_group=WHOLE,
        expected=Expected("exitCode", words=("code 3",), codes=("RST004",)),
    ),
    broken(
        "oom-child-liveness",
        "a child is OOM-killed, and then a liveness probe kills the container: 137, OOMKilled",
        shell(
            f"{CHILD}{STUBBORN}",
            resources=LIMIT,
            livenessProbe={"exec": {"command": ["false"]}, "initialDelaySeconds": 3, **FAST},
        ),
        until=restarted(times=2),
        whole_group=WHOLE,
        expected=Expected("livenessProbe", words=("killed by its liveness probe",)),
    ),
    broken(
        "oom-child-lives",
        "a child is OOM-killed over and over: the container lives and its status is silent",
        shell(f"trap 'exit 0' TERM; while :; do {CHILD}sleep 1; done", resources=LIMIT),
        until=ready,
        whole_group=WHOLE,
        expected=Expected(severity=("warning", "critical"), words=("OOM-killed",)),
    ),
    broken(
        "oom-child-own-137",
        "a shell that hands on its child's 137: PID 1 was not killed itself",
        shell(f"{CHILD}exit $?", resources=LIMIT),
        until=looping(times=2),
        whole_group=WHOLE,
        # From outside the same as an OOM kill of PID 1; the remedy is the same, too.
        expected=oom(),
    ),
    broken(
        "sigkill-neighbour",
        "a neighbour in the shared PID namespace kills the program: 137 and no memory in it",
        shell("exec tail -f /dev/null"),
        shell(f"sleep 5; kill -9 $(pidof tail); {FOREVER}", "reaper"),
        shareProcessNamespace=True,
        until=ended(),
        expected=Expected(
            "signal", severity=("warning", "critical"), words=("SIGKILL",), at_least="possible"
        ),
    ),
    broken(
        "sigterm-neighbour",
        "the same with TERM, beside a liveness probe that succeeds",
        shell("exec tail -f /dev/null", livenessProbe={"exec": {"command": ["true"]}, **FAST}),
        shell(f"sleep 6; kill $(pidof tail); {FOREVER}", "reaper"),
        shareProcessNamespace=True,
        until=ended(),
        expected=Expected(
            "signal", severity=("warning", "critical"), words=("SIGTERM",), at_least="possible"
        ),
    ),
    broken(
        "oom-never",
        "the main process eats more than its limit under restartPolicy Never",
        shell(f"sleep 2; exec {EAT}", resources=LIMIT),
        restartPolicy="Never",
        until=stopped(),
        expected=oom(),
    ),
    broken(
        "kill-over-limit-with-own-code",
        "OOM of a child, then a handled TERM of a liveness kill that ends 0",
        shell(
            f"{CHILD}{on_term(0)}",
            resources=LIMIT,
            livenessProbe={"exec": {"command": ["false"]}, "initialDelaySeconds": 3, **FAST},
        ),
        until=restarted(times=2),
        whole_group=WHOLE,
        expected=Expected("livenessProbe", words=("killed by its liveness probe",)),
    ),
)
