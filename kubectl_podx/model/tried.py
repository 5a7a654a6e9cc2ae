"""What podx itself tried for a Capture: probes that were run by hand, a pod made by a dry run."""

from __future__ import annotations

from typing import Literal

from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import AdmissionState, LiveResult, StartBasis


class ProbeAttempt(Wire, frozen=True, kw_only=True):
    """One probe that `--run-probes` ran, or why it could not."""

    container: str
    type: str
    """`liveness`, `readiness` or `startup`."""
    start: Literal["exec", "podProxy", "portForward", "nowhere"]
    """From where: in the container; the API server to the pod's IP, or to its loopback."""
    result: LiveResult = "notRun"
    seconds: float = 0.0
    """With the way from here to the API server and back."""
    detail: str = ""
    """In our own words: an exit code, a status. What a handler wrote is not kept."""
    needs: str = ""


class Admission(Wire, frozen=True, kw_only=True):
    """What the API server said of creating a pod, by a dry run."""

    state: AdmissionState
    basis: StartBasis = "pod"
    """What the pod that was sent is declared by."""
    reason: str = ""
    """The server's word for a refusal, such as `Forbidden`."""
    message: str = ""
    """What it said, known secret values scrubbed."""
    needs: str = ""
    """The missing right."""
