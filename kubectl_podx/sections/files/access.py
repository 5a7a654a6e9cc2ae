"""Rules about who can read mounted files, and how long their certificates hold."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from kubectl_podx.model.clock import human_duration, parse_time
from kubectl_podx.pod.containers import never_root
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.sections.files.groups import groups, label, names
from kubectl_podx.sections.files.report import FileRow

_DOCS = "https://kubernetes.io/docs/"
_SECURITY = f"{_DOCS}tasks/configure-pod-container/security-context/"
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


RULES: tuple[Rule, ...] = (
    Rule(
        code="FIL007",
        section="files",
        severity="warning",
        title="the main process cannot read a mounted file",
        meaning="Mode and owner of the file forbid it to the user that the program runs as.",
        known_by="computed from the file's mode and owner and the process's uid, gid and groups; "
        "not tried",
        remedy="set spec.securityContext.fsGroup to a group of the process, or a wider defaultMode",
        link=_SECURITY,
        check=_unreadable,
    ),
    Rule(
        code="FIL008",
        section="files",
        severity="info",
        title="a mounted file has another mode than declared",
        meaning="The rules of fsGroup and runAsUser are applied before modes are compared.",
        known_by="the mode in the container against defaultMode or mode",
        remedy="restart the pod; the kubelet sets modes when it writes the volume",
        link=_SECURITY,
        check=_wrong_mode,
    ),
    Rule(
        code="FIL009",
        section="files",
        severity="warning",
        title="a mounted certificate has expired or soon will",
        meaning="Whoever checks it refuses the connection from then on.",
        known_by="the earliest notAfter of the certificates in the file",
        remedy="renew the certificate in its Secret or ConfigMap",
        link=f"{_DOCS}concepts/configuration/secret/#tls-secrets",
        check=_certificate,
    ),
)
