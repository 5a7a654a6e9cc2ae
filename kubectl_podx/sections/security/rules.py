"""Rules about what a process may do, against what the spec says of it."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.rules.fixes import edit_owner
from kubectl_podx.rules.remedies import DOCS, inside
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.sections.security.facts import ALL
from kubectl_podx.sections.security.report import Security

_CONTEXT = DOCS + "tasks/configure-pod-container/security-context/"


def more_than_declared(case: Case) -> Iterator[Hit]:
    """The main process may do what securityContext forbids."""
    for row in case.report.security or ():
        if row.exceeds:
            yield Hit(
                f"{row.process} in container {row.container} has more rights than declared: "
                f"{row.exceeds[0]}",
                (*row.exceeds[1:], *row.differs),
                container=row.container,
                next=inside(case, row.container, "cat", "/proc/1/status"),
            )


def added_in_vain(case: Case) -> Iterator[Hit]:
    """capabilities.add does not reach a process whose user is not root."""
    for row in case.report.security or ():
        lost = _lost(row)
        if lost:
            yield Hit(
                f"capability {', '.join(lost)} is added to container {row.container}, but its "
                f"process runs as user {row.user} and does not have it",
                (
                    f"effective capabilities of {row.process}: "
                    + (", ".join(row.capabilities or ()) or "none"),
                ),
                container=row.container,
                fix=edit_owner(case),
            )


def _lost(row: Security) -> list[str]:
    if row.capabilities is None or row.user in (None, 0) or row.privileged:
        return []
    return [name for name in row.capabilities_added if name not in (*row.capabilities, ALL)]


RULES: tuple[Rule, ...] = (
    Rule(
        code="SEC001",
        section="security",
        severity="warning",
        title="A process has more rights than declared",
        meaning="securityContext forbids something that the main process may do: it is root, its "
        "system calls are not filtered, it can gain privileges, it has a dropped capability, or "
        "its root file system is writable. Something between the API and the runtime has changed "
        "it.",
        known_by="/proc/N/status and the mount table of the container against the spec.",
        remedy="Look at the process, and at what the image's entrypoint does.",
        link=_CONTEXT,
        check=more_than_declared,
    ),
    Rule(
        code="SEC002",
        section="security",
        severity="info",
        title="An added capability does not reach the process",
        meaning="Kubernetes has no ambient capabilities: what capabilities.add gives is lost when "
        "the process runs as a user other than root, unless the file of the program carries it.",
        known_by="CapEff of /proc/N/status against capabilities.add.",
        remedy="Give the program file the capability (setcap) in the image, or run as root.",
        link=_CONTEXT + "#set-capabilities-for-a-container",
        check=added_in_vain,
    ),
)
