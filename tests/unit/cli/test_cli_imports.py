"""What a fresh interpreter imports: each module that is not needed would be waited for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import kubectl_podx

RECORDING = next(Path(kubectl_podx.__file__).with_name("recordings").glob("*.podx"))
# Libraries and parts of podx that a replay of a bundle has no use for.
NEVER = {
    "asyncio",
    "concurrent.futures",
    "email",
    "http.client",
    "importlib.metadata",
    "importlib.resources",
    "jinja2",
    "jmespath",
    "kubectl_podx.capture.gather",
    "kubectl_podx.capture.seal",
    "kubectl_podx.cluster",
    "kubernetes",
    "logging",
    "ssl",
    "subprocess",
    "tabulate",
    "tempfile",
    "unittest",
    "urllib.request",
    "urllib3",
    "wcwidth",
    "websocket",
    "yaml",
    "zipfile",
}
PROGRAM = """
import contextlib, io, sys
from kubectl_podx.cli.funnel import main
with contextlib.redirect_stdout(io.StringIO()):
    status = main(sys.argv[1:])
print(status, *sorted(sys.modules))
"""


def imported(*words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True
    )
    status, *modules = done.stdout.split()
    assert status == "0", done.stderr
    return set(modules)


@pytest.mark.parametrize("output", ["text", "wide", "json"])
def test_a_replay_imports_no_library_and_no_door_to_the_network(output: str) -> None:
    modules = imported("describe", "--from", str(RECORDING), "-o", output)
    assert modules & NEVER == set()
    assert "msgspec" in modules


def test_json_needs_nothing_of_the_text() -> None:
    modules = imported("describe", "--from", str(RECORDING), "-o", "json")
    assert not any(name.startswith("kubectl_podx.render.text") for name in modules)


@pytest.mark.parametrize("word", ["PRB001", "restarts.cause"])
def test_an_explanation_imports_neither_rules_nor_types_of_the_report(word: str) -> None:
    modules = imported("explain", word)
    assert modules & NEVER == set()
    for package in ("findings", "facts", "capture", "model.report"):
        assert f"kubectl_podx.{package}" not in modules


def test_a_kubeconfig_as_kubectl_writes_it_is_read_without_a_yaml_library(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "apiVersion: v1\nclusters:\n- cluster:\n    server: https://127.0.0.1:1\n  name: here\n"
        "contexts:\n- context:\n    cluster: here\n  name: here\ncurrent-context: here\n"
        "kind: Config\npreferences: {}\nusers: []\n"
    )
    program = (
        "import sys; from kubectl_podx.cluster.access import AccessFlags, resolve_access\n"
        f"access = resolve_access(AccessFlags(kubeconfig={str(config)!r}), {{}}, '')\n"
        "print(access.server, 'yaml' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["https://127.0.0.1:1", "False"]
