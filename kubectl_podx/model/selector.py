"""Label selectors: the object form as the query of a list request writes it."""

from __future__ import annotations

from kubectl_podx.model.pod import dig, items, mapping, text


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
