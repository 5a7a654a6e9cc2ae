"""Whether PodPresets have anything to do with a pod: for most pods nothing more is imported."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_podx.pod.view import PodView
from kubectl_podx.podpreset.annotations import has_preset_annotation
from kubectl_podx.sections.injections.report import Injection


def concerns(view: PodView) -> bool:
    """Whether an annotation of the pod tells of presets, or the Capture holds any."""
    return has_preset_annotation(view.pod) or view.holds("PodPreset")


def with_presets(view: PodView, rows: Iterable[Injection], *, compared: bool) -> list[Injection]:
    """`presets.with_presets`, where it can have anything to say."""
    if not concerns(view):
        return list(rows)
    from kubectl_podx.sections.injections import presets  # noqa: PLC0415 - 4 ms that few pods need

    return presets.with_presets(view, rows, compared=compared)
