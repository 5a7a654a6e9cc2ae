"""The cluster that this tool makes itself, one for each checkout."""

import bringup
import build
import health
import state
import teardown
from console import step
from layout import of_this_checkout


def up() -> None:
    layout = of_this_checkout()
    with state.only_one_change():
        problem = health.problem(layout)
    if not problem:
        step(f"reusing the running cluster {layout.name}")
        return
    # Outside of the lock: it takes minutes, and another checkout may need its `down` meanwhile.
    artefacts = build.build()
    with state.only_one_change():
        if not health.problem(layout):
            return
        if teardown.exists(layout):
            step(f"replacing the cluster: {problem}")
        teardown.run(layout)
        bringup.run(layout, artefacts)
    step(f"cluster {layout.name} is ready")


def down() -> None:
    layout = of_this_checkout()
    with state.only_one_change():
        teardown.run(layout)
    step(f"nothing of cluster {layout.name} is left")


def problem() -> str:
    return health.problem(of_this_checkout())


def environment() -> dict[str, str]:
    layout = of_this_checkout()
    return {
        "KUBECONFIG": str(layout.kubeconfig),
        "PODX_TEST_KUBECTL": str(build.locate().binaries / "kubectl"),
    }
