"""A message without the names in it: an image, a path or a host may be called like an error."""

from __future__ import annotations

import re

_QUOTED = re.compile(r'"(?:[^"\\]|\\.){0,4000}"|\'[^\'\s]{1,300}\'')
_BRACES = re.compile(r"\{[^{}]{0,1000}\}")
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://\S{1,2000}")
# A path, an image, a repository: what has a slash in it, but for the i/o of `i/o timeout`.
_PATH = re.compile(
    r"(?<!\S)(?!i/o\b)(?:[^\s:/]{1,253}:\d{1,5}(?=/))?[^\s:]{0,500}/[^\s:]{0,500}(?::[\w.-]{1,128})?"
)


def without_names(message: str, *names: str) -> str:
    """The message's own words in lower case, with `_` for what is quoted, a path or a URL, and for
    these names.
    """
    for name in sorted(filter(None, names), key=len, reverse=True):
        message = message.replace(name, "_")
    for pattern in (_URL, _PATH):
        message = pattern.sub("_", without_quotes(message))
    return message.lower()


def without_quotes(message: str) -> str:
    """The message with `_` for what is quoted or in braces."""
    return _BRACES.sub("_", _QUOTED.sub("_", message))
