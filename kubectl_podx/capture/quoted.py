"""Where a quoted value ends, in any depth of quoting."""

from __future__ import annotations

import re
from functools import cache

from kubectl_podx.capture.hide_patterns import CONTINUES, LINE_END


@cache
def _closer(kind: str) -> re.Pattern[str]:
    return re.compile(rf"\\*{re.escape(kind)}|\r?\n")


def quoted_end(text: str, begin: int, opening: str) -> tuple[int, int]:
    """Where the value ends, and where what closes it ends; the end of the line if nothing does."""
    quote = opening[-1]
    if quote not in "\"'`" or opening.startswith(("&", "%")) or "u00" in opening or "x2" in opening:
        mark = opening.lstrip("bru") if opening[0] in "bru" else opening
        line = LINE_END.search(text, begin)
        limit = line.start() if line else len(text)
        end = text.find(mark, begin, limit)
        return (end, end + len(mark)) if end >= 0 else (limit, limit)
    depth = opening.count("\\")
    for match in _closer(quote).finditer(text, begin):
        found = match.group()
        if found[-1] == "\n":
            return match.start(), match.start()
        slashes = len(found) - 1
        if slashes < depth:
            return match.start(), match.start()
        if slashes % (2 * (depth + 1)) != depth:
            continue
        end = match.end() - depth - 1
        following = text[match.end() - 1 : match.end() + 4]
        if quote == "'" and depth == 0 and following.startswith(("''", *CONTINUES)):
            # `'it''s'` of SQL and YAML, `'it'"'"'s'` of a shell.
            if following.startswith("''") and text[match.end() : match.end() + 1] == "'":
                return _after_doubled(text, match.end() + 1, opening)
            skipped = next(len(one) for one in CONTINUES if following.startswith(one))
            return _after_doubled(text, match.end() - 1 + skipped, opening)
        return end, match.end()
    return len(text), len(text)


def _after_doubled(text: str, begin: int, opening: str) -> tuple[int, int]:
    quote = opening[-1]
    end = text.find(quote, begin)
    while end >= 0 and text[end : end + 2] == quote * 2:
        end = text.find(quote, end + 2)
    line = text.find("\n", begin)
    if end < 0 or 0 <= line < end:
        end = line if line >= 0 else len(text)
        return end, end
    return end, end + 1
