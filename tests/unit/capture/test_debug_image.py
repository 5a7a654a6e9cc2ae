"""`--debug-image`: the one write, whatever is answered to it; what it adds, and how that ends."""

from __future__ import annotations

import copy
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.captures import view
from kit.fake_server import FakeServer
from kit.objects import Json, container, event, pod, running, status, terminated, waiting
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture import plan_debug
from kubectl_podx.capture.gather import Gatherer
from kubectl_podx.capture.plan import LookOptions
from kubectl_podx.capture.planned import DebugWish
from kubectl_podx.capture.steps import Steps
from kubectl_podx.capture.targets import Targets
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.exec_protocol import ExecResult
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.outside import MemoryUsage
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod import debugging, own
from kubectl_podx.pod.pod import containers

WISH = DebugWish("busybox:1.36")
POD = Reference("Pod", "lead", "everything")
ID = "containerd://" + "d" * 64


class Server(FakeServer):
    """The recorded pod without a shared PID namespace: `plain` has no shell, and nobody sees it."""

    def __init__(self, state: Json | None = None, **changes: Any) -> None:
        super().__init__(**changes)
        self.pod["spec"] = {**self.pod["spec"], "shareProcessNamespace": False}
        self.state = {"running": {"startedAt": "2026-11-25T02:10:01Z"}} if state is None else state
        self.patches: list[Json] = []
        self.refusal: BaseException | None = None
        self.through: list[str] = []

    def patch_ephemeral(self, namespace: str, pod: str, patch: bytes, deadline: Deadline) -> None:
        del deadline
        assert (namespace, pod) == ("lead", "everything")
        if self.refusal is not None:
            raise self.refusal
        self.patches.append(json.loads(patch))
        self.add(self.patches[-1]["spec"]["ephemeralContainers"])

    def add(self, specs: list[Json]) -> None:
        known = copy.deepcopy(self.pod)
        known["spec"].setdefault("ephemeralContainers", []).extend(
            {**spec, "imagePullPolicy": "IfNotPresent"} for spec in specs
        )
        known["status"].setdefault("ephemeralContainerStatuses", []).extend(
            {"name": spec["name"], "containerID": ID, "state": self.state} for spec in specs
        )
        self.bodies["/api/v1/namespaces/lead/pods/everything"] = self.pod = known

    def exec(self, namespace: str, pod: str, container: str, command: Any, **more: Any) -> Any:
        if own.PREFIX in container:
            self.through.append(container)
            assert b"podx_debug=1" in more["stdin"]
            return super().exec(namespace, pod, "app", command, **more)
        assert b"podx_debug=0" in more["stdin"]
        return super().exec(namespace, pod, container, command, **more)


class Person:
    """Says yes or no, and hears."""

    def __init__(self, answer: bool = True) -> None:
        self.answer = answer
        self.questions: list[str] = []
        self.heard: list[str] = []

    def asked(self, question: str) -> bool:
        self.questions.append(question)
        return self.answer


def run(server: FakeServer, person: Person | None = None, **wish: Any) -> Capture:
    person = person or Person()
    options = LookOptions(**{"debug": WISH, **wish})
    steps = Steps(consent=person.asked, say=person.heard.append)
    gatherer = Gatherer(server, options, Deadline(20), steps=steps)  # type: ignore[arg-type]
    return gatherer.capture(Targets(words=("everything",)), "lead")


def seen(capture: Capture, name: str = "plain") -> Any:
    return next(one for one in capture.pods[0].observations if one.container == name)


def observation(capture: Capture) -> Any:
    (report,) = analyse(capture).items
    return next(one for one in report.containers or [] if one.name == "plain").observation


def test_where_nobody_sees_the_inside_one_container_is_added_and_looks() -> None:
    server, person = Server(), Person()
    capture = run(server, person)
    (patch,) = server.patches
    (spec,) = patch["spec"]["ephemeralContainers"]
    assert patch["metadata"] == {"uid": server.pod["metadata"]["uid"]}
    assert spec["targetContainerName"] == "plain"
    assert server.through == [spec["name"]]
    found = seen(capture)
    assert (found.state, found.method, found.through) == ("observed", "ephemeral", spec["name"])
    assert len(person.questions) == 1
    assert "until the pod is deleted" in person.questions[0]
    assert any(spec["name"] in line and "stays" in line for line in person.heard)
    kinds = [(one.kind, one.state) for one in capture.pods[0].calls if one.container == "plain"]
    assert ("debug", "ok") in kinds


