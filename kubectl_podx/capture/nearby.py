"""A name that is not there: what of the namespace has one like it. Asked for only then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kubectl_podx.capture.names import METADATA_LIST, names_in
from kubectl_podx.capture.targets import parse_words
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.paths import api_path
from kubectl_podx.model.nearest import near
from kubectl_podx.model.reference import RESOURCES, SHORT_NAMES

if TYPE_CHECKING:
    from kubectl_podx.cluster.server import ApiServer

# In the order in which one is offered.
_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Service", "Pod")
_PAGE = (("limit", "500"),)
_PATIENCE = 2.0
"""Seconds that an answer may take: the error itself is known already."""


def suggestions(server: ApiServer, words: Sequence[str], namespace: str) -> list[str]:
    """`deploy/web` and the like, best first, for the words of a target of which one is missing.

    What may not be listed is not offered; no failure of this is one of the run.
    """
    wanted = [named.name for named in parse_words(words)]
    known: dict[str, str] = {}
    for kind in _KINDS:
        for name in _names(server, kind, namespace):
            known.setdefault(name, name if kind == "Pod" else f"{SHORT_NAMES[kind]}/{name}")
    found = [close for name in wanted if name not in known for close in near(name, known)]
    same = [known[name] for name in wanted if "/" in known.get(name, "")]
    return list(dict.fromkeys([*same, *(known[name] for name in found)]))[:3]


def _names(server: ApiServer, kind: str, namespace: str) -> list[str]:
    resource = RESOURCES[kind]
    path = api_path(resource.prefix, resource.plural, namespace)
    try:
        answer = server.get(path, _PAGE, accept=METADATA_LIST, within=_PATIENCE)
    except ClusterError:
        return []
    return [each.name for each in names_in(answer.body) or [] if each.name]
