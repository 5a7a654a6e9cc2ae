"""`--watch` on the real cluster: a restart, a pod's death and rebirth, and the API server's."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from e2e.manifests import deployment, pod, shell
from e2e.node_control import restart_api_server, wait_for_api_server
from e2e.support import Bench, is_ready

pytestmark = pytest.mark.cluster

SCRIPT = "trap 'exit 0' TERM; while :; do [ ! -e /tmp/end ] || exit 3; sleep 0.2; done"


class Watched:
    """A `kubectl podx … -w` that runs, and all that it has printed so far."""

    def __init__(self, bench: Bench, folder: Path, *words: str) -> None:
        command = [sys.executable, "-m", "kubectl_podx", *words, "-w", "-n", bench.namespace]
        self._out, self._err = folder / "out", folder / "err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err)

    def printed(self) -> str:
        return self._out.read_text()

    def said(self) -> str:
        return self._err.read_text()

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=5)


Start = Callable[..., Watched]


@pytest.fixture
def watch(bench: Bench, tmp_path: Path) -> Iterator[Start]:
    running: list[Watched] = []

    def start(*words: str) -> Watched:
        running.append(Watched(bench, tmp_path, *words))
        return running[-1]

    yield start
    for each in running:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


def test_a_restart_is_shown_and_ctrl_c_ends_it(bench: Bench, watch: Start) -> None:
    bench.start(pod("alone", shell(SCRIPT)))
    watched = watch("describe", "alone")
    bench.wait_for(lambda: watched.printed().startswith("OK"), "the first report")
    bench.exec("alone", "touch", "/tmp/end")
    bench.wait_for(lambda: "exited with code 3" in watched.printed(), "the restart to be shown")
    # Looked into once: the new instance is not, unless --exec asks for it.
    bench.wait_for(
        lambda: "Not checked:" in watched.printed(), "what is not looked into to be said"
    )
    assert watched.end() == 130
    assert "Traceback" not in watched.said()


def test_with_exec_a_new_instance_is_looked_into(bench: Bench, watch: Start) -> None:
    bench.start(pod("looked", shell(SCRIPT)))
    watched = watch("containers", "looked", "--exec")
    bench.wait_for(lambda: "observed" in watched.printed(), "the first look")
    bench.exec("looked", "touch", "/tmp/end")

    def seen_again() -> bool:
        last = watched.printed().rpartition("--- ")[2]
        return "--- " in watched.printed() and " 1 " in last and "observed" in last

    bench.wait_for(seen_again, "a look into the new instance")
    assert watched.end() == 130


def test_json_is_a_document_in_each_line(bench: Bench, watch: Start) -> None:
    bench.start(pod("lines", shell(SCRIPT)))
    watched = watch("describe", "lines", "--no-exec", "-o", "json")
    bench.wait_for(watched.printed, "the first line")
    bench.exec("lines", "touch", "/tmp/end")
    bench.wait_for(lambda: "exited with code 3" in watched.printed(), "the restart to be told")
    assert watched.end() == 130
    documents = [json.loads(line) for line in watched.printed().splitlines()]
    assert len(documents) > 1
    assert {each["kind"] for each in documents} == {"PodReport"}


def test_death_and_rebirth_of_a_deployments_pod(bench: Bench, watch: Start) -> None:
    bench.apply(deployment("web", pod("web", shell(SCRIPT))))

    def names() -> list[str]:
        found = bench.kubectl("get", "pods", "--selector=app=web", "--output=json").json["items"]
        return [one["metadata"]["name"] for one in found if is_ready(one)]

    (first,) = bench.wait_for(names, "a pod of the deployment")
    watched = watch("describe", "deploy/web", "--no-exec", "-o", "name")
    bench.wait_for(lambda: first in watched.printed(), "the first pod")
    bench.kubectl("delete", "pod", first, "--now")
    (second,) = bench.wait_for(lambda: [n for n in names() if n != first], "its successor")
    bench.wait_for(lambda: second in watched.printed(), "the successor to be shown")
    assert watched.end() == 130


def test_it_outlives_the_api_server(bench: Bench, watch: Start) -> None:
    bench.start(pod("steady", shell(SCRIPT)))
    watched = watch("restarts", "steady", "--no-exec")
    bench.wait_for(watched.printed, "the first report")
    try:
        restart_api_server()
        bench.wait_for(lambda: "trying again" in watched.said(), "the loss to be told")
    finally:
        wait_for_api_server(bench)
    before = len(watched.printed())
    bench.exec("steady", "touch", "/tmp/end")
    bench.wait_for(
        lambda: "exited with code 3" in watched.printed()[before:], "what happens afterwards"
    )
    assert watched.end() == 130


def test_triage_shows_who_falls_sick_and_who_recovers(bench: Bench, watch: Start) -> None:
    bench.start(pod("ailing", shell(SCRIPT)))
    watched = watch("triage", "--deep", "0", "-l", "app=ailing")
    bench.wait_for(lambda: "1 pod" in watched.printed(), "the first list")
    assert "ailing" not in watched.printed()
    bench.exec("ailing", "touch", "/tmp/end")
    bench.wait_for(lambda: "ailing" in watched.printed(), "the sick pod to be shown", timeout=90)
    bench.kubectl("delete", "pod", "ailing", "--now")

    def recovered() -> bool:
        last = watched.printed().rpartition("--- ")[2]
        return "--- " in watched.printed() and "ailing" not in last

    bench.wait_for(recovered, "a list without it", timeout=90)
    assert watched.end() == 130
    assert "Traceback" not in watched.said()


def test_triage_outlives_the_api_server(bench: Bench, watch: Start) -> None:
    bench.start(pod("enduring", shell(SCRIPT)))
    watched = watch("triage", "--deep", "0", "-l", "app=enduring")
    bench.wait_for(watched.printed, "the first list")
    # Its rest may be longer than the server is away: then there is no loss to tell of.
    try:
        restart_api_server()
    finally:
        wait_for_api_server(bench)
    bench.exec("enduring", "touch", "/tmp/end")
    bench.wait_for(lambda: "enduring" in watched.printed(), "what happens afterwards", timeout=90)
    assert watched.end() == 130


@pytest.mark.parametrize("words", [("--exec", "1"), ("--from", "x.podx"), ("--exit-code",)])
def test_a_triage_that_cannot_be_followed_is_refused(bench: Bench, words: tuple[str, ...]) -> None:
    answer = bench.podx("triage", *words, "-w", check=False)
    assert answer.status == 2
    assert "--watch" in answer.stderr


@pytest.mark.parametrize(
    "words",
    [("--from", "x.podx"), ("web", "-o", "mermaid"), ("web", "--reveal"), ("web", "--exit-code")],
)
def test_what_cannot_be_followed_is_refused(bench: Bench, words: tuple[str, ...]) -> None:
    answer = bench.podx("describe", *words, "-w", check=False)
    assert answer.status == 2
    assert "--watch" in answer.stderr