def test_without_the_flag_or_a_yes_nothing_is_written() -> None:
    server = Server()
    assert seen(run(server, debug=None)).state == "unobservable"
    assert seen(run(server, Person(answer=False))).state == "unobservable"
    assert server.patches == []
    assert "nobody said yes" in observation(run(server, Person(answer=False))).reason


def test_a_neighbour_that_may_look_is_enough() -> None:
    server = Server()
    server.pod["spec"] = {**server.pod["spec"], "shareProcessNamespace": True}
    person = Person()
    assert seen(run(server, person)).method == "neighbour"
    assert not person.questions
    assert not server.patches


def own_spec(name: str = "podx-debug-aaaaa", target: str = "plain", **more: Any) -> Json:
    mark = {"name": own.MARK, "value": "restricted"}
    spec = {"name": name, "targetContainerName": target, "image": WISH.image, "env": [mark]}
    return {**spec, **more}


@pytest.mark.parametrize("debug", [WISH, None])
def test_one_that_runs_is_used_and_nobody_is_asked(debug: DebugWish | None) -> None:
    server, person = Server(), Person()
    server.add([own_spec()])
    found = seen(run(server, person, debug=debug))
    assert (found.method, found.through) == ("ephemeral", "podx-debug-aaaaa")
    assert not person.questions
    assert not server.patches


@pytest.mark.parametrize(
    ("state", "spec"),
    [
        ({"terminated": {"exitCode": 0}}, own_spec()),
        ({"running": {}}, own_spec(target="app")),
        ({"running": {}}, own_spec(image="alpine")),
        ({"running": {}}, own_spec(env=[{"name": own.MARK, "value": "general"}])),
        ({"running": {}}, own_spec(env=[])),
    ],
    ids=["ended", "of another", "another image", "another profile", "not ours"],
)
def test_what_does_not_fit_is_not_used(state: Json, spec: Json) -> None:
    server = Server(state)
    server.add([spec])
    server.state = {"running": {}}
    run(server)
    assert len(server.patches) == 1


def test_one_that_is_about_to_start_is_waited_for() -> None:
    server, person = Server({"waiting": {"reason": "ErrImagePull", "message": "no host"}}), Person()
    server.add([own_spec()])
    found = observation(run(server, person))
    assert "ErrImagePull: no host" in found.reason
    assert "imagePullPolicy IfNotPresent" in found.reason
    assert not person.questions
    assert not server.patches


def test_one_that_has_just_ended_is_replaced() -> None:
    """It ran when the pod was read; the exec finds that it does not any more."""
    server, person = Server(), Person()
    server.add([own_spec()])
    known = server.exec

    def execute(namespace: str, pod: str, container: str, command: Any, **more: Any) -> Any:
        if container == "podx-debug-aaaaa":
            return ExecResult(b"", b"", None, "InternalError", "container not found", False)
        return known(namespace, pod, container, command, **more)

    server.exec = execute  # type: ignore[method-assign]
    assert seen(run(server, person)).method == "ephemeral"
    assert len(server.patches) == len(person.questions) == 1


def test_an_exec_that_fails_in_it_says_why() -> None:
    server = Server()
    known = server.exec

    def execute(namespace: str, pod: str, container: str, command: Any, **more: Any) -> Any:
        if own.PREFIX in container:
            return ExecResult(b"", b"", 2, "", "", False)
        return known(namespace, pod, container, command, **more)

    server.exec = execute  # type: ignore[method-assign]
    reason = observation(run(server)).reason
    assert "runs, but the exec in it failed: the shell ended with exit code 2" in reason


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"waiting": {"reason": "ImagePullBackOff", "message": "Back-off"}}, "ImagePullBackOff"),
        ({"waiting": {"reason": "CreateContainerConfigError"}}, "CreateContainerConfigError"),
        (
            {"terminated": {"reason": "StartError", "message": "no sh"}},
            "StartError: is there a shell",
        ),
    ],
)
def test_one_that_cannot_start_says_why(state: Json, words: str) -> None:
    found = observation(run(Server(state)))
    assert found.state == "unobservable"
    assert words in found.reason
    assert "no shell" in found.reason


