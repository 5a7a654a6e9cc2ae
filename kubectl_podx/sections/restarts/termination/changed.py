"""A change of the pod as the end of an instance, where the Killing event of it is gone."""

from __future__ import annotations

from datetime import timedelta

from kubectl_podx.sections.restarts.termination.conclusion import Conclusion, fact
from kubectl_podx.sections.restarts.termination.exit_codes import CRASHES, stop_signal
from kubectl_podx.sections.restarts.termination.witnesses import Witnesses

# From the write of a pod to the kubelet's stop: its watch, a sync, and a preStop hook's start.
_ACTS_WITHIN = 15
_SECOND = timedelta(seconds=1)

NEW_IMAGE = "was stopped because its definition changed (a new image)"
RESIZED = "was stopped because a resize asks for a restart"


def changed(w: Witnesses) -> Conclusion | None:
    """A definition change or a resize whose Killing event is gone.

    The kubelet acts on a new image or size within seconds, so that the end comes no later than a
    stop takes after the write. A program may end a stop with any code.
    """
    instance, written = w.instance, w.resized or w.spec_written
    if instance is None or written is None or instance.finished_at is None or not w.restarts:
        return None
    # What was written as it started is what it was started with.
    early = instance.started_at is not None and written <= instance.started_at + _SECOND
    late = (instance.finished_at - written).total_seconds() > w.grace + _ACTS_WITHIN
    code = instance.exit_code
    if early or late or code in CRASHES or instance.reason == "OOMKilled":
        return None
    if w.resized:
        words = "it was resized just before, and its resizePolicy asks for a restart"
        return Conclusion("resize", "likely", RESIZED, (fact("spec", words, written),))
    if not (w.image_before or code == 0 or stop_signal(code)):
        return None
    evidence = [fact("spec", "the pod's spec was written while it ran, just before", written)]
    if w.image_before:
        words = f"an earlier start was of image {w.image_before}, which the spec no longer names"
        evidence.append(fact("event", words))
    return Conclusion(
        "definitionChanged",
        "likely" if w.image_before else "possible",
        NEW_IMAGE,
        tuple(evidence),
    )
