"""Ends with more than one suspect: what is past or beside it is not the cause of the last one."""

from __future__ import annotations

from typing import Any

from e2e.manifests import FOREVER, shell
from incidents.catalogue.exits import exits
from incidents.catalogue.healthy import STATE, STATE_VOLUME
from incidents.catalogue.memory import CHILD, EAT, LIMIT, whole
from incidents.catalogue.probe_kills import (
    FAST,
    HEALTHY_FOR,
    STUBBORN,
    file_probe,
    killed_again,
    liveness,
    on_term,
)
from incidents.catalogue.stops import NOT_YET_HEALTHY, RESIZED, delete, held, more_memory, new_image
from incidents.incident import Expected, Step, broken
from incidents.when import (
    ended,
    event,
    every,
    exited,
    looping,
    restarted,
    running_for,
    started_again,
    status_reason,
)

SOME_TRUE: dict[str, Any] = {"exec": {"command": ["true"]}, **FAST}
SOME_FALSE: dict[str, Any] = {"exec": {"command": ["false"]}, **FAST}
SLOWLY_FALSE: dict[str, Any] = {
    "exec": {"command": ["false"]},
    "periodSeconds": 2,
    "failureThreshold": 8,
}
COUNTED = "n=$(cat /state/n 2>/dev/null || echo 0); echo $((n + 1)) > /state/n; "

