"""Rules about /etc/hosts, the host name and resolv.conf."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.rules.fixes import restart
from kubectl_podx.rules.remedies import DOCS, inside
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.sections.hosts.report import HostAlias

_HOSTS = DOCS + "tasks/network/customize-hosts-file-for-pods/"
_DNS = DOCS + "concepts/services-networking/dns-pod-service/"


def _aliases(case: Case, state: str) -> Iterator[HostAlias]:
    for alias in case.report.hosts.aliases if case.report.hosts else ():
        if alias.state == state:
            yield alias


def alias_missing(case: Case) -> Iterator[Hit]:
    """A hostAliases entry is not in /etc/hosts."""
    for alias in _aliases(case, "missing"):
        yield Hit(
            f"/etc/hosts of {alias.container} lacks {alias.ip} {' '.join(alias.hostnames)}",
            (f"hostAliases {alias.ip}: {', '.join(alias.hostnames)}",),
            container=alias.container,
            fix=restart(case),
        )


def alias_undeclared(case: Case) -> Iterator[Hit]:
    """/etc/hosts has lines that neither the kubelet nor hostAliases explain."""
    for alias in _aliases(case, "undeclared"):
        yield Hit(
            f"/etc/hosts of {alias.container} has a line that is not declared: {alias.ip} "
            f"{' '.join(alias.hostnames)}",
            ("not in hostAliases, not written by the kubelet",),
            container=alias.container,
            next=inside(case, alias.container, "cat", "/etc/hosts"),
        )


def differs(case: Case) -> Iterator[Hit]:
    """Host name or resolv.conf are not as declared."""
    for difference in case.report.hosts.differs if case.report.hosts else ():
        looked = case.view.captured.observations
        yield Hit(
            difference,
            ("as seen inside the pod",),
            next=inside(case, looked[0].container, "cat", "/etc/resolv.conf") if looked else "",
            fix=restart(case),
        )


RULES: tuple[Rule, ...] = (
    Rule(
        code="HST001",
        section="hosts",
        severity="warning",
        title="A host alias is not in /etc/hosts",
        meaning="The kubelet writes the file at every start of the container; a program may have "
        "overwritten it since.",
        known_by="The lines of /etc/hosts in the container against hostAliases.",
        remedy="Restart the container.",
        link=_HOSTS,
        check=alias_missing,
    ),
    Rule(
        code="HST002",
        section="hosts",
        severity="info",
        title="/etc/hosts has lines that are not declared",
        meaning="Something in the container wrote them; they are lost at its next start.",
        known_by="Lines of a file managed by the kubelet that neither it nor hostAliases explain.",
        remedy="Declare them as hostAliases.",
        link=_HOSTS,
        check=alias_undeclared,
    ),
    Rule(
        code="HST003",
        section="hosts",
        severity="warning",
        title="Host name or DNS settings are not as declared",
        meaning="The sandbox's files do not hold what hostname and dnsConfig say. They are written "
        "once, when the sandbox is made.",
        known_by="/etc/hostname and /etc/resolv.conf as seen inside against the spec.",
        remedy="Replace the pod.",
        link=_DNS,
        check=differs,
    ),
)