def test_one_that_takes_too_long_is_said_within_the_deadline() -> None:
    server = Server({"waiting": {"reason": "ContainerCreating"}})
    options = LookOptions(debug=WISH)
    steps = Steps(consent=lambda _: True)
    gatherer = Gatherer(server, options, Deadline(4), steps=steps)  # type: ignore[arg-type]
    found = observation(gatherer.capture(Targets(words=("everything",)), "lead"))
    assert "did not start before the deadline" in found.reason
    assert found.needs == "a longer --deadline"


RBAC = 'User "x" cannot patch resource "pods/ephemeralcontainers" in API group ""'


@pytest.mark.parametrize(
    ("error", "words", "needs"),
    [
        (ClusterError("denied", RBAC), "forbidden", "patch pods/ephemeralcontainers"),
        (ClusterError("denied", 'violates PodSecurity "baseline"'), "violates PodSecurity", ""),
        (ClusterError("failed", "a webhook says no"), "a webhook says no", ""),
        (ClusterError("notFound", "gone"), "not found", ""),
        (ValueError("value of a secret"), "internal error in podx", ""),
    ],
)
def test_a_refusal_costs_the_rows_and_names_what_is_missing(
    error: Exception, words: str, needs: str
) -> None:
    server = Server()
    server.refusal = error
    capture = run(server)
    found = observation(capture)
    assert words in found.reason
    assert found.needs == needs
    assert "value of a secret" not in str(capture)
    assert seen(capture, "app").state == "observed"


def test_interrupted_while_it_is_written_it_says_what_may_stay() -> None:
    server, person = Server(), Person()
    server.refusal = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        run(server, person)
    assert "may have been added" in person.heard[-1]


def test_a_person_who_thinks_takes_no_time_of_the_deadline(monkeypatch: Any) -> None:
    server, moment = Server(), [time.monotonic()]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])
    left: list[float] = []

    def think(_question: str) -> bool:
        moment[0] += 100
        return True

    steps = Steps(consent=think)
    gatherer = Gatherer(server, LookOptions(debug=WISH), Deadline(20), steps=steps)  # type: ignore[arg-type]
    read = server.get

    def get(path: str, query: Any = (), **more: Any) -> Any:
        left.append(gatherer._deadline.remaining())
        return read(path, query, **more)

    server.get = get  # type: ignore[method-assign]
    assert seen(gatherer.capture(Targets(words=("everything",)), "lead")).method == "ephemeral"
    assert min(left) > 15


LOST = ExecResult(b"", b"", None, "ConnectionLost", "", False)


@pytest.mark.parametrize(
    ("limit", "message", "reason"),
    [
        ("", 'exec: "sh": executable file not found in $PATH', "no shell"),
        ("300Mi", 'exec: "sh": executable file not found in $PATH', "no shell"),
        ("", "", "connection was lost"),
        ("64Mi", 'exec: "sh": executable file not found in $PATH', "connection was lost"),
    ],
)
def test_a_connection_that_is_lost_at_once_may_mean_that_there_is_no_shell(
    limit: str, message: str, reason: str
) -> None:
    """The API server lost the refusal; nobody sends anything the second time."""
    server = Server()
    for spec in server.pod["spec"]["containers"]:
        if spec["name"] == "plain":
            spec["resources"] = {"limits": {"memory": limit}} if limit else {}
    words: list[list[str]] = []
    known = server.exec

    def execute(namespace: str, pod: str, container: str, command: Any, **more: Any) -> Any:
        if container != "plain":
            return known(namespace, pod, container, command, **more)
        words.append(list(command))
        if more["stdin"] is not None:
            return LOST
        return ExecResult(b"", b"", None, "InternalError", message, False)

    server.exec = execute  # type: ignore[method-assign]
    assert reason in observation(run(server, debug=None, force_exec=True)).reason
    assert len(words) == (1 if limit == "64Mi" else 2)
    assert words[1:] in ([], [["sh", "-c", ":"]])


