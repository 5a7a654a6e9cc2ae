"""Regular expressions that are compiled when they are first used.

A run needs a third of the patterns that its modules have, and compiling is slow in Python: all of
them took 16 ms, nearly as long as `import click` (docs/BENCHMARKS.md).
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Lazy:
    """Becomes its compiled pattern with the first method that is asked for."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        # Two threads may both get here: they set the same.
        compiled = re.compile(self._source, self._flags)
        for method in ("search", "match", "fullmatch", "finditer", "findall", "sub", "split"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def lazy(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As `re.compile`, later: also what is wrong in the pattern shows only then."""
    return cast("re.Pattern[AnyStr]", _Lazy(source, flags))
