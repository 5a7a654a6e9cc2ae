"""TARGET words -> what they name. Pure; which pods that is, `session.py` asks the API."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from kubectl_podx.model.errors import UsageError
from kubectl_podx.model.reference import Reference

# Plural, singular and short names as the API server lists them (kubectl api-resources).
_KINDS: dict[str, tuple[str, ...]] = {
    "Pod": ("pod", "pods", "po"),
    "Deployment": ("deployment", "deployments", "deploy", "deployment.apps", "deployments.apps"),
    "StatefulSet": ("statefulset", "statefulsets", "sts", "statefulset.apps", "statefulsets.apps"),
    "DaemonSet": ("daemonset", "daemonsets", "ds", "daemonset.apps", "daemonsets.apps"),
    "ReplicaSet": ("replicaset", "replicasets", "rs", "replicaset.apps", "replicasets.apps"),
    "ReplicationController": ("replicationcontroller", "replicationcontrollers", "rc"),
    "Job": ("job", "jobs", "job.batch", "jobs.batch"),
    "CronJob": ("cronjob", "cronjobs", "cj", "cronjob.batch", "cronjobs.batch"),
    "Service": ("service", "services", "svc"),
}
_BY_WORD = {word: kind for kind, words in _KINDS.items() for word in words}


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line names: words, or a label selector."""

    words: tuple[str, ...] = ()
    selector: str | None = None
    field_selector: str = ""
    all_namespaces: bool = False

    @property
    def single(self) -> bool:
        """Whether one pod is named by its name, so that the report is no list."""
        return not self.selector and len(self.words) > 0 and _is_one_pod(self.words)


class Named(Struct, frozen=True):
    """One object that the words name."""

    kind: str
    name: str

    def reference(self, namespace: str) -> Reference:
        """The object in this namespace."""
        return Reference(self.kind, namespace, self.name)


def _is_one_pod(words: Sequence[str]) -> bool:
    try:
        named = parse_words(words)
    except UsageError:
        return False
    return len(named) == 1 and named[0].kind == "Pod"


def kind_of(word: str) -> str | None:
    """The kind that `deploy`, `Pods`, `svc` … names; None for another word."""
    return _BY_WORD.get(word.lower())


def parse_words(words: Sequence[str]) -> list[Named]:
    """`web`, `pod/web`, `pod web web2`, `deploy/web sts/db` -> what they name, in order.

    As kubectl: with a slash every word is TYPE/NAME, a first word that is a type makes the rest
    names of that type, anything else are pod names.
    """
    if not words:
        raise UsageError(
            "you must name a pod, TYPE/NAME or a selector, such as "
            "'kubectl podx describe web-0', 'deploy/web' or '-l app=web'"
        )
    if any("/" in word for word in words):
        return [_slashed(word) for word in words]
    kind = kind_of(words[0]) if len(words) > 1 else None
    if kind is None:
        return [Named("Pod", word) for word in words]
    return [Named(kind, word) for word in words[1:]]


def _slashed(word: str) -> Named:
    type_word, slash, name = word.partition("/")
    if not slash:
        raise UsageError(
            "there is no need to specify a resource type as a separate argument when passing "
            "arguments in resource/name form (e.g. 'kubectl podx describe pod/NAME')"
        )
    kind = kind_of(type_word)
    if kind is None:
        raise UsageError(
            f"the server doesn't have a resource type {type_word[:63]!a} that owns pods"
        )
    if not name or "/" in name:
        raise UsageError("arguments in resource/name form must have a single resource and name")
    return Named(kind, name)
