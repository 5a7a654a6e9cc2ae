"""Documents that the program names come with it, and lead somewhere from wherever they are read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kubectl_podx import DOCS, URL, __version__

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "hack")]

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def named() -> set[str]:
    """Documents whose address a text of the program has."""
    texts = [path.read_text() for path in (ROOT / "kubectl_podx").rglob("*.py")]
    return {name for text in texts for name in re.findall(r"\{DOCS\}/([A-Z]+\.md)", text)}


def test_the_version_stands_once_for_all() -> None:
    assert PROJECT["project"]["version"] == __version__
    assert f"{URL}/blob/v{__version__}/docs" == DOCS


def test_what_the_program_names_is_shipped_in_wheel_and_archive() -> None:
    from distribution import freeze

    assert named()
    assert named() == set(freeze.DOCS)
    shared = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert {Path(path).name for path in shared if path.endswith(".md")} == named()
    for path in shared:
        assert (ROOT / path).is_file()


def test_no_text_of_the_program_names_a_file_that_is_only_in_the_repository() -> None:
    """In help and messages; comments and docstrings are read where the file is."""
    import io

    from kubectl_podx.cli.environment import Environment
    from kubectl_podx.cli.funnel import main
    from kubectl_podx.cli.words import COMMANDS

    for words in (["--help"], ["explain", "PodPreset"], *([name, "--help"] for name in COMMANDS)):
        out = io.StringIO()
        assert main(words, Environment(stdout=out, stderr=out, variables={}, home="")) == 0
        for found in re.findall(r"(\S*)docs/[A-Z]+\.md", out.getvalue()):
            assert found.startswith("https://"), words


def test_the_address_stands_in_one_place() -> None:
    """Whatever else needs it takes it from the package; texts for people may name it."""
    place = URL.removeprefix("https://")
    files = [ROOT / "pyproject.toml", ROOT / "Makefile", *(ROOT / "krew").glob("*.yaml")]
    for folder in ("kubectl_podx", "hack", "packaging", "bench", ".github"):
        files += [path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".yaml")]
    holders = [path.relative_to(ROOT).as_posix() for path in files if place in path.read_text()]
    assert holders == ["kubectl_podx/__init__.py"]


def test_pypi_shows_the_readme_with_addresses() -> None:
    import hatch_build

    text = hatch_build.absolute((ROOT / "README.md").read_text(), URL, __version__)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    assert targets
    assert [t for t in targets if not t.startswith(("https://", "#"))] == []
    assert f"![x]({URL}/raw/v1/a.png)" == hatch_build.absolute("![x](a.png)", URL, "1")
    assert f"[x]({URL}/blob/v1/LICENSE)" == hatch_build.absolute("[x](LICENSE)", URL, "1")
    assert hatch_build.absolute("[x](#a) [y](https://z)", URL, "1") == "[x](#a) [y](https://z)"
    # And what is named there exists.
    for target in re.findall(r"\]\((?!https?:|#)([^)\s#]+)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).exists(), target


@pytest.mark.skipif(not shutil.which("groff"), reason="there is no groff here")
def test_the_manual_page_is_sound() -> None:
    words = ["groff", "-man", "-Tutf8", "-ww", "-b", "-P-c", "-rLL=100n"]
    text = (ROOT / "docs/kubectl-podx.1").read_text()
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for wanted in ("KUBECTL-PODX(1)", "--exit-code", "kubectl podx triage", "EXIT STATUS"):
        assert wanted in re.sub(".\b", "", done.stdout)


def test_no_line_of_the_manual_page_is_a_request_by_chance() -> None:
    known = {".TH", ".SH", ".SS", ".B", ".BR", ".PP", ".TP", ".nf", ".fi"}
    for line in (ROOT / "docs/kubectl-podx.1").read_text().splitlines():
        if line[:1] in (".", "'"):
            assert line.split()[0] in known
