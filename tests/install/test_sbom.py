"""What the archive is made of, held against the archive."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def sbom(archive: Path) -> dict[str, Any]:
    from distribution import project

    found: dict[str, Any] = json.loads(project.sbom_path(archive).read_text())
    return found


def sums(entry: dict[str, Any]) -> dict[str, str]:
    return {one["algorithm"]: one["checksumValue"] for one in entry["checksums"]}


def test_it_is_of_this_very_archive(sbom: dict[str, Any], archive: Path) -> None:
    (whole,) = [one for one in sbom["packages"] if one.get("packageFileName")]
    assert whole["packageFileName"] == archive.name
    assert sums(whole)["SHA256"] == hashlib.sha256(archive.read_bytes()).hexdigest()


def test_every_file_is_named_with_its_digest(sbom: dict[str, Any], archive: Path) -> None:
    with tarfile.open(archive) as tar:
        there = {}
        for entry in tar.getmembers():
            content = tar.extractfile(entry)
            if content is not None:
                there[f"./{entry.name}"] = hashlib.sha256(content.read()).hexdigest()
    assert {one["fileName"]: sums(one)["SHA256"] for one in sbom["files"]} == there


def test_what_runs_is_named_and_what_only_builds_is_not(sbom: dict[str, Any]) -> None:
    names = {one["name"].lower() for one in sbom["packages"]}
    needed = {"click", "jinja2", "jmespath", "msgspec", "pyyaml", "tabulate"}
    assert needed | {"certifi", "python", "openssl", "zlib", "pyinstaller"} <= names
    assert {"mcp", "mcp-types", "pydantic", "anyio"} <= names
    assert not names & {"kubernetes", "altgraph", "setuptools", "pip", "twine"}
    # Of the MCP SDK only what a server on stdio imports.
    assert not names & {"cryptography", "httpx2", "jsonschema", "pyjwt"}
    for one in sbom["packages"]:
        assert one["versionInfo"]
        assert one["externalRefs"][0]["referenceLocator"].startswith("pkg:")


def test_the_licences_are_those_of_what_is_named(sbom: dict[str, Any], archive: Path) -> None:
    with tarfile.open(archive) as tar:
        stream = tar.extractfile("THIRD_PARTY_LICENSES")
        assert stream
        text = stream.read().decode()
    for one in sbom["packages"]:
        locator = one["externalRefs"][0]["referenceLocator"]
        if locator.startswith("pkg:pypi/") and one["name"] != "kubectl-podx":
            assert f"{one['name']} {one['versionInfo']}\nLicense:" in text, one["name"]


def test_relationships_name_what_there_is(sbom: dict[str, Any]) -> None:
    known = {"SPDXRef-DOCUMENT", *(one["SPDXID"] for one in (*sbom["packages"], *sbom["files"]))}
    assert len(known) == 1 + len(sbom["packages"]) + len(sbom["files"])
    ends = {one["relatedSpdxElement"] for one in sbom["relationships"]}
    assert ends == known - {"SPDXRef-DOCUMENT"}