INCIDENTS = (
    broken(
        "mixed-killed-then-exits",
        "the first instance is killed by its liveness probe, the next one gives up by itself",
        shell(
            f"{COUNTED}if [ $n = 0 ]; then {on_term(143)}; fi; touch /tmp/healthy; sleep 2; exit 3",
            livenessProbe=file_probe(initialDelaySeconds=1),
            **STATE,
        ),
        volumes=STATE_VOLUME,
        until=ended(times=2),
        expected=exits(3, severity=NOT_YET_HEALTHY),
    ),
    broken(
        "mixed-exits-then-killed",
        "the first instance gives up by itself, the next one is killed by its liveness probe",
        shell(
            f"{COUNTED}if [ $n = 0 ]; then exit 3; fi; {on_term(0)}",
            livenessProbe=SOME_FALSE,
            **STATE,
        ),
        volumes=STATE_VOLUME,
        until=ended(times=2),
        expected=liveness(severity=NOT_YET_HEALTHY),
    ),
    broken(
        "mixed-exit-under-failing-liveness",
        "its liveness probe fails, and before that counts it gives up by itself",
        shell("sleep 6; exit 9", livenessProbe=SLOWLY_FALSE),
        until=ended(),
        expected=exits(9, severity=NOT_YET_HEALTHY),
    ),
    broken(
        "mixed-failures-add-up",
        "failures are counted over instances that give up by themselves: a later one is killed",
        # Two to four attempts in a life: none ends with the threshold reached. With 8, which two
        # lives of four make up, 1.30 killed nobody.
        shell("sleep 6; exit 9", livenessProbe={**SLOWLY_FALSE, "failureThreshold": 5}),
        until=every(exited(137), event("Killing", "liveness")),
        expected=liveness(at_least="proven"),
    ),
    broken(
        "mixed-exit-under-failing-startup",
        "its startup probe fails some times, and before that counts it gives up by itself",
        shell("sleep 5; exit 9", startupProbe=file_probe(failureThreshold=30)),
        until=looping(times=2),
        expected=exits(9),
    ),
    broken(
        "mixed-oom-while-starting",
        "OOM-killed while its startup probe still fails",
        shell(
            f"sleep 4; exec {EAT}", resources=LIMIT, startupProbe=file_probe(failureThreshold=30)
        ),
        until=looping(times=2),
        expected=Expected("oomKilled", words=("OOM-killed",)),
    ),
    broken(
        "mixed-oom-of-a-child-in-init",
        "a child of an init container is OOM-killed, and the init container gives up with 1",
        shell(),
        initContainers=[shell(f"{CHILD}exit 1", "migrate", resources=LIMIT)],
        until=looping("migrate", 2),
        whole_group=whole("migrate"),
        expected=exits(1, "init container migrate", container="migrate", codes=("RST004",)),
    ),
    broken(
        "mixed-two-probes-two-containers",
        "one container is killed by liveness, its neighbour by startup, at the same time",
        shell(HEALTHY_FOR + on_term(0), livenessProbe=file_probe()),
        shell(on_term(0), "slow", startupProbe=file_probe(failureThreshold=3)),
        until=every(ended(), ended("slow")),
        expected=Expected("livenessProbe", severity=NOT_YET_HEALTHY),
    ),
    broken(
        "mixed-two-probes-the-other",
        "the same, asked about the neighbour",
        shell(HEALTHY_FOR + on_term(0), name="first", livenessProbe=file_probe()),
        shell(on_term(0), startupProbe=file_probe(failureThreshold=3)),
        until=every(ended("first"), ended(times=2)),
        # What blocks now is that it fails again.
        expected=Expected("startupProbe", words=("app", "startup probe")),
    ),
    broken(
        "mixed-exit-then-deadline",
        "it had ended 3 before the pod's deadline came",
        shell("sleep 2; exit 3", "app"),
        shell(STUBBORN, "slow"),
        restartPolicy="Never",
        activeDeadlineSeconds=15,
        until=status_reason("DeadlineExceeded"),
        expected=Expected("exitCode", words=("deadline",)),
    ),
    broken(
        "mixed-crash-loop-then-deadline",
        "it keeps ending 3, and then the deadline ends the pod while it waits",
        shell("sleep 1; exit 3"),
        activeDeadlineSeconds=9,
        until=status_reason("DeadlineExceeded"),
        # The kubelet writes an end of its own for a container that only waited.
        expected=Expected("deadlineExceeded", words=("deadline",)),
    ),
    broken(
        "mixed-exit-then-evicted",
        "it had ended 0 before the pod was evicted for its neighbour's files",
        shell("exit 0"),
        shell(
            "sleep 8; dd if=/dev/zero of=/state/blob bs=1M count=40; while :; do sleep 1; done",
            "writer",
            **STATE,
        ),
        restartPolicy="Never",
        volumes=[{"name": "state", "emptyDir": {"sizeLimit": "10Mi"}}],
        until=status_reason("Evicted"),
        expected=Expected("completed", words=("evicted",)),
    ),
    broken(
        "mixed-own-255",
        "a program that ends with -1 of its own will: 255, and nothing was lost",
        shell("sleep 1; exit 255"),
        until=looping(times=2),
        expected=exits(255),
    ),
    broken(
        "mixed-own-137",
        "a script that ends with 137 of its own will, without a limit",
        shell("sleep 1; exit 137"),
        until=looping(times=2),
        # From outside the same as a SIGKILL of somebody in the container.
        expected=Expected("signal", at_least="possible", words=("SIGKILL",)),
    ),
    broken(
        "mixed-resize-exit-0",
        "a resize that restarts, of a program that ends 0 on TERM",
        shell(on_term(0), **RESIZED),
        steps=(Step(running_for(3), more_memory),),
        needs=("1.33", "a resize in place"),
        until=restarted(),
        expected=Expected("resize", severity=NOT_YET_HEALTHY, words=("resize",)),
    ),
    broken(
        "mixed-new-image-beside-liveness",
        "a new image for a container whose liveness probe is fine",
        shell(on_term(0), livenessProbe=SOME_TRUE),
        steps=(Step(running_for(5), new_image),),
        until=restarted(),
        expected=Expected("definitionChanged", severity=NOT_YET_HEALTHY),
    ),
    broken(
        "mixed-new-image-that-fails",
        "a new image in which the program gives up: the change is past, the exit is now",
        shell(f"if [ -e /bin/bash ]; then sleep 1; exit 4; fi; {on_term(143)}"),
        steps=(Step(running_for(3), new_image),),
        until=looping(times=2),
        expected=exits(4),
    ),
    broken(
        "mixed-post-start-beside-liveness",
        "a postStart hook that fails beside a liveness probe that would be fine",
        shell(
            on_term(143),
            lifecycle={"postStart": {"exec": {"command": ["sh", "-c", "sleep 2; exit 1"]}}},
            livenessProbe=SOME_TRUE,
        ),
        until=every(ended(times=2), event("FailedPostStartHook")),
        expected=Expected("postStartHook", words=("postStart",)),
    ),
    broken(
        "mixed-exit-during-post-start",
        "the program gives up while its long postStart hook still runs",
        shell(
            "sleep 2; echo 'error: no licence'; exit 5",
            lifecycle={"postStart": {"exec": {"command": ["sleep", "30"]}}},
        ),
        until=ended(times=2),
        # The kubelet says that the hook was killed for a second only; else it may be either.
        expected=Expected(
            "exitCode", also=("postStartHook",), at_least="possible", severity=NOT_YET_HEALTHY
        ),
    ),
    broken(
        "mixed-sidecar-liveness-in-job",
        "a sidecar's liveness kill in a pod of policy Never",
        shell(FOREVER),
        initContainers=[
            shell(
                HEALTHY_FOR + STUBBORN, "proxy", restartPolicy="Always", livenessProbe=file_probe()
            )
        ],
        restartPolicy="Never",
        until=restarted("proxy"),
        expected=killed_again("proxy"),
    ),
    held(
        "mixed-killed-then-deleted",
        "a liveness kill, and later the pod is deleted: the last end is the deletion's",
        shell(
            f"{COUNTED}if [ $n = 0 ]; then {on_term(143)}; fi; touch /tmp/healthy; {on_term(143)}",
            livenessProbe=file_probe(initialDelaySeconds=1),
            **STATE,
        ),
        volumes=STATE_VOLUME,
        steps=(Step(every(started_again(), running_for(4)), delete),),
        expected=Expected("deleted", severity=("info", "warning")),
    ),
)