# -- what it is ------------------------------------------------------------------------------------


def made(entry: Json, profile: str = "restricted", **spec: Any) -> Json:
    body = pod(entry, **spec)
    (one,) = containers(body)
    return plan_debug.debug_container(body, one, DebugWish("busybox", profile), "podx-debug-aaaaa")


def user(uid: int, gid: int = 0) -> Json:
    return status(running(), user={"linux": {"uid": uid, "gid": gid}})


def test_it_is_the_user_of_the_target_and_has_no_capability() -> None:
    context = made(container(status=user(1000, 3000)))["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"]) == (1000, 3000)
    assert context["runAsNonRoot"] is True
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["allowPrivilegeEscalation"] is False
    assert context["readOnlyRootFilesystem"] is True
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def test_without_a_status_the_spec_tells_the_user() -> None:
    whole = made(container(status=status(running())), securityContext={"runAsUser": 5})
    assert whole["securityContext"]["runAsUser"] == 5
    none = made(container(status=status(running())), securityContext={"runAsNonRoot": True})
    assert "runAsUser" not in none["securityContext"]
    assert none["securityContext"]["runAsNonRoot"] is True


def test_for_root_it_has_what_root_has_there() -> None:
    mine = {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}
    context = made(container(status=user(0), securityContext=mine))["securityContext"]
    assert context["capabilities"] == mine["capabilities"]
    assert "runAsNonRoot" not in context


def test_labels_of_security_modules_are_the_targets() -> None:
    mine = {"seLinuxOptions": {"level": "s0:c1"}, "appArmorProfile": {"type": "Unconfined"}}
    context = made(container(status=user(1), securityContext=mine))["securityContext"]
    assert {field: context[field] for field in mine} == mine


def test_the_general_profile_is_root_with_sys_ptrace() -> None:
    context = made(container(status=user(7)), "general")["securityContext"]
    assert (context["runAsUser"], context["capabilities"]) == (0, {"add": ["SYS_PTRACE"]})


def test_it_asks_for_nothing_and_mounts_nothing() -> None:
    spec = made(container(status=user(7), volumeMounts=[{"name": "d", "mountPath": "/d"}]))
    assert not {"resources", "volumeMounts", "ports", "stdin", "tty"} & spec.keys()
    assert own.is_own(spec)
    assert "# " not in spec["command"][2]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            pod(container(), metadata={"annotations": {"kubernetes.io/config.mirror": "x"}}),
            "static pod",
        ),
        (pod(container(), os={"name": "windows"}), "Windows"),
        (pod(container(), status={"phase": "Succeeded"}), "has ended"),
        (pod(container(), metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"}), "being deleted"),
        (pod(container(), ephemeralContainers=[own_spec()] * 5), "5 are the most"),
    ],
)
def test_when_none_may_be_added(body: Json, words: str) -> None:
    assert words in debugging.refusal(body)


def test_the_debug_containers_of_others_do_not_count() -> None:
    others = [{"name": f"debugger-{n}"} for n in range(9)]
    body = pod(container(), ephemeralContainers=[*others, *[own_spec()] * 4])
    assert debugging.refusal(body) == ""
    assert debugging.refusal(body, 2)


def limited(memory: str) -> Json:
    return pod(
        container(
            resources={"limits": {"memory": memory}}, status=status(running("2026-01-01T00:00:00Z"))
        )
    )


def used(mib: int) -> list[MemoryUsage]:
    read = {"read_at": "2026-01-01T01:00:00Z", "source": "metrics.k8s.io"}
    return [MemoryUsage(container="app", working_set=mib << 20, **read)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "usages", "allowed"),
    [
        (pod(container(status=status(running()))), [], True),
        (limited("64Mi"), used(40), True),
        (limited("64Mi"), used(60), False),
        (limited("64Mi"), [], False),
        (limited("1Gi"), [], True),
    ],
)
def test_the_pods_memory_decides_as_for_an_exec(
    body: Json, usages: list[MemoryUsage], allowed: bool
) -> None:
    assert plan_debug.memory(body, usages, "2026-01-01T01:00:10Z").allowed is allowed


