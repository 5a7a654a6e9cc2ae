"""`--debug-image`: images without a shell, seen through an ephemeral container; the one write."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from e2e.fresh import own_namespace
from e2e.manifests import (
    BUSYBOX,
    NOSHELL,
    account,
    allow,
    config_map,
    container,
    pod,
    secret,
    shell,
)
from e2e.support import ROOT, Bench, Manifest

pytestmark = pytest.mark.cluster

# Nothing here is about the deadline, and a busy machine is slow.
LONG = ("--deadline", "60s")
ADD = ("--debug-image", BUSYBOX, "--yes", *LONG)
# No registry has it: it is never there.
NOWHERE = "podx.test/nothing:1"
SAFE: Manifest = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
RESTRICTED: Manifest = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "fsGroup": 4000,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def added(bench: Bench, name: str) -> list[Manifest]:
    """The pod's ephemeral containers."""
    found = bench.get("pod", name)
    assert found is not None
    specs: list[Manifest] = found["spec"].get("ephemeralContainers", [])
    return specs


def observation(report: Any, name: str = "app") -> Any:
    return next(one["observation"] for one in report["containers"] if one["name"] == name)


@pytest.fixture(scope="module", autouse=True)
def sources(bench: Bench) -> None:
    bench.apply(
        [config_map("settings", {"level": "very"}), secret("login", {"word": "open-sesame"})]
    )


def program(name: str, image: str, **fields: Any) -> Manifest:
    """The server of the image without a shell, out of an image volume: in any image."""
    env = [
        {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "level"}}},
        {"name": "WORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "word"}}},
        {"name": "PLAIN", "value": "with $(LEVEL)"},
    ]
    mounts = [
        {"name": "config", "mountPath": "/etc/app"},
        {"name": "config", "mountPath": "/etc/level", "subPath": "level"},
        {"name": "login", "mountPath": "/etc/login"},
        {"name": "scratch", "mountPath": "/scratch"},
        {"name": "program", "mountPath": "/program"},
    ]
    volumes = [
        {"name": "config", "configMap": {"name": "settings"}},
        {"name": "login", "secret": {"secretName": "login", "defaultMode": 0o440}},
        {"name": "scratch", "emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"}},
        {"name": "program", "image": {"reference": NOSHELL, "pullPolicy": "IfNotPresent"}},
    ]
    app = container(
        "app",
        image,
        command=["/program/noshell"],
        env=env,
        volumeMounts=mounts,
        securityContext=SAFE,
        # Less would not be certain: nobody tells how much is in use.
        resources={"limits": {"memory": "300Mi"}, "requests": {"memory": "8Mi"}},
        **fields,
    )
    made = pod(name, app, labels={"app": "equal"}, volumes=volumes, securityContext=RESTRICTED)
    made["spec"]["hostname"] = "equal"
    return made


# What no two pods have in common, how it was seen, and the environment of an exec session, which
# an image without a shell has none of.
OF_ONE_POD = {
    *("containerID", "image", "imageID", "inode", "device", "resident"),
    *("method", "through", "ways", "injected", "observedUsage", "boundPod", "warnAfter"),
    *("available", "inodesUsed"),
}


def comparable(value: Any, pod_name: str) -> Any:
    """The value without what differs between any two pods."""
    if isinstance(value, dict):
        return {
            key: comparable(inner, pod_name)
            for key, inner in value.items()
            if key not in OF_ONE_POD and not key.endswith(("At", "Time", "since", "expires"))
        }
    if isinstance(value, list):
        return [comparable(inner, pod_name) for inner in value]
    if isinstance(value, str):
        return value.replace(pod_name, "POD")
    return value


SEEN_INSIDE = (
    *("files", "environment", "downwardAPI", "namespaces", "volumes", "hosts", "security"),
    *("serviceAccountTokens", "containers", "findings", "coverage", "network"),
)


@pytest.mark.needs_server("1.35", "image volumes")
def test_the_report_is_that_of_the_same_program_in_an_image_with_a_shell(bench: Bench) -> None:
    bench.start(program("with-shell", BUSYBOX), program("without-it", NOSHELL))
    known = bench.report("with-shell", *LONG)
    found = bench.report("without-it", *ADD)
    assert observation(known)["method"] == "exec"
    seen = observation(found)
    assert (seen["state"], seen["method"], seen["reason"]) == ("observed", "ephemeral", "")
    assert seen["through"] == added(bench, "without-it")[0]["name"]
    for section in SEEN_INSIDE:
        of_both = [
            comparable(report[section], name)
            for report, name in ((known, "with-shell"), (found, "without-it"))
        ]
        # The exec itself is a process of the container that it runs in.
        if section == "containers":
            for rows in of_both:
                rows[0]["pids"].pop("used")
        if section in ("files", "serviceAccountTokens", "volumes"):
            for row in (row for rows in of_both for row in rows):
                for field in ("volume", "name", "used"):
                    row.pop(field, None)
        assert of_both[1] == of_both[0], section
    files = {one["path"]: one["state"] for one in found["files"]}
    assert files["/etc/app/level"] == files["/etc/login/word"] == "current"
    assert {one["name"]: one["state"] for one in found["environment"]}["WORD"] == "current"
    (listener,) = found["namespaces"]["listeners"]
    assert (listener["port"], listener["pid"], listener["executable"]) == (8080, 1, "noshell")
    assert "open-sesame" not in str(found)


