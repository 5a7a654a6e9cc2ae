"""How many columns a text takes on a terminal, where that is not the number of its characters."""

from __future__ import annotations

from collections.abc import Iterator

# Stands behind a character of two columns; an escaped text has no NUL.
_FILLER = "\0"
_FIRST, _LAST = 0xF0000, 0xFFFFD
"""Characters for private use: each stands for what takes another number of columns than one."""


class Widths:
    """Texts in which every character takes one column, and the way back.

    What lays out a table, ours or tabulate, counts characters. A letter with its combining marks is
    one column, a character of East Asia or an emoji two: each is stood in for by as many characters
    as it has columns, so that nothing is cut within it. The same rules as wcwidth's for what is
    left after escaping (which leaves no joiner and no variation selector).
    """

    def __init__(self) -> None:
        self._standing: dict[str, str] = {}

    def even(self, text: str) -> str:
        """The escaped text, one character a column."""
        return text if text.isascii() else "".join(map(self._stand_in, _clusters(text)))

    def whole(self, text: str) -> str:
        """What `even` was made of."""
        if text.isascii() and _FILLER not in text:
            return text
        back = {ord(stand_in): cluster for cluster, stand_in in self._standing.items()}
        return text.replace(_FILLER, "").translate(back)

    def _stand_in(self, cluster: str) -> str:
        columns = _columns(cluster[0])
        ours = _FIRST <= ord(cluster[0]) <= _LAST
        if len(cluster) == 1 and columns == 1 and not ours:
            return cluster
        found = self._standing.get(cluster)
        if found is None:
            code = _FIRST + len(self._standing)
            if code > _LAST:
                return cluster
            found = self._standing[cluster] = chr(code)
        return found + _FILLER * (columns - 1)


def _clusters(text: str) -> Iterator[str]:
    """Each character with the marks that stand on it."""
    cluster = ""
    for character in text:
        if cluster and _columns(character) == 0:
            cluster += character
            continue
        if cluster:
            yield cluster
        cluster = character
    if cluster:
        yield cluster


def _columns(character: str) -> int:
    """0 for a mark that stands on the character before it."""
    import unicodedata  # noqa: PLC0415 - a megabyte that ASCII does without

    if character.isascii():
        return 1
    # The vowels and final consonants of Hangul join the consonant before them.
    joined = "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff"
    if joined or unicodedata.category(character).startswith("M"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
