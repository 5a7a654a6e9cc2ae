"""What `--query` found, as table or bare text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_podx.model.errors import UsageError
from kubectl_podx.render.document import to_json
from kubectl_podx.view.escape import clean, clean_json
from kubectl_podx.view.layout import aligned
from kubectl_podx.view.units import NONE


def result_table(value: Any) -> str:
    """A list of objects (its keys are the headers), of lists or of scalars; one object is a row."""
    rows = value if isinstance(value, list) else [value]
    if not rows:
        return ""
    if all(isinstance(row, Mapping) for row in rows):
        keys = list(dict.fromkeys(key for row in rows for key in row))
        body = [[_cell(row.get(key)) for key in keys] for row in rows]
        return "\n".join(aligned([key.upper() for key in keys], body)) + "\n"
    if all(isinstance(row, list) for row in rows):
        width = max(len(row) for row in rows)
        body = [[_cell(each) for each in row] + [""] * (width - len(row)) for row in rows]
        return "\n".join(aligned([], body)) + "\n"
    if any(isinstance(row, Mapping | list) for row in rows):
        raise UsageError(
            "-o table needs a list of objects or a list of lists; this query gives a mixture"
        )
    return "\n".join(aligned([], [[_cell(row)] for row in rows])) + "\n"


def result_text(value: Any) -> str:
    """For a shell: a scalar bare, a list one item a line, an inner list by tabs; null is nothing.

    Each value stays whole, in one line; an object stands as JSON in one line.
    """
    if value is None:
        return ""
    rows = value if isinstance(value, list) else [value]
    return "".join(
        ("\t".join(map(_bare, row)) if isinstance(row, list) else _bare(row)) + "\n" for row in rows
    )


def _cell(value: Any) -> str:
    return NONE if value is None or value == "" else _bare(value)


def _bare(value: Any) -> str:
    if isinstance(value, str):
        return clean(value, max(1, len(value)))
    if value is None:
        return ""
    if isinstance(value, Mapping | list):
        return clean_json(" ".join(line.strip() for line in to_json(value).split("\n")).strip())
    return to_json(value).strip()
