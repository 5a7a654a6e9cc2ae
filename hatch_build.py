"""What PyPI shows: the README with links that lead somewhere from there, and the project's address.

The address stands in the package's own `__init__.py`; here everything that is relative in the
README is laid below it, at the tag of this version.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

# `](docs/CLI.md)` and `](docs/images/page.png)`, but not `](https://…)` and `](#install)`.
_RELATIVE = re.compile(r"(!?)(\[[^\]]*\])\((?!https?:|#|mailto:)([^)\s]+)\)")


def address(root: Path) -> str:
    """The project's address, as the package has it."""
    for node in ast.parse((root / "kubectl_podx/__init__.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "URL":
            return str(ast.literal_eval(node.value))
    raise ValueError("kubectl_podx/__init__.py has no URL")


def absolute(text: str, url: str, version: str) -> str:
    """The README's links and pictures as addresses."""

    def replaced(match: re.Match[str]) -> str:
        picture, label, target = match.groups()
        kind = "raw" if picture else "blob"
        return f"{picture}{label}({url}/{kind}/v{version}/{target})"

    return _RELATIVE.sub(replaced, text)


class ProjectMetadata(MetadataHookInterface):
    """Called by hatchling whenever wheel or sdist are built."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Puts in what is worked out: `readme` and `urls`."""
        root = Path(self.root)
        url, version = address(root), str(metadata["version"])
        text = absolute((root / "README.md").read_text("utf-8"), url, version)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
        metadata["urls"] = {
            "Homepage": url,
            "Documentation": f"{url}/blob/v{version}/docs/CLI.md",
            "Changelog": f"{url}/blob/v{version}/CHANGELOG.md",
            "Issues": f"{url}/issues",
        }
