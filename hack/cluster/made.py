"""A cluster that this tool makes itself, whatever its node is: up once, down without a rest."""

from collections.abc import Callable
from typing import TypeVar

import build
import health
import state
import teardown
from console import step
from layout import Layout

Parts = TypeVar("Parts")


def up(
    layout: Layout, build_parts: Callable[[], Parts], bring_up: Callable[[Layout, Parts], None]
) -> None:
    """Reuses the cluster if it is healthy, else replaces what is there of it."""
    with state.only_one_change():
        problem = health.problem(layout)
    if not problem:
        step(f"reusing the running cluster {layout.name}")
        return
    # Outside of the lock: it takes minutes, and another checkout may need its `down` meanwhile.
    parts = build_parts()
    with state.only_one_change():
        if not health.problem(layout):
            return
        if teardown.exists(layout):
            step(f"replacing the cluster: {problem}")
        teardown.run(layout)
        bring_up(layout, parts)
    step(f"cluster {layout.name} is ready")


def down(layout: Layout) -> None:
    with state.only_one_change():
        teardown.run(layout)
    step(f"nothing of cluster {layout.name} is left")


def environment(layout: Layout) -> dict[str, str]:
    return {
        "KUBECONFIG": str(layout.kubeconfig),
        "PODX_TEST_KUBECTL": str(build.locate().binaries / "kubectl"),
    }
