"""Where the frozen program begins.

PyInstaller looks for a module at every entry of `sys.path`, and opens and unpacks its archive for
each. A look imports 350: here they come from one file that `snapshot.py` has written, in a few
groups, together with what `re` makes of their patterns. docs/BENCHMARKS.md says what that gives.
"""

# Nothing is imported here that is not there at this point: it would be looked for the slow way.
import _frozen_importlib
import _thread
import gc
import marshal
import mmap
import os
import sys
import zlib

import pyimod02_importers as pyinstaller

# As `run` has it, which comes later than what it is to be spared.
gc.disable()

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType
    from typing import Any


class _Snapshot:
    """The file, and a finder of `sys.meta_path` for the modules in it."""

    def __init__(self, path: str) -> None:
        # Kept open to the end: what is imported late is of the same file, whatever replaces it.
        self._file = open(path, "rb", buffering=0)
        head = int.from_bytes(self._file.read(4), "big")
        table = self._read(4, head)
        self.modules: dict[str, tuple[int, bool]] = table["modules"]
        self.late: tuple[str, ...] = table["late"]
        self._packed: int = table["packed"]
        self._patterns: dict[Any, bytes] = table["patterns"]
        self._folder = os.path.dirname(path) + os.sep
        self._places = []
        begin = 4 + head
        for length in table["groups"]:
            self._places.append((begin, length))
            begin += length
        self._code: dict[int, dict[str, CodeType]] = {}
        self._lock = _thread.allocate_lock()

    def _read(self, begin: int, length: int, *, packed: bool = False) -> "Any":
        """What is written there, without a copy of its bytes: a page fault for each page of one
        takes as long as to make objects of it.

        Mapped as libraries are, privately: some file systems allow nothing else.
        """
        page = begin - begin % mmap.ALLOCATIONGRANULARITY
        end = begin + length - page
        with (
            mmap.mmap(self._file.fileno(), end, access=mmap.ACCESS_COPY, offset=page) as mapped,
            memoryview(mapped) as view,
            view[begin - page :] as written,
        ):
            return marshal.loads(zlib.decompress(written) if packed else written)

    def find_spec(
        self, name: str, _path: object = None, _target: object = None
    ) -> "ModuleSpec | None":
        if name == "typing_extensions" and _is_being_imported("msgspec"):
            # Which does as well without. It is there for `mcp`, and larger than any other.
            raise ModuleNotFoundError(name)
        found = self.modules.get(name)
        if found is None:
            return None
        _, is_package = found
        where = self._folder + name.replace(".", os.sep)
        origin = f"{where}{os.sep}__init__.py" if is_package else f"{where}.py"
        loader: Any = _Loader(self, name, is_package=is_package)
        spec = _frozen_importlib.ModuleSpec(name, loader, origin=origin, is_package=is_package)
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [where]
        return spec

    def code(self, name: str) -> "CodeType":
        """A module's code, handed out once: most of it is needed for no longer than its import."""
        group, _ = self.modules[name]
        with self._lock:
            if name not in self._code.get(group, ()):
                self._code[group] = self._read(*self._places[group], packed=group >= self._packed)
            return self._code[group].pop(name)

    def compiled(self, source: "Any", flags: int) -> "tuple[Any, ...] | None":
        """What `_sre.compile` takes beside the source of a pattern."""
        made = self._patterns.get((source, flags)) if type(source) in (str, bytes) else None
        return None if made is None else marshal.loads(made)


def _is_being_imported(name: str) -> bool:
    module = sys.modules.get(name)
    return module is not None and module.__spec__._initializing


class _Late(type(sys)):
    """A module that is executed when somebody wants something of it.

    `importlib.util.LazyLoader` does the same and would itself be imported with all that it needs.
    """

    def __getattr__(self, name: str) -> "Any":
        with _late:
            # Another thread may have executed it, and while this one does, it asks like all others.
            if type(self) is _Late and self not in _executed:
                _executed.append(self)
                self.__spec__.loader.run(self)
                self.__class__ = type(sys)
        return type(sys).__getattribute__(self, name)


_late = _thread.RLock()
_executed = []


class _Loader:
    """Executes modules. What else a loader may be asked for (source, data files beside a module)
    PyInstaller's own answers.
    """

    def __init__(self, snapshot: _Snapshot, name: str, *, is_package: bool) -> None:
        self._snapshot = snapshot
        self._name = name
        self._is_package = is_package

    def create_module(self, _spec: "ModuleSpec") -> None:
        """As Python makes modules."""

    def exec_module(self, module: "ModuleType") -> None:
        if self._name in self._snapshot.late:
            module.__class__ = _Late
        else:
            self.run(module)

    def run(self, module: "ModuleType") -> None:
        exec(self._snapshot.code(self._name), module.__dict__)

    def get_code(self, _name: str) -> "CodeType":
        return self._snapshot.code(self._name)

    def __getattr__(self, name: str) -> "Any":
        archive = pyinstaller.pyz_archive
        theirs = pyinstaller.PyiFrozenLoader(self._name, archive, self._name, self._is_package)
        return getattr(theirs, name)


_snapshot = _Snapshot(os.path.join(sys._MEIPASS, "snapshot"))
# First of all: nothing that is built into Python has the name of a module in it.
sys.meta_path.insert(0, _snapshot)

_find_and_load = _frozen_importlib._find_and_load_unlocked


def _load(name: str, import_: "Any") -> "ModuleType":
    """As Python does it, under the module's lock: without looking for a finder, asking a module for
    what it cannot have yet, or working out where its bytecode would lie. That is two thirds.
    """
    if name not in _snapshot.modules:
        return _find_and_load(name, import_)
    modules = sys.modules
    parent, _, child = name.rpartition(".")
    if parent and parent not in modules:
        import_(parent)
        # Its parent may have imported it.
        if name in modules:
            return modules[name]
    spec: Any = _snapshot.find_spec(name)
    module = type(sys)(name)
    module.__spec__ = spec
    module.__loader__ = spec.loader
    module.__file__ = spec.origin
    if spec.submodule_search_locations is None:
        module.__package__ = parent
    else:
        module.__package__ = name
        module.__path__ = spec.submodule_search_locations
    # Before others can see it: whoever finds it begun waits for its end.
    spec._initializing = True
    modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        modules.pop(name, None)
        raise
    finally:
        spec._initializing = False
    # A module may put something else in its place.
    module = modules[name]
    if parent:
        setattr(modules[parent], child, module)
    return module


_frozen_importlib._find_and_load_unlocked = _load

import _sre
import re._compiler

_compile = re._compiler.compile


def _compile_or_find(source: "Any", flags: int = 0) -> "Any":
    found = _snapshot.compiled(source, flags)
    return _sre.compile(source, *found) if found else _compile(source, flags)


re._compiler.compile = _compile_or_find

from kubectl_podx.__main__ import run

run()
