"""The incidents on the real cluster: all of the chosen ones at once, then a test for each."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.support import Bench, Manifest, minor_of, server_minor
from incidents.catalogue import EVERY, SAMPLE, WORKLOADS
from incidents.incident import Incident, Where
from incidents.judge import cause_is_right
from incidents.stage import EMULATED, Pace, Stage
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.analysis.reports import WorkloadReport
from kubectl_podx.analysis.workloads import document
from kubectl_podx.capture.bundle import read_bundle, write_bundle
from kubectl_podx.model.capture import Capture
from kubectl_podx.sections.report import PodReport
from v2.patient import PatientBench, be_patient

RECORDED = Path(__file__).parent / "recorded"
"""With containerd on cgroup v1; what CRI-O or cgroup v2 says otherwise has a folder below it."""
_SCORE = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("incidents")
    group.addoption("--record", action="store_true", help="write each right one to recorded/")
    group.addoption("--sample", type=int, default=0, help="only so many of them, always the same")
    group.addoption("--slow", action="store_true", help="also those that take over ten minutes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`--sample`: the quick ones of each kind first, then by the digest of the name."""
    wanted = config.getoption("--sample")
    if not wanted:
        return
    ones = [item for item in items if _is_one(item) and not _params(item)["incident"].slow]
    ones.sort(key=lambda item: _place(_params(item)["incident"].name))
    kept = set(ones[:wanted])
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def _place(name: str) -> tuple[int, str]:
    if name in SAMPLE:
        return SAMPLE.index(name), ""
    return len(SAMPLE), hashlib.sha256(name.encode()).hexdigest()


@pytest.fixture(scope="session")
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The stage after every incident that was asked for has happened."""
    kubectl = os.environ.get("PODX_TEST_KUBECTL") or shutil.which("kubectl")
    if not kubectl or not os.environ.get("KUBECONFIG"):
        pytest.fail("these tests need a cluster: run `make incidents`", pytrace=False)
    name = f"incidents-{secrets.token_hex(3)}"
    emulated = os.environ.get("PODX_CLUSTER_NODE") == "v2"
    if emulated:
        be_patient()
    bench = PatientBench(kubectl, name) if emulated else Bench(kubectl, name)
    node = bench.kubectl("get", "nodes", "--output=json").json["items"][0]
    bench.kubectl("create", "namespace", name)
    pace = EMULATED if emulated else Pace()
    most = _most_cpu(node["status"]["allocatable"]["cpu"])
    made = Stage(bench, node["metadata"]["name"], most, _where(bench, node), pace=pace)
    try:
        bench.wait_for(lambda: bench.get("serviceaccount", "default"), "the default account")
        made.warm()
        chosen = _chosen(request.session, server_minor(bench))
        made.play([each.on(made.where) for each in chosen])
        yield made
    finally:
        bench.kubectl("delete", "namespace", name, "--wait=false", check=False)


def _most_cpu(allocatable: str) -> str:
    """Three fifths of a node's CPU: two pods that ask for so much do not fit."""
    millis = allocatable.removesuffix("m")
    whole = int(millis) if millis != allocatable else int(allocatable) * 1000
    return f"{whole * 3 // 5}m"


def _where(bench: Bench, node: Manifest) -> Where:
    """The runtime by its own name; how the kernel kills by what the kubelet says of its node."""
    said = node["status"]["nodeInfo"]["containerRuntimeVersion"]
    kubelet = f"/api/v1/nodes/{node['metadata']['name']}/proxy"
    configuration = bench.kubectl("get", f"--raw={kubelet}/configz").json["kubeletconfig"]
    # A gauge of 1.31 and newer.
    second = "kubelet_cgroup_version 2" in bench.kubectl("get", f"--raw={kubelet}/metrics").stdout
    return Where(
        runtime=said.partition(":")[0].replace("-", ""),
        whole_group=second and not configuration.get("singleProcessOOMKill"),
    )


def _chosen(session: pytest.Session, server: int) -> list[Incident]:
    """What the selected tests are about: `-k`, `--slow` and the server decide."""
    names = {_params(item)["incident"].name for item in session.items if _is_one(item)}
    slow = session.config.getoption("--slow")
    every = (*EVERY, *WORKLOADS)
    asked = [one for one in every if one.name in names and (slow or not one.slow)]
    return [one for one in asked if not _lacking(one, server)]


def _params(item: pytest.Item) -> dict[str, Any]:
    """The values that a parametrized test was made with."""
    callspec: Any = getattr(item, "callspec", None)
    return dict(callspec.params) if callspec else {}


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
    right = cause_is_right(incident.on(stage.where), made)
    score.append("" if right else incident.name)
    if request.config.getoption("--record"):
        _record(incident, capture, stage.where)
    return made


@pytest.fixture
def workload_report(
    request: pytest.FixtureRequest, stage: Stage, incident: Incident
) -> WorkloadReport:
    """The same about the incident's workload."""
    if incident.name in stage.failures:
        pytest.fail(stage.failures[incident.name], pytrace=False)
    capture = stage.captures[incident.name]
    made = document(capture, analyse(capture))
    assert isinstance(made, WorkloadReport), capture.workloads
    if request.config.getoption("--record") and stage.where.runtime == "containerd":
        folder = RECORDED / stage.where.folder / "workloads"
        folder.mkdir(exist_ok=True)
        path = folder / f"{incident.name}.podx"
        write_bundle(capture, path)
        path.chmod(0o644)
    return made


def _record(incident: Incident, capture: Capture, where: Where) -> None:
    folder = RECORDED / where.folder
    if where.runtime != "containerd" and not incident.runtime_speaks:
        return
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
