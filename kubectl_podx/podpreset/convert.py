"""A PodPreset as a MutatingAdmissionPolicy with its binding, which do the same today."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from msgspec.structs import replace

from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json
from kubectl_podx.podpreset.merge import merged
from kubectl_podx.podpreset.preset import EXCLUDE, MIRROR, Preset, normal, normal_volume

API_VERSION = "admissionregistration.k8s.io/v1"
_GROUP_OF_NAMESPACE = "kubernetes.io/metadata.name"
_ANNOTATIONS = "object.metadata.?annotations.orValue({})"
_LABELS = "object.metadata.?labels.orValue({})"
_EVERY_CONTAINER = "(object.spec.containers + object.spec.?initContainers.orValue([]))"

# A pod with one container: whatever two presets do to it, they do to every pod.
_ANY_POD: Json = {"spec": {"containers": [{"name": "any"}]}}


class Converted(NamedTuple):
    """What takes the place of one preset."""

    preset: Preset
    policy: dict[str, Any]
    binding: dict[str, Any]
    notes: tuple[str, ...]
    """What is not carried over, or is otherwise than it was; a sentence each."""


class _Conditions(NamedTuple):
    name: str
    expression: str


def converted(preset: Preset, others: Sequence[Preset], namespace: str) -> Converted:
    """The policy and the binding of a preset. `others`: the other presets of its namespace.

    ValueError where a text of the preset cannot be written as an expression.
    """
    name = f"podpreset-{namespace}-{preset.name}"
    return Converted(
        preset,
        _policy(name, preset, others, namespace),
        {
            "apiVersion": API_VERSION,
            "kind": "MutatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {"policyName": name},
        },
        tuple(_notes(preset, others)),
    )


def _policy(name: str, preset: Preset, others: Sequence[Preset], namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {_GROUP_OF_NAMESPACE: namespace}},
                "objectSelector": dict(preset.selector),
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["pods"],
                    }
                ],
            },
            "matchConditions": [
                {"name": each.name, "expression": each.expression}
                for each in _conditions(preset, others)
            ],
            "failurePolicy": "Ignore",
            "reinvocationPolicy": "Never",
            "variables": [
                {"name": field, "expression": listed(entries, "")}
                for field, entries in _lists(preset).items()
            ],
            "mutations": [
                {"patchType": "JSONPatch", "jsonPatch": {"expression": _mutation(preset)}}
            ],
        },
    }


def _lists(preset: Preset) -> dict[str, list[Json]]:
    """What the preset adds, as the API server stores it; empty lists left out."""
    as_stored: dict[str, tuple[Iterable[Json], Callable[[Json], dict[str, Any]]]] = {
        "env": (preset.env, normal),
        "envFrom": (preset.env_from, normal),
        "volumeMounts": (preset.volume_mounts, normal),
        "volumes": (preset.volumes, normal_volume),
    }
    return {
        field: [as_kept(each) for each in entries]
        for field, (entries, as_kept) in as_stored.items()
        if entries
    }


def _conditions(preset: Preset, others: Sequence[Preset]) -> Iterator[_Conditions]:
    yield _Conditions("not-a-mirror-pod", f"!({quoted(MIRROR)} in {_ANNOTATIONS})")
    exclude = quoted(EXCLUDE)
    yield _Conditions(
        "not-excluded", f'!({exclude} in {_ANNOTATIONS} && {_ANNOTATIONS}[{exclude}] == "true")'
    )
    for field, expression in _no_conflict(preset):
        yield _Conditions(f"no-conflict-in-{field.lower()}", expression)
    terms = list(_of_others(preset, others))
    if terms:
        yield _Conditions("no-other-preset-in-conflict", " &&\n".join(terms))


def _no_conflict(preset: Preset) -> Iterator[tuple[str, str]]:
    """List -> the expression that holds where the pod has nothing else under the same name.

    Of several entries of one name the last one counts, as in the plugin's map.
    """
    keys = {"env": ("name",), "volumeMounts": ("name", "mountPath"), "volumes": ("name",)}
    for field, entries in _lists(preset).items():
        if field not in keys:
            continue
        owner = "object.spec" if field == "volumes" else "container"
        terms = " &&\n".join(
            f"  {owner}.?{field}.orValue([]).filter(have, have.{key} == add.{key})\n"
            "    .map(have, have == add).last().orValue(true)"
            for key in keys[field]
        )
        free = f"{listed(entries, '')}.all(add,\n{terms})"
        if field == "volumes":
            yield field, free
        else:
            yield field, f"{_EVERY_CONTAINER}.all(container,\n{textwrap.indent(free, '  ')})"


def _of_others(preset: Preset, others: Sequence[Preset]) -> Iterator[str]:
    """One preset in conflict kept all of those that select the pod from being applied."""
    for other in others:
        selects = selection(other.selector, _LABELS)
        if _disagree(preset, other):
            yield f"!({selects})"
            continue
        free = [f"({expression})" for _, expression in _no_conflict(other)]
        if free:
            yield f"(!({selects}) || ({' && '.join(free)}))"
    for one, two in combinations(others, 2):
        if _disagree(one, two):
            both = [selection(each.selector, _LABELS) for each in (one, two)]
            yield f"!({both[0]} && {both[1]})"


def _disagree(one: Preset, other: Preset) -> bool:
    everything = [replace(each, selector={}, namespace="") for each in (one, other)]
    return merged(_ANY_POD, everything).outcome == "conflict"


def _mutation(preset: Preset) -> str:
    """All patches in one expression: where one fails, none of them is made.

    What a list has already is left where it is: its items have no JSON form in an expression.
    """
    lists = _lists(preset)
    parts = [_appended("object.spec", '"/spec', "volumes")] if "volumes" in lists else []
    inner = [
        _appended("container", '"/spec/{where}/" + string(at) + "', field)
        for field in ("env", "envFrom", "volumeMounts")
        if field in lists
    ]
    if inner:
        patches = textwrap.indent(" +\n".join(inner), "  ")
        parts += [
            f"object.spec.?{where}.orValue([]).transformList(at, container,\n"
            f"{patches.replace('{where}', where)}\n).flatten()"
            for where in ("containers", "initContainers")
        ]
    return " +\n".join(parts)


def _appended(owner: str, path: str, field: str) -> str:
    """The patches that make the list where there is none, and append what is not in it."""
    same = "have == add" if field == "envFrom" else "have.name == add.name"
    there = f"{owner}.?{field}.orValue([])"
    return (
        f"({there}.size() > 0 ? [] : "
        f'[JSONPatch{{op: "add", path: {path}/{field}", value: []}}]) +\n'
        f"variables.{field}.filter(add, !{there}.exists(have, {same}))\n"
        f'  .map(add, JSONPatch{{op: "add", path: {path}/{field}/-", value: add}})'
    )


def _notes(preset: Preset, others: Sequence[Preset]) -> Iterator[str]:
    yield (
        "A policy is an object of the cluster: it takes rights of the cluster to write it, and "
        "whoever may read policies reads the values in it."
    )
    yield (
        "No annotation is left on the pod. 'kubectl podx injected POD' compares it with its "
        "owner's template instead."
    )
    if preset.env_from:
        yield (
            "A source that the container has already with another 'optional' is added beside it; "
            "the plugin of 2019 emptied the container's envFrom."
        )
    yield (
        "Policies run after the built-in plugins and before webhooks: the mount of the service "
        "account's token is there already, containers that a webhook adds are not."
    )
    yield (
        "failurePolicy Ignore: where an expression fails, the pod is created without it, as with "
        "a conflict; Fail refuses such a pod."
    )
    known = f"{len(others)} other preset(s) of this file are" if others else "no other one is"
    yield (
        "Nothing was applied where any preset that selects the pod was in conflict: of this "
        f"namespace {known} known here."
    )
    yield "Served by Kubernetes 1.36 and newer; where only v1beta1 is, write that as apiVersion."


# Whatever is no plain ASCII is written by its code: nothing of a name reaches a terminal.
_SPECIAL = lazy(r'["\\]|[^\x20-\x7e]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def literal(value: Any) -> str:
    """JSON data as an expression. ValueError for what CEL has no literal of."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{', '.join(dynamic(each) for each in value)}]"
    if isinstance(value, Mapping):
        mixed = not all(isinstance(each, str) for each in value.values())
        show = dynamic if mixed and len(value) > 1 else literal
        return "{" + ", ".join(f"{quoted(str(k))}: {show(v)}" for k, v in value.items()) + "}"
    raise ValueError("no JSON")


