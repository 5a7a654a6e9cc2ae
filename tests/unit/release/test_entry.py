"""How the archive's program finds its modules (`packaging/entry.py`), in a process of its own."""

from __future__ import annotations

import marshal
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

_ENTRY = Path(__file__).resolve().parents[3] / "packaging/entry.py"

# What PyInstaller's start has prepared when it comes to `entry.py`.
_START = """\
import sys, types
sys._MEIPASS, entry = sys.argv[1:]
sys.modules["pyimod02_importers"] = types.ModuleType("pyimod02_importers")
exec(compile(open(entry).read(), entry, "exec"), {"__name__": "__main__"})
"""


def _started(
    folder: Path, main: str, late: dict[str, str], modules: dict[str, str] | None = None
) -> list[str]:
    """The lines that a program of these modules prints; `late` are executed when they are wanted.
    `executed` is a list that all of them see.
    """
    sources = {"kubectl_podx": "", "kubectl_podx.__main__": main, **late, **(modules or {})}
    groups = [
        marshal.dumps({name: compile(source, name, "exec")}) for name, source in sources.items()
    ]
    # Of the last ones nobody knows whether they are wanted at all.
    packed = len(groups) - len(modules or {})
    groups[packed:] = map(zlib.compress, groups[packed:])
    table = marshal.dumps(
        {
            "groups": [len(group) for group in groups],
            "modules": {name: (at, name == "kubectl_podx") for at, name in enumerate(sources)},
            "packed": packed,
            "late": tuple(late),
            "patterns": {},
        }
    )
    folder.joinpath("snapshot").write_bytes(
        len(table).to_bytes(4, "big") + table + b"".join(groups)
    )
    start = "import builtins\nbuiltins.executed = []\n" + _START
    done = subprocess.run(
        [sys.executable, "-I", "-c", start, str(folder), str(_ENTRY)],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_late_module_is_executed_when_something_of_it_is_wanted(tmp_path: Path) -> None:
    main = """\
import late
def run():
    print(executed, late.__name__, late.__spec__.origin.endswith("late.py"))
    from late import value
    print(value, executed, type(late).__name__, late.value)
    print(hasattr(late, "nothing"), executed)
"""
    late = "executed.append(__name__)\nvalue = 42\n"
    assert _started(tmp_path, main, {"late": late}) == [
        "[] late True",
        "42 ['late'] module 42",
        "False ['late']",
    ]


@pytest.mark.parametrize("is_late", [True, False])
def test_whoever_asks_meanwhile_waits_for_its_end(tmp_path: Path, is_late: bool) -> None:
    main = f"""\
{"import kubectl_podx.one" if is_late else ""}
def run():
    import threading
    asked, answers = threading.Barrier(8), []
    def ask():
        asked.wait()
        from kubectl_podx.one import value
        answers.append(value)
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(answers, executed)
"""
    one = "import time\nexecuted.append(1)\ntime.sleep(0.2)\nvalue = 42\n"
    modules = {"kubectl_podx.one": one}
    late, others = (modules, {}) if is_late else ({}, modules)
    assert _started(tmp_path, main, late, others) == [f"{[42] * 8} [1]"]


@pytest.mark.parametrize("asked", ["first", "second"])
def test_two_that_ask_each_other_see_what_is_there_by_then(tmp_path: Path, asked: str) -> None:
    main = f"""\
import first, second
def run():
    print({asked}.name, executed)
"""
    modules = {
        "first": "import second\nname = 'first'\nexecuted.append(second.name)\n",
        "second": "import first\nname = 'second'\nexecuted.append(hasattr(first, 'name'))\n",
    }
    seen = {"first": "first [True, 'second']", "second": "second ['second', True]"}
    assert _started(tmp_path, main, modules) == [seen[asked]]


def test_an_error_in_it_is_told_to_whoever_asks(tmp_path: Path) -> None:
    main = """\
import late
def run():
    for _ in range(2):
        try:
            late.value
        except (ZeroDivisionError, AttributeError) as error:
            print(type(error).__name__)
"""
    assert _started(tmp_path, main, {"late": "value = 1 / 0\n"}) == [
        "ZeroDivisionError",
        "AttributeError",
    ]


def test_a_module_knows_what_python_would_tell_it(tmp_path: Path) -> None:
    main = """\
import kubectl_podx.one
def run():
    import importlib.util
    for module in (kubectl_podx, kubectl_podx.one):
        as_python_has_it = vars(importlib.util.module_from_spec(module.__spec__))
        # Where a cache of its bytecode would lie: it has none.
        del as_python_has_it["__cached__"]
        told = {name: getattr(module, name, "missing") for name in as_python_has_it}
        print(told == as_python_has_it, module.__package__, module.__spec__._initializing)
    print(kubectl_podx.__path__ == [kubectl_podx.__file__.removesuffix("/__init__.py")], executed)
"""
    modules = {"kubectl_podx.one": "executed.append(__spec__._initializing)\n"}
    assert _started(tmp_path, main, {}, modules) == [
        "True kubectl_podx False",
        "True kubectl_podx False",
        "True [True]",
    ]


def test_a_module_that_fails_is_tried_again(tmp_path: Path) -> None:
    main = """\
import sys
def run():
    for _ in range(2):
        try:
            import kubectl_podx.one
        except ZeroDivisionError:
            print(executed, "kubectl_podx.one" in sys.modules)
"""
    modules = {"kubectl_podx.one": "executed.append(1)\n1 / 0\n"}
    assert _started(tmp_path, main, {}, modules) == ["[1] False", "[1, 1] False"]


def test_modules_that_import_each_other_and_one_that_is_not_there(tmp_path: Path) -> None:
    main = """\
import kubectl_podx.one
def run():
    print(executed, kubectl_podx.one.two.one is kubectl_podx.one)
    try:
        from kubectl_podx.three import name
    except ModuleNotFoundError as error:
        print(error.name)
"""
    modules = {
        "kubectl_podx.one": "from kubectl_podx import two\nexecuted.append(two.name)\n",
        "kubectl_podx.two": "from kubectl_podx import one\nname = __name__\n",
    }
    assert _started(tmp_path, main, {}, modules) == [
        "['kubectl_podx.two'] True",
        "kubectl_podx.three",
    ]


def test_msgspec_begins_without_typing_extensions_and_others_have_them(tmp_path: Path) -> None:
    main = """\
import msgspec
def run():
    import typing_extensions
    print(msgspec.found, executed)
"""
    modules = {
        "msgspec": """\
try:
    import typing_extensions
except ImportError as error:
    found = repr(error)
""",
        "typing_extensions": "executed.append(__name__)\n",
    }
    assert _started(tmp_path, main, {}, modules) == [
        "ModuleNotFoundError('typing_extensions') ['typing_extensions']"
    ]


def test_a_module_may_put_another_in_its_place(tmp_path: Path) -> None:
    main = """\
import kubectl_podx.one
def run():
    import sys
    print(kubectl_podx.one, sys.modules["kubectl_podx.one"])
"""
    modules = {"kubectl_podx.one": "import sys\nsys.modules[__name__] = 'another'\n"}
    assert _started(tmp_path, main, {}, modules) == ["another another"]
