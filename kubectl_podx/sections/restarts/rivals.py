"""For every cause its rivals: other histories that leave the same evidence, by the code of its
finding. Each is recorded from a real node and stands in the catalogue of incidents.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubectl_podx.rules.rule import Rival

_KILLING = "a Killing event of the kubelet inside this very instance"

RIVALS: Mapping[str, tuple[Rival, ...]] = {
    "RST001": (
        Rival("it ended by itself while its probe was failing, before that counted", _KILLING),
        Rival(
            "it ended by itself at the very attempt that failed, as a server does that serves one "
            "connection or crashes on the probe's request",
            f"{_KILLING}, and its end a second or more after that; its log",
        ),
        Rival(
            "it ran out of memory beside a probe that succeeds",
            "reason OOMKilled, and the kubelet's counter of the probe's failures",
        ),
    ),
    "RST002": (
        Rival("it ended by itself before its startup probe had failed often enough", _KILLING),
        Rival("it was OOM-killed while it was starting", "reason OOMKilled"),
    ),
    "RST003": (
        Rival(
            "the pod's cgroup was full first: files in a volume of memory that an init container "
            "left",
            "the pod's memory limit, the volume's use, the program's own use against its limit",
        ),
        Rival(
            "the pod's cgroup was full first: files that another container holds in memory",
            "the pod's memory limit and what its other containers use",
        ),
        Rival(
            "a child was OOM-killed, and the main process handed on its exit code 137",
            "the program's own log; the remedy is the same",
        ),
        Rival(
            "a child was OOM-killed, and later a liveness probe killed the container",
            f"{_KILLING}, or the kubelet's counter of the probe's failures",
        ),
    ),
    "RST004": (
        Rival(
            "another container died at the pod's limit: with cgroup v1 all of them are marked",
            "whether the pod's limit can be reached by others; another end with 137",
        ),
    ),
    "RST006": (
        Rival("a liveness probe killed it, and it ends with a code of its own on TERM", _KILLING),
        Rival("the pod was deleted, and it ends with a code of its own on TERM", _KILLING),
        Rival(
            "its postStart hook failed or was killed with it",
            "waiting reason PostStartHookError, whose message holds the hook's output",
        ),
    ),
    "RST007": (
        Rival("a liveness probe killed it, and it ends with 0 on TERM", _KILLING),
        Rival("a startup probe killed it, and it ends with 0 on TERM", _KILLING),
        Rival(
            "another container sent TERM over a shared PID namespace",
            "nothing of the API: read the neighbour's log",
        ),
        Rival(
            "somebody's exec sent TERM to PID 1, which handles it",
            "the API server's audit log, for the subresource pods/exec",
        ),
        Rival(
            "the pod was resized or got a new image, and it ends with 0 on TERM",
            f"{_KILLING}, or managedFields",
        ),
        Rival(
            "the command of a readiness probe or a hook sent TERM to PID 1, which handles it",
            "nothing of the API: read what the command does",
        ),
    ),
    "RST008": (
        Rival(
            "abort() as PID 1: the kernel spares it SIGABRT, and it ends by SIGSEGV",
            "the last line of its log",
        ),
        Rival("a shell hands on the code of its child", "the program's own log"),
        Rival("it ends with that code of its own will", "the program's own log"),
        Rival("a writer's closed pipe under pipefail: nobody sent SIGPIPE", "the script"),
        Rival("`timeout` in a script ended a command", "the script"),
        Rival("a liveness probe killed it", _KILLING),
        Rival(
            "another container killed it over a shared PID namespace",
            "nothing of the API: read the neighbour's log",
        ),
    ),
    "RST010": (
        Rival(
            "a volume hides what the image has at that path",
            "the container's volumeMounts; the same image without them",
        ),
        Rival(
            "the memory is used up by files of others, and the limit is not too low",
            "what volumes of memory hold, and the pod's own limit",
        ),
    ),
    "RST011": (
        Rival(
            "it ended by itself, and the hook was killed with it",
            "the kubelet's waiting message for a second: exited with 137",
        ),
        Rival(
            "it ended with 0 by itself, and the hook died with it",
            "the same message; exit code 137, which is of a kill",
        ),
    ),
    "RST015": (
        Rival("it had ended by itself before the eviction", "its finishedAt against the event"),
    ),
    "RST018": (
        Rival("it had ended by itself before the deadline", "its finishedAt against the event"),
    ),
    "RST020": (
        Rival("it had ended by itself before the deletion", "its finishedAt, and a Killing event"),
        Rival(
            "its Job deletes the pod because it has ended",
            "the Job's condition Failed, and what the container's end was before it",
        ),
        Rival(
            "the scheduler preempts it for a pod of higher priority",
            "condition DisruptionTarget, PreemptionByScheduler",
        ),
    ),
    "RST022": (
        Rival("a program that ends with -1, which is 255", "reason Error instead of Unknown"),
    ),
}
