"""What a mistyped word may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def near(word: str, choices: Iterable[object]) -> list[str]:
    """The choices that a mistyped word may have meant, best first, three at most."""
    from difflib import get_close_matches  # noqa: PLC0415 - of no run that goes well

    known = [str(each) for each in choices]
    starts = [each for each in known if len(word) > 1 and each.startswith(word)]
    return list(dict.fromkeys(starts + get_close_matches(word, known, n=3, cutoff=0.6)))[:3]
