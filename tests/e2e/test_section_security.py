"""Security: securityContext against the user, capabilities and seccomp mode of the process."""

from __future__ import annotations

import pytest

from e2e.manifests import pod, shell
from e2e.reports import codes, finding, row
from e2e.support import Bench

pytestmark = pytest.mark.cluster

TIGHT = {
    "runAsUser": 1000,
    "runAsGroup": 1000,
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
# Becomes another user by itself, as many servers do.
DROPS = "exec start-stop-daemon -S -c 1000:1000 -x sleep -- 3600"


@pytest.fixture(scope="module", autouse=True)
def started(bench: Bench) -> None:
    bench.start(
        pod(
            "rights",
            shell(name="plain"),
            shell(name="tight", securityContext=TIGHT),
            shell(name="all", securityContext={"privileged": True}),
        ),
        pod("drops", shell(DROPS, securityContext={"runAsUser": 0})),
    )


def test_a_process_without_a_security_context(bench: Bench) -> None:
    found = row(bench.report("rights"), "security", container="plain")
    assert (found["user"], found["seccomp"], found["noNewPrivileges"]) == (0, "disabled", False)
    assert {"CHOWN", "NET_BIND_SERVICE"} <= set(found["capabilities"])
    assert "SYS_ADMIN" not in found["capabilities"]
    assert found["observedReadOnlyRoot"] is False


def test_a_process_that_may_do_nothing(bench: Bench) -> None:
    found = row(bench.report("rights"), "security", container="tight")
    assert (found["user"], found["group"], found["capabilities"]) == (1000, 1000, [])
    assert (found["seccomp"], found["noNewPrivileges"]) == ("filter", True)
    assert (found["readOnlyRoot"], found["observedReadOnlyRoot"]) == (True, True)
    assert found["differs"] == []


def test_a_capability_that_is_added_in_vain(bench: Bench) -> None:
    """There are no ambient capabilities: a user that is not root does not get it."""
    report = bench.report("rights")
    assert "NET_BIND_SERVICE" in finding(report, "SEC002")["title"]
    assert report["verdict"]["severity"] == "ok"


def test_a_privileged_process(bench: Bench) -> None:
    found = row(bench.report("rights"), "security", container="all")
    assert "SYS_ADMIN" in found["capabilities"]
    assert found["privileged"] is True


def test_a_program_that_became_another_user(bench: Bench) -> None:
    report = bench.report("drops")
    found = row(report, "security", container="app")
    assert (found["runAsUser"], found["user"]) == (0, 1000)
    assert (found["differs"], found["exceeds"]) == (["user 1000, declared 0"], [])
    # It has given rights away, which is no trouble.
    assert "SEC001" not in codes(report)
    assert report["verdict"]["severity"] == "ok"
