"""Security: what the spec declares against /proc/N/status of the main process."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from kit.sharing_cases import HEALTHY, LOOK, case_of, changed
from kubectl_podx.capture.procfs import BootClock, processes
from kubectl_podx.model.capture import Mount, Process
from kubectl_podx.rules.rule import Case, Hit
from kubectl_podx.sections.security import facts, rules
from kubectl_podx.sections.security.report import Security

# As the kernel prints it, of a process of containerd without a securityContext.
STATUS = b"""\
7 (nginx) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 100 1000 200 0 0 0 0 0 0 0 0 0 0
0::/
Uid:\t1000\t1000\t1000\t1000
Gid:\t1000\t1000\t1000\t1000
Groups:\t1000 2000
CapInh:\t0000000000000000
CapEff:\t00000000a80425fb
NoNewPrivs:\t1
Seccomp:\t2
"""
DEFAULT = 0xA80425FB
CONTEXT = ("spec", "containers", 0, "securityContext")


def row(context: dict[str, Any] | None = None, **process: Any) -> Security:
    found = case(context, **process).report.security
    assert found is not None
    return found[0]


def case(context: dict[str, Any] | None = None, *, read_only: bool = False, **process: Any) -> Case:
    body = changed((CONTEXT, context)) if context is not None else HEALTHY
    main = msgspec.structs.replace(LOOK.processes[0], **process)
    root = Mount(path="/", root="/", device="0:40", fstype="overlay", read_only=read_only)
    made = case_of(body, msgspec.structs.replace(LOOK, processes=[main], mounts=[root]))
    report = msgspec.structs.replace(made.report, security=facts.build(made.view))
    return replace(made, report=report)


def hits(found: Case) -> dict[str, Hit]:
    return {rule.code: hit for rule in rules.RULES for hit in rule.check(found)}


def test_the_status_of_a_process_is_read() -> None:
    (found,) = processes(STATUS, BootClock(b""), {})
    assert (found.effective_capabilities, found.seccomp) == (DEFAULT, "filter")
    assert (found.uid, found.groups, found.no_new_privileges) == (1000, [1000, 2000], True)


@pytest.mark.parametrize("mask", [b"", b"g", b"1" * 17, b"-1", b"0x1"])
def test_a_mask_that_is_none_is_not_seen(mask: bytes) -> None:
    status = STATUS.replace(b"00000000a80425fb", mask)
    assert processes(status, BootClock(b""), {})[0].effective_capabilities is None


def test_nothing_is_said_of_a_process_as_declared() -> None:
    context = {
        "runAsUser": 1000,
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    rights = {"effective_capabilities": 0, "seccomp": "filter", "no_new_privileges": True}
    found = case(context, read_only=True, uid=1000, **rights)
    assert hits(found) == {}
    assert found.report.security is not None
    assert found.report.security[0].capabilities == []


@pytest.mark.parametrize(
    ("context", "process", "words"),
    [
        ({"runAsNonRoot": True}, {"uid": 0}, "user 0 (root), although runAsNonRoot is set"),
        ({"allowPrivilegeEscalation": False}, {"no_new_privileges": False}, "no_new_privs is off"),
        (
            {"seccompProfile": {"type": "RuntimeDefault"}},
            {"seccomp": "disabled"},
            "system calls are not filtered",
        ),
        ({"readOnlyRootFilesystem": True}, {}, "the root file system is writable"),
        (
            {"capabilities": {"drop": ["CAP_NET_RAW"]}},
            {"effective_capabilities": DEFAULT},
            "capabilities that are dropped: NET_RAW",
        ),
    ],
)
def test_more_rights_than_declared(
    context: dict[str, Any], process: dict[str, Any], words: str
) -> None:
    assert words in hits(case(context, **process))["SEC001"].title
    # Nobody looked inside: nothing is known, and nothing is said.
    unseen: dict[str, Any] = dict.fromkeys(process)
    if process:
        assert "SEC001" not in hits(case(context, **unseen))


def test_a_program_that_gives_rights_away_is_no_trouble() -> None:
    found = case({"runAsUser": 0}, uid=33)
    assert hits(found) == {}
    assert row({"runAsUser": 0}, uid=33).differs == ["user 33, declared 0"]


def test_a_privileged_container_is_not_filtered() -> None:
    context = {"privileged": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert hits(case(context, seccomp="disabled", effective_capabilities=(1 << 41) - 1)) == {}


def test_the_containers_own_value_beats_the_pods() -> None:
    body = changed((("spec", "securityContext"), {"runAsUser": 1, "fsGroup": 7}), (CONTEXT, {}))
    assert facts.build(case_of(body).view)[0].run_as_user == 1
    body["spec"]["containers"][0]["securityContext"]["runAsUser"] = 2
    (found,) = facts.build(case_of(body).view)
    assert (found.run_as_user, found.fs_group, found.process) == (2, 7, "")


def test_an_added_capability_is_lost_to_a_user_that_is_not_root() -> None:
    context = {"capabilities": {"add": ["NET_BIND_SERVICE"]}}
    found = hits(case(context, uid=1000, effective_capabilities=0))
    assert "NET_BIND_SERVICE" in found["SEC002"].title
    assert hits(case(context, uid=0, effective_capabilities=0)) == {}
    assert hits(case(context, uid=1000, effective_capabilities=1 << 10)) == {}
    assert hits(case(context, uid=1000)) == {}


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (None, "unknown"),
        (0, "none"),
        (DEFAULT, "default"),
        ((1 << 41) - 1, "all"),
        ((1 << 41) - 1 - (1 << 24), "all but SYS_RESOURCE"),
        (1 << 10, "NET_BIND_SERVICE"),
    ],
)
def test_capabilities_in_words(mask: int | None, words: str) -> None:
    assert facts.capability_words(row(effective_capabilities=mask)) == words


def test_replicas_are_compared_by_what_their_processes_have() -> None:
    made = case(uid=33, effective_capabilities=0, seccomp="filter")
    assert made.report.security is not None
    found = {one.name: one.value for one in facts.compared(made.report.security, made.view)}
    assert found == {
        "process user": "33",
        "process capabilities": "none",
        "seccomp mode": "filter",
    }


def test_a_process_has_no_rights_without_a_status() -> None:
    assert Process(pid=1).effective_capabilities is None
