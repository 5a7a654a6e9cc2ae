"""The cluster can do what the other tests on it rest on."""

from __future__ import annotations

import pytest

from e2e.manifests import AGNHOST, BUSYBOX, DEBIAN, NOSHELL, ROOTDROP, container, pod, shell
from e2e.support import Bench, container_status, is_ready, restarted

pytestmark = pytest.mark.cluster


def test_the_node_is_ready(bench: Bench, node: str) -> None:
    found = bench.get("node", node)
    assert found is not None
    assert is_ready(found)


def test_a_pod_of_busybox_runs_logs_and_can_be_looked_into(bench: Bench) -> None:
    script = "echo started; exec sleep 100000"
    probe = {"exec": {"command": ["true"]}, "periodSeconds": 1}
    bench.start(pod("plain", shell(script, livenessProbe=probe)))
    assert bench.exec("plain", "cat", "/proc/1/comm") == "sleep\n"
    assert bench.kubectl("logs", "plain").stdout == "started\n"


def test_a_pod_holds_a_projected_token(bench: Bench) -> None:
    bench.start(pod("with-token"))
    token = bench.exec("with-token", "cat", "/var/run/secrets/kubernetes.io/serviceaccount/token")
    assert token.count(".") == 2


def test_the_node_tells_the_outcome_of_probes(bench: Bench, node: str) -> None:
    probe = {"exec": {"command": ["true"]}, "periodSeconds": 1}
    bench.start(pod("probed", shell(livenessProbe=probe)))
    counter = f'prober_probe_total{{container="app",namespace="{bench.namespace}",pod="probed"'

    def told() -> list[str]:
        path = f"/api/v1/nodes/{node}/proxy/metrics/probes"
        lines = bench.kubectl("get", f"--raw={path}").stdout.splitlines()
        return [line for line in lines if line.startswith(counter)]

    (line,) = bench.wait_for(told, "a counter of the liveness probe")
    assert 'probe_type="Liveness"' in line
    assert 'result="successful"' in line
    assert float(line.rpartition(" ")[2]) >= 1


def test_a_container_that_ends_is_restarted(bench: Bench) -> None:
    bench.apply(pod("ending", shell("exit 3")))
    found = bench.wait_for_pod("ending", restarted("app"), "restarted")
    last = found["status"]["containerStatuses"][0]["lastState"]
    assert last["terminated"]["exitCode"] == 3


@pytest.mark.parametrize(
    ("name", "image", "fields"),
    [
        ("busybox", BUSYBOX, {"command": ["sleep", "100000"]}),
        ("agnhost", AGNHOST, {"args": ["pause"]}),
        ("noshell", NOSHELL, {}),
        ("debian", DEBIAN, {}),
        ("rootdrop", ROOTDROP, {}),
    ],
)
def test_each_image_runs(bench: Bench, name: str, image: str, fields: dict[str, list[str]]) -> None:
    (found,) = bench.start(pod(f"image-{name}", container("app", image, **fields)))
    status = container_status(found, "app")
    assert "running" in status["state"]
    assert status["restartCount"] == 0
    assert status["image"].endswith(image)


def test_the_main_process_of_rootdrop_hides_from_exec(bench: Bench) -> None:
    bench.start(pod("dropped", container("app", ROOTDROP)))
    assert "Uid:\t1000\t1000\t1000\t1000\n" in bench.exec("dropped", "cat", "/proc/1/status")
    denied = bench.kubectl("exec", "dropped", "--", "cat", "/proc/1/environ", check=False)
    assert "Permission denied" in denied.stderr
