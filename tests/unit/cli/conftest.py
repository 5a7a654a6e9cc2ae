"""Runs the command line in this process, with streams, variables and home of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.cli_runs import Result, Run, capture
from kubectl_podx.capture.bundle import write_bundle
from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.funnel import main


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    def run_once(*words: str, **variables: str) -> Result:
        capsys.readouterr()
        # A kubeconfig that is not there: what must not open one shows no difference.
        given = {"KUBECONFIG": str(tmp_path / "none"), **variables}
        status = main(words, Environment(variables=given, home=str(tmp_path)))
        out, err = capsys.readouterr()
        return Result(status, out, err)

    return run_once


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    """The path of a bundle with the one pod web-0."""
    path = tmp_path / "one.podx"
    write_bundle(capture("web-0"), path)
    return str(path)


@pytest.fixture
def two_pods(tmp_path: Path) -> str:
    """The path of a bundle with web-0 and web-1."""
    path = tmp_path / "two.podx"
    write_bundle(capture("web-0", "web-1"), path)
    return str(path)
