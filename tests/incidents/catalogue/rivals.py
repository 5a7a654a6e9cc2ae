"""Histories that leave the evidence of another cause: each was looked for to prove podx wrong."""

from __future__ import annotations

from typing import Any

from e2e.manifests import FOREVER, shell
from incidents.catalogue.memory import WHOLE, whole
from incidents.catalogue.probe_kills import on_term
from incidents.catalogue.reported import limit
from incidents.catalogue.stops import NOT_YET_HEALTHY
from incidents.incident import Expected, Incident, broken
from incidents.when import either, ended, event, every, looping, phase

SERVE_ONE = "sleep 1; nc -l -p 8080 </dev/null >/dev/null 2>&1; "
ONCE: dict[str, Any] = {
    "httpGet": {"port": 8080},
    "initialDelaySeconds": 3,
    "periodSeconds": 3,
    "failureThreshold": 1,
}
TERM_ITSELF = {"exec": {"command": ["sh", "-c", "kill -TERM 1; sleep 1"]}, "periodSeconds": 4}


def open_(
    name: str, story: str, *containers: Any, cause: str, also: tuple[str, ...] = (), **more: Any
) -> Incident:
    """An end that nothing may be called the proven cause of."""
    words = more.pop("words", ())
    never = more.pop("never", ("by itself",))
    expected = Expected(
        cause,
        also=also,
        at_least="possible",
        severity=NOT_YET_HEALTHY,
        words=words,
        never=never,
    )
    return broken(name, story, *containers, until=ended(times=2), expected=expected, **more)


INCIDENTS = (
    open_(
        "exit-0-at-the-attempt",
        "a server of one connection: the probe's own is the last, and it ends with 0",
        shell(SERVE_ONE + "exit 0", livenessProbe=ONCE),
        cause="livenessProbe",
        also=("completed",),
    ),
    open_(
        "exit-3-at-the-attempt",
        "a server that crashes on the probe's request, with a threshold of 1",
        shell(SERVE_ONE + "echo 'panic: nil map'; exit 3", livenessProbe=ONCE),
        cause="livenessProbe",
        also=("exitCode",),
        never=(),
    ),
    open_(
        "signal-of-a-readiness-probe",
        "the command of a readiness probe sends TERM to PID 1, which ends with 0 on it",
        shell(on_term(0), readinessProbe=TERM_ITSELF),
        cause="completed",
    ),
    open_(
        "signal-of-a-post-start-hook",
        "a postStart hook sends TERM to PID 1 and succeeds",
        shell(
            on_term(0),
            lifecycle={
                "postStart": {"exec": {"command": ["sh", "-c", "sleep 2; kill -TERM 1; true"]}}
            },
        ),
        cause="completed",
        also=("postStartHook",),
    ),
    open_(
        "exit-0-before-its-hook-is-done",
        "it ends with 0, and its postStart hook dies with it: the kubelet writes of the hook alone",
        shell(
            "sleep 2; exit 0",
            lifecycle={"postStart": {"exec": {"command": ["sh", "-c", "sleep 5; exit 1"]}}},
        ),
        cause="postStartHook",
        also=("completed",),
    ),
    broken(
        "init-0-with-an-oom-mark",
        "an init container ends with 0 after a child was OOM-killed: it is retried for ever",
        shell(FOREVER),
        initContainers=[
            shell(
                "dd if=/dev/zero of=/dev/null bs=80M count=1; echo ready; exit 0",
                "warm",
                resources=limit("32Mi"),
            )
        ],
        until=ended("warm", times=3),
        whole_group=whole("warm"),
        expected=Expected(
            "oomKilled",
            "warm",
            words=("init container warm ended with exit code 0 and counts as failed", "OOM-killed"),
            at_least="proven",
        ),
    ),
    broken(
        "oom-mark-under-a-stop-signal",
        "a child was OOM-killed, and the shell later ends with 143 by itself",
        shell(
            "dd if=/dev/zero of=/dev/null bs=80M count=1; sleep 1; exit 143",
            resources=limit("32Mi"),
        ),
        until=looping(times=2),
        whole_group=WHOLE,
        expected=Expected(
            "signal",
            at_least="possible",
            words=("SIGTERM", "a process in it was OOM-killed"),
            never=("sent by",),
        ),
    ),
    broken(
        "evicted-with-a-clean-end",
        "it ends with 0 as it is evicted, and counts as Succeeded: the reason is written over",
        shell(
            "sleep 2; dd if=/dev/zero of=/data/x bs=1M count=20;"
            " trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done",
            volumeMounts=[{"name": "data", "mountPath": "/data"}],
        ),
        volumes=[{"name": "data", "emptyDir": {"sizeLimit": "5Mi"}}],
        terminationGracePeriodSeconds=5,
        # Now and then the reason stays.
        until=every(event("Evicted"), either(phase("Succeeded"), phase("Failed"))),
        expected=Expected(
            "evicted",
            words=("app was evicted", 'Usage of EmptyDir volume "data" exceeds the limit "5Mi"'),
            never=("completed",),
            at_least="proven",
        ),
    ),
)
