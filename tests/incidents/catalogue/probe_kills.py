"""Containers that the kubelet kills because a liveness or startup probe fails."""

from __future__ import annotations

from typing import Any

from e2e.manifests import AGNHOST, FOREVER, container, shell
from incidents.incident import Expected, broken
from incidents.when import ended, event, every, looping, phase, restarted, stopped

# PID 1 has no default action for TERM: this one goes only by KILL, when the grace is over.
STUBBORN = "while :; do sleep 1; done"
FAST: dict[str, Any] = {"periodSeconds": 1, "failureThreshold": 2, "timeoutSeconds": 5}
WORK = ["sh", "-c", "i=0; while [ $i -lt 40000 ]; do i=$((i+1)); done"]
HEALTHY_FOR = "touch /tmp/healthy; (sleep 4; rm /tmp/healthy) & "


def on_term(code: int) -> str:
    """A program that handles TERM and then ends with this exit code."""
    return f"trap 'exit {code}' TERM; {STUBBORN}"


def file_probe(**timing: Any) -> dict[str, Any]:
    return {"exec": {"command": ["cat", "/tmp/healthy"]}, **FAST, **timing}


def attempts(good: str, **timing: Any) -> dict[str, Any]:
    """A probe that counts its own attempts in `n`: on a slow node no time is like another."""
    count = "echo >>/tmp/attempts; n=$(wc -l </tmp/attempts); "
    return {"exec": {"command": ["sh", "-c", f"{count}[ {good} ]"]}, **FAST, **timing}


def liveness(*words: str, container: str = "app", **more: Any) -> Expected:
    said = ("killed by its liveness probe", *words)
    return Expected("livenessProbe", container, words=said, **more)


def killed_again(container: str = "app") -> Expected:
    """The last end is a liveness kill, and the next stop may be under way: that comes first."""
    words = ("liveness probe",)
    return Expected("livenessProbe", container, words=words, severity=("warning", "critical"))


def startup(*words: str, container: str = "app", **more: Any) -> Expected:
    said = ("killed by its startup probe", *words)
    return Expected("startupProbe", container, words=said, **more)


