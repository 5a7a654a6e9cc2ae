"""For tests of the server for models: a desk over a folder of bundles, and its tools by name."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import kubectl_podx
from kubectl_podx.agent.answers import Answer
from kubectl_podx.agent.arguments import arguments_of
from kubectl_podx.agent.desk import Desk, Limits, Ticket
from kubectl_podx.agent.said import Said
from kubectl_podx.agent.tools import TABLE
from kubectl_podx.cluster.access import AccessFlags

RECORDINGS = sorted((Path(kubectl_podx.__file__).parent / "recordings").glob("*.podx"))
FENCE = re.compile(r"<<<podx-untrusted ([0-9a-f]{16})\n(.*?)\npodx-untrusted \1>>>", re.DOTALL)
TOOLS = {tool.name: tool for tool in TABLE}


def desk(folder: Path | None, **limits: Any) -> Desk:
    """One without a cluster: its kubeconfig is not there."""
    return Desk(
        AccessFlags(kubeconfig="/nowhere/config"),
        Limits(bundles=folder, **limits),
        environ={},
        home="",
        warn=lambda _: None,
    )


def with_recordings(folder: Path) -> Path:
    """The folder, with the shipped recordings in it as bundles."""
    for each in RECORDINGS:
        shutil.copy(each, folder / each.name)
    return folder


def said(here: Desk, tool: str, **given: Any) -> Said:
    """What a tool says, by the arguments that a client would send."""
    return TOOLS[tool].run(here, arguments_of(TOOLS[tool].takes, given), Ticket())


def outside(text: str) -> str:
    """The text without what stands between the markers."""
    return FENCE.sub("", text)


def inside(text: str) -> str:
    """What stands between the markers."""
    return "\n".join(found[2] for found in FENCE.finditer(text))


def own_words(answer: Answer) -> str:
    """Everything of an answer but what is under `untrusted`, as JSON."""
    import msgspec

    plain = msgspec.to_builtins(answer)
    del plain["untrusted"]
    return json.dumps(plain, ensure_ascii=False)