def test_the_pods_own_containers_are_untouched_and_a_second_look_adds_nothing(
    bench: Bench,
) -> None:
    (before,) = bench.start(pod("touched", container("app", NOSHELL)))
    said = bench.podx("describe", "touched", *ADD).stderr
    (spec,) = added(bench, "touched")
    assert spec["targetContainerName"] == "app"
    assert "resources" not in spec or spec["resources"] == {}
    assert "volumeMounts" not in spec
    assert "stays in its spec" in said
    assert spec["name"] in said
    for words in (ADD, LONG):
        again = bench.report("touched", *words)
        # Without the flag, too: it runs, and an exec in it writes nothing.
        assert observation(again)["method"] == "ephemeral"
        assert again["verdict"]["severity"] == "ok"
    after = bench.get("pod", "touched")
    assert after is not None
    assert len(after["spec"]["ephemeralContainers"]) == 1
    assert after["status"]["containerStatuses"] == before["status"]["containerStatuses"]
    for field in ("containers", "volumes", "securityContext"):
        assert after["spec"][field] == before["spec"][field]


def test_nothing_of_a_report_counts_podxs_own_container(bench: Bench) -> None:
    bench.start(pod("ignored", container("app", NOSHELL), shell(name="side")))
    bench.podx("describe", "ignored", "-c", "app", *ADD)
    (spec,) = added(bench, "ignored")
    report = bench.report("ignored", *LONG)
    assert [one["name"] for one in report["containers"]] == ["app", "side"]
    for one in report["containers"]:
        for how in ("through", "ways"):
            one["observation"].pop(how)
    assert report["pod"].pop("debugContainers") == [spec["name"]]
    assert spec["name"] not in str(report)
    assert "Z" not in {one["state"] for one in report["namespaces"]["processes"]}
    assert {one["executable"] for one in report["namespaces"]["processes"]} == {
        "noshell",
        "sh",
        "sleep",
    }
    owners = [one["container"] for one in report["namespaces"]["processes"]]
    assert set(owners) == {"app", "side"}


def test_another_uid_in_a_shared_pid_namespace(bench: Bench) -> None:
    """The neighbour may not look, as it is another user; a debug container is the same one."""
    bench.start(
        pod(
            "shared",
            container("app", NOSHELL, securityContext={"runAsUser": 2000}),
            shell(name="side", securityContext={"runAsUser": 3000}),
            shareProcessNamespace=True,
        )
    )
    assert observation(bench.report("shared", *LONG))["state"] == "unobservable"
    seen = observation(bench.report("shared", *ADD))
    assert (seen["state"], seen["method"]) == ("observed", "ephemeral")
    (spec,) = added(bench, "shared")
    assert spec["securityContext"]["runAsUser"] == 2000


def test_two_containers_have_one_each(bench: Bench) -> None:
    bench.start(
        pod(
            "two",
            container("app", NOSHELL),
            container("other", NOSHELL, args=["8081"], securityContext={"runAsUser": 1234}),
        )
    )
    report = bench.report("two", *ADD)
    assert [observation(report, name)["state"] for name in ("app", "other")] == ["observed"] * 2
    specs = added(bench, "two")
    assert {one["targetContainerName"] for one in specs} == {"app", "other"}
    by_port = {one["port"]: one["container"] for one in report["namespaces"]["listeners"]}
    assert by_port == {8080: "app", 8081: "other"}


@pytest.fixture(scope="module")
def restricted(bench: Bench) -> Iterator[Bench]:
    """A namespace that admits `restricted` pods only."""
    with own_namespace(Bench(bench.kubectl_binary, f"{bench.namespace}-psa")) as found:
        label = "pod-security.kubernetes.io/enforce=restricted"
        found.kubectl("label", "namespace", found.namespace, label)
        yield found


def test_pod_security_restricted_admits_it_but_not_the_general_profile(restricted: Bench) -> None:
    app = container("app", NOSHELL, securityContext=SAFE)
    restricted.start(pod("safe", app, securityContext=RESTRICTED))
    refused = restricted.report("safe", *ADD, "--debug-profile", "general")
    seen = observation(refused)
    assert seen["state"] == "unobservable"
    assert "violates PodSecurity" in seen["reason"]
    assert added(restricted, "safe") == []
    seen = observation(restricted.report("safe", *ADD))
    assert (seen["state"], seen["method"]) == ("observed", "ephemeral")


def test_the_general_profile_is_root_with_sys_ptrace(bench: Bench) -> None:
    bench.start(pod("general", container("app", NOSHELL, securityContext={"runAsUser": 7})))
    seen = observation(bench.report("general", *ADD, "--debug-profile", "general"))
    assert (seen["state"], seen["method"]) == ("observed", "ephemeral")
    (spec,) = added(bench, "general")
    assert spec["securityContext"]["capabilities"]["add"] == ["SYS_PTRACE"]


