"""What `preset preview` says of a pod."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from kubectl_podx.capture.presets import Subject
from kubectl_podx.model.raw import Json
from kubectl_podx.podpreset.merge import Conflict, Merge, unselected
from kubectl_podx.podpreset.preset import EXCLUDE, MIRROR, Preset
from kubectl_podx.render.preset import Disagreement, Shown, Side

_KINDS = {
    ".env[": "variable",
    ".envFrom[": "envFrom source",
    ".volumeMounts[": "mount",
    ".volumes[": "volume",
}


def shown(subject: Subject, merge: Merge, presets: Sequence[Preset]) -> Shown:
    """The verdict on one pod, with its reasons."""
    summary, details = _verdict(subject, merge, presets)
    conflicts = (*merge.conflicts, *merge.wiped)
    return Shown(
        subject.title,
        summary,
        details=tuple(details),
        disagreements=tuple(_disagreement(conflict) for conflict in conflicts),
        before=subject.body,
        after=merge.pod,
    )


def _verdict(
    subject: Subject, merge: Merge, presets: Sequence[Preset]
) -> tuple[str, Iterator[str]]:
    names = ", ".join(preset.name for preset in merge.presets)
    several = len(merge.presets) > 1
    which = f"PodPreset{'s' if several else ''} {names}"
    match merge.outcome:
        case "mirrorPod":
            return f"nothing is applied: it is a mirror pod ({MIRROR})", iter(())
        case "excluded":
            return f'nothing is applied: its annotation {EXCLUDE} is "true"', iter(())
        case "noneSelects":
            return "nothing is applied: no PodPreset selects it", _unselected(subject.body, presets)
        case "conflict":
            count = sum(conflict.certain for conflict in merge.conflicts)
            said = (
                f"nothing at all is applied of {which}: {count} "
                f"conflict{'' if count == 1 else 's'}. The pod is created as it is written, "
                "without an annotation and without an event"
            )
            return said, iter(())
        case "unknown":
            said = f"{which}: hidden values keep it from being told whether there is a conflict"
            return f"{said}. If there is none: {_added(merge)}", _by_preset(merge)
        case _:
            said = f"{which} {'are' if several else 'is'} applied: {_added(merge)}"
            return said, _by_preset(merge)


def _added(merge: Merge) -> str:
    """`2 variables, 1 mount, 1 volume`; in how many containers stands in the diff."""
    counts = Counter(
        next(word for sign, word in _KINDS.items() if sign in addition.path)
        for addition in merge.additions
    )
    if not counts:
        return "the pod has everything already, nothing but the annotation is added"
    several = [f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts.items()]
    return f"{', '.join(several)} added"


def _by_preset(merge: Merge) -> Iterator[str]:
    if len(merge.presets) > 1:
        yield from (f"{each.path} by {each.preset}" for each in merge.additions)
    if merge.wiped:
        yield (
            "envFrom of these containers becomes empty: the same source with other fields is an "
            "error that the plugin met while it applied"
        )


def _unselected(pod: Json, presets: Sequence[Preset]) -> Iterator[str]:
    for preset, reason in unselected(pod, presets):
        yield f"PodPreset {preset.name}: {reason}"


def _disagreement(conflict: Conflict) -> Disagreement:
    other = f"PodPreset {conflict.other}" if conflict.other else "the pod"
    sides = (
        Side(f"PodPreset {conflict.preset}", dict(conflict.entry)),
        Side(other, dict(conflict.existing)),
    )
    return Disagreement(conflict.path, sides, conflict.certain)
