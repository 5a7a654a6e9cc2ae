"""Columns of this section, and its block in the text."""

from __future__ import annotations

from kubectl_podx.model.parts import Condition
from kubectl_podx.pod.pod import ENDED
from kubectl_podx.sections.pod.report import Pod
from kubectl_podx.view.columns import CONDITION, condition_is_bad
from kubectl_podx.view.page import INDENT, Page
from kubectl_podx.view.units import ago, counted, seconds

# What the table of the containers shows, one by one.
_OF_CONTAINERS = frozenset(
    {"ContainersNotReady", "ContainersNotInitialized", "PodCompleted", "PodFailed"}
)


def pod(found: Pod, page: Page) -> list[str]:
    """Name, status, ready, restarts, node, age; then what the API says about trouble."""
    lines = page.say(f"Pod: {'   '.join(_facts(found, page))}", 0, INDENT)
    if page.news(found.message.strip(" .") or found.reason):
        lines += page.say(_reason(found.reason, found.message))
    if found.deletion_timestamp:
        lines += page.say(f"Terminating, due {found.deletion_timestamp}")
    if page.wide:
        return lines + _more(found, page) + page.table(CONDITION, found.conditions)
    bad = [c for c in found.conditions if condition_is_bad(c) and not _told(found, c, page)]
    for condition in _distinct(bad):
        since = f" (for {ago(condition.since, page.now)})" if condition.since else ""
        text = _reason(condition.reason, condition.message)
        lines += page.say(f"{condition.type}={condition.status}: {text}{since}")
    return lines


def _told(found: Pod, condition: Condition, page: Page) -> bool:
    """Whether other blocks say it: which containers are not ready, or why no node fits the pod."""
    if page.everything:
        return False
    if condition.type == "PodScheduled" and page.pending:
        return all(reason in condition.message for reason in page.pending)
    over = found.phase in ENDED and condition.reason == "PodSandboxNotReady"
    return over or condition.reason in _OF_CONTAINERS


def _facts(found: Pod, page: Page) -> list[str]:
    facts = [f"{found.namespace}/{found.name}", found.status, f"{found.ready} ready"]
    since = next((c.since for c in found.conditions if c.reason == "ContainersNotReady"), None)
    if since and page.now:
        facts.append(f"not ready for {ago(since, page.now)}")
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
        "Node's IP": found.host_ip,
        "QoS": found.qos_class,
        "Restart policy": found.restart_policy,
        "Service account": found.service_account,
        "Priority class": found.priority_class,
        "Owners": ", ".join(f"{o.kind}/{o.name}" for o in found.owners),
        "UID": found.uid,
        "Debug containers of podx": ", ".join(found.debug_containers),
    }
    return [line for key, value in facts.items() if value for line in page.say(f"{key}: {value}")]
