"""Output formats of kubectl that podx has no printer for: the `--query` that does the same.

Simple paths are translated; of anything else it is only said which option takes an expression.
"""

from __future__ import annotations

import shlex

from kubectl_podx import DOCS
from kubectl_podx.model.patterns import lazy
from kubectl_podx.view.escape import quoted

_PATHS = ("jsonpath", "jsonpath-as-json", "jsonpath-file")
_TEMPLATES = ("go-template", "go-template-file", "template", "templatefile")
_COLUMNS = ("custom-columns", "custom-columns-file")
_STEP = lazy(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\*|-?[0-9]{1,9})\]|\['([^'\\\]]+)'\]")


def instead_of(output: str) -> str | None:
    """What to say of `-o jsonpath=…` and its like; None for what is no format of kubectl's."""
    name, _, template = output.partition("=")
    if name not in (*_PATHS, *_TEMPLATES, *_COLUMNS):
        return None
    query, form = "", "text"
    if name in ("jsonpath", "jsonpath-as-json"):
        query, form = _of_path(template), "json" if name == "jsonpath-as-json" else "text"
    elif name == "custom-columns":
        query, form = _of_columns(template), "table"
    use = f"--query {shlex.quote(query)} -o {form}" if query else "--query EXPRESSION -o text"
    return (
        f"-o {quoted(name)} is not offered; a JMESPath expression does it: use {use} "
        f"({DOCS}/QUERIES.md)"
    )


def _of_path(template: str) -> str:
    """One path of kubectl's JSONPath as JMESPath; empty where it is more than a path."""
    path = template.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    path = path.removeprefix("@")
    found: list[str] = []
    at = 0
    for step in _STEP.finditer(path):
        if step.start() != at:
            return ""
        at = step.end()
        name, index, key = step.groups()
        if index is not None:
            found.append("[*]" if index == "*" else f"[{index}]")
        else:
            found.append(("." if found else "") + (name or f'"{key}"'))
    return "".join(found) if found and at == len(path) else ""


def _of_columns(template: str) -> str:
    """`NAME:.metadata.name,…` as an object of the same names."""
    fields = []
    for column in template.split(","):
        header, _, path = column.partition(":")
        query = _of_path(path if path.startswith((".", "{", "$", "[")) else f".{path}")
        if not header.isidentifier() or not query:
            return ""
        fields.append(f"{header}: {query}")
    return f"{{{', '.join(fields)}}}"
