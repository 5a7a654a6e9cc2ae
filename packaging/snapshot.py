"""What each start of the frozen program would make anew, made once; `entry.py` reads it.

A few commands are watched in the environment that is frozen, and one file of the program gets

- the code of the modules that they import, in groups of those that the same commands import: names
  and strings that modules share are made once for a group, and a group is read at once;
- the code of all other modules, each by itself, and compressed where it is none of podx: what is
  left for PyInstaller's archive it reads name by name at each start;
- what `re` makes of their patterns, and of those of all modules of podx: it compiles in Python, and
  the same each time.

Whatever is not in the file is imported and compiled as ever.
"""

import ast
import marshal
import re
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

FILE = "snapshot"
# Imported by others at their start, for functions that hardly a run of podx calls: click's help
# texts, addresses in brackets, schemas. `entry.py` executes such a module when it is asked for one.
_LATE = ("inspect", "ipaddress", "msgspec.inspect")
# Python 3.11 makes these in Python first, and then takes what is written in C; later it does so at
# once, as here.
_IN_C = {
    "datetime": """\
from _datetime import *
__all__ = ("date", "datetime", "time", "timedelta", "timezone", "tzinfo")
__all__ += ("MINYEAR", "MAXYEAR", "UTC")
"""
}
# A start, an explanation, what asks a server, and what reports. Of the third the modules are named:
# which of them a command has imported when a server does not answer depends on the moment, and a
# build has to be the same each time.
_COMMANDS = (
    ("--help",),
    ("explain", "restarts.cause"),
    (
        "import",
        "kubectl_podx.cli.describe",
        "kubectl_podx.cli.engine",
        "kubectl_podx.cli.progress",
        "kubectl_podx.capture.session",
        "kubectl_podx.capture.gather",
        "kubectl_podx.cluster.server",
        "kubectl_podx.cluster.websocket",
        "encodings.utf_8_sig",
    ),
    ("describe", "--from", "{recording}"),
    ("describe", "--filename", "{healthy}"),
    *(("import", name) for name in _LATE),
)
# Nobody asks of it why something ended: the modules that tell are a group of their own.
_HEALTHY = """\
{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "healthy", "namespace": "default"},
 "spec": {"containers": [{"name": "app", "image": "app"}], "nodeName": "node"},
 "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "app", "ready": true, "started": true,
                                   "state": {"running": {}}}]}}
"""
# Imports nothing that podx may not: what is there before it begins is in no group, nor is what
# Python has of its own. As `entry.py`, it has msgspec do without typing_extensions, and what is
# late come when it is wanted.
_WATCH = """\
import sys
found, late, words = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
class Late(type(sys)):
    def __getattr__(self, name):
        del sys.modules[self.__name__]
        __import__(self.__name__)
        return getattr(sys.modules[self.__name__], name)
class Without:
    def find_spec(self, name, path=None, target=None):
        asks = sys.modules.get("msgspec")
        if name == "typing_extensions" and asks and asks.__spec__._initializing:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Without())
sys.modules.update((name, Late(name)) for name in late if name not in words)
before = set(sys.modules) - set(late)
import marshal, os
import re._compiler
compiled, written, compile, leave = set(), set(), re._compiler.compile, os._exit
def noting(source, flags=0):
    if isinstance(source, (str, bytes)):
        compiled.add((source, int(flags)))
    return compile(source, flags)
def leaving(status):
    modules = {name: module for name, module in sys.modules.items() if name not in before}
    from kubectl_podx.model.patterns import _Lazy
    for module in modules.values():
        for value in list(vars(module).values()):
            if type(value) is _Lazy:
                written.add((value._source, int(value._flags)))
    specs = {name: getattr(module, "__spec__", None) for name, module in modules.items()}
    names = [name for name, spec in specs.items() if spec and spec.has_location]
    with open(found, "wb") as file:
        marshal.dump((names, list(compiled), list(written)), file)
    leave(status)
re._compiler.compile, os._exit = noting, leaving
if words[0] == "import":
    for name in words[1:]:
        __import__(name)
    leaving(0)
sys.argv = ["kubectl-podx", *words]
from kubectl_podx.__main__ import run
run()
"""

Pattern = tuple[str | bytes, int]
# So many arguments follow the pattern where the last of them are flags.
_WITH_FLAGS = {
    "compile": 1,
    "findall": 2,
    "finditer": 2,
    "fullmatch": 2,
    "match": 2,
    "search": 2,
    "split": 3,
    "sub": 4,
}


