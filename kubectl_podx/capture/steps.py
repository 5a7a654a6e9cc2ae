"""The steps of a run, which a rehearsal does in another way."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from kubectl_podx.capture import exec_gate
from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.planned import PlannedCall
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.store import Store
from kubectl_podx.model.capture import Observation


def _carried_out(call: PlannedCall, send: Callable[[PlannedCall], Outcome]) -> Outcome:
    return send(call)


def _sealed(_outcome: Outcome, seal: Callable[[], Observation]) -> Observation:
    return seal()


def _never(_question: str) -> bool:
    return False


def _unheard(_text: str) -> None:
    return None


class Steps(Struct, frozen=True):
    """The steps of a run that can be done in another way: `doctor` only asks whether it might."""

    store: Callable[[Sealer], Store] = Store
    gate: Callable[..., exec_gate.ExecGate] = exec_gate.ExecGate
    perform: Callable[[PlannedCall, Callable[[PlannedCall], Outcome]], Outcome] = _carried_out
    """Gives the outcome of a call, and may send it."""
    observe: Callable[[Outcome, Callable[[], Observation]], Observation] = _sealed
    """Gives what an exec has shown, and may seal its output."""
    consent: Callable[[str], bool] = _never
    """Asks a person whether the one write may be done (`--debug-image`)."""
    say: Callable[[str], None] = _unheard
    """Tells the person what was written."""
