"""Programs that end by themselves: exit codes, crashes, and work that is done too early."""

from __future__ import annotations

from typing import Any

from e2e.manifests import FOREVER, shell
from incidents.catalogue.probe_kills import FAST
from incidents.incident import LABEL, Expected, Incident, broken
from incidents.when import ended, event, every, looping, phase, restarted, running, stopped


def crash(signal: str, code: int) -> Incident:
    """A program that dies of a signal of its own. Not PID 1, which signals to itself spare.

    `$$$$`: in a command the kubelet makes one `$` of two.
    """
    return broken(
        f"crash-{signal.lower()}",
        f"the program dies of SIG{signal}",
        shell(f"echo working; sleep 2; kill -{signal} $$$$; sleep 5"),
        shareProcessNamespace=True,
        until=looping(times=2),
        expected=Expected("signal", words=("crashed with", f"SIG{signal}"), exactly=True),
    )


def exits(code: int, *words: str, **more: Any) -> Expected:
    return Expected("exitCode", words=(f"exited with code {code}", *words), **more)


INCIDENTS = (
    broken(
        "exit-3-log",
        "exit 3 with the reason in the log, amid other lines",
        shell(
            "echo starting; echo 'FATAL: cannot connect to db:5432: connection refused';"
            " echo 'flushing metrics'; sleep 1; exit 3"
        ),
        until=looping(times=2),
        expected=exits(3, "cannot connect to db:5432", at_least="proven"),
    ),
    broken(
        "exit-termination-message",
        "exit 1 with the reason in the termination message",
        shell("echo 'license expired' > /dev/termination-log; exit 1"),
        until=looping(times=2),
        expected=exits(1, "license expired"),
    ),
    broken(
        "exit-fallback-to-logs",
        "exit 1, the message taken from the log",
        shell(
            "echo 'panic: index out of range [5]'; exit 1",
            terminationMessagePolicy="FallbackToLogsOnError",
        ),
        until=looping(times=2),
        expected=exits(1, "panic: index out of range"),
    ),
    broken(
        "exit-python-traceback",
        "a traceback: the line that names the exception counts, not the last of the log",
        shell(
            "echo 'Traceback (most recent call last):'; echo '  File \"app.py\", line 3';"
            " echo \"KeyError: 'DATABASE_URL'\"; echo bye; exit 1"
        ),
        until=looping(times=2),
        expected=exits(1, "KeyError"),
    ),
    broken(
        "exit-127",
        "a shell that cannot find its command",
        shell("exec serve --port 80"),
        until=looping(times=2),
        expected=exits(127, "serve"),
    ),
    broken(
        "exit-beside-sidecar",
        "exit 3 in a loop beside a native sidecar that is fine",
        shell("sleep 1; exit 3"),
        initContainers=[shell(FOREVER, "proxy", restartPolicy="Always")],
        until=looping(times=2),
        expected=exits(3, "app"),
    ),
    broken(
        "exit-beside-liveness",
        "exit 4 of itself; its liveness probe succeeds and is not the cause",
        shell("sleep 7; exit 4", livenessProbe={"exec": {"command": ["true"]}, **FAST}),
        until=restarted(),
        expected=exits(4, severity=("warning", "critical")),
    ),
    broken(
        "exit-before-liveness",
        "exit 5 sooner than its failing liveness probe could act",
        shell(
            "exit 5",
            livenessProbe={"exec": {"command": ["false"]}, "periodSeconds": 10},
        ),
        until=looping(times=2),
        expected=exits(5, at_least="proven"),
    ),
    broken(
        "exit-0-with-failing-readiness",
        "it ends 0 after a while; readiness failed all the time and stops nobody",
        shell("sleep 5; exit 0", readinessProbe={"exec": {"command": ["false"]}, **FAST}),
        until=looping(times=2),
        expected=Expected("completed", words=("exit code 0",)),
    ),
    broken(
        "completed-always",
        "a program that is done at once under restartPolicy Always",
        shell("echo done; exit 0"),
        until=looping(times=2),
        expected=Expected("completed", words=("app", "exit code 0"), at_least="proven"),
    ),
    crash("SEGV", 139),
    crash("ABRT", 134),
    crash("BUS", 135),
    crash("FPE", 136),
    crash("ILL", 132),
    broken(
        "crash-child-segv",
        "PID 1 is a shell that hands on the 139 of its child",
        shell("sh -c 'kill -SEGV $$$$'; code=$?; echo 'Segmentation fault'; exit $code"),
        until=looping(times=2),
        expected=Expected("signal", words=("SIGSEGV",)),
    ),
    broken(
        "exit-never",
        "exit 6 under restartPolicy Never: the pod has failed",
        shell("sleep 1; echo 'error: no input'; exit 6"),
        restartPolicy="Never",
        until=phase("Failed"),
        expected=exits(6, "no input"),
    ),
    broken(
        "init-loops",
        "an init container that fails again and again",
        shell(),
        initContainers=[shell("echo 'error: migration 7 failed'; exit 1", "migrate")],
        until=looping("migrate", 2),
        expected=exits(1, "init container migrate", "migration 7", container="migrate"),
    ),
    broken(
        "init-failed-never",
        "an init container that fails under restartPolicy Never: the pod has failed",
        shell(),
        initContainers=[shell("exit 9", "migrate")],
        restartPolicy="Never",
        until=phase("Failed"),
        expected=exits(9, "init container migrate", container="migrate"),
    ),
    broken(
        "sidecar-loops",
        "a native sidecar that ends 2 again and again while the app runs",
        shell(),
        initContainers=[shell("sleep 1; exit 2", "proxy", restartPolicy="Always")],
        until=every(looping("proxy", 2), running("app")),
        expected=exits(2, "sidecar proxy", container="proxy"),
    ),
    broken(
        "rule-restarts-42",
        "a container of policy Never that restartPolicyRules start again after 42",
        shell(
            "sleep 2; exit 42",
            restartPolicy="Never",
            restartPolicyRules=[
                {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}
            ],
        ),
        restartPolicy="Never",
        needs=("1.35", "restartPolicyRules of a container"),
        until=ended(times=2),
        expected=exits(42, severity=("warning", "critical")),
    ),
    Incident(
        "job-backoff-limit",
        "a Job whose one try fails: its backoffLimit is reached",
        (
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {"name": "job-backoff-limit"},
                "spec": {
                    "backoffLimit": 0,
                    "template": {
                        "metadata": {"labels": {LABEL: "job-backoff-limit"}},
                        "spec": {
                            "restartPolicy": "Never",
                            "containers": [shell("echo 'error: bucket is gone'; exit 2")],
                        },
                    },
                },
            },
        ),
        stopped(),
        exits(2, "bucket is gone"),
    ),
    broken(
        "ephemeral-is-no-restart",
        "a debug shell that ended beside an app that fails: the app is what matters",
        shell("sleep 2; exit 8"),
        until=every(looping(times=2), event("BackOff")),
        expected=exits(8, "app"),
    ),
)
