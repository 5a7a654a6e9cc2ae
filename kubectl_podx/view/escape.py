"""Observed bytes are hostile: what would move a cursor, hide text or turn it round is made visible.

Names, messages, log lines and file paths come from containers and from the API. None of them may
carry an escape sequence to a terminal, nor a character that makes a line read as another one.
"""

from __future__ import annotations

import re
from functools import cache

_SPACES = "\n\r\t"
_ESCAPED = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # C0, DEL, C1: U+009B alone starts an escape sequence
    "\xad"  # soft hyphen
    "\u034f\u061c\u115f\u1160\u17b4\u17b5"  # joiners and fillers without a width
    "\u180b-\u180f"  # Mongolian separators
    "\u200b-\u200f"  # zero-width and direction marks
    "\u2028-\u202e"  # line separators, bidirectional embedding and override
    "\u2060-\u206f"  # word joiner, invisible operators, bidirectional isolates
    "\u3164\ufe00-\ufe0f\ufeff\uffa0"  # fillers, variation selectors, byte order mark
    "\ufff0-\uffff"  # specials and what is no character
    "\ud800-\udfff"  # lone surrogates: bytes that were no UTF-8
    "\U000e0000-\U000e0fff"  # tags and variation selectors
    "\U0001d173-\U0001d17a"  # musical format controls
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2"  # Arabic and Syriac marks around numbers
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"  # format controls of scripts
)
_WORDS = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ELLIPSIS = "…"
_LONGEST_WORD = 200


@cache
def _hostile(*, in_json: bool = False) -> re.Pattern[str]:
    """What is escaped; compiled only once a text is not plain ASCII.

    A JSON text has a line end after each value: not to stop there is twice as fast.
    """
    return re.compile(f"[{'' if in_json else _SPACES}{_ESCAPED}]")


LONGEST = 2000
"""Characters of one value in text and tables; JSON and YAML hold the whole of it."""


def clean(text: str, limit: int = LONGEST) -> str:
    r"""The text in one harmless line of at most `limit` characters: `\x1b`, `\u202e`, `\n`."""
    if len(text) > limit:
        text = text[: limit - 1] + _ELLIPSIS
    if text.isascii() and text.isprintable():
        return text
    return _hostile().sub(_visible, text)


def quoted(word: str) -> str:
    """A word of the command line as an error quotes it: short and in one line."""
    return clean(word, _LONGEST_WORD)


def _visible(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if character in _WORDS:
        return _WORDS[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def clean_json(document: str) -> str:
    r"""A JSON text in which those characters stand as `\uXXXX`; line ends between values stay.

    Outside of strings JSON has no such character but the line end, and inside of strings a line
    end is escaped already, so the document means what it meant.
    """
    if document.isascii() and "\x7f" not in document:
        # A JSON encoder has escaped what is below the blank: there is nothing left to find.
        return document
    return _hostile(in_json=True).sub(_json_escape, document)


def clean_yaml(scalar: str) -> str:
    r"""A JSON string in which those characters stand as YAML has them: `\uXXXX`, `\UXXXXXXXX`.

    YAML reads the two halves of a JSON surrogate pair as two characters.
    """
    return _hostile().sub(_yaml_escape, scalar)


def _yaml_escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
