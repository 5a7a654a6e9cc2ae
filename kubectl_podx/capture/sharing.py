"""A bundle to be given away: what is hidden in it, by which rule, and a search that proves it.

The search is the sealer's own: it alone knows the secret values of the run, in every spelling that
it scrubs. It reads the finished file and tells how many of them stand in it, never which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from kubectl_podx.capture.bundle import read_text, without_values, write_bundle
from kubectl_podx.capture.hidetext import HIDDEN
from kubectl_podx.capture.redact import WITHHELD
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.errors import PodxError
from kubectl_podx.model.reference import Reference
from kubectl_podx.model.sharing import HiddenPlaces, SharingManifest

Search = Callable[[str], int]
"""How many known secret values stand in a text."""


class Witness:
    """Gets the search of the run that made a capture."""

    def __init__(self) -> None:
        self.search: Search | None = None


class Shared(Struct, frozen=True):
    """The file that was written."""

    sha256: str
    manifest: SharingManifest


def share(capture: Capture, path: Path, witness: Witness) -> Shared:
    """Writes the bundle without logs and values of ConfigMaps, with its manifest, and searches it.

    PodxError, and no file, where a secret value stands in it.
    """
    if witness.search is None:
        raise PodxError("only a capture that was made now can be checked for sharing")
    kept = without_values(capture)
    kept = msgspec.structs.replace(
        kept, pods=[msgspec.structs.replace(pod, logs=[]) for pod in kept.pods]
    )
    manifest = manifest_of(kept, left_out=sum(len(log.lines) for log in _logs(capture)))
    digest = write_bundle(msgspec.structs.replace(kept, sharing=manifest), path)
    found = _found_in(path, witness.search)
    if found:
        path.unlink(missing_ok=True)
        raise PodxError(
            f"the file was deleted: {found} values that are secret stand in it, in places that are "
            "no free text, such as a name, an image or a label. Rename them, or share the report: "
            "kubectl podx describe -o brief"
        )
    return Shared(digest, manifest)


def _logs(capture: Capture) -> Iterator[Any]:
    for pod in capture.pods:
        yield from pod.logs


def _found_in(path: Path, search: Search) -> int:
    """In the text of the finished file, and in each of its strings as a reader will see it."""
    text = read_text(path)
    strings = "\n".join(_strings(msgspec.json.decode(text.encode("utf-8", "surrogatepass"))))
    return max(search(text), search(strings))


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, inner in node.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _strings(inner)


# -- the manifest --------------------------------------------------------------------------------


def manifest_of(capture: Capture, *, left_out: int = 0) -> SharingManifest:
    """What is hidden in the capture: how many values, by which rule, in which field."""
    counts: Counter[tuple[str, str]] = Counter()
    for key, stored in capture.objects.items():
        kind = Reference.of_key(key).kind
        rule = "secretKey" if kind == "Secret" else "configMapKey"
        for facts in (stored.keys or {}).values():
            if facts.text is None:
                counts[rule, f"objects.{kind}.keys"] += 1
        _texts(stored.body, f"objects.{kind}", counts)
    for name, listed in capture.lists.items():
        _texts(listed.items, f"lists.{name.partition('/')[0]}", counts)
    for pod in capture.pods:
        plain = msgspec.to_builtins(pod)
        _sealed(plain, "pods", counts)
        _texts(plain, "pods", counts)
        if pod.withheld:
            counts["unreadSecret", "pods.withheld"] += len(pod.withheld)
    if left_out:
        counts["logLine", "pods.logs"] += left_out
    places = [
        HiddenPlaces(rule=rule, field=field, values=number)
        for (rule, field), number in sorted(counts.items())
    ]
    return SharingManifest(hidden=sum(counts.values()), places=places)


def _sealed(node: Any, path: str, counts: Counter[tuple[str, str]]) -> None:
    """Sealed values: a digest without a text, whose length is not told either."""
    if isinstance(node, dict):
        if isinstance(node.get("digest"), str) and "text" in node:
            if node["text"] is None and node["digest"].startswith("keyed:"):
                counts["sealed", path] += 1
            return
        for key, inner in node.items():
            own = key not in _BY_NAME
            _sealed(inner, f"{path}.{key}" if own else path, counts)
            if not own and isinstance(inner, dict):
                continue
    elif isinstance(node, list):
        for inner in node:
            _sealed(inner, path, counts)


_BY_NAME = frozenset({"declaredVariables"})
"""Tables whose keys are names of containers."""
_DEEPEST = 6


def _texts(node: Any, path: str, counts: Counter[tuple[str, str]]) -> None:
    """Texts of which something was hidden, or which were withheld as a whole."""
    if isinstance(node, str):
        if HIDDEN in node:
            counts["looksSecret", path] += node.count(HIDDEN)
        elif node == WITHHELD:
            counts["withheldText", path] += 1
    elif isinstance(node, dict):
        for key, inner in node.items():
            deeper = path.count(".") < _DEEPEST and _is_plain(key)
            _texts(inner, f"{path}.{key}" if deeper else path, counts)
    elif isinstance(node, list):
        for inner in node:
            _texts(inner, path, counts)


def _is_plain(key: str) -> bool:
    """Whether it is the name of a field, and not that of a label or an annotation."""
    return key.isascii() and key.isalnum() and len(key) < 40


def told(manifest: SharingManifest) -> list[str]:
    """The manifest as lines."""
    lines = [f"hidden: {manifest.hidden} values"]
    lines += [f"  {each.values} in {each.field} ({each.rule})" for each in manifest.places]
    return lines
