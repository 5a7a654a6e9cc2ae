"""Fixtures of the tests on a node with cgroup v2. `make e2e-v2` brings the cluster and names it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from e2e.fresh import answering_kubectl, first_node, namespace_of, own_namespace
from v2.patient import PatientBench, be_patient, serve_metrics

_HINT = (
    "these tests need a cluster: run `make e2e-v2`, or "
    '`eval "$(python3 hack/cluster --node v2 env)"` first'
)


@pytest.fixture(scope="session")
def kubectl_binary() -> str:
    """The kubectl that goes with the cluster, which answers."""
    be_patient()
    return answering_kubectl(_HINT)


@pytest.fixture(scope="session")
def node(kubectl_binary: str) -> str:
    """The name of the cluster's only node."""
    return first_node(PatientBench(kubectl_binary, "default"))


@pytest.fixture(scope="module")
def bench(kubectl_binary: str, request: pytest.FixtureRequest) -> Iterator[PatientBench]:
    """A fresh namespace for the module. Its pods are gone when the next module makes its own."""
    with own_namespace(PatientBench(kubectl_binary, namespace_of(request.module.__name__))) as made:
        try:
            yield made
        finally:
            made.kubectl("delete", "pods", "--all", "--wait=true", "--timeout=600s", check=False)


@pytest.fixture
def metrics() -> Iterator[None]:
    """The cluster serves metrics.k8s.io while the test runs."""
    serve_metrics("on")
    try:
        yield
    finally:
        serve_metrics("off")
