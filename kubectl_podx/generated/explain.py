"""What a field of the report and the code of a finding mean.

Read from files that `make docs` makes of the types and the rules, which a test compares with them:
to import all of these takes longer than the rest of an explanation, or of a TAB. So would msgspec:
this is the standard library's JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_ROOT = "PodReport"
_DEEPEST = 8


class FieldDoc(NamedTuple):
    """One field of the report."""

    path: str
    """From the document's root, with dots: `restarts.backoff.next`; empty for the document."""
    type: str
    """As `kubectl explain` writes types: `string`, `[]Restart`."""
    description: str
    unit: str = ""
    """`s` for seconds, `B` for bytes, `date-time` for RFC 3339."""
    source: str = ""
    """Where the value comes from."""
    words: tuple[str, ...] = ()
    """The values it can have, where they are a closed set."""
    children: tuple[str, ...] = ()
    """The names of the fields below it."""
    kind: str = _ROOT
    """The kind of document that it is a field of."""


class CodeDoc(NamedTuple):
    """The code of a finding: the words of its rule (`rules.rule`)."""

    code: str
    severity: str
    section: str
    title: str
    meaning: str
    known_by: str
    remedy: str
    link: str
    rivals: Sequence[Sequence[str]] = ()
    """Other histories that leave the same evidence, each with what would tell it apart."""


@cache
def _document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_shipped("schema.json"))
    return found


def schema() -> dict[str, Any]:
    """The JSON Schema of every type that a document is made of, by type name."""
    definitions: dict[str, Any] = _document()["$defs"]
    return definitions


def schema_id(name: str) -> str:
    """The `$id` of a schema: a name, which need not be an address. It stays within `podx/v1`."""
    return f"https://podx.dev/schema/v1/{name}.json"


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of one kind of document, with every type that it is made of."""
    wanted, found = [kind], dict[str, Any]()
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = schema()[name]
            wanted += _references(found[name])
    return {
        "$schema": _document()["$schema"],
        "$id": schema_id(kind),
        "title": kind,
        "$ref": f"#/$defs/{kind}",
        "$defs": dict(sorted(found.items())),
    }


def whole_schema() -> dict[str, Any]:
    """The JSON Schema of every document that podx prints."""
    return _document()


def _references(node: Any) -> list[str]:
    """The names of the types that a schema refers to, at any depth."""
    if isinstance(node, dict):
        own = [str(node["$ref"]).rpartition("/")[2]] if isinstance(node.get("$ref"), str) else []
        return own + [name for inner in node.values() for name in _references(inner)]
    if isinstance(node, list):
        return [name for inner in node for name in _references(inner)]
    return []


def forget() -> None:
    """Reads the shipped files anew the next time; for whoever has just written them."""
    for each in (_document, _origins, kinds, codes):
        each.cache_clear()


@cache
def kinds() -> tuple[str, ...]:
    """The kinds of document that podx prints; PodReport is the first."""
    return tuple(str(each["$ref"]).rpartition("/")[2] for each in _document()["anyOf"])


@cache
def codes() -> dict[str, CodeDoc]:
    """Every finding's code with its meaning, in the order of the catalogue."""
    return {row["code"]: CodeDoc(**row) for row in json.loads(_shipped("findings.json"))}


@cache
def _origins() -> dict[str, str]:
    found: dict[str, str] = json.loads(_shipped("origins.json"))
    return found


def _origin(path: str) -> str:
    """Where the field at this path (`restarts.backoff.next`) comes from, or what it stands in."""
    while path:
        found = _origins().get(path)
        if found:
            return found
        path = path.rpartition(".")[0]
    return ""


def _shipped(name: str) -> bytes:
    return Path(__file__).with_name(name).read_bytes()


def field(path: str) -> FieldDoc | None:
    """The field at this path (`restarts[].cause` and `restarts.cause` are one); None for none.

    A path of another document than a PodReport begins with its kind: `DoctorReport.rights`.
    """
    steps = [step.partition("[")[0] for step in path.strip(".").split(".")]
    kind = steps.pop(0) if steps[0] in kinds() else _ROOT
    if not steps:
        description = str(schema()[kind].get("description", ""))
        return FieldDoc("", kind, description, children=tuple(_properties(kind)), kind=kind)
    owner = kind
    for at, step in enumerate(steps):
        node = _properties(owner).get(step)
        if node is None:
            return None
        if at == len(steps) - 1:
            return _doc(kind, ".".join(steps), node)
        owner = _referenced(node)
    return None


def find(name: str) -> list[str]:
    """The paths of every field with this name, in any case, shallow ones first."""
    wanted = name.lower()
    found = [path for path in paths() if path.rpartition(".")[2].lower() == wanted]
    return sorted(found, key=lambda path: path.count("."))


def paths(kind: str = _ROOT) -> Iterator[str]:
    """Every field's path in a document of this kind, depth first in the document's order."""
    yield from _below(kind, "", ())


def field_names(typed: str) -> list[str]:
    """The paths that continue what was typed by one step."""
    depth = typed.count(".")
    return [path for path in paths() if path.startswith(typed) and path.count(".") == depth]


def _below(owner: str, prefix: str, seen: tuple[str, ...]) -> Iterator[str]:
    if owner in seen or len(seen) > _DEEPEST:
        return
    for name, node in _properties(owner).items():
        yield prefix + name
        inner = _referenced(node)
        if inner:
            yield from _below(inner, f"{prefix}{name}.", (*seen, owner))


def _properties(owner: str) -> dict[str, Any]:
    properties: dict[str, Any] = schema().get(owner, {}).get("properties", {})
    return properties


def _variants(node: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas that the value may follow, without null."""
    return [each for each in node.get("anyOf", [node]) if each.get("type") != "null"]


def _referenced(node: dict[str, Any]) -> str:
    """The type that a field, or an item of it, is made of; empty for a scalar."""
    for each in _variants(node):
        inner = each.get("items", each)
        if "$ref" in inner:
            return str(inner["$ref"]).rpartition("/")[2]
    return ""


def _type(node: dict[str, Any]) -> str:
    if "$ref" in node:
        return str(node["$ref"]).rpartition("/")[2]
    if node.get("type") == "array":
        return f"[]{_type(node.get('items', {}))}"
    if "enum" in node:
        return "string"
    return str(node.get("type", "any"))


def _doc(kind: str, path: str, node: dict[str, Any]) -> FieldDoc:
    variants = _variants(node)
    first = variants[0] if variants else {}
    inner = first.get("items", first)
    described = [each.get("description", "") for each in (node, first, inner)]
    referenced = _referenced(node)
    if referenced:
        described.append(schema()[referenced].get("description", ""))
    return FieldDoc(
        path=path,
        type=_type(first) + ("" if len(variants) == len(node.get("anyOf", [node])) else " or null"),
        description=next((text for text in described if text), ""),
        unit=str(inner.get("x-unit", "") or inner.get("format", "")),
        source=_origin(path if kind == _ROOT else f"{kind}.{path}"),
        words=tuple(str(word) for word in inner.get("enum", ())),
        children=tuple(_properties(referenced)) if referenced else (),
        kind=kind,
    )
