"""Prints as JSON what a frozen program is made of. Runs with the interpreter that was frozen.

The modules are in the program's own archive, which no scanner of files looks into: the names are
read from its table, and each is laid to the package that brought it.
"""

import importlib.metadata
import json
import platform
import pyexpat
import ssl
import sys
import zlib
from pathlib import Path

from PyInstaller import __version__ as pyinstaller
from PyInstaller.archive.readers import CArchiveReader
from yaml import _yaml

sys.path.insert(0, str(Path(__file__).parents[2] / "packaging"))
import snapshot

# Never shipped, even where a module of the same name is.
_TOOLS = {"altgraph", "pip", "pyinstaller", "pyinstaller-hooks-contrib", "setuptools"}


def main(folder: Path) -> None:
    program = next(path for path in folder.glob("kubectl-podx*") if path.is_file())
    modules = set(CArchiveReader(str(program)).open_embedded_archive("PYZ.pyz").toc)
    modules |= snapshot.names(folder / "_internal" / snapshot.FILE)
    shipped = {path.relative_to(folder / "_internal").as_posix() for path in folder.rglob("*")
               if path.is_file() and folder / "_internal" in path.parents}  # fmt: skip
    packages = []
    for one in importlib.metadata.distributions():
        if one.metadata["Name"].lower() in _TOOLS:
            continue
        files = {file.as_posix() for file in one.files or ()}
        if any(_module(file) in modules for file in files) or files & shipped:
            metadata = one.metadata
            terms = metadata.get("License-Expression") or metadata.get("License") or ""
            packages.append({"name": metadata["Name"], "version": one.version, "license": terms})
    json.dump(
        {
            "packages": sorted(packages, key=lambda one: one["name"].lower()),
            "python": platform.python_version(),
            "pyinstaller": pyinstaller,
            "libraries": {
                "openssl": ssl.OPENSSL_VERSION.split()[1],
                "zlib": zlib.ZLIB_RUNTIME_VERSION,
                "expat": pyexpat.EXPAT_VERSION.removeprefix("expat_"),
                "libyaml": _yaml.get_version_string(),
            },
        },
        sys.stdout,
    )


def _module(file: str) -> str:
    """`click/core.py` is `click.core`, `click/__init__.py` is `click`."""
    if not file.endswith(".py"):
        return ""
    return file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
