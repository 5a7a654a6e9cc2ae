"""Namespaces, processes and listening sockets."""

from __future__ import annotations

from typing import Any

import pytest

from kit import Json, container, observation, pod, status, view
from kubectl_podx.model.capture import (
    Listener,
    Observation,
    Process,
)
from kubectl_podx.pod import listeners
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.namespaces import facts as namespaces

SANDBOX = "5" * 64
IDS = {"app": "a" * 64, "log": "b" * 64}


def view_of(
    spec: Json | None = None, *observations: Observation, names: tuple[str, ...] = ()
) -> PodView:
    names = names or tuple(found.container for found in observations) or ("app",)
    body = pod(
        *(
            container(name, status=status(containerID=f"containerd://{IDS.get(name, name)}"))
            for name in names
        ),
        **(spec or {}),
    )
    return view(body, observations=list(observations))


def seen(container: str, **fields: Any) -> Observation:
    return observation(container, container_id=IDS.get(container, ""), **fields)


def inodes(app: dict[str, str], log: dict[str, str]) -> tuple[Observation, Observation]:
    return seen("app", namespaces=app), seen("log", namespaces=log)


AGREEMENT: list[tuple[str, dict[str, Any], str, dict[str, str], dict[str, str], bool | None]] = [
    ("one network", {}, "network", {"net": "1"}, {"net": "1"}, True),
    ("two networks", {}, "network", {"net": "1"}, {"net": "2"}, False),
    (
        "the node's network by its fixed inode",
        {"hostNetwork": True},
        "network",
        {"net": "4026531833"},
        {"net": "4026531833"},
        True,
    ),
    (
        "hostNetwork cannot be proven on older kernels",
        {"hostNetwork": True},
        "network",
        {"net": "77"},
        {"net": "77"},
        None,
    ),
    ("own pid namespaces", {}, "pid", {"pid": "1"}, {"pid": "2"}, True),
    (
        "pid namespaces are shared although not asked for",
        {},
        "pid",
        {"pid": "1"},
        {"pid": "1"},
        False,
    ),
    ("shared", {"shareProcessNamespace": True}, "pid", {"pid": "1"}, {"pid": "1"}, True),
    (
        "shared was asked for and not given",
        {"shareProcessNamespace": True},
        "pid",
        {"pid": "1"},
        {"pid": "2"},
        False,
    ),
    ("hostPID", {"hostPID": True}, "pid", {"pid": "4026531836"}, {"pid": "4026531836"}, True),
    (
        "the node's ipc without hostIPC",
        {},
        "ipc",
        {"ipc": "4026531839"},
        {"ipc": "4026531839"},
        False,
    ),
    (
        "a user namespace of its own",
        {"hostUsers": False},
        "user",
        {"user": "9"},
        {"user": "9"},
        True,
    ),
    (
        "hostUsers false was not honoured",
        {"hostUsers": False},
        "user",
        {"user": "4026531837"},
        {"user": "4026531837"},
        False,
    ),
    ("mounts are never shared", {}, "mount", {"mnt": "1"}, {"mnt": "2"}, True),
    ("nothing was read", {}, "uts", {}, {}, None),
]


@pytest.mark.parametrize(
    ("spec", "kind", "app", "log", "agrees"),
    [case[1:] for case in AGREEMENT],
    ids=[case[0] for case in AGREEMENT],
)
def test_what_was_seen_is_held_against_what_was_declared(
    spec: dict[str, Any], kind: str, app: dict[str, str], log: dict[str, str], agrees: bool | None
) -> None:
    built = namespaces.build(view_of(spec, *inodes(app, log)))
    found = getattr(built, kind)
    assert found.agrees is agrees
    assert (found.reason == "") is (agrees is True)


def test_equal_inodes_prove_a_group_and_the_unseen_are_only_declared() -> None:
    view = view_of({}, seen("app", namespaces={"net": "1"}), names=("app", "log", "x"))
    groups = namespaces.build(view).network.groups
    assert [(group.containers, group.basis) for group in groups] == [
        (["app"], "proven"),
        (["log", "x"], "declared"),
    ]


def test_a_debug_container_joins_its_target() -> None:
    spec = {"ephemeralContainers": [{"name": "debug", "targetContainerName": "app"}]}
    view = view_of(spec, names=("app", "log"))
    assert [g.containers for g in namespaces.build(view).pid.groups] == [["app", "debug"], ["log"]]
    proven = view_of(
        spec,
        seen("app", namespaces={"pid": "1"}),
        seen("log", namespaces={"pid": "2"}),
        seen("debug", namespaces={"pid": "1"}),
        names=("app", "log"),
    )
    assert namespaces.build(proven).pid.agrees is True


PAUSE = Process(pid=1, container_id=SANDBOX, executable="pause")
NGINX = Process(pid=7, container_id=IDS["app"], executable="nginx", state="S")
TAIL = Process(pid=9, container_id=IDS["log"], executable="tail", state="S")


def test_in_a_shared_pid_namespace_every_process_is_listed_once() -> None:
    view = view_of(
        {"shareProcessNamespace": True},
        seen(
            "app",
            namespaces={"pid": "1"},
            main_pid=7,
            pid_one=PAUSE,
            processes=[PAUSE, NGINX, TAIL],
        ),
        seen(
            "log",
            namespaces={"pid": "1"},
            main_pid=9,
            pid_one=PAUSE,
            processes=[PAUSE, NGINX, TAIL],
        ),
    )
    built = namespaces.build(view)
    assert built.pid_one == "pause"
    assert [(row.container, row.pid, row.main) for row in built.processes] == [
        ("pause", 1, False),
        ("app", 7, True),
        ("log", 9, True),
    ]


