"""What the workflows of the forge promise. `make release-check` has actionlint read them, too."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yaml"))


def load(path: Path) -> dict[str, Any]:
    # YAML 1.1 reads the key `on` as true.
    document = yaml.safe_load(path.read_text("utf-8"))
    assert isinstance(document, dict)
    return document


def release() -> dict[str, Any]:
    return load(ROOT / ".github/workflows/release.yaml")


def steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    return list(job["steps"])


def said(job: dict[str, Any]) -> str:
    return "\n".join(step.get("run", "") for step in steps(job))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit(path: Path) -> None:
    used = re.findall(r"uses: (\S+)( # v\d+\.\d+\.\d+)?$", path.read_text(), re.MULTILINE)
    assert len(used) == path.read_text().count("uses: ")
    for action, version in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
        assert version, f"{action}: no version beside it"


def test_an_action_has_one_version_everywhere() -> None:
    used = {u for path in WORKFLOWS for u in re.findall(r"uses: (\S+)@(\S+)", path.read_text())}
    assert len({name for name, _ in used}) == len(used)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_rights_are_the_least_and_no_token_is_left_behind(path: Path) -> None:
    document = load(path)
    for name, job in document["jobs"].items():
        rights = job.get("permissions", document["permissions"])
        write = {right for right, how in rights.items() if how == "write"}
        allowed = {
            "attest": {"id-token", "attestations"},
            "publish": {"contents", "id-token", "attestations"},
            "pypi": {"id-token"},
        }
        assert write == (allowed.get(name, set()) if path.stem == "release" else set()), name
        assert job["timeout-minutes"] <= 60
        for step in steps(job):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_text_from_outside_is_put_into_a_script(path: Path) -> None:
    for job in load(path)["jobs"].values():
        assert "${{" not in said(job)


def test_every_system_is_built_attested_and_awaited() -> None:
    from distribution import project

    jobs = release()["jobs"]
    built = {row["system"] for row in jobs["archive"]["strategy"]["matrix"]["include"]}
    attested = set(jobs["attest"]["strategy"]["matrix"]["system"])
    assert built == attested == set(project.SYSTEMS)
    assert "manifest --every-system" in said(jobs["publish"])
    assert "check --portable" in said(jobs["archive"])
    # An archive is named after its system, so that no two have one name.
    upload = next(s for s in steps(jobs["archive"]) if "upload-artifact" in s.get("uses", ""))
    assert upload["with"]["name"] == "archive-${{ matrix.system }}"
    assert upload["with"]["if-no-files-found"] == "error"


def test_pypi_gets_wheel_and_sdist_and_nothing_else() -> None:
    jobs = release()["jobs"]
    uploaded = next(s for s in steps(jobs["package"]) if "upload-artifact" in s.get("uses", ""))
    assert uploaded["with"]["name"] == "package"
    assert uploaded["with"]["path"].split() == ["dist/*.whl", "dist/kubectl_podx-*.tar.gz"]
    taken, published = steps(jobs["pypi"])
    assert taken["with"] == {"name": "package", "path": "package"}
    assert published["with"] == {"packages-dir": "package"}


def test_a_run_by_hand_publishes_nothing() -> None:
    jobs = release()["jobs"]
    assert jobs["attest"]["if"] == jobs["publish"]["if"] == "github.ref_type == 'tag'"
    # What needs a job that was skipped is skipped with it.
    assert "publish" in jobs["pypi"]["needs"]
    assert jobs["krew"]["needs"] == "publish"
    assert "tag" in said(jobs["package"])


def test_a_checkout_on_windows_has_the_bytes_of_the_repository() -> None:
    """A carriage return in the script that runs in containers would break it there."""
    assert "* -text" in (ROOT / ".gitattributes").read_text().splitlines()
    for path in ("capture/observe.sh", "cli/kubectl_complete-podx"):
        assert b"\r" not in (ROOT / "kubectl_podx" / path).read_bytes()


def test_every_step_of_the_builder_that_a_workflow_names_exists() -> None:
    tree = ast.parse((ROOT / "hack/dist.py").read_text())
    cases = {
        node.pattern.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.match_case)
        and isinstance(node.pattern, ast.MatchValue)
        and isinstance(node.pattern.value, ast.Constant)
    }
    text = "\n".join(path.read_text() for path in WORKFLOWS)
    named = set(re.findall(r"hack/dist\.py (\w+)", text))
    assert named
    assert named <= cases


def test_every_target_that_a_workflow_names_exists() -> None:
    text = "\n".join(path.read_text() for path in WORKFLOWS)
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"run: make ([a-z0-9-]+)", text)) <= targets