INCIDENTS = (
    broken(
        "liveness-exec-143",
        "an exec liveness probe fails after a healthy start; the program ends 143 on TERM",
        shell(HEALTHY_FOR + on_term(143), livenessProbe=file_probe(initialDelaySeconds=1)),
        until=restarted(times=2),
        expected=liveness("app was", "exec cat /tmp/healthy", at_least="proven"),
    ),
    broken(
        "liveness-exec-137",
        "the same with a program that ignores TERM and gets KILL",
        shell(HEALTHY_FOR + STUBBORN, livenessProbe=file_probe()),
        until=restarted(),
        expected=liveness("exec cat /tmp/healthy", severity=("warning", "critical")),
    ),
    broken(
        "liveness-exec-exit-0",
        "the same with a program that ends 0 on TERM: it reads Completed",
        shell(HEALTHY_FOR + on_term(0), livenessProbe=file_probe()),
        until=restarted(),
        expected=liveness(severity=("warning", "critical")),
    ),
    broken(
        "liveness-exec-own-code",
        "the same with a program that ends 7 on TERM, and says so on its way out",
        shell(
            HEALTHY_FOR + f"trap 'echo error: interrupted; exit 7' TERM; {STUBBORN}",
            livenessProbe=file_probe(),
        ),
        until=restarted(),
        expected=liveness(severity=("warning", "critical")),
    ),
    broken(
        "liveness-http-404",
        "an http liveness probe asks for a path that is not there",
        shell(
            "mkdir /www; echo ok > /www/index.html; exec httpd -f -p 8080 -h /www",
            ports=[{"name": "web", "containerPort": 8080}],
            livenessProbe={"httpGet": {"path": "/healthz", "port": "web"}, **FAST},
        ),
        until=restarted(times=2),
        expected=liveness("/healthz"),
    ),
    broken(
        "liveness-http-refused",
        "an http liveness probe at a port that nothing listens on",
        shell(livenessProbe={"httpGet": {"path": "/", "port": 9}, **FAST}),
        until=restarted(times=2),
        # Nobody listens is behind the kill: either may be the one line.
        expected=Expected("livenessProbe", words=("9",)),
    ),
    broken(
        "liveness-tcp",
        "a tcp liveness probe at a port that its program closes",
        shell(
            f"(timeout 4 nc -lk -p 7000 -e cat) & {on_term(143)}",
            livenessProbe={"tcpSocket": {"port": 7000}, "initialDelaySeconds": 1, **FAST},
        ),
        until=restarted(),
        expected=Expected("livenessProbe", severity=("warning", "critical"), words=("7000",)),
    ),
    broken(
        "liveness-grpc",
        "a grpc server that turns to NOT_SERVING; it ends 2 on TERM",
        container(
            image=AGNHOST,
            args=["grpc-health-checking", "--delay-unhealthy-sec=4"],
            livenessProbe={"grpc": {"port": 5000}, "initialDelaySeconds": 2, **FAST},
        ),
        until=restarted(),
        expected=liveness("grpc", severity=("warning", "critical")),
    ),
    broken(
        "liveness-timeout",
        "a liveness command that takes longer than its timeoutSeconds",
        shell(
            on_term(143),
            livenessProbe={"exec": {"command": ["sleep", "20"]}, **FAST, "timeoutSeconds": 1},
        ),
        until=restarted(),
        expected=killed_again(),
    ),
    broken(
        "liveness-throttled",
        "a liveness command of some milliseconds, in a container that has 2 % of a CPU",
        shell(
            "while :; do :; done",
            resources={"limits": {"cpu": "20m"}},
            livenessProbe={"exec": {"command": WORK}, **FAST, "timeoutSeconds": 1},
        ),
        until=restarted(),
        expected=liveness(severity=("warning", "critical")),
    ),
    broken(
        "liveness-own-grace",
        "the probe has a grace of its own, shorter than the pod's long one",
        shell(
            HEALTHY_FOR + STUBBORN,
            livenessProbe=file_probe(terminationGracePeriodSeconds=2),
        ),
        terminationGracePeriodSeconds=60,
        until=restarted(),
        expected=killed_again(),
    ),
    broken(
        "liveness-never",
        "a liveness kill under restartPolicy Never: the pod fails and nothing restarts",
        shell(HEALTHY_FOR + on_term(143), livenessProbe=file_probe()),
        restartPolicy="Never",
        until=phase("Failed"),
        expected=liveness(),
    ),
    broken(
        "liveness-sidecar",
        "the liveness probe of a native sidecar",
        shell(),
        initContainers=[
            shell(
                HEALTHY_FOR + on_term(143),
                "proxy",
                restartPolicy="Always",
                livenessProbe=file_probe(),
            )
        ],
        until=restarted("proxy", 2),
        expected=liveness("sidecar proxy", container="proxy"),
    ),
    broken(
        "liveness-same-as-readiness",
        "liveness and readiness are the same probe: a slow moment becomes a restart",
        shell(HEALTHY_FOR + on_term(143), livenessProbe=file_probe(), readinessProbe=file_probe()),
        until=restarted(times=2),
        expected=liveness(),
    ),
    broken(
        "liveness-back-off",
        "so many liveness kills that the container waits in back-off, and events are dropped",
        shell(on_term(143), livenessProbe={"exec": {"command": ["false"]}, **FAST}),
        until=looping(times=4),
        timeout=240,
        expected=liveness("next start"),
    ),
    broken(
        "liveness-one-of-three",
        "three containers; only the one in the middle is killed, the others live",
        shell(name="first", livenessProbe={"exec": {"command": ["true"]}, **FAST}),
        shell(HEALTHY_FOR + on_term(0), "middle", livenessProbe=file_probe()),
        shell(name="last", livenessProbe={"exec": {"command": ["true"]}, **FAST}),
        until=restarted("middle", 2),
        expected=liveness("middle", container="middle"),
    ),
    broken(
        "startup-137",
        "a startup probe that never succeeds; the program ignores TERM",
        shell(STUBBORN, startupProbe=file_probe(failureThreshold=3)),
        until=every(ended(times=2), event("Unhealthy", "Startup")),
        expected=startup("exec cat /tmp/healthy"),
    ),
    broken(
        "startup-exit-0",
        "the same with a program that ends 0 on TERM",
        shell(on_term(0), startupProbe=file_probe(failureThreshold=3)),
        until=ended(times=2),
        expected=startup(),
    ),
    broken(
        "startup-143",
        "the same with a program that ends 143 on TERM, beside a liveness probe that never ran",
        shell(
            on_term(143),
            startupProbe=file_probe(failureThreshold=3),
            livenessProbe={"exec": {"command": ["true"]}, **FAST},
        ),
        until=ended(times=2),
        expected=startup(),
    ),
    broken(
        "startup-too-short",
        "a program that takes longer to start than its startup probe grants it",
        shell(
            f"echo warming up; sleep 30; touch /tmp/healthy; {FOREVER}",
            startupProbe=file_probe(failureThreshold=5),
        ),
        until=ended(times=2),
        expected=startup(),
    ),
    broken(
        "startup-then-liveness",
        "startup succeeds every time, and liveness kills it later",
        shell(
            HEALTHY_FOR + on_term(143),
            startupProbe=file_probe(failureThreshold=10),
            livenessProbe=file_probe(),
        ),
        until=restarted(times=2),
        expected=liveness(),
    ),
    broken(
        "startup-sidecar",
        "a sidecar that never starts up: the app behind it waits for ever",
        shell(),
        initContainers=[
            shell(
                on_term(143),
                "proxy",
                restartPolicy="Always",
                startupProbe=file_probe(failureThreshold=3),
            )
        ],
        until=ended("proxy", 2),
        expected=startup("sidecar proxy", container="proxy"),
    ),
    broken(
        "startup-never",
        "a startup kill under restartPolicy Never",
        shell(on_term(0), startupProbe=file_probe(failureThreshold=3)),
        restartPolicy="Never",
        until=stopped(),
        # It ends 0, so the pod Succeeded: only the probe tells that it was stopped.
        expected=Expected("startupProbe", severity=("critical", "warning", "info", "ok")),
    ),
)
