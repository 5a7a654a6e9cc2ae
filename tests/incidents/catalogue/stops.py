"""Containers that are stopped from outside: changes, resizes, sandboxes, deletions."""

from __future__ import annotations

import json
from typing import Any

from e2e.manifests import DEBIAN, FOREVER, shell
from e2e.support import Bench, Manifest
from incidents.catalogue.probe_kills import STUBBORN, on_term
from incidents.incident import Condition, Expected, Incident, Step, broken, subject
from incidents.node_processes import kill_pause, kill_shim
from incidents.when import deleting, ended, event, every, looping, restarted, running_for, stopped

NOT_YET_HEALTHY: Any = ("warning", "critical")


def new_image(bench: Bench, pod: Manifest) -> None:
    change = {"spec": {"containers": [{"name": "app", "image": DEBIAN}]}}
    bench.kubectl("patch", "pod", pod["metadata"]["name"], "--patch", json.dumps(change))


def more_memory(bench: Bench, pod: Manifest) -> None:
    more = {"requests": {"memory": "48Mi"}, "limits": {"memory": "48Mi"}}
    change = {"spec": {"containers": [{"name": "app", "resources": more}]}}
    name = pod["metadata"]["name"]
    bench.kubectl("patch", "pod", name, "--subresource=resize", "--patch", json.dumps(change))


def delete(bench: Bench, pod: Manifest) -> None:
    bench.kubectl("delete", "pod", pod["metadata"]["name"], "--wait=false")


def evict(bench: Bench, pod: Manifest) -> None:
    meta = pod["metadata"]
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": meta["name"], "namespace": meta["namespace"]},
    }
    path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/eviction"
    bench.kubectl("create", "--raw", path, "--filename=-", input=json.dumps(body))


RESIZED: dict[str, Any] = {
    "resources": {"requests": {"memory": "32Mi"}, "limits": {"memory": "32Mi"}},
    "resizePolicy": [{"resourceName": "memory", "restartPolicy": "RestartContainer"}],
}
CHANGED = Expected("definitionChanged", severity=NOT_YET_HEALTHY, words=("definition changed",))
SANDBOX = Expected("sandboxChanged", severity=NOT_YET_HEALTHY, words=("sandbox",))

# Its end is deletion; that it is still there is the finalizer's doing, and that is what blocks.
GOING = Expected(
    "deleted", severity=("info", "warning"), words=("deletion is blocked by finalizer",)
)


GONE = every(deleting, stopped())


def held(
    name: str,
    story: str,
    *containers: Manifest,
    expected: Expected,
    steps: tuple[Step, ...],
    until: Condition = GONE,
    **spec: Any,
) -> Incident:
    """A pod that stays in the API after its end, as its finalizer asks; else nobody sees that."""
    made = subject(name, *containers, **spec)
    made["metadata"]["finalizers"] = ["example.com/hold"]
    return Incident(name, story, (made,), until, expected, steps=steps)


INCIDENTS = (
    broken(
        "definition-changed-143",
        "a new image for a running pod; the program ends 143 on TERM",
        shell(on_term(143)),
        steps=(Step(running_for(3), new_image),),
        until=restarted(),
        expected=CHANGED,
    ),
    broken(
        "definition-changed-0",
        "a new image for a running pod; the program ends 0 on TERM",
        shell(on_term(0)),
        steps=(Step(running_for(3), new_image),),
        until=restarted(),
        expected=CHANGED,
    ),
    broken(
        "resize-restart",
        "a resize in place of a container that is to be restarted for one",
        shell(on_term(143), **RESIZED),
        steps=(Step(running_for(3), more_memory),),
        needs=("1.33", "a resize in place"),
        until=restarted(),
        expected=Expected("resize", severity=NOT_YET_HEALTHY, words=("resize",)),
    ),
    broken(
        "sandbox-changed",
        "the sandbox's own process dies: the kubelet makes everything anew",
        shell(FOREVER),
        shell(STUBBORN, "other"),
        steps=(Step(running_for(6), kill_pause),),
        until=every(restarted(), restarted("other")),
        expected=SANDBOX,
        on_node=True,
    ),
    broken(
        "sandbox-changed-init-again",
        "the same with an init container, which runs again",
        shell(on_term(0)),
        initContainers=[shell("exit 0", "setup")],
        steps=(Step(running_for(6), kill_pause),),
        until=restarted(),
        expected=SANDBOX,
        on_node=True,
    ),
    broken(
        "runtime-lost",
        "the runtime's process for the pod dies: 255, nobody saw the end, and a new sandbox",
        shell(STUBBORN),
        steps=(Step(running_for(6), kill_shim),),
        until=restarted(),
        expected=SANDBOX,
        on_node=True,
    ),
    held(
        "deleted",
        "the pod is deleted; the program ends 143 on TERM",
        shell(on_term(143)),
        steps=(Step(running_for(3), delete),),
        expected=GOING,
    ),
    held(
        "deleted-exit-0",
        "the same with a program that ends 0",
        shell(on_term(0)),
        steps=(Step(running_for(3), delete),),
        expected=GOING,
    ),
    held(
        "deleted-own-code",
        "the same with a program that ends 7 on TERM",
        shell(on_term(7)),
        steps=(Step(running_for(3), delete),),
        expected=GOING,
    ),
    held(
        "evicted-by-api",
        "a drain: the eviction API deletes the pod",
        shell(on_term(143)),
        steps=(Step(running_for(3), evict),),
        expected=GOING,
    ),
    broken(
        "deleting-slowly",
        "deleted, and its program does not go before the grace is over",
        shell(STUBBORN),
        terminationGracePeriodSeconds=60,
        steps=(Step(running_for(3), delete),),
        until=every(deleting, event("Killing")),
        expected=Expected(severity=("info",), words=("being deleted",)),
    ),
    broken(
        "restart-all-containers",
        "a container's rule restarts all containers of the pod",
        shell(FOREVER, "other"),
        shell(
            "sleep 5; exit 42",
            restartPolicy="Never",
            restartPolicyRules=[
                {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [42]}}
            ],
        ),
        restartPolicy="Never",
        needs=("1.36", "a rule that restarts all containers"),
        until=restarted("other"),
        expected=Expected(
            "restartAllContainers", "other", severity=NOT_YET_HEALTHY, words=("restart",)
        ),
    ),
    held(
        "exit-then-deleted",
        "the program had ended 3 before the pod was deleted: the deletion is not its cause",
        shell("sleep 2; exit 3"),
        shell(on_term(0), "other"),
        restartPolicy="Never",
        steps=(Step(every(stopped(), running_for(12, "other")), delete),),
        until=every(deleting, stopped("other")),
        expected=Expected("exitCode", severity=("info", "warning", "critical")),
    ),
    broken(
        "exit-then-new-image",
        "it failed before its image was changed, and not because of that",
        shell("sleep 4; exit 3"),
        steps=(Step(looping(), new_image),),
        until=every(ended(times=2), event("Pulled", DEBIAN)),
        expected=Expected("exitCode", at_least="possible", severity=NOT_YET_HEALTHY),
    ),
)
