"""How wide a text is: as wcwidth says of what is left after escaping."""

from __future__ import annotations

import unicodedata

import pytest
import wcwidth
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.view.escape import clean
from kubectl_podx.view.layout import columns, prose
from kubectl_podx.view.width import Widths

WORDS = (
    "web",
    "漢字",
    "cafe\u0301",
    "z\u0310a\u0323lgo",
    "🚀",
    "한글",
    "한",
    "ก็",
    "\U000f0003",
    "é",
)
_TEXT = st.one_of(st.text(max_size=20), st.sampled_from(WORDS))


def test_each_character_is_as_wide_as_wcwidth_says() -> None:
    """But for those that the newer Unicode of one of the two has made wide."""
    every = [chr(code) for code in range(0x20, 0x30000) if not 0xD800 <= code < 0xE000]
    shown = [each for each in every if clean(each) == each]
    known = [each for each in shown if unicodedata.category(each) not in ("Cn", "Co")]
    assert len(known) > 60_000
    others = [each for each in known if wcwidth.wcwidth(each) != len(Widths().even("x" + each)) - 1]
    assert {unicodedata.category(each) for each in others} <= {"So", "No"}
    assert len(others) < 300


@pytest.mark.parametrize("word", WORDS)
def test_a_word_has_as_many_columns_as_on_a_terminal(word: str) -> None:
    assert len(Widths().even(word)) == wcwidth.wcswidth(word)


@given(_TEXT)
def test_the_way_back_gives_the_text(text: str) -> None:
    shown, widths = clean(text), Widths()
    assert widths.whole(widths.even(shown)) == shown


@given(st.lists(_TEXT, min_size=1, max_size=3))
def test_texts_do_not_turn_into_each_other(texts: list[str]) -> None:
    """Also those that hold the very characters that stand in."""
    widths = Widths()
    shown = [clean(text) for text in [*texts, *WORDS]]
    even = [widths.even(text) for text in shown]
    assert [widths.whole(text) for text in even] == shown


def test_columns_stand_below_each_other() -> None:
    lines = columns(["NAME", "READY"], [[word, "yes"] for word in WORDS])
    starts = {wcwidth.wcswidth(line[: line.rindex("yes")]) for line in lines[1:]}
    assert len(starts) == 1


def test_prose_of_wide_characters_fits() -> None:
    lines = prose("漢字 " * 40, indent=2, width=60)
    assert len(lines) > 2
    assert all(wcwidth.wcswidth(line) <= 60 for line in lines)
