"""Image references: repository, tag and digest, and the pull policy that a tag implies."""

from __future__ import annotations

from msgspec import Struct

from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.words import PolicyBasis

_DIGEST = lazy(r"sha256:[0-9a-fA-F]{64}")


class ImageName(Struct, frozen=True):
    """The parts of `REPOSITORY[:TAG][@DIGEST]`."""

    repository: str
    tag: str
    digest: str


def parse_image(reference: str) -> ImageName:
    """The parts of an image reference; empty where it does not name them.

    A colon before the last slash belongs to the registry's port.
    """
    name, _, digest = reference.partition("@")
    path, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        path, tag = name, ""
    return ImageName(path, tag, digest)


def default_policy(reference: str) -> str:
    """The pull policy that the API server sets where none is written.

    pkg/apis/core/v1/defaults.go: `Always` for the tag `latest`, and for no tag and no digest.
    """
    image = parse_image(reference)
    latest = image.tag == "latest" or not (image.tag or image.digest)
    return "Always" if latest else "IfNotPresent"


def policy_basis(reference: str, policy: str) -> PolicyBasis:
    """`matchesDefault` or `declared`: a written default cannot be told from a set one."""
    return "matchesDefault" if policy in ("", default_policy(reference)) else "declared"


def digest_of(image_id: str) -> str:
    """The digest in a status's imageID: `repository@sha256:…`, `docker-pullable://…`, or bare."""
    found = _DIGEST.search(image_id)
    return found.group() if found else ""


def short_digest(image: str) -> str:
    """The first twelve digits, as `docker images` shows them."""
    digest = image.rpartition("sha256:")[2]
    return f"sha256:{digest[:12]}" if digest != image else image


def normalized(reference: str) -> str:
    """The reference with registry and tag written out, as a node lists its images.

    `busybox` -> `docker.io/library/busybox:latest` (distribution/reference normalize.go).
    """
    image = parse_image(reference)
    first, slash, _ = image.repository.partition("/")
    registry = slash and ("." in first or ":" in first or first == "localhost")
    repository = image.repository if registry else f"docker.io/{image.repository}"
    if not registry and not slash:
        repository = f"docker.io/library/{image.repository}"
    if image.digest:
        return f"{repository}@{image.digest}"
    return f"{repository}:{image.tag or 'latest'}"
