"""Whether a node takes a pod: selectors, affinity terms, taints and tolerations."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kubectl_podx.model.raw import Json, dig, items, text


def taint_text(taint: Json) -> str:
    """`key=value:Effect` as `kubectl describe node` writes it."""
    value = text(taint, "value")
    return f"{text(taint, 'key')}{'=' + value if value else ''}:{text(taint, 'effect')}"


def tolerated(tolerations: list[Json], taint: Json) -> bool | None:
    """Whether one of the tolerations covers the taint; None where an operator is not known.

    k8s.io/api/core/v1 Toleration.ToleratesTaint: an empty effect covers all effects, an empty key
    with Exists covers everything.
    """
    unknown = False
    for toleration in tolerations:
        effect, key = text(toleration, "effect"), text(toleration, "key")
        if effect and effect != text(taint, "effect"):
            continue
        if key and key != text(taint, "key"):
            continue
        operator = text(toleration, "operator") or "Equal"
        if operator == "Exists":
            return True
        if operator == "Equal":
            if key and text(toleration, "value") == text(taint, "value"):
                return True
        else:
            unknown = True
    return None if unknown else False


def repels(taint: Json) -> bool:
    """Whether the taint keeps pods away or drives them off; PreferNoSchedule only discourages."""
    return text(taint, "effect") in ("NoSchedule", "NoExecute")


def term_matches(term: Json, labels: Mapping[str, object], node_name: str) -> bool | None:
    """Whether a nodeSelectorTerm matches; None where an operator is not known.

    Its expressions and fields are all needed; a term without any matches nothing.
    """
    expressions, fields = items(term, "matchExpressions"), items(term, "matchFields")
    if not expressions and not fields:
        return False
    results = [expression_matches(each, labels) for each in expressions]
    results += [expression_matches(each, {"metadata.name": node_name}) for each in fields]
    if any(result is False for result in results):
        return False
    return None if None in results else True


def expression_matches(expression: Json, labels: Mapping[str, object]) -> bool | None:
    """One `{key, operator, values}` against labels; None for an unknown operator."""
    key = text(expression, "key")
    listed = dig(expression, "values")
    values = [str(value) for value in listed] if isinstance(listed, list) else []
    found = labels.get(key)
    check = _OPERATORS.get(text(expression, "operator"))
    return check(found if isinstance(found, str) else None, values) if check else None


def expression_text(expression: Json) -> str:
    """`key In (a, b)` in one line."""
    listed = dig(expression, "values")
    values = f" ({', '.join(map(str, listed))})" if isinstance(listed, list) and listed else ""
    return f"{text(expression, 'key')} {text(expression, 'operator')}{values}"


def _compare(found: str | None, values: list[str], sign: int) -> bool:
    """Gt and Lt compare whole numbers; anything else does not match."""
    try:
        return found is not None and len(values) == 1 and sign * (int(found) - int(values[0])) > 0
    except ValueError:
        return False


_OPERATORS: dict[str, Callable[[str | None, list[str]], bool]] = {
    "In": lambda found, values: found is not None and found in values,
    "NotIn": lambda found, values: found is None or found not in values,
    "Exists": lambda found, _values: found is not None,
    "DoesNotExist": lambda found, _values: found is None,
    "Gt": lambda found, values: _compare(found, values, 1),
    "Lt": lambda found, values: _compare(found, values, -1),
}
