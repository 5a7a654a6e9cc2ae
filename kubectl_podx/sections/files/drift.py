"""Rules about files whose source has changed or gone, and rows put together for a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import KeySource
from kubectl_podx.pod.mounted_files import lost_sub_paths
from kubectl_podx.pod.sources import uses
from kubectl_podx.rules.fixes import restart
from kubectl_podx.rules.rule import Case, Fix, Hit, Rule
from kubectl_podx.sections.files.facts import REFRESH_SECONDS
from kubectl_podx.sections.files.report import FileRow

Group = list[FileRow]


def groups(case: Case, keep: Callable[[FileRow], bool]) -> Iterator[Group]:
    """The rows that count, together by container, volume and source object."""
    found: dict[tuple[str, str, str, str], Group] = {}
    for row in case.report.files or []:
        if keep(row):
            key = (row.container, row.volume, row.source.kind, row.source.name)
            found.setdefault(key, []).append(row)
    yield from found.values()


def names(group: Group) -> str:
    """The paths of a group, three at most by name."""
    paths = [row.path for row in group]
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def label(source: KeySource) -> str:
    """`ConfigMap web`."""
    return f"{source.kind} {source.name}".strip() or "its source"


def evidence(group: Group) -> tuple[str, ...]:
    """State, sizes and reason of each file, and when source and volume were last written."""
    found: list[str] = []
    for row in group[:5]:
        sizes = f" ({row.size} bytes, source {row.source_size})" if _sizes_differ(row) else ""
        found.append(f"{row.path}: {row.state}{sizes}" + (f", {row.reason}" if row.reason else ""))
    first = group[0]
    if first.source_changed_at:
        by = f" by {first.source_changed_by}" if first.source_changed_by else ""
        found.append(f"{label(first.source)} was last written at {first.source_changed_at}{by}")
    if first.volume_written_at:
        found.append(f"the kubelet last wrote the volume at {first.volume_written_at}")
    return tuple(found)


def _sizes_differ(row: FileRow) -> bool:
    return row.size is not None and row.source_size is not None and row.size != row.source_size


def from_config(row: FileRow) -> bool:
    """Whether the file comes from a ConfigMap or Secret."""
    return row.source.kind in ("ConfigMap", "Secret")


_DOCS = "https://kubernetes.io/docs/"

_CONFIG_MAPS = (
    f"{_DOCS}concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically"
)

_SUB_PATH = f"{_DOCS}concepts/storage/volumes/#using-subpath"
_IMMUTABLE = f"{_DOCS}concepts/configuration/configmap/#configmap-immutable"


def _frozen_sub_path(case: Case) -> Iterable[Hit]:
    for group in groups(case, lambda r: r.state == "frozen" and r.sub_path and from_config(r)):
        yield Hit(
            f"{names(group)} is older than {label(group[0].source)}: mounted by subPath",
            evidence(group),
            container=group[0].container,
            fix=restart(case),
        )


def _stuck(case: Case) -> Iterable[Hit]:
    for group in groups(case, lambda r: r.state == "stuck" and from_config(r)):
        yield Hit(
            f"{names(group)} does not follow {label(group[0].source)}: the refresh is stuck",
            evidence(group),
            group[0].container,
        )


def _stale(case: Case) -> Iterable[Hit]:
    for group in groups(case, lambda r: r.state == "stale" and from_config(r)):
        yield Hit(
            f"{names(group)} is about to follow {label(group[0].source)}",
            evidence(group),
            group[0].container,
        )


def _missing(case: Case) -> Iterable[Hit]:
    now = case.view.now
    # Of these another rule tells what the container has instead.
    folders = {(file.entry.name, file.path) for file in lost_sub_paths(case.view)}

    def overdue(row: FileRow) -> bool:
        changed = parse_time(row.source_changed_at)
        return now is None or changed is None or (now - changed).total_seconds() > REFRESH_SECONDS

    gone_uses = {(use.volume, use.source.name) for use in uses(case.view) if use.gone}

    def counts(row: FileRow) -> bool:
        gone = (row.volume, row.source.name) in gone_uses
        entry = case.view.container(row.container)
        alive = entry is not None and entry.running
        told = gone or (row.container, row.path) in folders
        return row.state == "missing" and alive and not told and (row.sub_path or overdue(row))

    for group in groups(case, counts):
        yield Hit(
            f"{names(group)} is declared and not in container {group[0].container}",
            evidence(group),
            container=group[0].container,
            fix=restart(case) if group[0].sub_path else Fix(),
        )


def _frozen_immutable(case: Case) -> Iterable[Hit]:
    for group in groups(case, lambda r: r.state == "frozen" and not r.sub_path and from_config(r)):
        yield Hit(
            f"{names(group)} is of an older {label(group[0].source)}, which is immutable",
            evidence(group),
            container=group[0].container,
            fix=restart(case),
        )


def _written_after_start(case: Case) -> Iterable[Hit]:
    def reloaded(row: FileRow) -> bool:
        return bool(row.volume_written_after_start) and row.state == "current" and from_config(row)

    for group in groups(case, reloaded):
        first = group[0]
        yield Hit(
            f"{names(group)} changed after container {first.container} started: "
            f"{first.container} must reload it",
            evidence([first]),
            first.container,
        )


def _extra(case: Case) -> Iterable[Hit]:
    for group in groups(case, lambda r: r.state == "extra"):
        yield Hit(
            f"{names(group)} is in the volume and not declared",
            evidence(group),
            group[0].container,
        )


RULES: tuple[Rule, ...] = (
    Rule(
        code="FIL001",
        section="files",
        severity="warning",
        title="A file mounted by subPath is older than its source",
        meaning="A subPath mount is bound when the container starts and never updated; the "
        "ConfigMap or Secret has changed since, so the program reads the old content.",
        known_by="the digest of the file in the container against that of the key in the API",
        remedy="Restart the containers, or mount the whole volume instead of a subPath.",
        link=_SUB_PATH,
        check=_frozen_sub_path,
    ),
    Rule(
        code="FIL002",
        section="files",
        severity="warning",
        title="A mounted file does not follow its source",
        meaning="The kubelet refreshes these files within about 90 seconds. This one differs and "
        "its refresh is failing or overdue: often another source of the same volume is gone.",
        known_by="digests that differ, and a FailedMount event, a lost source or the time of the "
        "last write",
        remedy="Repair what the evidence names; the kubelet goes on by itself.",
        link=_CONFIG_MAPS,
        check=_stuck,
    ),
    Rule(
        code="FIL003",
        section="files",
        severity="info",
        title="A mounted file is about to be refreshed",
        meaning="The source was changed a moment ago and the kubelet has not written it to the "
        "node yet.",
        known_by="digests that differ, and the time of the last write of the source",
        remedy="Wait two minutes and check again.",
        link=_CONFIG_MAPS,
        check=_stale,
    ),
    Rule(
        code="FIL006",
        section="files",
        severity="warning",
        title="A declared file is not in the container",
        meaning="The source has the key and the mount should show it, but the container does not.",
        known_by="the list of files in the container against the keys of the source",
        remedy="Look for another mount over this path, and at the pod's FailedMount events.",
        link=_CONFIG_MAPS,
        check=_missing,
    ),
    Rule(
        code="FIL010",
        section="files",
        severity="warning",
        title="A mounted file comes from an older, immutable object",
        meaning="The kubelet stops watching an immutable ConfigMap or Secret after the first "
        "read: running pods do not notice when it is deleted and recreated.",
        known_by="digests that differ, and immutable: true",
        remedy="Restart the pods that mount it.",
        link=_IMMUTABLE,
        check=_frozen_immutable,
    ),
    Rule(
        code="FIL012",
        section="files",
        severity="info",
        title="A mounted file was written after the container started",
        meaning="The file is current, but a program that reads it only once still works with the "
        "old one.",
        known_by="the name of the volume's ..data folder against the container's start",
        remedy="No action needed if the program reloads its files; else restart it.",
        link=_CONFIG_MAPS,
        check=_written_after_start,
    ),
    Rule(
        code="FIL014",
        section="files",
        severity="info",
        title="A file is in the volume and no longer declared",
        meaning="The key was removed from its source; the file goes with the next refresh.",
        known_by="the list of files in the container against the keys of the source",
        remedy="Wait two minutes and check again.",
        link=_CONFIG_MAPS,
        check=_extra,
    ),
)
