"""Rules about images that cannot be had, and tags that mean several things."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.clock import human_duration, parse_time
from kubectl_podx.model.words import PullSecretState
from kubectl_podx.pod.image_name import digest_of
from kubectl_podx.pod.pod import Pod, containers
from kubectl_podx.pod.start_error import without_names
from kubectl_podx.rules.fixes import edit_owner, restart, set_in
from kubectl_podx.rules.remedies import (
    DOCS,
    describe_pod,
    get,
    kubectl,
    namespace,
    what_is_there,
)
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.rules.waiting import pull_reason
from kubectl_podx.sections.images.facts import spelled
from kubectl_podx.sections.images.report import Image, PullSecret

_IMAGES = DOCS + "concepts/containers/images/"
_LONG_PULL, _VERY_LONG_PULL = 60, 600
_MOST = 3
_PULL = ("ErrImagePull", "ImagePullBackOff")
_OTHER = {
    "ImageInspectError": "the runtime cannot read the image on the node",
    "RegistryUnavailable": "the registry is not available",
    "SignatureValidationFailed": "the image's signature is not accepted",
}


def _failed(case: Case, *reasons: str) -> Iterator[Image]:
    for image in case.report.images or ():
        if image.state == "failed" and image.reason in reasons:
            yield image


def _pull_error(case: Case, image: Image) -> str:
    """The registry's own words: in the waiting message since 1.32, else in the Failed event."""
    entry = case.view.container(image.container)
    for event in reversed(case.view.said_of(entry) if entry else []):
        if event.reason == "Failed" and event.message.startswith("Failed to pull image"):
            return event.message
    return image.message


def _named(case: Case, image: Image) -> str:
    """`image X of app`, or the image of a volume: it keeps the container that mounts it waiting."""
    for volume, reference in case.view.api.image_volumes:
        if reference != image.image and f'"{reference}"' in image.message:
            return f"image {reference} of volume {volume}"
    return f"image {image.image} of {image.container}"


def cannot_pull(case: Case) -> Iterator[Hit]:
    """The image cannot be pulled."""
    for image in _failed(case, *_PULL):
        error = _pull_error(case, image)
        broken = [s for s in image.pull_secret_states if s.state not in ("ok", "unknown")]
        yield Hit(
            f"{_named(case, image)} cannot be pulled: {pull_reason(error, image.image)}",
            (
                f"waiting, {image.reason}: {image.message}",
                *(() if error.partition(": ")[2] in image.message else (error,)),
                *(f"pull secret {spelled(secret)}" for secret in broken),
                *(() if image.pull_secrets else ("the pod has no pull secret",)),
            ),
            container=image.container,
            fix=edit_owner(case),
            blocking=True,
        )


def pulling(case: Case) -> Iterator[Hit]:
    """A pull that has been going on for longer than most take."""
    for image in case.report.images or ():
        entry = case.view.container(image.container)
        said = case.view.said_of(entry) if entry is not None else []
        begun = [one for one in said if one.reason == "Pulling"]
        since = parse_time(begun[-1].time) if begun and image.state == "pulling" else None
        if since is None or case.view.now is None:
            continue
        age = (case.view.now - since).total_seconds()
        if age < _LONG_PULL:
            continue
        yield Hit(
            f"the pull of {_named(case, image)} has been running for {human_duration(age)}",
            (
                f"event Pulling at {begun[-1].time}, and no Pulled or Failed since",
                _ONE_BY_ONE,
            ),
            container=image.container,
            next=_EVERY_PULL,
            severity="warning" if age >= _VERY_LONG_PULL else "info",
            blocking=True,
        )


_ONE_BY_ONE = (
    "others may be before it: a kubelet pulls one image after the other, unless its configuration "
    "says serializeImagePulls: false"
)
_EVERY_PULL = kubectl("get", "events", "-A", "--field-selector", "reason=Pulling")
"""The pulls of all pods: whose image the kubelet may be busy with."""


def never_pulled(case: Case) -> Iterator[Hit]:
    """The policy is Never and the image is not on the node."""
    for image in _failed(case, "ErrImageNeverPull"):
        yield Hit(
            f"{_named(case, image)} is not on the node and may not be pulled",
            (f"waiting, {image.reason}: {image.message}", f"imagePullPolicy {image.pull_policy}"),
            container=image.container,
            fix=set_in(case, image.container, {"imagePullPolicy": "IfNotPresent"}),
            blocking=True,
        )


def invalid_name(case: Case) -> Iterator[Hit]:
    """The image's name cannot be parsed."""
    for image in _failed(case, "InvalidImageName"):
        yield Hit(
            f"image name {image.image!r} of {image.container} is not valid",
            (f"waiting, {image.reason}: {image.message}",),
            container=image.container,
            fix=edit_owner(case),
            blocking=True,
        )


def unusable(case: Case) -> Iterator[Hit]:
    """The image or its registry is refused for another reason."""
    for image in _failed(case, *_OTHER):
        why = _OTHER[image.reason]
        if "short-name" in without_names(image.message, image.image):
            why = "the node resolves its short name to no registry"
        yield Hit(
            f"{_named(case, image)}: {why}",
            (f"waiting, {image.reason}: {image.message}",),
            container=image.container,
            next=describe_pod(case),
            blocking=True,
        )


def _pull_secrets(case: Case, state: PullSecretState) -> list[PullSecret]:
    """The pod's pull secrets in that state; every image row has the same ones."""
    listed = case.report.images[0].pull_secret_states if case.report.images else []
    return [secret for secret in listed if secret.state == state]


