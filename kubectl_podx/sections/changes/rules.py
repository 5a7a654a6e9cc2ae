"""Rules about what changed before the pod fell ill."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from kubectl_podx.model.clock import format_time, human_duration, parse_time
from kubectl_podx.rules.fixes import restart, undo
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.sections.changes.report import Change

_DOCS = "https://kubernetes.io/docs/concepts/"
_ROLLBACK = f"{_DOCS}workloads/controllers/deployment/#rolling-back-a-deployment"
_JUST_BEFORE = timedelta(minutes=10)
_YOUNG = timedelta(hours=1)


def _last_failure(case: Case) -> tuple[str, datetime] | None:
    """The newest end of a container that did not end well, with its name."""
    found: list[tuple[datetime, str]] = []
    for entry in case.view.containers:
        ends = filter(None, (entry.terminated_before, entry.terminated))
        found += [
            (end.finished_at, entry.name)
            for end in ends
            if end.finished_at is not None and end.exit_code != 0
        ]
    return (max(found)[1], max(found)[0]) if found else None


def _unwell(case: Case) -> bool:
    ready = case.view.api.condition("Ready")
    unready = ready is not None and ready.status == "False" and ready.reason != "PodCompleted"
    return unready or any(entry.held_up for entry in case.view.containers)


def _of_kind(case: Case, *kinds: str) -> list[Change]:
    return [change for change in case.report.changes or [] if change.kind in kinds]


def _by(change: Change) -> str:
    return f" by {change.by}" if change.by else ""


def _written_before_failure(case: Case) -> Iterable[Hit]:
    failure = _last_failure(case)
    if failure is None:
        return
    container, moment = failure
    for change in _of_kind(case, "config"):
        written = parse_time(change.time)
        if written is None or not timedelta(0) <= moment - written <= _JUST_BEFORE:
            continue
        before = human_duration((moment - written).total_seconds())
        yield Hit(
            f"{change.what}, {before} before container {container} went down",
            (
                f"written at {change.time}{_by(change)}",
                f"container {container} ended at {format_time(moment)}",
            ),
            container,
        )


def _young_rollout(case: Case) -> Iterable[Hit]:
    if not _unwell(case) or case.view.now is None:
        return
    for change in _of_kind(case, "rollout"):
        made = parse_time(change.time)
        if made is None or case.view.now - made > _YOUNG:
            continue
        age = human_duration((case.view.now - made).total_seconds())
        made_anew = [
            f"{other.what}: {other.before} -> {other.after}" if other.before else other.what
            for other in _of_kind(case, "image", "template")
            if other.object == change.object
        ]
        yield Hit(
            f"the pod came with {change.what}, {age} ago, and is not ready",
            (f"rolled out at {change.time}{_by(change)}", *made_anew[:5]),
            fix=undo(case),
        )


def _other_image(case: Case) -> Iterable[Hit]:
    for change in _of_kind(case, "image"):
        if change.object.startswith("Pod/"):
            yield Hit(
                change.what,
                (f"template {change.before}", f"pod {change.after}"),
                fix=restart(case),
            )


def _newer_template(case: Case) -> Iterable[Hit]:
    for change in _of_kind(case, "template"):
        # Without hashes it tells how the pod's own revision came to be.
        if not change.before or not change.after:
            continue
        yield Hit(
            change.what,
            (
                f"pod {change.before}, newest {change.after}",
                *((f"written at {change.time}{_by(change)}",) if change.time else ()),
            ),
        )


RULES: tuple[Rule, ...] = (
    Rule(
        code="CHG001",
        section="changes",
        severity="info",
        title="A ConfigMap or Secret was written just before a container went down",
        meaning="Ten minutes or less lie between the two. That is no proof, but the first place "
        "to look.",
        known_by="managedFields of the object against the end of the container",
        remedy="Compare the object with its last good version.",
        link=f"{_DOCS}configuration/configmap/",
        check=_written_before_failure,
    ),
    Rule(
        code="CHG002",
        section="changes",
        severity="info",
        title="The pod is from a recent rollout and is not ready",
        meaning="The revision is less than an hour old: what it changed may be the cause.",
        known_by="the revision and age of the ReplicaSet, and the pod's Ready condition",
        remedy="Go back to the revision before.",
        link=_ROLLBACK,
        check=_young_rollout,
    ),
    Rule(
        code="CHG003",
        section="changes",
        severity="info",
        title="A container runs another image than its owner's template names",
        meaning="The pod was edited, admission changed it, or the template is newer than the pod.",
        known_by="the pod spec against the template of its owner",
        remedy="Restart the pod to make it from the template.",
        link=f"{_DOCS}workloads/pods/#pod-templates",
        check=_other_image,
    ),
    Rule(
        code="CHG004",
        section="changes",
        severity="info",
        title="The owner has a newer template than the pod",
        meaning="The update has not come to this pod yet, or waits for somebody to delete it "
        "(OnDelete).",
        known_by="the pod's controller-revision-hash against status.updateRevision",
        remedy="Wait for the rollout, or delete the pod under OnDelete.",
        link=f"{_DOCS}workloads/controllers/statefulset/#update-strategies",
        check=_newer_template,
    ),
)
