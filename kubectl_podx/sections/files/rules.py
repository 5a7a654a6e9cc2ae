"""Rules about mounted files: who may read them, and where they come from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from kubectl_podx.model.clock import human_duration, parse_time
from kubectl_podx.pod.mounted_files import lost_sub_paths
from kubectl_podx.pod.pod import never_root
from kubectl_podx.pod.sources import uses
from kubectl_podx.pod.volume_content import hidden_keys
from kubectl_podx.rules.remedies import what_is_there
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.sections.files import drift as file_drift
from kubectl_podx.sections.files.drift import evidence, groups, label, names
from kubectl_podx.sections.files.report import FileRow

_ACCESS_DOCS = "https://kubernetes.io/docs/"
_SECURITY = f"{_ACCESS_DOCS}tasks/configure-pod-container/security-context/"
_CERTIFICATE_WARNING = timedelta(days=14)


def _unreadable(case: Case) -> Iterable[Hit]:
    for group in groups(case, lambda r: r.readable is False):
        first = group[0]
        yield Hit(
            f"the main process of {first.container} cannot read {names(group)}",
            tuple(f"{r.path}: mode {r.mode}, owner {r.uid}:{r.gid}" for r in group[:5]),
            first.container,
            severity="warning" if _never_root(case, first.container) else "info",
        )


def _never_root(case: Case, name: str) -> bool:
    """Whether the container started as another user than root.

    A program that starts as root may read the file before it gives its rights up.
    """
    entry = case.view.container(name)
    return entry is not None and never_root(entry, case.view.pod)


def _wrong_mode(case: Case) -> Iterable[Hit]:
    def differs(row: FileRow) -> bool:
        return bool(row.mode and row.declared_mode) and _octal(row.mode) != _octal(
            row.declared_mode
        )

    for group in groups(case, differs):
        yield Hit(
            f"the mode of {names(group)} is not the declared one",
            tuple(f"{r.path}: {r.mode}, declared {r.declared_mode}" for r in group[:5]),
            group[0].container,
        )


def _octal(mode: str | None) -> int | None:
    try:
        return int(mode or "", 8)
    except ValueError:
        return None


def _certificate(case: Case) -> Iterable[Hit]:
    for row in case.report.files or []:
        end = parse_time(row.not_after)
        if end is None or case.view.now is None:
            continue
        left = end - case.view.now
        if left > _CERTIFICATE_WARNING:
            continue
        if left.total_seconds() <= 0:
            since = human_duration(-left.total_seconds())
            title = f"the certificate in {row.path} expired {since} ago"
        else:
            title = (
                f"the certificate in {row.path} expires in {human_duration(left.total_seconds())}"
            )
        yield Hit(
            title,
            (f"notAfter {row.not_after}", f"from {label(row.source)}, key {row.source.key}"),
            row.container,
            severity="critical" if left.total_seconds() <= 0 else "warning",
        )


def _not_yet_valid(case: Case) -> Iterable[Hit]:
    for row in case.report.files or []:
        begin = parse_time(row.not_before)
        if begin is None or case.view.now is None or begin <= case.view.now:
            continue
        wait = human_duration((begin - case.view.now).total_seconds())
        yield Hit(
            f"the certificate in {row.path} is not valid yet: it becomes valid in {wait}",
            (f"notBefore {row.not_before}", f"from {label(row.source)}, key {row.source.key}"),
            row.container,
        )


ACCESS_RULES: tuple[Rule, ...] = (
    Rule(
        code="FIL007",
        section="files",
        severity="warning",
        title="The main process cannot read a mounted file",
        meaning="Mode and owner of the file forbid it to the user that the program runs as.",
        known_by="computed from the file's mode and owner and the process's uid, gid and groups; "
        "not tried",
        remedy="Set spec.securityContext.fsGroup to a group of the process, or a wider "
        "defaultMode.",
        link=_SECURITY,
        check=_unreadable,
    ),
    Rule(
        code="FIL008",
        section="files",
        severity="info",
        title="A mounted file has another mode than declared",
        meaning="The rules of fsGroup and runAsUser are applied before modes are compared.",
        known_by="the mode in the container against defaultMode or mode",
        remedy="Restart the pod; the kubelet sets modes when it writes the volume.",
        link=_SECURITY,
        check=_wrong_mode,
    ),
    Rule(
        code="FIL009",
        section="files",
        severity="warning",
        title="A mounted certificate has expired or soon will",
        meaning="Clients that verify it refuse the connection from then on.",
        known_by="the earliest notAfter of the certificates in the file",
        remedy="Renew the certificate in its Secret or ConfigMap.",
        link=f"{_ACCESS_DOCS}concepts/configuration/secret/#tls-secrets",
        check=_certificate,
    ),
    Rule(
        code="FIL017",
        section="files",
        severity="critical",
        title="A mounted certificate is not valid yet",
        meaning="Whoever checks it refuses the connection until then. Mostly the clock of whoever "
        "issued it was ahead.",
        known_by="the latest notBefore of the certificates in the file, against the API server's "
        "clock",
        remedy="Issue the certificate again with the right time, or wait until it is valid.",
        link=f"{_ACCESS_DOCS}concepts/configuration/secret/#tls-secrets",
        check=_not_yet_valid,
    ),
)

_DOCS = "https://kubernetes.io/docs/"
_SUB_PATH = f"{_DOCS}concepts/storage/volumes/#using-subpath"
_OPTIONAL = f"{_DOCS}tasks/configure-pod-container/configure-pod-configmap/#optional-references"
_ITEMS = f"{_DOCS}concepts/storage/projected-volumes/"


def _orphaned(case: Case) -> Iterable[Hit]:
    for group in groups(case, lambda r: r.state == "orphaned" and not r.source.optional):
        yield Hit(
            f"{label(group[0].source)} of volume {group[0].volume} is gone, its old files remain: "
            "a new pod would not start",
            evidence(group),
            group[0].container,
            next=what_is_there(case, group[0].source.kind, group[0].source.name),
        )


def _source_missing(case: Case) -> Iterable[Hit]:
    """A volume that cannot be made: the kubelet waits for it before any container of the pod."""
    hit: set[tuple[str, str, str]] = set()
    for use in uses(case.view):
        key = (use.volume, use.source.kind, use.source.name)
        if not use.volume or use.optional or not use.gone or key in hit:
            continue
        rows = [
            row
            for row in case.report.files or []
            if row.volume == use.volume
            and (row.source.kind, row.source.name) == (use.source.kind, use.source.name)
        ]
        if any(row.state == "orphaned" for row in rows):
            continue
        hit.add(key)
        waiting = [
            entry.name
            for entry in case.view.containers
            if entry.waiting_reason and entry.being_created and entry.mounts(use.volume)
        ]
        running = any(entry.running for entry in case.view.containers)
        blocking = bool(waiting) and not running
        yield Hit(
            f"{use.source.label} of volume {use.volume} is not there: {use.gone}",
            tuple(f"container {name} is waiting for its volumes" for name in waiting),
            next=what_is_there(case, use.source.kind, use.source.name),
            severity="critical" if blocking else "warning",
            blocking=blocking,
        )


def _optional_missing(case: Case) -> Iterable[Hit]:
    hit: set[tuple[str, str, str]] = set()
    for use in uses(case.view):
        key = (use.volume, use.source.kind, use.source.name)
        if use.volume and use.optional and use.gone and key not in hit:
            hit.add(key)
            yield Hit(
                f"optional {use.source.label} of volume {use.volume} is not there", (use.gone,)
            )


def _sub_path_lost(case: Case) -> Iterable[Hit]:
    """A subPath that the volume does not have becomes an empty folder without any error."""
    for file in lost_sub_paths(case.view):
        paths = sorted(file.content.files)
        yield Hit(
            f"{file.path} of container {file.entry.name} is an empty folder: {file.gone}",
            (f"the volume has: {', '.join(paths[:5])}",) if paths else (),
            file.entry.name,
        )


def _overwritten(case: Case) -> Iterable[Hit]:
    """Two sources of a projected volume with one path: the later one wins, silently."""
    for one in hidden_keys(case.view):
        yield Hit(
            f"volume {one.volume}: {one.key} of {one.hidden} is hidden by the one of {one.winner}"
        )


SOURCE_RULES: tuple[Rule, ...] = (
    Rule(
        code="FIL004",
        section="files",
        severity="warning",
        title="The source of a mounted file was deleted",
        meaning="The old bytes stay in the running pod, which therefore looks healthy; a new pod "
        "would wait in ContainerCreating.",
        known_by="404 for the object, or a key that it no longer has, while the file is in the "
        "container",
        remedy="Create the object or key again, or remove the reference.",
        link=_OPTIONAL,
        check=_orphaned,
    ),
    Rule(
        code="FIL005",
        section="files",
        severity="warning",
        title="The source of a volume does not exist",
        meaning="Without it the volume cannot be made, and no container of the pod starts.",
        known_by="404 for the object, or a key that it does not have",
        remedy="Create the object or key, or mark the reference as optional.",
        link=_OPTIONAL,
        check=_source_missing,
        gives_way_to=frozenset({"VOL008"}),
    ),
    Rule(
        code="FIL011",
        section="files",
        severity="info",
        title="An optional source of a volume does not exist",
        meaning="The volume is mounted without it. Its files appear once the object exists.",
        known_by="404 for the object, or a key that it does not have",
        remedy="No action needed if that is meant.",
        link=_OPTIONAL,
        check=_optional_missing,
    ),
    Rule(
        code="FIL015",
        section="files",
        severity="warning",
        title="A subPath names something that its volume does not have",
        meaning="The kubelet makes an empty folder in its place and starts the container without "
        "an error.",
        known_by="subPath against the paths that the volume declares",
        remedy="Correct subPath: it is the path in the volume, after items has renamed keys.",
        link=_SUB_PATH,
        check=_sub_path_lost,
    ),
    Rule(
        code="FIL016",
        section="files",
        severity="warning",
        title="Two sources of a projected volume have the same file",
        meaning="The later source wins without a word.",
        known_by="the keys of the sources of one projected volume",
        remedy="Give one of them another path by items.",
        link=_ITEMS,
        check=_overwritten,
    ),
)

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (*file_drift.RULES, *SOURCE_RULES, *ACCESS_RULES),
        key=lambda rule: rule.code,
    )
)
