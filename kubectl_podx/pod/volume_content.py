"""What a volume that the kubelet writes holds by declaration: its files, sources and modes."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kubectl_podx.model.capture import KeyFacts
from kubectl_podx.model.parts import KeySource
from kubectl_podx.model.raw import Json, dig, items, mapping, number, text
from kubectl_podx.pod.sources import Source, source
from kubectl_podx.pod.view import PodView

_DEFAULT_MODE = 0o644
"""`defaultMode` where it is not given (pkg/apis/core/v1/defaults.go)."""
_SPECIAL_MODE = 0o600
_GROUP_READ = 0o440
"""fsGroup gives these bits to every file of a read-only volume (pkg/volume/volume_linux.go)."""

# Sources whose bytes are made for one pod: nothing in the API to compare them with.
MADE_FOR_THE_POD = frozenset({"serviceAccountToken", "clusterTrustBundle", "podCertificate"})
ROOT_CA = "kube-root-ca.crt"
"""The ConfigMap that every namespace has; every default token volume holds its `ca.crt`."""


class VolumeFile(Struct, frozen=True):
    """One declared file of a volume."""

    path: str
    """Relative to the volume's root."""
    origin: KeySource
    mode: int
    """As it must be on disk: defaultMode or mode, with the rules of fsGroup and runAsUser."""
    backing: Source | None = None
    """The ConfigMap or Secret, where it comes from one."""
    key: KeyFacts | None = None
    gone: str = ""
    """Why its source is not there."""


class OpenSource(Struct, frozen=True):
    """A whole ConfigMap or Secret whose keys are not known: any file may come from it."""

    origin: KeySource
    mode: int
    backing: Source


class VolumeContent(Struct, frozen=True):
    """All that a volume declares."""

    files: dict[str, VolumeFile]
    """By relative path: of two sources with one path the later one wins, silently."""
    open_sources: list[OpenSource]
    failing: str
    """Why the kubelet cannot refresh the volume: one lost source stops all of them."""
    holds_token: bool
    whole: Source | None
    """The one whole ConfigMap or Secret that gives every key, where the volume is just that."""


def content(view: PodView, volume: Json) -> VolumeContent | None:
    """The declared content; None for a volume of another type."""
    parts = list(_parts(volume))
    if not parts:
        return None
    modes = _Modes(view, volume)
    files: dict[str, VolumeFile] = {}
    unknown: list[OpenSource] = []
    failing = ""
    for kind, spec in parts:
        for found in _files(view, kind, spec, modes):
            if isinstance(found, OpenSource):
                unknown.append(found)
                gone = found.backing.gone
            else:
                files[found.path] = found
                gone = found.gone
            if gone and not found.origin.optional:
                failing = failing or gone
    only = parts[0] if len(parts) == 1 else ("", {})
    whole = None
    if only[0] in ("configMap", "secret") and not items(only[1], "items"):
        whole = _backing(view, only[0], only[1])
    return VolumeContent(
        files, unknown, failing, any(kind == "serviceAccountToken" for kind, _ in parts), whole
    )


class HiddenKey(Struct, frozen=True):
    """A key of one source of a projected volume that a later source has too."""

    volume: str
    key: str
    hidden: str
    """`ConfigMap a`: whose key is not in the volume."""
    winner: str


def hidden_keys(view: PodView) -> Iterator[HiddenKey]:
    """Keys that two whole sources of a projected volume have: the later one wins, silently."""
    for volume in view.api.volumes:
        claimed: dict[str, str] = {}
        for projection in items(volume, "projected", "sources"):
            for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret")):
                name = text(projection, field, "name")
                stored = view.object(kind, name) if name else None
                if dig(projection, field, "items") or stored is None:
                    continue
                for key in stored.keys or {}:
                    if key in claimed:
                        yield HiddenKey(text(volume, "name"), key, claimed[key], f"{kind} {name}")
                    claimed[key] = f"{kind} {name}"


def _parts(volume: Json) -> Iterator[tuple[str, Json]]:
    for kind in ("configMap", "secret", "downwardAPI"):
        if isinstance(dig(volume, kind), dict):
            yield kind, mapping(volume, kind)
    for projection in items(volume, "projected", "sources"):
        for kind in ("configMap", "secret", "downwardAPI", *sorted(MADE_FOR_THE_POD)):
            if isinstance(dig(projection, kind), dict):
                yield kind, mapping(projection, kind)


