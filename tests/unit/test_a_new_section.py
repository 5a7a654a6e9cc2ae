"""A section that nobody has written yet: one folder, one row and one field make all of it appear.

The package is copied, the section is added to the copy, and the copy is run as a program.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "tests/recorded/crash-loop.podx"
UNSEEN = ROOT / "tests/recorded/config-map-missing.podx"

ROW = """    Section(
        "podLabels",
        "labels",
        "labels",
        "Every label, and whether it is long",
        place=19,
        title="Labels",
        letters="LBL",
        looks_inside=True,
    ),
)

BY_KEY"""
FIELD = """    pod_labels: Annotated[list[Label] | None, Meta(description="Every label.")] = None
    findings: Annotated["""
FILES = {
    "__init__.py": '"""The section `labels`."""\n',
    "report.py": """
from __future__ import annotations
from typing import Annotated
from msgspec import Meta
from kubectl_podx.model.parts import FROM_POD
from kubectl_podx.model.wire import Wire

class Label(Wire, frozen=True, kw_only=True):
    name: Annotated[str, Meta(description="Its key.")]
    value: Annotated[str, Meta(description="Its value.")] = ""

ORIGINS = {"": f"{FROM_POD}: metadata.labels"}
""",
    "facts.py": """
from __future__ import annotations
from kubectl_podx.model.raw import mapping
from kubectl_podx.sections.labels.report import Label

def build(view):
    labels = mapping(view.pod, "metadata", "labels")
    return [Label(name=name, value=str(value)) for name, value in labels.items()]
""",
    "rules.py": """
from __future__ import annotations
from kubectl_podx.rules.rule import Hit, Rule

def there_is_one(case):
    for row in case.report.pod_labels or []:
        yield Hit(f"label {row.name} is there")

RULES = (
    Rule(
        code="LBL001",
        section="podLabels",
        severity="info",
        title="A label is there",
        meaning="Somebody has set a label.",
        known_by="The pod's metadata.",
        remedy="leave it",
        link="https://kubernetes.io/docs/",
        check=there_is_one,
    ),
)
""",
    "text.py": """
from __future__ import annotations
from kubectl_podx.view.columns import Column, Grid

LABEL = (
    Column("LABEL", lambda row, _: row.name),
    Column("VALUE", lambda row, _: row.value),
)

def grids(found):
    return [Grid(LABEL, found)]

def block(found, page):
    return ["Labels:", *page.table(LABEL, found)] if found else []
""",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the section in it."""
    root = tmp_path_factory.mktemp("house")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("kubectl_podx", "docs"):
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    (root / "hack").mkdir()
    for name in (
        "hack/docs.py",
        "hack/man.py",
        "hack/completion.sh",
        "README.md",
        "pyproject.toml",
    ):
        shutil.copy(ROOT / name, root / name)
    folder = root / "kubectl_podx/sections/labels"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    edit(folder.parent / "table.py", ")\n\nBY_KEY", ROW)
    edit(folder.parent / "report.py", "    findings: Annotated[", FIELD)
    edit(
        folder.parent / "report.py",
        "from kubectl_podx.sections.hosts",
        "from kubectl_podx.sections.labels.report import Label\nfrom kubectl_podx.sections.hosts",
    )
    run(root, "hack/docs.py")
    return root


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert text.count(before) == 1, before
    path.write_text(text.replace(before, after))


def run(root: Path, *words: str) -> str:
    environment = {"PYTHONPATH": str(root), "PATH": os.environ["PATH"], "HOME": str(root)}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    # 4 is the exit status of a critical finding.
    assert done.returncode in (0, 4), done.stderr
    return done.stdout


def podx(root: Path, *words: str) -> str:
    return run(root, "-m", "kubectl_podx", *words)


def test_help_lists_its_command(house: Path) -> None:
    assert "labels      Every label, and whether it is long" in podx(house, "--help")


def test_its_command_prints_a_table(house: Path) -> None:
    lines = podx(house, "labels", "--from", str(BUNDLE)).splitlines()
    assert lines[0].split() == ["LABEL", "VALUE"]
    assert len(lines) > 1


def test_the_text_has_its_block_and_its_finding(house: Path) -> None:
    shown = podx(house, "describe", "--from", str(BUNDLE))
    assert "Labels:\n" in shown
    assert "LBL001" in shown


def test_the_page_has_it(house: Path) -> None:
    page = podx(house, "describe", "--from", str(BUNDLE), "-o", "html")
    assert 'aria-label="Labels, table 1"' in page
    assert "LBL001" in page


def test_the_document_and_its_schema_have_it(house: Path) -> None:
    words = ("describe", "--from", str(BUNDLE), "--section", "labels", "-o", "json")
    document = json.loads(podx(house, *words))
    assert document["podLabels"]
    assert document["probes"] is None
    schema = json.loads((house / "kubectl_podx/generated/schema.json").read_text())
    assert set(schema["$defs"]["Label"]["properties"]) == {"name", "value"}
    assert "podLabels" in schema["$defs"]["PodReport"]["properties"]


def test_explain_and_the_documentation_have_it(house: Path) -> None:
    assert "metadata.labels" in podx(house, "explain", "podLabels.name")
    assert "Somebody has set a label" in podx(house, "explain", "LBL001")
    assert "## podLabels\n" in (house / "docs/REPORT.md").read_text()
    assert "## LBL001\n" in (house / "docs/FINDINGS.md").read_text()
    assert "| `kubectl podx labels` |" in (house / "docs/CLI.md").read_text()


def test_coverage_says_where_it_lost_rows(house: Path) -> None:
    """A container that waits is not looked into."""
    document = json.loads(podx(house, "describe", "--from", str(UNSEEN), "-o", "json"))
    assert "podLabels" in {row["section"] for row in document["coverage"]}


def test_a_tab_completes_it(house: Path) -> None:
    assert "podLabels" in (house / "kubectl_podx/cli/kubectl_complete-podx").read_text()