def test_a_refused_right_is_named_and_that_right_is_enough(bench: Bench) -> None:
    rules = [
        allow("get list", "pods pods/log configmaps secrets events services serviceaccounts"),
        allow("get create", "pods/exec"),
    ]
    bench.apply(account("no-writer", *rules))
    bench.start(pod("kept", container("app", NOSHELL)))
    user = f"system:serviceaccount:{bench.namespace}:no-writer"
    seen = observation(bench.report("kept", *ADD, "--as", user))
    assert seen["state"] == "unobservable"
    assert seen["needs"] == "patch pods/ephemeralcontainers"
    assert added(bench, "kept") == []
    bench.apply(account("no-writer", *rules, allow("patch", "pods/ephemeralcontainers")))
    seen = bench.wait_for(
        lambda: (
            (found := observation(bench.report("kept", *ADD, "--as", user)))["method"]
            == "ephemeral"
            and found
        ),
        "the right to be in force",
    )
    assert seen["state"] == "observed"


def test_an_image_that_cannot_be_pulled_is_said_and_not_added_again(bench: Bench) -> None:
    bench.start(pod("unpulled", container("app", NOSHELL)))
    for _ in range(2):
        report = bench.report("unpulled", "--debug-image", NOWHERE, "--yes", *LONG)
        seen = observation(report)
        assert seen["state"] == "unobservable"
        assert "imagePullPolicy IfNotPresent" in seen["reason"]
        assert "ErrImagePull" in seen["reason"] or "ImagePullBackOff" in seen["reason"]
        assert len(added(bench, "unpulled")) == 1
    # It is no finding of the pod's.
    assert bench.report("unpulled", *LONG)["verdict"]["severity"] == "ok"
    assert NOWHERE not in str(bench.report("unpulled", *LONG))


def words(bench: Bench, *more: str) -> list[str]:
    return [sys.executable, "-m", "kubectl_podx", *more, "-n", bench.namespace]


def test_interrupted_while_it_starts_it_says_what_stays(bench: Bench) -> None:
    bench.start(pod("left", container("app", NOSHELL)))
    command = words(bench, "describe", "left", "--debug-image", NOWHERE, "--yes", *LONG)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) as run:
        assert run.stderr is not None
        said = next(line for line in run.stderr if "was added to" in line)
        run.send_signal(signal.SIGINT)
        rest = run.stderr.read()
        assert run.wait(timeout=30) == 130
    (spec,) = added(bench, "left")
    assert spec["name"] in said
    # The pull may have failed that very moment: then there was nothing left to interrupt.
    assert not rest or spec["name"] in rest


def test_without_a_yes_nothing_is_written(bench: Bench) -> None:
    bench.start(pod("asked", container("app", NOSHELL)))
    refused = bench.podx("describe", "asked", "--debug-image", BUSYBOX, check=False)
    assert refused.status == 2
    assert "--yes" in refused.stderr
    for variable in ({}, {"KUBECTL_PODX_DEBUG_IMAGE": BUSYBOX}):
        report = bench.report("asked", *LONG, env={**os.environ, **variable})
        assert observation(report)["state"] == "unobservable"
    ways = {one["way"]: one["state"] for one in observation(report)["ways"]}
    assert ways == {"exec": "closed", "neighbour": "closed", "ephemeral": "open", "outside": "used"}
    shown = bench.podx("describe", "asked", *LONG).stdout
    assert all(f"{way} ({state}): " in shown for way, state in ways.items())
    assert added(bench, "asked") == []


@contextmanager
def terminal(command: list[str], environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """The command on a terminal of its own: its pid, and our end of the line."""
    pid, line = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execvpe(command[0], command, environment)  # noqa: S606 - no shell is wanted
    try:
        yield pid, line
    finally:
        os.close(line)
        os.waitpid(pid, 0)


def read_until(line: int, wanted: str) -> str:
    """Until these words are there, however wide the columns are that they stand in."""
    said = ""
    while wanted not in " ".join(said.split()):
        try:
            more = os.read(line, 65536).decode("utf-8", "replace")
        except OSError:
            break
        if not more:
            break
        said += more
    assert wanted in " ".join(said.split())
    return said


@pytest.mark.parametrize(("answer", "containers"), [("n", 0), ("y", 1)])
def test_on_a_terminal_a_person_is_asked(bench: Bench, answer: str, containers: int) -> None:
    name = f"person-{answer}"
    bench.start(pod(name, container("app", NOSHELL)))
    environment = {**os.environ, "KUBECTL_PODX_DEBUG_IMAGE": BUSYBOX}
    with terminal(words(bench, "describe", name, *LONG), environment) as (_, line):
        question = read_until(line, "[y/N]")
        assert "stays in the pod's spec until the pod is deleted" in question
        assert BUSYBOX in question
        os.write(line, f"{answer}\n".encode())
        read_until(line, "nobody said yes" if answer == "n" else "observed via podx-debug-")
    assert len(added(bench, name)) == containers
