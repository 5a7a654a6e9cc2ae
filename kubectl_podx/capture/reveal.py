"""`--reveal`: the one road on which values leave the sealer, into a tree of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.frames import split
from kubectl_podx.capture.look import RawLook
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.seal_environment import declared_values, parse_environment
from kubectl_podx.model.capture import StoredObject
from kubectl_podx.model.raw import Json, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.model.revealed import Revealed, Side
from kubectl_podx.pod.pod import containers


def reveal(
    into: Revealed,
    sealer: Sealer,
    pod: Json,
    objects: Mapping[str, StoredObject],
    looks: Iterable[Outcome],
) -> None:
    """Keeps what the pod's variables and Secrets hold. Tokens of service accounts are not among
    them: the look never reads one whole.
    """
    namespace = text(pod, "metadata", "namespace")
    whose = Reference("Pod", namespace, text(pod, "metadata", "name")).key
    for entry in containers(pod):
        for name, value in declared_values(sealer, pod, objects, entry).items():
            into.keep_variable(whose, entry.name, name, "declared", value)
    for look in looks:
        if isinstance(look.answer, RawLook):
            _observed(into, whose, look.call.container, look.answer)
    for key, stored in objects.items():
        reference = Reference.of_key(key)
        if reference.kind != "Secret" or reference.namespace != namespace:
            continue
        for name in stored.keys or {}:
            found = sealer.value("Secret", namespace, reference.name, name)
            if found is not None:
                into.keep_key(key, name, found)


def _observed(into: Revealed, whose: str, container: str, raw: RawLook) -> None:
    frames = split(raw.output, raw.nonce)
    sides: tuple[tuple[Side, str], ...] = (
        ("injected", "environment"),
        ("process", "process_environment"),
    )
    for side, frame in sides:
        # Through a neighbour, the session's own environment is the neighbour's.
        if side == "injected" and raw.through:
            continue
        for name, value in (parse_environment(frames.get(frame)) or {}).items():
            into.keep_variable(whose, container, name, side, value.decode("utf-8", "replace"))
