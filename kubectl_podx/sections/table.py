"""The sections: the one list that help, tables, text, page, coverage and documentation follow.

Data only, so that `--help` and a TAB need no more than this. The rows stand in the report's order.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

OTHERS = 6
"""The rank of findings that explain least."""


class Section(NamedTuple):
    """One section of the report, in the folder of that name beside this file."""

    key: str
    """The report's key."""
    command: str
    """`kubectl podx COMMAND POD` prints it as a table."""
    folder: str
    summary: str
    """What help says of the command."""
    place: int
    """Where it stands on the page and in the text: what explains most comes first."""
    title: str
    """Its heading on the page."""
    letters: str = ""
    """What the codes of its findings begin with; empty for what is derived."""
    rank: int = OTHERS
    """How near to the cause its findings are; lower is nearer. What keeps a container from existing
    comes before why it ends, before why it is not ready, before who waits for it."""
    looks_inside: bool = False
    """It loses rows where a container is not looked into."""
    saved: bool = False
    """A saved manifest tells all of it: nothing of it comes from a cluster."""
    derived: bool = False
    """It is made of the other sections."""
    explains: bool = False
    """Its facts may be the reason for an end: it has rules about that, in `reasons.py`."""

    @property
    def field(self) -> str:
        """The attribute of PodReport."""
        return _field(self.key)


@cache
def _field(key: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower()


SECTIONS: tuple[Section, ...] = (
    Section(
        "containers",
        "containers",
        "containers",
        "Containers with state, limits and usage",
        place=3,
        title="Containers",
        letters="CON",
        rank=1,
        looks_inside=True,
        explains=True,
    ),
    Section(
        "namespaces",
        "namespaces",
        "namespaces",
        "Shared namespaces, processes, listening sockets",
        place=9,
        title="Namespaces",
        letters="NSP",
        rank=4,
        looks_inside=True,
    ),
    Section(
        "network",
        "network",
        "network",
        "Services, hanging connections, readiness gates",
        place=10,
        title="Network",
        letters="NET",
        rank=4,
        looks_inside=True,
        explains=True,
    ),
    Section(
        "volumes",
        "volumes",
        "volumes",
        "Volumes with mounts, and which containers share them",
        place=11,
        title="Volumes",
        letters="VOL",
        rank=1,
        looks_inside=True,
        explains=True,
    ),
    Section(
        "files",
        "files",
        "files",
        "Mounted ConfigMap, Secret and projected files",
        place=5,
        title="Files",
        letters="FIL",
        looks_inside=True,
        explains=True,
    ),
    Section(
        "environment",
        "env",
        "environment",
        "Environment variables: declared, injected, in the process",
        place=6,
        title="Environment",
        letters="ENV",
        looks_inside=True,
        explains=True,
    ),
    Section(
        "downwardAPI",
        "downward",
        "downward",
        "Downward API values compared with the current pod",
        place=7,
        title="Downward API",
        letters="DWN",
        looks_inside=True,
    ),
    Section(
        "serviceAccountTokens",
        "tokens",
        "tokens",
        "Service account tokens: audiences and expiry",
        place=8,
        title="Tokens",
        letters="TOK",
        looks_inside=True,
        explains=True,
    ),
    Section(
        "probes",
        "probes",
        "probes",
        "Probes with counters, failures and state",
        place=2,
        title="Probes",
        letters="PRB",
        rank=5,
        explains=True,
    ),
    Section(
        "restarts",
        "restarts",
        "restarts",
        "Restart counts and causes, with evidence",
        place=1,
        title="Restarts",
        letters="RST",
        rank=2,
        looks_inside=True,
    ),
    Section(
        "changes",
        "changes",
        "changes",
        "What changed before it broke",
        place=4,
        title="Changes",
        letters="CHG",
    ),
    Section(
        "lifecycle",
        "lifecycle",
        "lifecycle",
        "Hooks and the grace period",
        place=13,
        title="Lifecycle",
        letters="LIF",
        saved=True,
    ),
    Section(
        "scheduling",
        "scheduling",
        "scheduling",
        "What the pod needs of a node, and why it is pending",
        place=14,
        title="Scheduling",
        letters="SCH",
        rank=1,
    ),
    Section(
        "node",
        "node",
        "node",
        "Node conditions and age of its last heartbeat",
        place=15,
        title="Node",
        letters="NOD",
        rank=1,
    ),
    Section(
        "images",
        "images",
        "images",
        "Images, pull policy and pull secrets",
        place=12,
        title="Images",
        letters="IMG",
        rank=1,
    ),
    Section(
        "hosts",
        "hosts",
        "hosts",
        "/etc/hosts, hostname and resolv.conf",
        place=16,
        title="Hosts",
        letters="HST",
        looks_inside=True,
        explains=True,
    ),
    Section(
        "security",
        "security",
        "security",
        "User, capabilities, seccomp: declared and in effect",
        place=17,
        title="Security",
        letters="SEC",
        looks_inside=True,
        explains=True,
    ),
    Section(
        "injections",
        "injected",
        "injections",
        "What admission added to the owner's template",
        place=18,
        title="Injections",
        letters="INJ",
    ),
    Section(
        "timeline",
        "timeline",
        "timeline",
        "Events and other dated facts, in order",
        place=19,
        title="Timeline",
        derived=True,
    ),
    Section(
        "findings",
        "findings",
        "findings",
        "Problems, worst first, with fixes",
        place=0,
        title="Findings",
        saved=True,
        derived=True,
    ),
)

BY_KEY = {section.key: section for section in SECTIONS}
KEYS = tuple(BY_KEY)
"""The keys that `--section` takes. `metadata`, `verdict`, `pod` and `coverage` are always there."""
BY_LETTERS = {section.letters: section for section in SECTIONS if section.letters}
BY_COMMAND = {section.command: section for section in SECTIONS}
ON_PAGE = tuple(sorted(SECTIONS, key=lambda section: section.place))
"""The sections in the order they are read."""
LOOKS_INSIDE = tuple(section.key for section in SECTIONS if section.looks_inside)
"""Those that lose their third column where a container is not looked into."""
