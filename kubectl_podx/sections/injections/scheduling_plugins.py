"""What admission plugins add so that a pod goes to certain nodes: RuntimeClass, extended resources.

Pure. A RuntimeClass is read for `injected` alone; where it was not read, it is only possible.
"""

from __future__ import annotations

import msgspec

from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.model.words import Confidence
from kubectl_podx.pod.containers import containers
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.injections.injectors import EXTENDED_RESOURCE, RUNTIME_CLASS
from kubectl_podx.sections.injections.report import Injection

_SELECTOR = "spec.nodeSelector["
_TOLERATION = "spec.tolerations["


def scheduling_source(view: PodView, row: Injection) -> Injection | None:
    """The row of a nodeSelector's label or a toleration with the plugin that adds such; or None."""
    if row.change != "added" or not row.path.startswith((_SELECTOR, _TOLERATION)):
        return None
    sure = _of_runtime_class(view, row.path)
    if sure is not None:
        name = text(view.pod, "spec", "runtimeClassName")
        detail = f"RuntimeClass {name} has it" if sure == "likely" else "its class was not read"
        return msgspec.structs.replace(row, by=RUNTIME_CLASS, confidence=sure, detail=detail)
    if row.path.startswith(_TOLERATION) and _of_extended_resource(view, row.path):
        detail = "a container asks for the resource of this name"
        return msgspec.structs.replace(
            row, by=EXTENDED_RESOURCE, confidence="likely", detail=detail
        )
    return None


def _of_runtime_class(view: PodView, path: str) -> Confidence | None:
    """plugin/pkg/admission/runtimeclass: both are of the class's `scheduling`.

    The class as it is now: never more than likely.
    """
    name = text(view.pod, "spec", "runtimeClassName")
    if not name:
        return None
    stored = view.capture.objects.get(f"RuntimeClass//{name}")
    if stored is None or stored.body is None:
        # Nobody asked, or it may not be read, or is gone.
        return "possible" if path.startswith(_SELECTOR) else None
    scheduling = mapping(stored.body, "scheduling")
    if path.startswith(_SELECTOR):
        label = path[len(_SELECTOR) : -1]
        mine = mapping(view.pod, "spec", "nodeSelector").get(label)
        theirs = mapping(scheduling, "nodeSelector").get(label)
        return "likely" if mine is not None and mine == theirs else None
    theirs_all = [dict(each) for each in items(scheduling, "tolerations")]
    found = any(dict(each) in theirs_all for each in _tolerations(view, path))
    return "likely" if found else None


def _of_extended_resource(view: PodView, path: str) -> bool:
    """plugin/pkg/admission/extendedresourcetoleration: NoSchedule of the resource's own name."""
    for toleration in _tolerations(view, path):
        key = text(toleration, "key")
        wanted = {"key": key, "operator": "Exists", "effect": "NoSchedule"}
        asked = any(
            key in mapping(entry.spec, "resources", "requests") for entry in containers(view.pod)
        )
        if "/" in key and dict(toleration) == wanted and asked:
            return True
    return False


def _tolerations(view: PodView, path: str) -> list[Json]:
    key = path[len(_TOLERATION) : -1]
    return [each for each in items(view.pod, "spec", "tolerations") if dig(each, "key") == key]
