"""`kubectl podx wait` on the real cluster: it ends when the cause is known, not when time is up."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from xml.etree import ElementTree as ET

import pytest

from e2e.manifests import container, deployment, pod, shell
from e2e.support import Answer, Bench, is_ready

pytestmark = pytest.mark.cluster

LONG = "2m"
LONG_SECONDS = 120.0


def waited(bench: Bench, *words: str) -> tuple[Answer, float]:
    begun = time.monotonic()
    answer = bench.podx("wait", *words, f"--timeout={LONG}", check=False)
    return answer, time.monotonic() - begun


def test_a_rollout_that_becomes_healthy(bench: Bench) -> None:
    slow = shell(
        "sleep 2; touch /tmp/ok; while :; do sleep 0.2; done",
        readinessProbe={"exec": {"command": ["cat", "/tmp/ok"]}, "periodSeconds": 1},
    )
    bench.apply(deployment("good", pod("good", slow), replicas=2))
    answer, _ = waited(bench, "deploy/good", "--stable=2s")
    assert answer.status == 0, answer.stderr
    assert answer.stdout.startswith(f"OK deployment {bench.namespace}/good (wanted 2, ready 2): ")
    assert answer.stderr.splitlines()[0].startswith("waiting: ")
    assert answer.stderr.splitlines()[-1].startswith("healthy: ")


@pytest.mark.parametrize(
    ("name", "what", "says"),
    [
        ("pulls", container(image="registry.invalid/none:1", imagePullPolicy="Always"), "pulled"),
        ("crashes", shell("echo 'panic: no config'; sleep 1; exit 3"), "exited with code 3"),
        ("lacks", shell("sleep 9", envFrom=[{"configMapRef": {"name": "nowhere"}}]), "nowhere"),
    ],
)
def test_it_ends_as_soon_as_the_cause_is_known(
    bench: Bench, name: str, what: dict[str, object], says: str
) -> None:
    bench.apply(deployment(name, pod(name, what)))
    answer, took = waited(bench, f"deploy/{name}")
    assert answer.status == 1
    assert took < LONG_SECONDS
    assert answer.stdout.startswith(f"CRITICAL deployment {bench.namespace}/{name} ")
    assert says in answer.stdout.splitlines()[0]
    assert "the cause is known" in answer.stderr
    diagnosed, _ = waited(bench, f"deploy/{name}", "--for=diagnosed", "--exit-code", "-o", "json")
    assert diagnosed.status == 4
    assert says in json.loads(diagnosed.stdout)["verdict"]["summary"]
    asked, _ = waited(bench, f"deploy/{name}", "--for=diagnosed")
    assert asked.status == 0


def test_a_container_between_two_crashes_is_not_healthy(bench: Bench) -> None:
    """Without a readiness probe it is Ready whenever it runs."""
    bench.apply(pod("flaps", shell("sleep 4; exit 5")))
    answer, _ = waited(bench, "flaps")
    assert answer.status == 1
    assert "exited with code 5" in answer.stdout


def job(name: str, script: str) -> dict[str, object]:
    template = pod(name, shell(script), restartPolicy="Never")
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": {"spec": template["spec"]}},
    }


def test_a_job_is_healthy_once_it_is_complete(bench: Bench) -> None:
    bench.apply([job("done", "sleep 2"), job("fails", "echo no bucket; exit 2")])
    done, _ = waited(bench, "job/done")
    assert done.status == 0
    assert "is complete" in done.stdout
    failed, _ = waited(bench, "job/fails", "--exit-code")
    assert failed.status == 4
    assert "no bucket" in failed.stdout


def test_pods_of_a_selector_may_come_later(bench: Bench) -> None:
    words = ["wait", "-l", "app=late", "--stable=1s", "--timeout=60s", "-n", bench.namespace]
    command = [sys.executable, "-m", "kubectl_podx", *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("No resources found")
        late = pod("late")
        late["metadata"]["labels"] = {"app": "late"}
        bench.apply(late)
        out, _ = process.communicate(timeout=90)
    assert process.returncode == 0
    assert out.startswith("OK 1 pod: healthy")


def test_time_that_is_up_prints_what_is_the_case(bench: Bench) -> None:
    never = shell("while :; do sleep 0.2; done", readinessProbe={"exec": {"command": ["false"]}})
    bench.apply(pod("never", never))
    answer = bench.podx("wait", "never", "--timeout=6s", "--exit-code", check=False)
    assert answer.status in (3, 4, 5)
    assert f"pod {bench.namespace}/never" in answer.stdout.splitlines()[0]
    if "timed out" not in answer.stderr:
        assert "the cause is known" in answer.stderr


def test_a_result_for_a_pipeline_and_a_target_that_is_not_there(bench: Bench) -> None:
    bench.start(pod("fine"))
    answer, _ = waited(bench, "fine", "--stable=1s", "-o", "junit")
    assert answer.status == 0
    root = ET.fromstring(answer.stdout)  # noqa: S314 - our own output
    assert (root.attrib["failures"], root.attrib["errors"]) == ("0", "0")
    missing, _ = waited(bench, "nobody")
    assert missing.status == 1
    assert '"nobody" not found' in missing.stderr


def test_it_runs_nothing_in_a_container(bench: Bench) -> None:
    bench.start(pod("quiet"))
    answer, _ = waited(bench, "quiet", "--stable=1s", "-v", "-o", "json")
    assert "exec " not in answer.stderr
    assert is_ready(bench.get("pod", "quiet") or {})
