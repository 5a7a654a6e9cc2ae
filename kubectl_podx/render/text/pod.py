"""The pod in one line, and the conditions that are not as they should be."""

from __future__ import annotations

from kubectl_podx.model.report.pod import Condition, Pod
from kubectl_podx.render.columns.pod import CONDITION, condition_is_bad
from kubectl_podx.render.text.page import INDENT, Page, counted
from kubectl_podx.render.units import ago, seconds


def pod(found: Pod, page: Page) -> list[str]:
    """Name, status, ready, restarts, node, age; then what the API says about trouble."""
    lines = page.say(f"Pod: {'   '.join(_facts(found))}", 0, INDENT)
    if found.reason or found.message:
        lines += page.say(_reason(found.reason, found.message))
    if found.deletion_timestamp:
        lines += page.say(f"Terminating, due {found.deletion_timestamp}")
    if page.wide:
        return lines + _more(found, page) + page.table(CONDITION, found.conditions)
    bad = [c for c in found.conditions if condition_is_bad(c)] if found.phase != "Succeeded" else []
    for condition in _distinct(bad):
        since = f" (for {ago(condition.since, page.now)})" if condition.since else ""
        text = _reason(condition.reason, condition.message)
        lines += page.say(f"{condition.type}={condition.status}: {text}{since}")
    return lines


def _facts(found: Pod) -> list[str]:
    facts = [f"{found.namespace}/{found.name}", found.status, f"{found.ready} ready"]
    if found.restarts:
        facts.append(counted(found.restarts, "restart"))
    facts.append(f"on {found.node}" if found.node else "on no node")
    if found.age is not None:
        facts.append(f"age {seconds(found.age)}")
    if found.owners:
        facts.append(f"{found.owners[-1].kind}/{found.owners[-1].name}")
    return facts


def _reason(reason: str, message: str) -> str:
    return ": ".join(part for part in (reason, message) if part) or "no reason given"


def _distinct(conditions: list[Condition]) -> list[Condition]:
    """Ready and ContainersReady mostly say the same: once is enough."""
    seen: set[tuple[str, str]] = set()
    kept: list[Condition] = []
    for condition in conditions:
        key = (condition.reason, condition.message)
        if key not in seen:
            seen.add(key)
            kept.append(condition)
    return kept


def _more(found: Pod, page: Page) -> list[str]:
    facts = {
        "IPs": ", ".join(found.pod_ips),
        "QoS": found.qos_class,
        "Restart policy": found.restart_policy,
        "Service account": found.service_account,
        "Priority class": found.priority_class,
        "Owners": ", ".join(f"{o.kind}/{o.name}" for o in found.owners),
        "UID": found.uid,
    }
    return [line for key, value in facts.items() if value for line in page.say(f"{key}: {value}")]
