"""The annotations by which PodPresets speak: of a preset that was applied, of a pod left out."""

from __future__ import annotations

from kubectl_podx.model.raw import Json, mapping

_PREFIX = "podpreset.admission.kubernetes.io/"
APPLIED = f"{_PREFIX}podpreset-"
"""Before the preset's name: it was applied. The key's value is the preset's resourceVersion."""
EXCLUDE = f"{_PREFIX}exclude"
"""Exactly `true`: no preset is applied to this pod."""
MIRROR = "kubernetes.io/config.mirror"
"""On the API's copy of a static pod, which no preset touches."""


def applied_presets(pod: Json) -> dict[str, str]:
    """Name -> resourceVersion of the presets that were applied, as the annotations say.

    The plugin of 2017 wrote the key without `podpreset-`; a name that stands twice counts once.
    """
    found: dict[str, str] = {}
    for key, value in mapping(pod, "metadata", "annotations").items():
        if not key.startswith(_PREFIX) or key == EXCLUDE:
            continue
        name = key.removeprefix(APPLIED) if key.startswith(APPLIED) else key.removeprefix(_PREFIX)
        if name:
            found.setdefault(name, value if is_version(value) else "")
    return found


def is_version(value: object) -> bool:
    """Whether it looks like a resourceVersion, which is a number of at most 20 digits."""
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20


def says_applied(key: str, value: object) -> bool:
    """Whether an annotation is one of a preset that was applied: it holds nothing else."""
    return key.startswith(_PREFIX) and is_version(value)


def has_preset_annotation(pod: Json) -> bool:
    """Whether an annotation tells of a preset that was applied."""
    return bool(applied_presets(pod))
