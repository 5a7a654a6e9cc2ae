"""Fixtures of the tests on a node with cgroup v2. `make e2e-v2` brings the cluster and names it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator

import pytest
from patient import PatientBench, be_patient, serve_metrics

_HINT = (
    "these tests need a cluster: run `make e2e-v2`, or "
    '`eval "$(python3 hack/cluster --node v2 env)"` first'
)


@pytest.fixture(scope="session")
def kubectl_binary() -> str:
    """The kubectl that goes with the cluster, which answers."""
    found = os.environ.get("PODX_TEST_KUBECTL") or shutil.which("kubectl")
    if not found or not os.environ.get("KUBECONFIG"):
        pytest.fail(_HINT, pytrace=False)
    be_patient()
    answer = PatientBench(found, "default").kubectl("get", "--raw=/readyz", check=False)
    if answer.status != 0:
        said = answer.stderr.strip()
        pytest.fail(f"the cluster of KUBECONFIG does not answer: {said}\n{_HINT}", pytrace=False)
    return found


@pytest.fixture(scope="session")
def node(kubectl_binary: str) -> str:
    """The name of the cluster's only node."""
    nodes = PatientBench(kubectl_binary, "default").kubectl("get", "nodes", "--output=json").json
    name: str = nodes["items"][0]["metadata"]["name"]
    return name


@pytest.fixture(scope="module")
def bench(kubectl_binary: str, request: pytest.FixtureRequest) -> Iterator[PatientBench]:
    """A fresh namespace for the module. Its pods are gone when the next module makes its own."""
    topic = re.sub(r"[^a-z0-9]+", "-", request.module.__name__.rpartition(".")[2].lower())
    name = f"{topic[:40].strip('-')}-{secrets.token_hex(3)}"
    made = PatientBench(kubectl_binary, name)
    made.kubectl("create", "namespace", name)
    try:
        made.wait_for(
            lambda: made.get("serviceaccount", "default"), f"the default account of {name}"
        )
        yield made
    finally:
        made.kubectl("delete", "pods", "--all", "--wait=true", "--timeout=600s", check=False)
        made.kubectl("delete", "namespace", name, "--wait=false", check=False)


@pytest.fixture
def metrics() -> Iterator[None]:
    """The cluster serves metrics.k8s.io while the test runs."""
    serve_metrics("on")
    try:
        yield
    finally:
        serve_metrics("off")
