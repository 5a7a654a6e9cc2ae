"""The incidents on the real cluster: all of the chosen ones at once, then a test for each."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from catalogue import EVERY
from incident import Incident
from judge import cause_is_right
from stage import Stage
from support import Bench

from kubectl_podx.capture.bundle import read_bundle, write_bundle
from kubectl_podx.findings.analyse import analyse
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.report import PodReport

RECORDED = Path(__file__).parent / "recorded"
_SCORE = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("incidents")
    group.addoption("--record", action="store_true", help="write each right one to recorded/")
    group.addoption("--slow", action="store_true", help="also those that take over ten minutes")


@pytest.fixture(scope="session")
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The stage after every incident that was asked for has happened."""
    kubectl = os.environ.get("PODX_TEST_KUBECTL") or shutil.which("kubectl")
    if not kubectl or not os.environ.get("KUBECONFIG"):
        pytest.fail("these tests need a cluster: run `make incidents`", pytrace=False)
    name = f"incidents-{secrets.token_hex(3)}"
    bench = Bench(kubectl, name)
    node = bench.kubectl("get", "nodes", "--output=name").stdout.split()[0].partition("/")[2]
    bench.kubectl("create", "namespace", name)
    made = Stage(bench, node)
    try:
        bench.wait_for(lambda: bench.get("serviceaccount", "default"), "the default account")
        made.play(_chosen(request.session))
        yield made
    finally:
        bench.kubectl("delete", "namespace", name, "--wait=false", check=False)


def _chosen(session: pytest.Session) -> list[Incident]:
    """What the selected tests are about: `-k` and `--slow` decide."""
    names = {item.callspec.params["incident"].name for item in session.items if _is_one(item)}
    slow = session.config.getoption("--slow")
    return [one for one in EVERY if one.name in names and (slow or not one.slow)]


def _is_one(item: pytest.Item) -> bool:
    return "incident" in getattr(getattr(item, "callspec", None), "params", {})


@pytest.fixture
def report(request: pytest.FixtureRequest, stage: Stage, incident: Incident) -> PodReport:
    """The report about the incident's pod; recorded afterwards, where that was asked for."""
    if incident.slow and not request.config.getoption("--slow"):
        pytest.skip("takes more than ten minutes: --slow")
    if incident.name in stage.failures:
        if incident.on_node and "step" in stage.failures[incident.name]:
            pytest.skip("its step needs root on the machine that is the node")
        pytest.fail(stage.failures[incident.name], pytrace=False)
    capture = stage.captures[incident.name]
    made = analyse(capture).items[0]
    score = request.config.stash.setdefault(_SCORE, [])
    score.append("" if cause_is_right(incident, made) else incident.name)
    if request.config.getoption("--record"):
        _record(incident, capture)
    return made


def _record(incident: Incident, capture: Capture) -> None:
    path = RECORDED / f"{incident.name}.podx"
    write_bundle(capture, path)
    path.chmod(0o644)
    assert analyse(read_bundle(path)).items[0].verdict == analyse(capture).items[0].verdict


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    score = config.stash.get(_SCORE, [])
    if score:
        wrong = sorted(filter(None, score))
        terminalreporter.write_sep("=", f"causes right: {len(score) - len(wrong)} / {len(score)}")
        for name in wrong:
            terminalreporter.write_line(f"wrong: {name}")