def _elsewhere(secret: PullSecret) -> str:
    """Where a Secret of that name is, as the kubelet reads those of the pod's namespace alone."""
    if secret.elsewhere is None:
        return "a pull secret of another namespace does not count"
    if not secret.elsewhere:
        return "no namespace has a Secret of that name"
    several = len(secret.elsewhere) > 1
    shown = ", ".join(secret.elsewhere[:_MOST])
    more = f" and {len(secret.elsewhere) - _MOST} more" if len(secret.elsewhere) > _MOST else ""
    return (
        f"namespace{'s' if several else ''} {shown}{more} ha{'ve' if several else 's'} a Secret of "
        "that name, which does not count here: copy it"
    )


def pull_secret_missing(case: Case) -> Iterator[Hit]:
    """A pull secret of the pod does not exist: the pull is tried without it."""
    failing = any(image.state == "failed" for image in case.report.images or ())
    for secret in _pull_secrets(case, "missing"):
        yield Hit(
            f"pull secret {secret.name} does not exist in namespace {namespace(case)}",
            (
                "imagePullSecrets names it; the kubelet goes on without it",
                _elsewhere(secret),
            ),
            next=what_is_there(case, "Secret", secret.name),
            # With its image on the node the pod runs well, until the next pull.
            severity="warning" if failing else "info",
        )


def pull_secret_type(case: Case) -> Iterator[Hit]:
    """A pull secret is of a type that holds no registry credentials."""
    for secret in _pull_secrets(case, "wrongType"):
        yield Hit(
            f"pull secret {secret.name} is of the wrong type",
            (f"type {secret.type}",),
            next=get(case, "secret", secret.name),
        )


def tag_moved(case: Case) -> Iterator[Hit]:
    """Pods of one owner run other bytes under the same tag."""
    for image in case.report.images or ():
        if not image.digest or "@" in image.image:
            continue
        others: dict[str, list[str]] = {}
        for sibling in case.view.siblings:
            for entry in containers(sibling):
                digest = digest_of(entry.image_id)
                same = entry.name == image.container and entry.image == image.image
                if same and digest and digest != image.digest:
                    others.setdefault(digest, []).append(Pod(sibling).name)
        if others:
            yield Hit(
                f"{image.image} of {image.container} is another image in other pods of the owner",
                (
                    f"here {image.digest}",
                    *(f"{digest} in {', '.join(names)}" for digest, names in others.items()),
                ),
                container=image.container,
                fix=restart(case),
            )


RULES: tuple[Rule, ...] = (
    Rule(
        code="IMG008",
        section="images",
        severity="info",
        title="The pull of an image takes long",
        meaning="Nothing tells how far a pull is, nor how large the image is before it is there. A "
        "registry that hangs looks the same until the runtime gives up.",
        known_by="The age of the newest Pulling event of the container, without a Pulled or Failed "
        "after it.",
        remedy="Wait, or check the registry and other pulls on that node.",
        link=_IMAGES + "#serial-and-parallel-image-pulls",
        check=pulling,
    ),
    Rule(
        code="IMG001",
        section="images",
        severity="critical",
        title="An image cannot be pulled",
        meaning="The runtime on the node asked the registry and was refused, or did not reach it. "
        "A registry answers `not found` and `denied` alike for what it does not show.",
        known_by="Waiting reason ErrImagePull or ImagePullBackOff, with the registry's words in "
        "the message (from 1.32 on) or in the Failed event.",
        remedy="Correct the name, or give the pod a pull secret.",
        link=_IMAGES,
        check=cannot_pull,
    ),
    Rule(
        code="IMG002",
        section="images",
        severity="critical",
        title="An image is not on the node and may not be pulled",
        meaning="imagePullPolicy Never: the image has to be there already.",
        known_by="Waiting reason ErrImageNeverPull.",
        remedy="Change the policy, or load the image on every node.",
        link=_IMAGES,
        check=never_pulled,
    ),
    Rule(
        code="IMG003",
        section="images",
        severity="critical",
        title="An image's name is not valid",
        meaning="Upper case, a space, or a variable that was never filled in.",
        known_by="Waiting reason InvalidImageName.",
        remedy="Correct the name.",
        link=_IMAGES,
        check=invalid_name,
    ),
    Rule(
        code="IMG004",
        section="images",
        severity="critical",
        title="An image cannot be used",
        meaning="The runtime cannot read it, its registry is down, or its signature is refused.",
        known_by="Waiting reason ImageInspectError, RegistryUnavailable or "
        "SignatureValidationFailed.",
        remedy="Read the message; it is the runtime's own.",
        link=_IMAGES,
        check=unusable,
    ),
    Rule(
        code="IMG005",
        section="images",
        severity="warning",
        title="A pull secret does not exist",
        meaning="The kubelet pulls without it. Where the image is on the node already nothing "
        "happens until it has to be pulled again.",
        known_by="The Secret was asked for and not found.",
        remedy="Create the secret in the pod's namespace.",
        link=DOCS + "tasks/configure-pod-container/pull-image-private-registry/",
        check=pull_secret_missing,
    ),
    Rule(
        code="IMG006",
        section="images",
        severity="warning",
        title="A pull secret is of the wrong type",
        meaning="Only kubernetes.io/dockerconfigjson and kubernetes.io/dockercfg hold registry "
        "credentials; others are passed over.",
        known_by="The Secret's type.",
        remedy="Create it with `kubectl create secret docker-registry`.",
        link=DOCS + "tasks/configure-pod-container/pull-image-private-registry/",
        check=pull_secret_type,
    ),
    Rule(
        code="IMG007",
        section="images",
        severity="warning",
        title="One tag, several images",
        meaning="The tag was moved between the starts of the owner's pods, so replicas run other "
        "code under one name.",
        known_by="The digests in the statuses of the owner's pods.",
        remedy="Use digests or tags that are never moved.",
        link=_IMAGES,
        check=tag_moved,
    ),
)