def test_names_are_names_of_kubernetes() -> None:
    for random in (b"\0\0\0\0\0", bytes(range(5)), b"\xff" * 5):
        assert own.is_own(own_spec(plan_debug.name_of(random)))


# -- that nothing counts it ------------------------------------------------------------------------


def test_no_section_knows_of_podxs_own_containers() -> None:
    states = [running("2026-01-01T00:00:00Z"), terminated(137), waiting("ErrImagePull", "no")]
    names = [f"podx-debug-{letter * 5}" for letter in "abc"]
    body = pod(
        container(status=status(running("2026-01-01T00:00:00Z"), ready=True)),
        ephemeralContainers=[own_spec(name, "app") for name in names],
    )
    body["status"]["ephemeralContainerStatuses"] = [
        {"name": name, "state": state} for name, state in zip(names, states, strict=True)
    ]
    path = "spec.ephemeralContainers{podx-debug-ccccc}"
    said = event("Failed", "Failed to pull image", involvedObject={"uid": "u-1", "fieldPath": path})
    found = view(body, events=[said])
    assert [entry.name for entry in found.containers] == ["app"]
    assert own.is_own_event(body, said)
    assert found.events == []


def test_another_debug_container_is_still_one() -> None:
    mine = pod(
        container(), ephemeralContainers=[{"name": "podx-debug-aaaaa"}, {"name": "debugger"}]
    )
    assert [entry.name for entry in containers(mine)] == ["app", "podx-debug-aaaaa", "debugger"]


def test_what_runs_in_them_is_told_by_their_id() -> None:
    body = pod(container(), ephemeralContainers=[own_spec()])
    body["status"]["ephemeralContainerStatuses"] = [{"name": "podx-debug-aaaaa", "containerID": ID}]
    assert own.own_ids(body) == {"d" * 64}


# -- the first process of it ----------------------------------------------------------------------

SHELLS = [
    pytest.param(words, id=words[0])
    for words in (["dash"], ["bash", "--posix"], ["busybox", "sh"], ["sh"])
    if shutil.which(words[0])
]


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in found]


def waits(pid: int) -> bool:
    """Whether it handles SIGUSR1, has its child, and has nothing to do but wait for it."""
    text = Path(f"/proc/{pid}/status").read_text()
    caught = int(text.partition("SigCgt:")[2].split()[0], 16) >> (signal.SIGUSR1 - 1) & 1
    return bool(caught) and "State:\tS" in text and len(children(pid)) == 1


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
@pytest.mark.parametrize("shell", SHELLS)
def test_it_ends_by_itself_and_a_signal_begins_its_time_anew(shell: list[str]) -> None:
    with subprocess.Popen([*shell, "-c", plan_debug.idle_script(), "podx-debug"]) as process:
        try:
            wait_until(lambda: waits(process.pid))
            (first,) = children(process.pid)
            process.send_signal(signal.SIGUSR1)
            wait_until(lambda: waits(process.pid) and children(process.pid) != [first])
            # The one before was waited for: it is gone, and no zombie.
            assert not Path(f"/proc/{first}").exists()
            (second,) = children(process.pid)
            wait_until(lambda: b"120" in Path(f"/proc/{second}/cmdline").read_bytes().split(b"\0"))
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
            assert not Path(f"/proc/{second}").exists()
        finally:
            process.kill()


@pytest.mark.parametrize("shell", SHELLS)
def test_its_end_is_that_of_its_sleep(shell: list[str], tmp_path: Path) -> None:
    script = plan_debug.idle_script().replace("sleep 120", "sleep 0.1")
    assert subprocess.run([*shell, "-c", script], check=False, timeout=20).returncode == 0
    # Without a `sleep` it must not turn for ever.
    programs = {"PATH": str(tmp_path)}
    path = shutil.which(shell[0]) or ""
    bare = plan_debug.idle_script().replace("sleep 120", "no-such-program 120")
    ended = subprocess.run(
        [path, *shell[1:], "-c", bare],
        check=False,
        timeout=20,
        env={**os.environ, **programs},
        capture_output=True,
    )
    assert ended.returncode == 127
