"""Ends that a limit explains: memory, the heap, and who is PID 1."""

from __future__ import annotations

from e2e.manifests import FOREVER, shell
from incidents.catalogue.healthy import healthy
from incidents.catalogue.joined import because
from incidents.catalogue.joined_settings import says
from incidents.catalogue.memory import whole
from incidents.catalogue.probe_kills import FAST
from incidents.catalogue.reported import IN_MEMORY, SHM, hold, limit
from incidents.incident import Expected, Whole, broken
from incidents.when import ended, every, last_reason, looping

OOM = every(ended(times=2), last_reason("OOMKilled"))

INCIDENTS = (
    broken(
        "why-start-throttled",
        "a CPU limit keeps it from starting before its liveness probe acts, again and again",
        shell(
            "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; touch /tmp/up; " + FOREVER,
            resources={"limits": {"cpu": "20m", "memory": "64Mi"}},
            livenessProbe={"exec": {"command": ["cat", "/tmp/up"]}, **FAST, "timeoutSeconds": 2},
        ),
        # It is down then: only the pod's cgroup has kept what the instances were held back.
        until=looping(times=3),
        expected=Expected(
            "livenessProbe",
            at_least="possible",
            words=("likely because resources.limits.cpu is 20m", "of its CPU periods"),
            codes=("PRB034",),
        ),
    ),
    because(
        "why-files-in-memory",
        "what is written to an emptyDir of medium Memory counts as memory "
        "(kubernetes/kubernetes#128339)",
        shell(
            f"dd if=/dev/zero of=/cache/f bs=1M count=30 2>/dev/null; {hold(24, 1)}",
            resources=limit("44Mi"),
            **SHM,
        ),
        whole_group=Whole(OOM, whole().expected),
        cause="oomKilled",
        until=OOM,
        words=("OOM-killed", "also holds the files in /cache"),
        codes=("CON030",),
        **IN_MEMORY,
    ),
    because(
        "why-heap",
        "a heap may take the whole memory limit",
        shell(
            hold(60, 1),
            resources=limit("32Mi"),
            env=[{"name": "JAVA_OPTS", "value": "-Xmx32m -XX:+UseSerialGC"}],
        ),
        cause="oomKilled",
        until=OOM,
        words=("-Xmx32m (variable JAVA_OPTS) lets the heap take 100% of the memory limit",),
        codes=("CON031",),
    ),
    because(
        "why-heap-space",
        "a heap ends far below the limit",
        shell(
            says("java.lang.OutOfMemoryError: Java heap space"),
            resources=limit("64Mi"),
            env=[{"name": "JAVA_TOOL_OPTIONS", "value": "-Xmx16m"}],
        ),
        words=("the heap ends at -Xmx16m (variable JAVA_TOOL_OPTIONS)",),
        codes=("CON031",),
    ),
    because(
        "why-pid-one",
        "an init system in a shared PID namespace is not PID 1",
        shell(says("s6-overlay-suexec: fatal: can only run as pid 1", 100)),
        shareProcessNamespace=True,
        words=("shareProcessNamespace is true, so that PID 1 is the pause process",),
        codes=("NSP010",),
    ),
)
HEALTHY = (
    healthy(
        "fine-without-limit",
        "a variable of a limit that is not set",
        shell(
            FOREVER,
            env=[
                {
                    "name": "MEM_MIB",
                    "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}},
                }
            ],
        ),
        expected=Expected(None, severity=("ok",), codes=("DWN010",)),
    ),
)
