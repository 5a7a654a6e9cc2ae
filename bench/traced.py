"""One `describe POD` from inside: when each part begins, and how long it takes at the least.

Run by the installed Python: `traced.py STARTED NAMESPACE POD`, where STARTED is the time.time() at
which the process was started. Prints milliseconds as JSON.
"""

from __future__ import annotations

import gc
import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_BEGUN = time.time()
_marks: dict[str, float] = {}


def _mark(name: str) -> None:
    _marks.setdefault(name, time.time())


def _around(owner: Any, name: str, part: str) -> None:
    """Marks when the function is first called and when it first returns."""
    inner = getattr(owner, name)

    def outer(*args: Any, **more: Any) -> Any:
        _mark(f"{part} begins")
        try:
            return inner(*args, **more)
        finally:
            _mark(f"{part} ends")

    setattr(owner, name, outer)


def _milliseconds(work: Callable[[], Any]) -> float:
    """The shortest of some runs of what is imported and warm."""
    best = 1e9
    for _ in range(5):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best * 1000


@contextmanager
def _late_patches() -> Iterator[None]:
    """Patches modules as soon as podx has imported them, so that nothing is imported early."""
    watched = {
        "kubectl_podx.cluster.pool": lambda m: _around(m.Dialer, "dial", "handshake"),
        "kubectl_podx.capture.gather": _patch_gather,
        "kubectl_podx.analysis.analyse": lambda m: _around(m, "analyse", "facts"),
        "kubectl_podx.cli.engine": lambda m: _around(m, "printed_report", "render"),
    }

    class Finder:
        """Asked for every module; answers for none."""

        def find_spec(self, *_: Any) -> None:
            for name in [each for each in watched if _is_ready(each)]:
                watched.pop(name)(sys.modules[name])

    def _is_ready(name: str) -> bool:
        module = sys.modules.get(name)
        return module is not None and not module.__spec__._initializing  # noqa: SLF001

    finder: Any = Finder()
    sys.meta_path.insert(0, finder)
    yield
    sys.meta_path.remove(finder)


def _patch_gather(module: Any) -> None:
    _around(module.Gatherer, "_read_pods", "get")
    _around(module.Gatherer, "_send", "fan-out")
    _around(module.Gatherer, "_read_again", "again")
    _around(module.Gatherer, "capture", "capture")


def main() -> None:
    """Runs it once, then each part alone."""
    started, namespace, pod = float(sys.argv[1]), sys.argv[2], sys.argv[3]
    gc.disable()
    sys.setswitchinterval(0.002)
    out, sys.stdout = sys.stdout, io.StringIO()
    with _late_patches():
        from kubectl_podx.cli.funnel import main as podx  # noqa: PLC0415

        status = podx(["describe", pod, "--namespace", namespace])
    _mark("ends")
    shown, sys.stdout = sys.stdout.getvalue(), out
    if status != 0 or "\nContainers:" not in shown:
        sys.exit("the run failed")
    times = {name: (at - started) * 1000 for name, at in _marks.items()}
    times["python begins"] = (_BEGUN - started) * 1000
    print(json.dumps({"times": times, "floors": _floors(namespace, pod)}))


def _floors(namespace: str, pod: str) -> dict[str, float]:
    """What each part takes where everything is imported and nothing else is under way."""
    import os  # noqa: PLC0415

    from kubectl_podx.analysis.analyse import analyse  # noqa: PLC0415
    from kubectl_podx.capture import session  # noqa: PLC0415
    from kubectl_podx.cluster.access import AccessFlags, resolve_access  # noqa: PLC0415
    from kubectl_podx.cluster.credentials import Credentials  # noqa: PLC0415
    from kubectl_podx.cluster.pool import Dialer  # noqa: PLC0415
    from kubectl_podx.cluster.server import ApiServer  # noqa: PLC0415
    from kubectl_podx.model.clock import Deadline  # noqa: PLC0415
    from kubectl_podx.render.text import text  # noqa: PLC0415
    from kubectl_podx.view.layout import Terminal  # noqa: PLC0415

    flags, environ = AccessFlags(namespace=namespace), dict(os.environ)
    deadline = Deadline(60)
    access = resolve_access(flags, environ, "")
    dialer = Dialer(access, Credentials(access, environ, deadline), environ)
    server = ApiServer(
        access,
        deadline=deadline,
        environ=environ,
        user_agent="podx-bench",
        on_warning=lambda _: None,
        max_connections=8,
    )
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}"
    body = json.loads(server.get(path).body)
    container = body["spec"]["containers"][0]["name"]

    def run_true() -> None:
        # Beforehand a connection, as a run has dialled it before it needs it.
        server.get(path)
        server.exec(
            *(namespace, pod, container, ["true"]),
            stdin=None,
            deadline=deadline,
            stdout_limit=1000,
            stderr_limit=1000,
        )

    capture = session.take(
        flags,
        session.Targets(words=(pod,)),
        session.LookOptions(),
        deadline=deadline,
        environ=environ,
        home="",
        warn=lambda _: None,
    )
    reports = analyse(capture)
    floors = {
        "handshake": _milliseconds(lambda: dialer.dial(deadline, lambda _: None).close()),
        "get": _milliseconds(lambda: server.get(path)),
        "fan-out": _milliseconds(run_true),
        "facts": _milliseconds(lambda: analyse(capture)),
        "render": _milliseconds(lambda: text(reports.items, Terminal())),
    }
    server.close()
    return floors


if __name__ == "__main__":
    main()
