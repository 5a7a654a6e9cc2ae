"""What the archive brings for its start (`packaging/snapshot.py`) is what Python would make."""

from __future__ import annotations

import _sre  # type: ignore[import-not-found]
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def snapshot() -> ModuleType:
    path = ROOT / "packaging/snapshot.py"
    spec = importlib.util.spec_from_file_location("snapshot", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_PATTERNS = (
    r"",
    r"(?P<first>a+)(?P<second>[^b-d]|\d{2,3}?)*",
    r"(?i:\u017f|K)(?<!x)y(?=z)\b",
    r"(?x) a | b # either",
    rb"(?P<name>[\x80-\xff]+)\s",
    r"(a)(?(1)b|c)",
    r"(?>a*)b++",
)


@pytest.mark.parametrize("source", _PATTERNS)
@pytest.mark.parametrize("flags", [0, re.IGNORECASE, re.MULTILINE | re.DOTALL])
def test_a_pattern_is_the_one_that_re_compiles(
    snapshot: ModuleType, source: str | bytes, flags: int
) -> None:
    found = _sre.compile(source, *snapshot._compiled(source, int(flags)))
    compiled = re.compile(source, flags)
    # Equal are patterns of the same source, flags and code.
    assert found == compiled
    assert (found.groups, found.groupindex) == (compiled.groups, compiled.groupindex)


# What looks like an operation on sets is what a later Python may read in another way.
@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")
@given(st.text("ab[](){}|*+?.^$\\d-0,1", max_size=12))
def test_so_is_any_that_can_be_compiled(snapshot: ModuleType, source: str) -> None:
    try:
        compiled = re.compile(source)
    except (re.error, OverflowError):
        return
    assert _sre.compile(source, *snapshot._compiled(source, 0)) == compiled


def test_modules_are_read_with_those_that_the_same_commands_import(snapshot: ModuleType) -> None:
    watched, patterns = snapshot._watched()
    started, explained, asked, reported, healthy, *late = watched
    assert {"click.core", "re", "kubectl_podx.cli.funnel"} <= started
    assert "kubectl_podx.cli.explain" in explained
    assert {"ssl", "kubectl_podx.cluster.server", "kubectl_podx.capture.gather"} <= asked
    assert {"kubectl_podx.analysis.analyse", "kubectl_podx.render.text"} <= reported
    everything = set().union(*watched)
    # What Python has begun with is not looked for any more, and what it is made of has no file.
    assert not {"sys", "os", "zipimport", "importlib._bootstrap"} & everything
    # Why something ended is nobody's question where nothing did.
    assert "kubectl_podx.sections.volumes.reasons" in reported - healthy
    assert "kubectl_podx.sections.volumes.rules" in reported & healthy
    # What is executed when it is asked for is read then, with what it imports.
    assert all(name in imported for name, imported in zip(snapshot._LATE, late, strict=True))
    assert {"ast", "dis"} <= late[snapshot._LATE.index("inspect")]
    assert not {*snapshot._LATE, "ast", "dis"} & (started | explained | asked | reported)
    # Nothing of the watcher's own, and none of those that no start may import.
    assert not {"subprocess", "yaml", "jmespath", "typing_extensions"} & everything
    assert any("passphrase" in str(source) for source, _ in patterns)
    groups = snapshot._groups(watched)
    assert sorted(everything) == sorted(name for group in groups for name in group)
    for imported in watched:
        assert all(set(group) <= imported or not set(group) & imported for group in groups)


def test_what_is_written_in_c_has_the_names_that_python_gives_it(snapshot: ModuleType) -> None:
    for name, source in snapshot._IN_C.items():
        real = importlib.import_module(name)
        made: dict[str, object] = {}
        exec(source, made)  # noqa: S102 - as the archive does
        assert set(real.__all__) <= set(made["__all__"])  # type: ignore[call-overload]
        assert all(made[each] is getattr(real, each) for each in made["__all__"])  # type: ignore[attr-defined]


def test_the_patterns_that_a_module_names_are_found_before_it_uses_them(
    snapshot: ModuleType,
) -> None:
    name = "kubectl_podx.capture.procfs"
    found = snapshot._patterns_of({name: str(ROOT / f"{name.replace('.', '/')}.py")})
    # Kept for later, with flags and without, and a literal in a function.
    assert (rb"/proc/(\d+)/fd:", 0) in found
    assert (r"^0::(/.*)$", int(re.MULTILINE)) in found
    assert (r"\d{1,12}(?:\.\d{1,9})?", 0) in found


def test_a_literal_with_flags_beside_it_is_another_pattern(
    snapshot: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "_watch", lambda _: (set(), set(), set()))
    source = tmp_path / "module.py"
    source.write_text(
        """
import re
re.match("a", text)
re.sub("b", "", text, 1)
re.match("c", text, re.IGNORECASE)
re.match("d", text, flags=re.IGNORECASE)
re.split("e", text, 1, re.IGNORECASE)
re.escape("f")
re.match(f"g{text}", text)
[word.match("h") for word in text]
""",
        "utf-8",
    )
    assert snapshot._patterns_of({"module": str(source)}) == {("a", 0), ("b", 0)}
