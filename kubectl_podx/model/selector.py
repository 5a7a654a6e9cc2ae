"""Label selectors: the object form as a list request writes it, and what it selects."""

from __future__ import annotations

from collections.abc import Mapping

from kubectl_podx.model.raw import dig, items, mapping, text


def selector_text(selector: object) -> str:
    """A LabelSelector as the `labelSelector` query writes it; empty where it selects nothing."""
    parts = [f"{key}={value}" for key, value in sorted(mapping(selector, "matchLabels").items())]
    for term in items(selector, "matchExpressions"):
        key, operator = text(term, "key"), text(term, "operator")
        values = ",".join(str(v) for v in dig(term, "values") or [])
        match operator:
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(key)
            case "DoesNotExist":
                parts.append(f"!{key}")
            case _:
                continue
    return ",".join(parts)


def selects(selector: object, labels: Mapping[str, object]) -> bool | None:
    """Whether a LabelSelector selects these labels; an empty one selects everything.

    None for a selector that the API server refuses: an unknown operator, In and NotIn without
    values, Exists and DoesNotExist with values
    (LabelSelectorAsSelector, apimachinery/pkg/apis/meta/v1/helpers.go).
    """
    wanted = mapping(selector, "matchLabels")
    found = all(key in labels and labels[key] == value for key, value in wanted.items())
    for term in items(selector, "matchExpressions"):
        key, operator = text(term, "key"), text(term, "operator")
        given = dig(term, "values")
        values = given if isinstance(given, list) else []
        if operator not in _OPERATORS or bool(values) != _OPERATORS[operator]:
            return None
        has = key in labels
        inside = has and labels[key] in values
        # A label that is not there satisfies NotIn (apimachinery/pkg/labels/selector.go).
        found &= {"In": inside, "NotIn": not inside, "Exists": has, "DoesNotExist": not has}[
            operator
        ]
    return found


_OPERATORS = {"In": True, "NotIn": True, "Exists": False, "DoesNotExist": False}
"""Operator -> whether it takes values."""
