"""Images: what is asked for, what is there, and with which secrets it is pulled."""

from __future__ import annotations

from kubectl_podx.model.raw import dig, items, text
from kubectl_podx.model.words import ImageState
from kubectl_podx.pod.containers import ContainerEntry
from kubectl_podx.pod.image_name import default_policy, digest_of, parse_image, policy_basis
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.images.report import Image

_PULL_TYPES = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")


def build(view: PodView) -> list[Image]:
    """One row per container, in start order."""
    secrets = pull_secrets(view)
    return [_image(view, entry, secrets) for entry in view.containers]


def _image(view: PodView, entry: ContainerEntry, secrets: list[str]) -> Image:
    written = text(entry.spec, "image")
    name = parse_image(written)
    policy = text(entry.spec, "imagePullPolicy")
    failed = entry.image_failed
    return Image(
        container=entry.name,
        image=written,
        tag=name.tag or ("" if name.digest else "latest"),
        digest=name.digest or digest_of(text(entry.status, "imageID")),
        pull_policy=policy or default_policy(written),
        pull_policy_basis=policy_basis(written, policy),
        state="failed" if failed else _state(view, entry),
        reason=entry.waiting_reason if failed else "",
        message=entry.waiting_message if failed else "",
        pull_secrets=secrets,
    )


def _state(view: PodView, entry: ContainerEntry) -> ImageState:
    """`present` once the container was made from it; `pulling` by the newest event of it."""
    if text(entry.status, "imageID") or dig(entry.status, "state", "running") is not None:
        return "present"
    pulls = [
        text(event, "reason")
        for event in view.events_of(entry)
        if text(event, "reason") in ("Pulling", "Pulled")
    ]
    if not pulls:
        return "unknown"
    return "pulling" if pulls[-1] == "Pulling" else "present"


def pull_secrets(view: PodView) -> list[str]:
    """`NAME: ok`, `missing`, `denied` or `wrongType` per pull secret of the pod.

    The account's pull secrets are copied into the pod when it is admitted.
    """
    return [
        f"{name}: {_pull_secret(view, name)}"
        for secret in items(view.pod, "spec", "imagePullSecrets")
        if (name := text(secret, "name"))
    ]


def _pull_secret(view: PodView, name: str) -> str:
    stored = view.object("Secret", name)
    if stored is None:
        return "unknown"
    if stored.state != "present":
        return stored.state if stored.state in ("missing", "denied") else "unknown"
    kind = text(stored.body, "type")
    return "ok" if kind in _PULL_TYPES else f"wrongType ({kind or 'none'})"
