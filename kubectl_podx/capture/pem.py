"""Keys and certificates in PEM inside of a text."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_podx.capture import hide_patterns as p

_BEGIN, _END, _DASHES = "-----BEGIN ", "-----END ", "-----"
# Of what stands after the dashes of an end.
_LONGEST_KIND = 60


def without_pem(text: str, take: Callable[[str], str]) -> str:
    """The text with each block replaced by what `take` makes of it; also one that has no end."""
    if _BEGIN not in text:
        return text
    made: list[str] = []
    at = 0
    ends = True
    for begin in p.PEM.finditer(text):
        if begin.start() < at:
            continue
        end = text.find(_END, begin.end()) if ends else -1
        ends = end >= 0
        if ends and text.find(_BEGIN, begin.end(), end) < 0:
            close = text.find(_DASHES, end + len(_END), end + _LONGEST_KIND)
            stop = close + len(_DASHES) if close >= 0 else end + len(_END)
        else:
            rest = p.PEM_REST.match(text, begin.end())
            stop = rest.end() if rest else begin.end()
        made += [text[at : begin.start()], take(text[begin.end() : stop])]
        at = stop
    made.append(text[at:])
    return "".join(made)
