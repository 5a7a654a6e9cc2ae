"""What a user reads is plain English: no phrase of translators, sentence case, whole sentences.

Strings of the code and of the pages count; docstrings and comments do not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubectl_podx.analysis.catalogue import every_rule
from kubectl_podx.rules.rule import Rule

PACKAGE = Path(__file__).parents[2] / "kubectl_podx"
# Data, or English of others: dictionaries, patterns for what logs say, generated files.
_NOT_OURS = ("secretwords.py", "said.py", "candidate.py", "hide_patterns.py", "tls.py")
FILES = sorted(
    path
    for path in (*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.html"))
    if "generated" not in path.parts and path.name not in _NOT_OURS
)

_PROGRAMS = ("/proc/sys", "chown", "kubectl", "s6", "ssh")

BANNED = re.compile(
    r"\bmade anew\b|\bnobody listens\b|\bknocks? at\b|\bgoes without\b|\bof now\b|\bno trace of\b"
    r"|\bholds back\b|\bkilled for memory\b|\blooked (?:at|into)\b|\bthe look\b|\bstands? still\b"
    r"|\blately\b|\bnamesake\b|\bfor want of\b|\bmend(?:s|ed)?\b|\bNothing to do where\b"
    r"|\brests on\b|\bNot seen\b|\bkept by its\b|\bsets one apart\b|\bno word of\b",
    re.IGNORECASE,
)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each string that is no docstring."""
    if path.suffix != ".py":
        yield from enumerate(path.read_text().splitlines(), 1)
        return
    tree = ast.parse(path.read_text())
    docstrings = {
        id(statement.value) for statement in ast.walk(tree) if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(node, ast.Constant) and isinstance(text, str) and id(node) not in docstrings:
            yield node.lineno, text


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_phrase_reads_as_translated(path: Path) -> None:
    found = [(line, text) for line, text in texts(path) if BANNED.search(text)]
    assert found == []


def test_the_test_sees_what_it_looks_for() -> None:
    assert BANNED.search("only a restart brings the value of now")
    seen = {text for _, text in texts(PACKAGE / "render" / "text.py")}
    assert any("Not checked" in text for text in seen)


@pytest.mark.parametrize("rule", every_rule(), ids=lambda rule: rule.code)
def test_a_rule_speaks_in_sentences(rule: Rule) -> None:
    assert rule.title[0].isupper() or rule.title[0] == "/", rule.title
    assert not rule.title.endswith(".")
    for sentence in (rule.meaning, rule.remedy):
        first = sentence.split()[0].strip(":,`")
        # A field or a program may begin a sentence, as it is written.
        assert not first.islower() or "." in first or first in _PROGRAMS, sentence
        assert sentence.endswith((".", ")")), sentence