def dynamic(value: Any) -> str:
    """The literal, of a type that goes with every other one."""
    return f"dyn({literal(value)})"


def quoted(value: str) -> str:
    """A string literal. ValueError for half a surrogate pair, which no UTF-8 has."""
    return f'"{_SPECIAL.sub(_escaped, value)}"'


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        raise ValueError("half of a surrogate pair")
    if character in _SHORT:
        return _SHORT[character]
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def listed(entries: Iterable[Any], indent: str) -> str:
    """A list literal with an item a line; `indent` stands before its closing bracket."""
    lines = ",\n".join(f"{indent}  {dynamic(each)}" for each in entries)
    return f"[\n{lines}\n{indent}]"


def selection(selector: Mapping[str, Any], labels: str) -> str:
    """A label selector as an expression over a map of labels; `true` for an empty one."""
    terms = [
        f"({quoted(key)} in {labels} && {labels}[{quoted(key)}] == {quoted(str(value))})"
        for key, value in dict(selector.get("matchLabels") or {}).items()
    ]
    for term in selector.get("matchExpressions") or ():
        key, operator = str(term.get("key", "")), str(term.get("operator", ""))
        inside = f"{quoted(key)} in {labels}"
        among = f"{labels}[{quoted(key)}] in {_strings(term.get('values'))}"
        terms.append(
            {
                "In": f"({inside} && {among})",
                "NotIn": f"!({inside} && {among})",
                "Exists": f"({inside})",
                "DoesNotExist": f"!({inside})",
            }[operator]
        )
    return " && ".join(terms) or "true"


def _strings(values: Any) -> str:
    return f"[{', '.join(quoted(str(each)) for each in values or ())}]"
