"""The archive brings the server for models: it answers without any Python of the machine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError

import kubectl_podx
from kubectl_podx.agent.tools import TABLE

RECORDING = Path(kubectl_podx.__file__).parent / "recordings/1-liveness-kill.podx"


# Both eras of the protocol: with the handshake, and with what a request carries itself.
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_archive_answers_a_model(
    archive: Path, tmp_path: Path, mode: Literal["legacy", "auto"]
) -> None:
    shutil.unpack_archive(archive, tmp_path / "podx")
    bundles = tmp_path / "bundles"
    bundles.mkdir()
    shutil.copy(RECORDING, bundles / "incident.podx")
    words = ["mcp", "--bundles", str(bundles)]
    words += ["--kubeconfig", str(tmp_path / "none")]
    parameters = StdioServerParameters(command=str(tmp_path / "podx/kubectl-podx"), args=words)

    async def run() -> None:
        async with Client(parameters, mode=mode) as client:
            tools = [each.name for each in (await client.list_tools()).tools]
            assert tools == [tool.name for tool in TABLE]
            for each in (await client.list_resources()).resources[:3]:
                assert (await client.read_resource(each.uri)).contents
            prompts = (await client.list_prompts()).prompts
            assert (await client.get_prompt(prompts[0].name, {})).messages
            for name, arguments in (("describe", {"target": "x"}), ("drift", {}), ("rehearse", {})):
                unreachable = await client.call_tool(name, arguments)
                assert unreachable.is_error
                assert "internal error" not in unreachable.model_dump_json()
            with pytest.raises(MCPError):
                await client.call_tool("nope", {})
            result = await client.call_tool("describe", {"bundle": "incident.podx"})
            assert result.structured_content["podx"]["codes"] == ["RST001"]

    anyio.run(run)
