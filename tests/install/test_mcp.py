"""The archive brings the server for models: it answers without any Python of the machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import anyio
from mcp import Client, StdioServerParameters

import kubectl_podx

RECORDING = Path(kubectl_podx.__file__).parent / "recordings/1-liveness-kill.podx"


def test_the_archive_answers_a_model(archive: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(archive, tmp_path / "podx")
    bundles = tmp_path / "bundles"
    bundles.mkdir()
    shutil.copy(RECORDING, bundles / "incident.podx")
    words = ["mcp", "--bundles", str(bundles)]
    parameters = StdioServerParameters(command=str(tmp_path / "podx/kubectl-podx"), args=words)

    async def run() -> None:
        async with Client(parameters) as client:
            result = await client.call_tool("describe", {"bundle": "incident.podx"})
            assert result.structured_content["podx"]["codes"] == ["RST001"]

    anyio.run(run)
