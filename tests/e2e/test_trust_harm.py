"""Fifty looks at a pod at its limits, and what else podx must not do to a cluster or a machine."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.faulty_proxy import FaultyProxy
from e2e.inside import is_cgroup_v1
from e2e.manifests import DEBIAN, pod, shell
from e2e.support import ROOT, Bench, container_status

pytestmark = pytest.mark.cluster

LOOKS = 50
# A tmpfs counts as the container's memory; what sleeps counts as its processes.
FULL = """
v2=/sys/fs/cgroup v1=/sys/fs/cgroup/memory
limit=$(cat $v2/memory.max 2>/dev/null || cat $v1/memory.limit_in_bytes)
while :; do
  used=$(cat $v2/memory.current 2>/dev/null || cat $v1/memory.usage_in_bytes)
  [ $(( (limit - used) / 1024 )) -gt 2000 ] || break
  dd if=/dev/zero bs=64k count=1 >> /ballast/x 2>/dev/null
done
touch /tmp/full
trap 'exit 0' TERM
while :; do sleep 1000 & wait $!; done
"""


@pytest.fixture
def proxy(bench: Bench, tmp_path: Path) -> Iterator[FaultyProxy]:
    with FaultyProxy(bench, tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def limited(bench: Bench) -> str:
    """At its memory limit, with little CPU: what a look must survive and be survived by."""
    full = {"exec": {"command": ["test", "-e", "/tmp/full"]}}
    bench.start(
        pod(
            "limited",
            shell(
                FULL,
                image=DEBIAN,
                resources={"limits": {"memory": "32Mi", "cpu": "250m"}},
                startupProbe={**full, "periodSeconds": 1, "failureThreshold": 90},
                # Whoever is starved by a look fails this; a busy machine alone takes some seconds
                # for an exec.
                livenessProbe={
                    **full,
                    "periodSeconds": 2,
                    "failureThreshold": 2,
                    "timeoutSeconds": 5,
                },
                volumeMounts=[{"name": "ballast", "mountPath": "/ballast"}],
            ),
            volumes=[{"name": "ballast", "emptyDir": {"medium": "Memory"}}],
        ),
        timeout=120,
    )
    return "limited"


def test_fifty_looks_at_a_container_at_its_limits(bench: Bench, limited: str) -> None:
    """By ten at once, as many people look at a pod in trouble."""
    words = [sys.executable, "-m", "kubectl_podx", "describe", limited, "-n", bench.namespace]
    words += ["-o", "json", "--deadline", "60s", "--section", "containers"]
    if not is_cgroup_v1(bench, limited):
        pytest.skip("on cgroup v2 an exec that is forced on a full container ends it")
    # Without this flag none of them would look inside.
    words.append("--force-exec")
    inside = 0
    for _ in range(LOOKS // 10):
        running = [
            subprocess.Popen(
                words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            for _ in range(10)
        ]
        for each in running:
            printed, _ = each.communicate(timeout=120)
            assert each.returncode == 0
            (one,) = json.loads(printed)["containers"]
            inside += one["observation"]["state"] == "partial"
    # Ten shells at once may need more than is free, and how many fit is the machine's: on slow ones
    # more of them overlap. Whoever finds no room gives way.
    assert inside >= LOOKS // 10
    found = bench.get("pod", limited) or {}
    status = container_status(found, "app")
    assert (status["restartCount"], status["ready"]) == (0, True)
    (one,) = bench.report(limited, "--force-exec")["containers"]
    assert one["observation"]["state"] == "partial", "alone there is room for one"
    # What gave way was a look, and nothing else: its shell, or that and the runtime's own child.
    assert (one["resources"]["oomKills"] or 0) <= 2 * (LOOKS + 1 - inside)


def cgroup_file(bench: Bench, name: str, file: str) -> Path:
    """A file of the container's cgroup on this machine, where it is the cluster's node."""
    status = container_status(bench.get("pod", name) or {}, "app")
    identity = status["containerID"].rpartition("/")[2]
    for pattern in (f"pids/**/*{identity}*/{file}", f"**/*{identity}*/{file}"):
        for path in Path("/sys/fs/cgroup").glob(pattern):
            if os.access(path, os.W_OK):
                return path
    pytest.skip("the node's cgroups are not on this machine")


@pytest.mark.parametrize("free", [0, 1, 2, 4])
def test_a_container_at_its_limit_of_processes(bench: Bench, free: int) -> None:
    """Kubernetes has no such limit for a pod; the node's administrator has.

    The main process does not fork: any exec takes the last process for as long as it runs, and a
    program that forks at that moment would be refused by the kernel, whoever the exec is of.
    """
    name = f"pids-{free}"
    bench.start(pod(name, shell("exec sleep 100000")))
    limit = cgroup_file(bench, name, "pids.max")
    used = int((limit.parent / "pids.current").read_text())
    limit.write_text(str(used + free))
    for _ in range(5):
        (one,) = bench.report(name, "--deadline", "20s")["containers"]
        assert one["observation"]["reason"] or one["observation"]["state"] == "observed"
        assert free > 2 or one["observation"]["state"] != "observed"
    limit.write_text("max")
    status = container_status(bench.get("pod", name) or {}, "app")
    assert (status["restartCount"], status["ready"]) == (0, True)


def test_no_exec_by_the_environment_is_no_exec(
    bench: Bench, limited: str, proxy: FaultyProxy
) -> None:
    words = ("--kubeconfig", proxy.kubeconfig())
    found = bench.report(limited, *words, env={"KUBECTL_PODX_NO_EXEC": "1"})
    assert [one for one in proxy.seen if "exec" in one.path] == []
    assert found["containers"][0]["observation"]["state"] == "unobservable"
    skipped = {row["needs"] for row in found["coverage"] if row["state"] == "skipped"}
    assert skipped == {"run without --no-exec"}


def test_everything_that_is_sent(bench: Bench, limited: str, proxy: FaultyProxy) -> None:
    """By its own name, reads alone, no list of Secrets, one exec for each container."""
    words = ("--kubeconfig", proxy.kubeconfig(), "--force-exec")
    bench.podx("describe", limited, *words)
    bench.podx("capture", limited, *words, "-O", os.devnull, check=False)
    bench.podx("doctor", limited, *words[:2])
    bench.podx("timeline", limited, *words)
    assert {one.headers["user-agent"].partition("/")[0] for one in proxy.seen} == {"kubectl-podx"}
    posts = [one for one in proxy.seen if one.method != "GET"]
    reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert {(one.method, one.path) for one in posts} == {("POST", reviews)}
    assert not [one for one in proxy.seen if one.path.endswith("/secrets")]
    assert not [one for one in proxy.seen if "watch=" in one.target]


def test_one_report_costs_one_exec_for_each_container(
    bench: Bench, limited: str, proxy: FaultyProxy
) -> None:
    bench.podx("describe", limited, "--kubeconfig", proxy.kubeconfig(), "--force-exec")
    assert len([one for one in proxy.seen if one.path.endswith("/exec")]) == 1
    assert len(proxy.seen) <= 16


def test_no_core_dump_is_ever_written() -> None:
    """Also where the shell allows it: memory holds what was compared."""
    script = (
        "import resource, io, sys\n"
        "from kubectl_podx.cli.funnel import main\n"
        "main(['version'])\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE)[0])\n"
    )
    done = subprocess.run(
        [
            "sh",
            "-c",
            f'ulimit -c unlimited 2>/dev/null; exec "{sys.executable}" -c "$1"',
            "x",
            script,
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.split()[-1] == "0"


def test_a_bundle_is_written_whole_or_not_at_all_and_never_through_a_link(
    bench: Bench, limited: str, tmp_path: Path
) -> None:
    def capture(path: Path) -> Any:
        return bench.podx("capture", limited, "--no-exec", "-O", str(path), check=False)

    victim = tmp_path / "victim"
    victim.write_text("precious")
    victim.chmod(0o644)
    link = tmp_path / "link"
    link.symlink_to(victim)
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "nowhere")
    for path in (link, dangling):
        answer = capture(path)
        assert answer.status == 1
        assert "symbolic link" in answer.stderr
    assert victim.read_text() == "precious"
    assert not (tmp_path / "nowhere").exists()
    # An older file is replaced, with our mode and not its own.
    assert capture(victim).status == 0
    assert stat.S_IMODE(victim.stat().st_mode) == 0o600
    hard = tmp_path / "hard"
    os.link(victim, hard)
    before = hard.read_bytes()
    assert capture(victim).status == 0
    assert hard.read_bytes() == before
    folder = tmp_path / "readonly"
    assert capture(folder / "x" / "y").status == 1
    assert {one.name for one in tmp_path.iterdir()} <= {
        *("victim", "link", "dangling", "hard", "proxy.pem", "through-proxy")
    }