def write(path: Path, modules: list[tuple[str, str, str]]) -> set[str]:
    """Writes the file.

    Args:
        path: the file.
        modules: PyInstaller's table: each module's name, its source, and what it is.

    Returns:
        the names of the modules that are in the file.

    """
    sources = {name: source for name, source, _ in modules if source not in (None, "-")}
    watched, patterns = _watched()
    wanted = _groups([imported & sources.keys() for imported in watched])
    own = {name: path for name, path in sources.items() if name.partition(".")[0] == "kubectl_podx"}
    patterns |= _patterns_of(own)
    known = set().union(*watched)
    wanted += [[name] for name in sorted(own.keys() - known)]
    rare = [[name] for name in sorted(sources.keys() - known - own.keys())]
    # Nobody reads the docstrings of what is wanted: help is data. Of the rest somebody may.
    written = [
        marshal.dumps({name: _code(name, sources[name], 2) for name in group}) for group in wanted
    ]
    written += [
        zlib.compress(marshal.dumps({name: _code(name, sources[name], 1) for name in group}))
        for group in rare
    ]
    table: dict[str, Any] = {
        "groups": [len(one) for one in written],
        "modules": {
            name: (number, _is_package(sources[name]))
            for number, group in enumerate(wanted + rare)
            for name in group
        },
        "packed": len(wanted),
        "late": _LATE,
        "patterns": {one: marshal.dumps(_compiled(*one)) for one in sorted(patterns, key=repr)},
    }
    head = marshal.dumps(table)
    path.write_bytes(len(head).to_bytes(4, "big") + head + b"".join(written))
    return set(table["modules"])


def names(path: Path) -> set[str]:
    """The names of the modules that are in such a file."""
    content = path.read_bytes()
    table = marshal.loads(content[4 : 4 + int.from_bytes(content[:4], "big")])
    return set(table["modules"])


def _watched() -> tuple[list[set[str]], set[Pattern]]:
    """The modules that each command imports, and the patterns of all."""
    watched: list[set[str]] = []
    patterns: set[Pattern] = set()
    with tempfile.TemporaryDirectory() as name:
        recordings = Path(__file__).parents[1] / "kubectl_podx/recordings"
        healthy = Path(name, "healthy.json")
        healthy.write_text(_HEALTHY, "utf-8")
        places = {"recording": min(recordings.glob("*.podx")), "healthy": healthy}
        for words in _COMMANDS:
            imported, compiled, written = _watch([word.format_map(places) for word in words])
            watched.append(imported)
            patterns |= compiled | written
    *commands, reported, healthy = watched[: -len(_LATE)]
    # What reads the file is none of the report's.
    healthy &= reported
    for late in watched[-len(_LATE) :]:
        late.difference_update(reported, *commands)
    return watched, patterns


def _watch(words: list[str]) -> tuple[set[str], set[Pattern], set[Pattern]]:
    """The modules that a command imports, what it compiles, and what its modules would compile."""
    # Not where the sources are: podx is watched as it is installed.
    with tempfile.TemporaryDirectory() as name:
        found = Path(name, "found")
        done = subprocess.run(
            [sys.executable, "-c", _WATCH, str(found), ",".join(_LATE), *words],
            cwd=name,
            check=False,
            capture_output=True,
            text=True,
        )
        if not found.exists():
            raise SystemExit(f"`{' '.join(words)}` could not be watched: {done.stderr}")
        imported, compiled, written = marshal.loads(found.read_bytes())
    return set(imported), set(compiled), set(written)


def _patterns_of(sources: dict[str, str]) -> set[Pattern]:
    """The patterns that modules name: `lazy`, and a literal for a function of `re`."""
    *_, found = _watch(["import", *sources])
    for source in sources.values():
        for node in ast.walk(ast.parse(Path(source).read_bytes())):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="re"), attr=function),
                    args=[ast.Constant(value=str() | bytes() as pattern), *others],
                    keywords=[],
                ) if len(others) < _WITH_FLAGS.get(function, 0):
                    found.add((pattern, 0))
    return found


def _groups(watched: list[set[str]]) -> list[list[str]]:
    """The modules by who imports them: nobody reads one that is not for them."""
    groups: dict[tuple[bool, ...], list[str]] = {}
    for name in sorted(set().union(*watched)):
        groups.setdefault(tuple(name in imported for imported in watched), []).append(name)
    return [groups[users] for users in sorted(groups)]


def _code(name: str, source: str, optimize: int) -> Any:
    """A module's code as PyInstaller would write it: without the place that it was built at."""
    # It is where an archive is built, and not where the rest of this file is tested.
    from PyInstaller.building import utils  # noqa: PLC0415

    parts = [*name.split("."), "__init__"] if _is_package(source) else name.split(".")
    if name in _IN_C:
        return compile(_IN_C[name], f"{name}.py", "exec")
    code = utils.get_code_object(name, source, optimize=optimize)
    return utils.replace_filename_in_code_object(code, "/".join(parts) + ".py")


def _is_package(source: str) -> bool:
    return Path(source).stem == "__init__"


def _compiled(source: str | bytes, flags: int) -> Any:
    """What `_sre.compile` is given for a pattern, less its source."""
    compiler = re._compiler
    given: list[Any] = []
    real = compiler._sre
    compiler._sre = SimpleNamespace(**vars(real) | {"compile": lambda *words: given.extend(words)})
    try:
        compiler.compile(source, flags)
    finally:
        compiler._sre = real
    _, all_flags, code, groups, names, order = given
    return int(all_flags), [int(one) for one in code], groups, dict(names), order
