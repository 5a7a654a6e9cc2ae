"""Fixtures of the tests on the real cluster. `make e2e` brings the cluster and names it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from e2e.fresh import answering_kubectl, first_node, namespace_of, own_namespace
from e2e.support import Answer, Bench, minor_of, server_minor

_HINT = 'these tests need a cluster: run `make e2e`, or `eval "$(python3 hack/cluster env)"` first'


@pytest.fixture(scope="session")
def kubectl_binary() -> str:
    """The kubectl that goes with the cluster, which answers."""
    return answering_kubectl(_HINT)


@pytest.fixture(scope="session")
def node(kubectl_binary: str) -> str:
    """The name of the cluster's first node, on a development cluster its only one."""
    return first_node(Bench(kubectl_binary, "default"))


@pytest.fixture(scope="session")
def server(kubectl_binary: str) -> int:
    """The minor release of the cluster's server: 30 for 1.30.14."""
    return server_minor(Bench(kubectl_binary, "default"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.needs_server("1.33", "what it has")`: an older server lacks what is tested.

    Before the fixtures of the test's module, which may need the same.
    """
    for marker in item.iter_markers("needs_server"):
        release, what = marker.args
        kubectl = os.environ.get("PODX_TEST_KUBECTL") or shutil.which("kubectl")
        if kubectl and server_minor(Bench(kubectl, "default")) < minor_of(release):
            pytest.skip(f"this server is older than {release}: {what}")


@pytest.fixture(scope="module")
def namespace(kubectl_binary: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh namespace for the module, in which pods may be made. It goes when it likes to."""
    with own_namespace(Bench(kubectl_binary, namespace_of(request.module.__name__))) as bench:
        yield bench.namespace


@pytest.fixture(scope="module")
def bench(kubectl_binary: str, namespace: str) -> Bench:
    """Everything below in one, and more."""
    return Bench(kubectl_binary, namespace)


@pytest.fixture(scope="module")
def kubectl(bench: Bench) -> Callable[..., Answer]:
    """`kubectl(*words, input=None, check=True)` in the module's namespace."""
    return bench.kubectl


@pytest.fixture(scope="module")
def apply(bench: Bench) -> Callable[..., None]:
    """`apply(manifest)`: an object, a list of them, or YAML text."""
    return bench.apply


@pytest.fixture(scope="module")
def wait_for(bench: Bench) -> Callable[..., Any]:
    """`wait_for(condition, what, timeout=60)` returns the condition's first true value."""
    return bench.wait_for


@pytest.fixture(scope="module")
def podx(bench: Bench) -> Callable[..., Answer]:
    """`podx(*words, check=True, env=None)` runs the plugin in the module's namespace."""
    return bench.podx


@pytest.fixture(scope="module")
def report(bench: Bench) -> Callable[..., Any]:
    """`report(pod, *words)` is the parsed report of `describe`."""
    return bench.report