def test_the_looks_inside_other_containers_are_left_out() -> None:
    looking = [
        Process(pid=20, parent=0, executable="sh", started_at="2026-11-25T10:00:09.900Z"),
        Process(pid=21, parent=20, executable="cat", started_at="2026-11-25T10:00:09.950Z"),
        Process(pid=22, parent=0, executable="sh", started_at="2026-11-25T09:00:00.000Z"),
        Process(pid=23, parent=0, executable="psql", started_at="2026-11-25T10:00:09.000Z"),
        Process(pid=24, parent=0, executable="sh"),
    ]
    told = {"clock": "2026-11-25T10:00:10Z", "shell": "/bin/sh"}
    look = seen("app", processes=[NGINX, *looking], **told)
    view = view_of({"shareProcessNamespace": True}, look)
    assert [row.pid for row in namespaces.build(view).processes] == [22, 23, 24, 7]


def test_without_sharing_each_container_has_its_own_pid_one() -> None:
    nginx = Process(pid=1, container_id=IDS["app"], executable="nginx")
    tail = Process(pid=1, container_id=IDS["log"], executable="tail")
    view = view_of(
        {},
        seen("app", namespaces={"pid": "1"}, main_pid=1, pid_one=nginx, processes=[nginx]),
        seen("log", namespaces={"pid": "2"}, main_pid=1, pid_one=tail, processes=[tail]),
    )
    built = namespaces.build(view)
    assert built.pid_one == "app: nginx, log: tail"
    assert [(row.container, row.pid) for row in built.processes] == [("app", 1), ("log", 1)]


def test_under_host_pid_the_first_process_is_the_nodes() -> None:
    init = Process(pid=1, executable="systemd")
    view = view_of({"hostPID": True}, seen("app", pid_one=init))
    assert namespaces.build(view).pid_one == "node: systemd"
    sandbox = Process(pid=900, container_id=SANDBOX, executable="pause")
    unseen = namespaces.build(view_of({"hostPID": True}, seen("app", processes=[sandbox])))
    assert unseen.pid_one == "node"
    assert unseen.processes[0].container == "pause"


def port(number: int, address: str = "0.0.0.0", **fields: Any) -> Listener:  # noqa: S104
    return Listener(address=address, port=number, **fields)


def test_a_listener_is_given_to_the_container_of_its_process() -> None:
    spec = {
        "containers": [
            {"name": "app", "ports": [{"containerPort": 80, "name": "http", "hostPort": 8001}]},
            {"name": "log"},
        ]
    }
    nginx = Process(pid=1, container_id=IDS["app"], executable="nginx")
    view = view_of(
        spec,
        seen("log", listeners=[port(80, inode="5", uid=101)]),
        seen("app", processes=[nginx], listeners=[port(80, inode="5", uid=101, pid=1)]),
    )
    (row,) = namespaces.build(view).listeners
    assert (row.container, row.executable, row.declared_as, row.host_port) == (
        "app",
        "nginx",
        "app:http",
        8001,
    )
    assert row.reason == ""


def test_a_listener_nobody_claims_says_why_its_process_is_not_known() -> None:
    two = view_of({}, seen("app", listeners=[port(80)]), names=("app", "log"))
    (row,) = namespaces.build(two).listeners
    assert row.container is None
    assert "/proc/N/fd" in row.reason
    alone = view_of({}, seen("app", listeners=[port(80)]))
    assert namespaces.build(alone).listeners[0].container == "app"


def test_on_the_hosts_network_only_the_pods_own_sockets_are_shown() -> None:
    view = view_of(
        {"hostNetwork": True},
        seen(
            "app",
            processes=[Process(pid=3, container_id=IDS["app"])],
            listeners=[port(22), port(80, pid=3)],
        ),
    )
    assert [row.port for row in namespaces.build(view).listeners] == [80]


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        ([], (False, False)),
        (["127.0.0.1"], (True, False)),
        (["::1"], (True, False)),
        (["::ffff:127.0.0.1"], (True, False)),
        (["127.0.0.1", "10.0.0.3"], (True, True)),
        (["::"], (True, True)),
    ],
)
def test_a_port_is_reachable_where_one_address_is_not_loopback(
    addresses: list[str], expected: tuple[bool, bool]
) -> None:
    view = view_of({}, seen("app", listeners=[port(80, each) for each in addresses]))
    reached = listeners.reach(view, 80)
    assert reached is not None
    assert (reached.listening, reached.reachable) == expected


def test_without_a_full_look_nobody_can_say_that_a_port_is_closed() -> None:
    assert listeners.reach(view_of(), 80) is None
    partial = observation(state="partial")
    assert listeners.reach(view_of({}, partial), 80) is None


@pytest.mark.parametrize("pod", [{}, {"spec": None}, {"spec": {"hostNetwork": "yes"}}])
def test_odd_pods_have_namespaces_that_cannot_be_told(pod: dict[str, Any]) -> None:
    assert namespaces.build(view(pod)).network.agrees is None
