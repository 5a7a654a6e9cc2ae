"""How the archive's program finds its modules (`packaging/entry.py`), in a process of its own."""

from __future__ import annotations

import marshal
import subprocess
import sys
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


def _started(folder: Path, main: str, late: dict[str, str]) -> list[str]:
    """The lines that a program of these modules prints; `late` are executed when they are wanted.
    `executed` is a list that all of them see.
    """
    sources = {"kubectl_podx": "", "kubectl_podx.__main__": main, **late}
    groups = [
        marshal.dumps({name: compile(source, name, "exec")}) for name, source in sources.items()
    ]
    table = marshal.dumps(
        {
            "groups": [len(group) for group in groups],
            "modules": {name: (at, name == "kubectl_podx") for at, name in enumerate(sources)},
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


def test_whoever_asks_meanwhile_waits_for_its_end(tmp_path: Path) -> None:
    main = """\
import late
def run():
    import threading
    asked, answers = threading.Barrier(8), []
    def ask():
        asked.wait()
        answers.append(late.value)
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(answers, executed)
"""
    late = "import time\nexecuted.append(1)\ntime.sleep(0.2)\nvalue = 42\n"
    assert _started(tmp_path, main, {"late": late}) == [f"{[42] * 8} [1]"]


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
