"""A cluster that answers, and a namespace of one's own in it: what the fixtures are made of."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from e2e.support import Bench

B = TypeVar("B", bound=Bench)


def answering_kubectl(hint: str) -> str:
    """The kubectl that goes with the cluster; the tests fail with the hint if nobody answers it."""
    found = os.environ.get("PODX_TEST_KUBECTL") or shutil.which("kubectl")
    if not os.environ.get("KUBECONFIG"):
        pytest.fail(f"KUBECONFIG is not set; {hint}", pytrace=False)
    if not found:
        pytest.fail(f"there is no kubectl on PATH; {hint}", pytrace=False)
    answer = Bench(found, "default").kubectl("get", "--raw=/readyz", check=False)
    if answer.status != 0:
        said = answer.stderr.strip()
        pytest.fail(f"the cluster of KUBECONFIG does not answer: {said}\n{hint}", pytrace=False)
    return found


def first_node(bench: Bench) -> str:
    """The name of the cluster's first node."""
    name: str = bench.kubectl("get", "nodes", "--output=json").json["items"][0]["metadata"]["name"]
    return name


def namespace_of(module: str) -> str:
    """A new name that tells which module of tests it belongs to."""
    topic = re.sub(r"[^a-z0-9]+", "-", module.rpartition(".")[2].lower())
    return f"{topic[:40].strip('-')}-{secrets.token_hex(3)}"


@contextmanager
def own_namespace(bench: B) -> Iterator[B]:
    """Makes the bench's namespace, in which pods may be made. It goes when it likes to."""
    bench.kubectl("create", "namespace", bench.namespace)
    try:
        bench.wait_for(
            lambda: bench.get("serviceaccount", "default"),
            f"the default account of {bench.namespace}",
        )
        yield bench
    finally:
        bench.kubectl("delete", "namespace", bench.namespace, "--wait=false", check=False)
