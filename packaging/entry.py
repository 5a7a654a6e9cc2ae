"""Where the frozen program begins.

All modules stand in one table of the program's own file. PyInstaller looks for each of them at
every entry of `sys.path`, and opens the file anew; here it is opened once and the table asked
first. A look imports 350 modules: that takes 14 ms less of 110.
"""

import marshal
import os
import sys
import zlib
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any

import pyimod02_importers as pyinstaller

_MODULE, _PACKAGE = 0, 1


class _Loader:
    """Executes modules. What else a loader may be asked for (source, data files beside a module)
    PyInstaller's own answers.
    """

    def __init__(self, name: str, *, package: bool) -> None:
        self._name = name
        self._package = package

    def create_module(self, _spec: ModuleSpec) -> None:
        """As Python makes modules."""

    def exec_module(self, module: ModuleType) -> None:
        exec(_TABLE.code(self._name), module.__dict__)  # noqa: S102 - this is what a loader does

    def __getattr__(self, name: str) -> Any:
        archive = pyinstaller.pyz_archive
        theirs = pyinstaller.PyiFrozenLoader(self._name, archive, self._name, self._package)
        return getattr(theirs, name)


class _Table:
    """A finder of `sys.meta_path`."""

    def __init__(self) -> None:
        archive = pyinstaller.pyz_archive
        self._modules = archive.toc
        self._folder = sys._MEIPASS + os.sep  # noqa: SLF001 - PyInstaller's name for it
        self._begin = archive._start_offset  # noqa: SLF001 - as PyInstaller's own finder does
        # Kept open to the end: what is imported late is of the same file, whatever replaces it.
        self._file = os.open(archive._filename, os.O_RDONLY | os.O_CLOEXEC)  # noqa: SLF001

    def find_spec(
        self, name: str, _path: object = None, _target: object = None
    ) -> ModuleSpec | None:
        kind = self._modules.get(name, (None,))[0]
        if kind not in (_MODULE, _PACKAGE):
            return None
        package = kind == _PACKAGE
        where = self._folder + name.replace(".", os.sep)
        origin = f"{where}{os.sep}__init__.py" if package else f"{where}.py"
        loader: Any = _Loader(name, package=package)
        spec = ModuleSpec(name, loader, origin=origin, is_package=package)
        spec.has_location = True
        if package:
            spec.submodule_search_locations = [where]
        return spec

    def code(self, name: str) -> CodeType:
        _, offset, length = self._modules[name]
        packed = os.pread(self._file, length, self._begin + offset)
        return marshal.loads(zlib.decompress(packed))  # noqa: S302 - the program's own file


if hasattr(os, "pread"):
    _TABLE = _Table()
    # First of all: nothing that is built into Python has the name of a module in the table.
    sys.meta_path.insert(0, _TABLE)

from kubectl_podx.__main__ import run  # noqa: E402 - the first to be found so

run()