class _Modes:
    """The mode rules of one volume in one pod."""

    def __init__(self, view: PodView, volume: Json) -> None:
        self._fs_group = number(view.pod, "spec", "securityContext", "fsGroup") is not None
        self._one_user = _one_user(view.pod)
        found = (
            number(volume, part, "defaultMode")
            for part in ("configMap", "secret", "downwardAPI", "projected")
        )
        self._default = next((mode for mode in found if mode is not None), _DEFAULT_MODE)

    def of(self, item: Json) -> int:
        """An item's own mode beats the volume's."""
        mode = number(item, "mode")
        return self._shared(self._default if mode is None else mode)

    def special(self) -> int:
        """Tokens and certificates: 0600 as soon as fsGroup or one common runAsUser makes them
        readable for their user (pkg/volume/projected/projected.go).
        """
        forced = self._fs_group or self._one_user
        return self._shared(_SPECIAL_MODE if forced else self._default)

    def _shared(self, mode: int) -> int:
        return mode | _GROUP_READ if self._fs_group else mode


def _one_user(pod: Json) -> bool:
    """Whether all containers but ephemeral ones run as one declared user (`FsUserFrom`)."""
    of_pod = number(pod, "spec", "securityContext", "runAsUser")
    users = set()
    for field in ("initContainers", "containers"):
        for container in items(pod, "spec", field):
            own = number(container, "securityContext", "runAsUser")
            users.add(of_pod if own is None else own)
    return len(users) == 1 and None not in users


def _backing(view: PodView, kind: str, spec: Json) -> Source:
    if kind == "configMap":
        return source(view, "ConfigMap", text(spec, "name"))
    # A Secret volume says secretName, a projected source says name.
    return source(view, "Secret", text(spec, "secretName") or text(spec, "name"))


def _files(
    view: PodView, kind: str, spec: Json, modes: _Modes
) -> Iterator[VolumeFile | OpenSource]:
    if kind in ("configMap", "secret"):
        yield from _object_files(_backing(view, kind, spec), spec, modes)
    elif kind == "downwardAPI":
        for item in items(spec, "items"):
            yield VolumeFile(_clean(text(item, "path")), _downward_origin(item), modes.of(item))
    elif kind == "podCertificate":
        for field in ("credentialBundlePath", "keyPath", "certificateChainPath"):
            if text(spec, field):
                origin = KeySource(kind="podCertificate", name=text(spec, "signerName"), key=field)
                yield VolumeFile(_clean(text(spec, field)), origin, modes.special())
    else:
        name = text(spec, "name") or text(spec, "signerName")
        origin = KeySource(
            kind="serviceAccountToken" if kind == "serviceAccountToken" else "clusterTrustBundle",
            name=name,
            optional=dig(spec, "optional") is True,
        )
        yield VolumeFile(_clean(text(spec, "path")), origin, modes.special())


def _object_files(backing: Source, spec: Json, modes: _Modes) -> Iterator[VolumeFile | OpenSource]:
    optional = dig(spec, "optional") is True

    def origin(key: str) -> KeySource:
        return KeySource(kind=backing.kind, name=backing.name, key=key, optional=optional)

    chosen = items(spec, "items")
    if chosen:
        for item in chosen:
            key = text(item, "key")
            yield VolumeFile(
                _clean(text(item, "path") or key),
                origin(key),
                modes.of(item),
                backing,
                backing.key(key),
                backing.gone or backing.key_gone(key),
            )
    elif backing.keys is None:
        yield OpenSource(origin(""), modes.of({}), backing)
    else:
        for key, facts in backing.keys.items():
            yield VolumeFile(key, origin(key), modes.of({}), backing, facts)


def _downward_origin(item: Json) -> KeySource:
    field = text(item, "fieldRef", "fieldPath")
    if field:
        return KeySource(kind="downwardAPI", key=field)
    reference = mapping(item, "resourceFieldRef")
    return KeySource(
        kind="downwardAPI", name=text(reference, "containerName"), key=text(reference, "resource")
    )


def _clean(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in ("", "."))
