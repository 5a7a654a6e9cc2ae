"""The incidents on the real cluster: all of the chosen ones at once, then a test for each."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from catalogue import EVERY
from incident import Incident
from judge import cause_is_right
from stage import EMULATED, Pace, Stage
from support import Bench, minor_of, server_minor

from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.bundle import read_bundle, write_bundle
from kubectl_podx.model.capture import Capture
from kubectl_podx.sections.report import PodReport

RECORDED = Path(__file__).parent / "recorded"
"""With containerd; what CRI-O says otherwise is in a folder of its own below it."""
_SCORE = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("incidents")
    group.addoption("--record", action="store_true", help="write each right one to recorded/")
    group.addoption("--sample", type=int, default=0, help="only so many of them, always the same")
    group.addoption("--slow", action="store_true", help="also those that take over ten minutes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`--sample`: spread over the catalogue by the digest of the name."""
    wanted = config.getoption("--sample")
    if not wanted:
        return
    ones = [item for item in items if _is_one(item) and not item.callspec.params["incident"].slow]  # type: ignore[attr-defined]
    ones.sort(key=lambda item: hashlib.sha256(item.name.encode()).digest())
    kept = set(ones[:wanted])
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


@pytest.fixture(scope="session")
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The stage after every incident that was asked for has happened."""
    kubectl = os.environ.get("PODX_TEST_KUBECTL") or shutil.which("kubectl")
    if not kubectl or not os.environ.get("KUBECONFIG"):
        pytest.fail("these tests need a cluster: run `make incidents`", pytrace=False)
    name = f"incidents-{secrets.token_hex(3)}"
    bench = Bench(kubectl, name)
    node = bench.kubectl("get", "nodes", "--output=json").json["items"][0]
    said = node["status"]["nodeInfo"]["containerRuntimeVersion"]
    runtime = said.partition(":")[0].replace("-", "")
    bench.kubectl("create", "namespace", name)
    emulated = os.environ.get("PODX_CLUSTER_NODE") == "v2"
    pace = EMULATED if emulated else Pace()
    made = Stage(bench, node["metadata"]["name"], runtime, pace=pace)
    try:
        bench.wait_for(lambda: bench.get("serviceaccount", "default"), "the default account")
        made.warm()
        made.play(_chosen(request.session, server_minor(bench)))
        yield made
    finally:
        bench.kubectl("delete", "namespace", name, "--wait=false", check=False)


def _chosen(session: pytest.Session, server: int) -> list[Incident]:
    """What the selected tests are about: `-k`, `--slow` and the server decide."""
    names = {item.callspec.params["incident"].name for item in session.items if _is_one(item)}
    slow = session.config.getoption("--slow")
    asked = [one for one in EVERY if one.name in names and (slow or not one.slow)]
    return [one for one in asked if not _lacking(one, server)]


def _lacking(incident: Incident, server: int) -> str:
    """What an older server does not have, for which the incident is skipped there."""
    if incident.needs is None or server >= minor_of(incident.needs[0]):
        return ""
    return f"this server is older than {incident.needs[0]}: {incident.needs[1]}"


def _is_one(item: pytest.Item) -> bool:
    return "incident" in getattr(getattr(item, "callspec", None), "params", {})


@pytest.fixture
def report(request: pytest.FixtureRequest, stage: Stage, incident: Incident) -> PodReport:
    """The report about the incident's pod; recorded afterwards, where that was asked for."""
    if incident.slow and not request.config.getoption("--slow"):
        pytest.skip("takes more than ten minutes: --slow")
    if lacking := _lacking(incident, server_minor(stage.bench)):
        pytest.skip(lacking)
    if incident.name in stage.failures:
        if incident.on_node and "step" in stage.failures[incident.name]:
            pytest.skip(stage.failures[incident.name])
        pytest.fail(stage.failures[incident.name], pytrace=False)
    capture = stage.captures[incident.name]
    made = analyse(capture).items[0]
    score = request.config.stash.setdefault(_SCORE, [])
    right = cause_is_right(incident.on(stage.runtime), made)
    score.append("" if right else incident.name)
    if request.config.getoption("--record"):
        _record(incident, capture, stage.runtime)
    return made


def _record(incident: Incident, capture: Capture, runtime: str) -> None:
    folder = RECORDED
    if runtime != "containerd":
        if not incident.runtime_speaks:
            return
        folder /= runtime
        folder.mkdir(exist_ok=True)
    path = folder / f"{incident.name}.podx"
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
