"""Recorded looks of a real pod, sealed: what compares equal, what shows, what never shows."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import astuple, replace

from kit import absent, raw_look
from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.certificates import validity
from kubectl_podx.capture.look import neighbour_calls
from kubectl_podx.capture.plan import LookOptions, PlannedCall, pod_calls
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.seal_environment import declared_variables
from kubectl_podx.capture.seal_observation import seal_look
from kubectl_podx.model.capture import Observation, StoredObject
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.debugging import NO_SHELL
from kubectl_podx.pod.pod import containers

RECORDED = Path(__file__).parent / "recorded"
POD = Reference("Pod", "lead", "everything")
CANARY = "canary-7f3a-hunter2"
FORMS = (
    CANARY,
    base64.b64encode(CANARY.encode()).decode(),
    CANARY.encode().hex(),
    hashlib.sha256(CANARY.encode()).hexdigest(),
)


class World:
    """The recorded pod and its objects, opened by one Sealer."""

    def __init__(self, **changes: dict[str, Any] | None) -> None:
        recorded = json.loads((RECORDED / "everything.json").read_text())
        self.sealer = Sealer()
        self.objects: dict[str, StoredObject] = {}
        for body in [*recorded["objects"], recorded["pod"]]:
            name = body["metadata"]["name"]
            reference = Reference(body["kind"], body["metadata"].get("namespace", ""), name)
            if name in changes:
                change = changes[name]
                if change is None:
                    self.objects[reference.key] = absent(reference.key)
                    continue
                body = {**body, **change}  # noqa: PLW2901 - a changed copy
            self.objects[reference.key] = self.sealer.keep(reference, body)
        self.pod = self.sealer.raw_pod(POD)

    def look(self, container: str, recording: str, through: str = "") -> Observation:
        call = exec_call(self.pod, container)
        status = next(e for e in containers(self.pod) if e.name == container)
        raw = raw_look(
            (RECORDED / recording).read_bytes(),
            nonce="podx-recorded",
            container_id=status.container_id,
            through=through,
            since="2026-11-25T02:01:51Z",
        )
        declared = declared_variables(self.sealer, self.pod, self.objects)
        outcome = Outcome(call, "ok", answer=raw)
        return seal_look(self.sealer, self.pod, outcome, self.objects, declared)


def exec_call(pod: Any, container: str) -> PlannedCall:
    calls = pod_calls(POD, pod, LookOptions())
    return next(call for call in calls if call.kind == "exec" and call.container == container)


def variables(observation: Observation) -> dict[str, tuple[str, bool, bool]]:
    """Name -> state, injected equals declared, process equals declared."""
    return {
        one.name: (one.declared_state, one.injected == one.declared, one.process == one.declared)
        for one in observation.variables
    }


def test_every_declared_variable_of_a_fresh_container_equals_what_was_injected() -> None:
    found = variables(World().look("app", "look-busybox.bin"))
    declared = {name: rest for name, rest in found.items() if rest[0] != "undeclared"}
    assert declared == {
        "level": ("resolved", True, True),
        "GREETING": ("resolved", True, True),
        "config.yaml": ("resolved", True, True),
        "L_user": ("resolved", True, True),
        "L_password": ("resolved", True, True),
        "DEMO_GREETING": ("resolved", True, True),
        "PW": ("resolved", True, True),
        "URL": ("resolved", True, True),
        "POD_IP": ("resolved", True, True),
        "APP": ("resolved", True, True),
        "CPU": ("resolved", True, True),
        "BROKEN": ("unresolved", True, True),
    }
    assert found["PATH"][0] == "undeclared"


def test_a_changed_source_differs_and_the_old_value_does_not_show() -> None:
    changed = {"data": {"level": "calm", "GREETING": "hello", "config.yaml": "a: 1\nb: 2\n"}}
    found = World(settings=changed).look("app", "look-busybox.bin")
    level = next(one for one in found.variables if one.name == "level")
    assert level.declared is not None
    assert level.injected is not None
    assert level.declared.text == "calm"
    assert level.injected.digest != level.declared.digest
    assert level.injected.text is None


def test_no_form_of_a_secret_is_anywhere_in_an_observation() -> None:
    world = World()
    for written in (
        world.look("app", "look-busybox.bin"),
        world.look("neighbour", "look-dash.bin"),
        world.look("plain", "look-through-neighbour.bin", through="app"),
        declared_variables(world.sealer, world.pod, world.objects),
        list(world.objects.values()),
    ):
        shown = msgspec.json.encode(written).decode() + repr(written)
        assert [form for form in FORMS if form in shown] == []


def test_files_compare_with_their_keys_and_downward_files_with_the_pod() -> None:
    world = World()
    files = {one.path: one for one in world.look("app", "look-busybox.bin").files}
    settings = world.objects["ConfigMap/lead/settings"].keys or {}
    login = world.objects["Secret/lead/login"].keys or {}
    assert files["/config/level"].digest == settings["level"].digest
    assert files["/etc/one.yaml"].digest == settings["config.yaml"].digest
    assert files["/all/sub/level"].digest == settings["level"].digest
    assert files["/secret/password"].digest == login["password"].digest
    assert files["/all/user"].digest == login["user"].digest
    assert files["/secret/password"].mode == "0400"
    for name in ("labels", "annotations", "cpu"):
        assert files[f"/all/{name}"].digest == files[f"/all/{name}"].expected_digest
    assert files["/all/labels"].text == 'app="web"\ntier="a"'
    assert files["/all/cpu"].text == "500"


def test_the_root_ca_tells_its_end_of_validity_without_its_bytes() -> None:
    files = {one.path: one for one in World().look("neighbour", "look-dash.bin").files}
    authority = files["/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"]
    assert (authority.not_after or "").startswith("2027-")


def test_the_validity_of_several_certificates_is_what_they_share() -> None:
    pki = Path(__file__).parent.parent / "cluster" / "pki"
    both = (pki / "authority.pem").read_bytes() + (pki / "expired.pem").read_bytes()
    assert astuple(validity(both)) == ("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z")
    assert astuple(validity(both[:300])) == (None, None)


def test_claims_of_tokens_without_the_token() -> None:
    tokens = {one.path: one for one in World().look("app", "look-busybox.bin").tokens}
    vault = tokens["/all/token"]
    assert vault.audiences == ["vault"]
    assert (vault.pod_name, vault.service_account) == ("everything", "default")
    assert vault.warn_after is None
    default = tokens["/var/run/secrets/kubernetes.io/serviceaccount/token"]
    assert default.warn_after is not None
    assert (default.expires_at or "") > "2027"


def test_volumes_know_when_the_kubelet_wrote_them() -> None:
    volumes = {one.mount: one for one in World().look("app", "look-busybox.bin").volumes}
    assert volumes["/config"].written_at == "2026-11-25T02:01:50Z"
    assert volumes["/etc/one.yaml"].data_target is None


def test_a_shared_volume_has_one_device_and_inode_in_both_containers() -> None:
    world = World()
    one = {m.path: m for m in world.look("app", "look-busybox.bin").mounts}["/app"]
    other = {m.path: m for m in world.look("neighbour", "look-dash.bin").mounts}["/data"]
    assert (one.device, one.inode) == (other.device, other.inode)
    assert one.size
    assert one.inodes


def test_through_a_neighbour_files_and_the_process_environment_are_seen() -> None:
    found = World().look("plain", "look-through-neighbour.bin", through="app")
    assert (found.method, found.through, found.state) == ("neighbour", "app", "observed")
    assert found.environment_source == "none"
    assert found.process_environment == "read"
    assert {one.path for one in found.files if one.path.startswith("/config")} == {
        "/config/GREETING",
        "/config/config.yaml",
        "/config/level",
    }


def test_a_neighbour_without_the_rights_says_which_are_missing() -> None:
    world = World()
    call = replace(exec_call(world.pod, "plain"), through="app")
    status = "Uid:\t{0}\t{0}\t{0}\t{0}\nCapEff:\t{1}\n"
    output = (
        "\nn self\nmain 7\nself 7\nroot /proc/7/root\n"
        f"\nn credentials 50\n{status.format(1000, '0000000000000000')}"
        f"\nn credentials 7\n{status.format(0, '00000000a80425fb')}"
        "\nn denied\n\nn end\n"
    )
    raw = raw_look(output.encode(), through="app")
    found = seal_look(world.sealer, world.pod, Outcome(call, "ok", answer=raw), world.objects, {})
    assert found.state == "unobservable"
    assert found.reason == "no shell; container app runs as uid 1000 and the process as uid 0"
    assert found.needs == "capability SYS_PTRACE in container app"


def test_too_little_headroom_is_said_and_costs_only_what_needs_a_fork() -> None:
    world = World()
    call = exec_call(world.pod, "app")
    output = (
        b"\nn start\n\nn cgroup\nversion v1\nlimit 20971520\nusage 19922944\nlean 1\n"
        b"\nn self\nmain 1\nself 9\nshared 0\nroot \nleft_out 0\nshell \n"
        b"\nn limits\nMax open files            1024     1024     files\n"
        b"\nn mountinfo\n\nn end\n"
    )
    raw = raw_look(output)
    found = seal_look(world.sealer, world.pod, Outcome(call, "ok", answer=raw), world.objects, {})
    assert found.state == "partial"
    assert "16 MiB" in found.reason
    assert not found.headroom.enough
    assert found.open_files_limit == 1024
    assert found.files == []


def test_a_shell_that_prints_something_else_is_unobservable() -> None:
    world = World()
    outcome = Outcome(exec_call(world.pod, "app"), "ok", answer=raw_look(b"hello"))
    found = seal_look(world.sealer, world.pod, outcome, world.objects, {})
    assert (found.state, found.method) == ("unobservable", "none")


def test_a_container_without_a_shell_is_looked_at_by_one_that_shares_its_pid_namespace() -> None:
    pod = World().pod
    execs = [call for call in pod_calls(POD, pod, LookOptions()) if call.kind == "exec"]
    outcomes = {
        call.id: Outcome(call, "failed", NO_SHELL)
        if call.container == "plain"
        else Outcome(call, "ok")
        for call in execs
    }
    (second,) = neighbour_calls(pod, execs, outcomes)
    assert (second.container, second.through) == ("plain", "app")
    alone = {**pod, "spec": {**pod["spec"], "shareProcessNamespace": False}}
    assert neighbour_calls(alone, execs, outcomes) == []


@pytest.mark.parametrize("name", ["everything", "settings"])
def test_a_raw_look_can_neither_be_shown_nor_encoded(name: str) -> None:
    raw = raw_look(CANARY.encode(), nonce=name)
    assert CANARY not in repr(raw)
    with pytest.raises(TypeError):
        msgspec.json.encode(raw)
