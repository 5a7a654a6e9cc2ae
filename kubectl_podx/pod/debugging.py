"""When a container may have a debug container of podx (`--debug-image`), and when not."""

from __future__ import annotations

from kubectl_podx.model.raw import Json, dig, text
from kubectl_podx.pod import own
from kubectl_podx.pod.pod import Pod

NO_SHELL = "no shell (sh) is found in it"
"""Why an exec found nothing. That the image has none is not known: a mount may hide it."""
MOST = 5
"""Debug containers of podx that one pod may have: they stay in its spec."""
_MIRROR = "kubernetes.io/config.mirror"


def refusal(pod: Json, adding: int = 1) -> str:
    """Why no debug container may be added; empty where one may be."""
    if dig(pod, "metadata", "annotations", _MIRROR) is not None:
        return "a static pod takes no debug container"
    if text(pod, "spec", "os", "name") == "windows":
        return "podx cannot look into a Windows container"
    if Pod(pod).ended:
        return "the pod has ended"
    if Pod(pod).terminating:
        return "the pod is being deleted"
    known = len(own.own_specs(pod))
    if known + adding > MOST:
        return (
            f"the pod has {known} debug containers of podx already, and they stay in its spec: "
            f"{MOST} are the most"
        )
    return ""
