"""What a container wrote, without what the kubelet says in its place."""

from __future__ import annotations

from kubectl_podx.model.capture import LogTail

# The kubelet answers with this text, and success, where the runtime has removed the container.
_GONE = "unable to retrieve container logs for "


def written(tail: LogTail) -> list[str]:
    """The lines of the container itself, oldest first."""
    return [line for line in tail.lines if not line.startswith(_GONE)]
