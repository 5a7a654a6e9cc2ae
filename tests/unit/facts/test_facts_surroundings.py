"""Hooks, images, /etc/hosts and resolv.conf."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kit
from kit import Json, absent, observation, pod, stored, view
from kubectl_podx.model.capture import (
    HostsFile,
    ObjectState,
    Observation,
    StoredObject,
)
from kubectl_podx.pod.kills import grace_period
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.hosts import facts as hosts
from kubectl_podx.sections.images import facts as images
from kubectl_podx.sections.lifecycle import facts as lifecycle


def view_of(
    spec: Json,
    status: Json | None = None,
    *observations: Observation,
    events: list[Json] | None = None,
    objects: tuple[StoredObject, ...] = (),
) -> PodView:
    return view(
        pod(status=status, **spec),
        *objects,
        events=events or [],
        observations=list(observations),
    )


def event(reason: str, message: str, container: str = "app", count: int = 1) -> Json:
    return kit.event(reason, message, container=container, count=count)


HOOKED = {
    "terminationGracePeriodSeconds": 45,
    "containers": [
        {
            "name": "app",
            "lifecycle": {
                "postStart": {"exec": {"command": ["touch", "/ready"]}},
                "preStop": {"sleep": {"seconds": 5}},
                "stopSignal": "SIGQUIT",
            },
        }
    ],
}


def test_hooks_are_listed_with_the_grace_period_they_share() -> None:
    post, pre = lifecycle.build(view_of(HOOKED))
    assert (post.type, post.handler.text, post.grace_period) == (
        "postStart",
        "exec touch /ready",
        None,
    )
    assert (pre.handler.text, pre.grace_period, pre.stop_signal) == ("sleep 5 s", 45, "SIGQUIT")


def test_a_failed_post_start_hook_tells_the_output_that_the_event_withholds() -> None:
    waiting = {"reason": "PostStartHookError", "message": "command 'x' exited with 1: boom"}
    status = {"containerStatuses": [{"name": "app", "state": {"waiting": waiting}}]}
    post, _ = lifecycle.build(view_of(HOOKED, status))
    assert (post.state, post.reason) == ("failed", "command 'x' exited with 1: boom")


def test_a_failed_pre_stop_hook_is_known_by_its_event_only() -> None:
    events = [event("FailedPreStopHook", "PreStopHook failed", count=3)]
    _, pre = lifecycle.build(view_of(HOOKED, events=events))
    assert (pre.state, pre.reason) == ("failed", "PreStopHook failed (3 times)")
    strangers = [event("FailedPreStopHook", "PreStopHook failed", "other")]
    assert lifecycle.build(view_of(HOOKED, events=strangers))[1].state == "declared"


@pytest.mark.parametrize(
    ("spec", "seconds"),
    [
        ({}, 30),
        ({"terminationGracePeriodSeconds": 0}, 0),
        ({"terminationGracePeriodSeconds": "x"}, 30),
    ],
)
def test_the_grace_period_has_a_default(spec: dict[str, Any], seconds: int) -> None:
    assert grace_period(view_of(spec)) == seconds


DIGEST = "sha256:" + "c" * 64
IMAGES: list[tuple[str, dict[str, Any], list[dict[str, Any]], str]] = [
    ("it runs", {"imageID": f"r/nginx@{DIGEST}", "state": {"running": {}}}, [], "present"),
    (
        "pull fails",
        {"state": {"waiting": {"reason": "ErrImagePull", "message": "m"}}},
        [],
        "failed",
    ),
    (
        "pulling",
        {"state": {"waiting": {"reason": "ContainerCreating"}}},
        [event("Pulling", 'Pulling image "nginx"')],
        "pulling",
    ),
    (
        "pulled and not yet started",
        {"state": {"waiting": {"reason": "ContainerCreating"}}},
        [event("Pulling", "x"), event("Pulled", "x")],
        "present",
    ),
    ("nothing is known", {}, [], "unknown"),
]


@pytest.mark.parametrize(
    ("status", "events", "state"), [case[1:] for case in IMAGES], ids=[case[0] for case in IMAGES]
)
def test_the_state_of_an_image(
    status: dict[str, Any], events: list[dict[str, Any]], state: str
) -> None:
    spec = {"containers": [{"name": "app", "image": "nginx"}]}
    statuses = {"containerStatuses": [{"name": "app", **status}]}
    (found,) = images.build(view_of(spec, statuses, events=events))
    assert (found.state, found.tag, found.pull_policy) == (state, "latest", "Always")
    assert found.digest == (DIGEST if "imageID" in status else "")


def test_pull_secrets_are_told_with_what_is_wrong_with_them() -> None:
    def secret(name: str, state: ObjectState = "present", kind: str = "") -> StoredObject:
        key = f"Secret/shop/{name}"
        return stored({"type": kind}, key) if state == "present" else absent(key, state)

    spec = {
        "containers": [{"name": "app", "image": "nginx:1"}],
        "imagePullSecrets": [{"name": n} for n in ("good", "gone", "odd", "shut", "unasked")]
        + [{}],
    }
    objects = (
        secret("good", kind="kubernetes.io/dockerconfigjson"),
        secret("gone", "missing"),
        secret("odd", kind="Opaque"),
        secret("shut", "denied"),
    )
    (found,) = images.build(view_of(spec, objects=objects))
    assert found.pull_secrets == [
        "good: ok",
        "gone: missing",
        "odd: wrongType (Opaque)",
        "shut: denied",
        "unasked: unknown",
    ]
    assert [(one.name, one.state, one.type) for one in found.pull_secret_states] == [
        ("good", "ok", ""),
        ("gone", "missing", ""),
        ("odd", "wrongType", "Opaque"),
        ("shut", "denied", ""),
        ("unasked", "unknown", ""),
    ]


MANAGED = [
    "# Kubernetes-managed hosts file.",
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::0\tip6-localnet",
    "10.0.0.9\tweb-0",
    "",
    "# Entries added by HostAliases.",
    "127.0.0.1\tfoo.local\tbar.local",
]
ALIASES = {"hostAliases": [{"ip": "127.0.0.1", "hostnames": ["foo.local", "bar.local"]}]}
NETWORK = {"podIP": "10.0.0.9"}


def look(
    hosts_lines: list[str], resolv: list[str] | None = None, hostname: str = ""
) -> Observation:
    text = HostsFile(hosts=hosts_lines, resolv=resolv or [], hostname=hostname)
    return observation(text=text)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (MANAGED, [("present", "127.0.0.1")]),
        (MANAGED[:-1], [("missing", "127.0.0.1")]),
        ([*MANAGED, "10.1.1.1 db"], [("present", "127.0.0.1"), ("undeclared", "10.1.1.1")]),
        ([], [("unknown", "127.0.0.1")]),
        (["10.1.1.1 db # own file"], [("missing", "127.0.0.1")]),
    ],
)
def test_hosts_lines_are_held_against_host_aliases(
    lines: list[str], expected: list[tuple[str, str]]
) -> None:
    found = hosts.build(view_of(ALIASES, NETWORK, look(lines))).aliases
    assert [(alias.state, alias.ip) for alias in found] == expected


def test_a_container_that_mounts_its_own_hosts_file_is_left_alone() -> None:
    mounts = [{"name": "h", "mountPath": "/etc/hosts"}]
    spec = {**ALIASES, "containers": [{"name": "app", "volumeMounts": mounts}]}
    found = hosts.build(view_of(spec, NETWORK, look(MANAGED[:1]))).aliases
    assert [alias.state for alias in found] == ["unknown"]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, "web-0"),
        ({"hostname": "db"}, "db"),
        ({"hostname": "db", "hostnameOverride": "full.name"}, "full.name"),
        ({"hostname": "x" * 70}, "x" * 63),
        ({"hostNetwork": True}, ""),
        ({"subdomain": "s", "setHostnameAsFQDN": True}, ""),
    ],
)
def test_the_expected_host_name(spec: dict[str, Any], expected: str) -> None:
    assert hosts.expected_hostname(view_of(spec)) == expected


def test_host_name_and_dns_settings_that_differ_are_said() -> None:
    spec = {
        "dnsPolicy": "None",
        "dnsConfig": {
            "nameservers": ["9.9.9.9", "10.0.0.10"],
            "searches": ["corp.example"],
            "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
        },
    }
    resolv = ["nameserver 10.0.0.10", "search corp.example.", "options ndots:5 edns0"]
    found = hosts.build(view_of(spec, {}, look([], resolv, "other\n")))
    assert (found.nameservers, found.options) == (["10.0.0.10"], ["ndots:5", "edns0"])
    assert found.differs == [
        "host name: the spec gives web-0, the container has another one",
        "resolv.conf lacks nameservers of dnsConfig: 9.9.9.9",
        "resolv.conf lacks the option ndots:2 of dnsConfig",
    ]
    same = look(
        [],
        ["nameserver 9.9.9.9", "nameserver 10.0.0.10", *resolv[1:2], "options ndots:2 edns0"],
        "web-0",
    )
    assert hosts.build(view_of(spec, {}, same)).differs == []


@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_hosts_and_resolv_lines_are_read(lines: list[str]) -> None:
    found = hosts.build(view_of(ALIASES, NETWORK, look(lines, lines, "web-0")))
    assert [alias.ip for alias in found.aliases] == ["127.0.0.1"]


@pytest.mark.parametrize(
    "spec", [{"hostAliases": [None, {}]}, {"dnsConfig": 3}, {"imagePullSecrets": {}}]
)
def test_odd_specs_are_read(spec: dict[str, Any]) -> None:
    view = view_of({**spec, "containers": [{"name": "app", "lifecycle": None, "image": 3}]})
    assert hosts.build(view).differs == []
    assert lifecycle.build(view) == []
    assert images.build(view)[0].image == ""
