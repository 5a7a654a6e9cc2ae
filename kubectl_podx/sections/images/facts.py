"""Images: what is asked for, what is there, and with which secrets it is pulled."""

from __future__ import annotations

from kubectl_podx.model.capture import ObjectState
from kubectl_podx.model.raw import dig, items, text
from kubectl_podx.model.words import ImageState, PullSecretState
from kubectl_podx.pod.image_name import default_policy, digest_of, parse_image, policy_basis
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.images.report import Image, PullSecret

_PULL_TYPES = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")


def build(view: PodView) -> list[Image]:
    """One row per container, in start order."""
    secrets = pull_secrets(view)
    return [_image(view, entry, secrets) for entry in view.containers]


def _image(view: PodView, entry: ContainerEntry, secrets: list[PullSecret]) -> Image:
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
        pull_secrets=[spelled(secret) for secret in secrets],
        pull_secret_states=secrets,
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


def pull_secrets(view: PodView) -> list[PullSecret]:
    """The pull secrets of the pod. Those of its account are copied into it when it is admitted."""
    names = (text(secret, "name") for secret in items(view.pod, "spec", "imagePullSecrets"))
    return [_pull_secret(view, name) for name in names if name]


def _pull_secret(view: PodView, name: str) -> PullSecret:
    stored = view.object("Secret", name)
    if stored is None:
        return PullSecret(name=name, state="unknown")
    if stored.state != "present":
        known: dict[ObjectState, PullSecretState] = {"missing": "missing", "denied": "denied"}
        state = known.get(stored.state, "unknown")
        elsewhere = _elsewhere(view, name) if state == "missing" else None
        return PullSecret(name=name, state=state, elsewhere=elsewhere)
    kind = text(stored.body, "type")
    if kind in _PULL_TYPES:
        return PullSecret(name=name, state="ok")
    return PullSecret(name=name, state="wrongType", type=kind or "none")


def _elsewhere(view: PodView, name: str) -> list[str] | None:
    stored = view.capture.lists.get(f"names Secret//{name}")
    if stored is None or stored.state != "present":
        return None
    return sorted(text(one, "metadata", "namespace") for one in stored.items)


def spelled(secret: PullSecret) -> str:
    """`regcred: wrongType (Opaque)`."""
    kind = f" ({secret.type})" if secret.type else ""
    return f"{secret.name}: {secret.state}{kind}"
