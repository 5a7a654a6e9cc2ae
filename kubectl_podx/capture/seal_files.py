"""Files, volumes and tokens of a look, each digest put into the scope of the key it belongs to."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from kubectl_podx.capture import procfs
from kubectl_podx.capture.frames import Frames
from kubectl_podx.capture.look import ConfigMount, annotation_files, config_mounts
from kubectl_podx.capture.procfs import pairs, text_of, whole
from kubectl_podx.capture.redact import shown_annotation
from kubectl_podx.capture.seal import Sealer, token_claims
from kubectl_podx.capture.seal_environment import item_value, without_kubelets_own
from kubectl_podx.capture.secretlike import secret_value
from kubectl_podx.model.capture import (
    Capture,
    CapturedPod,
    KeyFacts,
    ObservedFile,
    ObservedToken,
    ObservedVolume,
    StoredObject,
)
from kubectl_podx.model.clock import format_time, from_epoch
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, mapping, number, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.view import PodView
from kubectl_podx.pod.volume_content import content as declared_content

_MOST_FILES = 400
_LONGEST_TEXT = 4096
_HEX = lazy(r"[0-9a-f]{64}")
_WRITTEN = lazy(r"\.\.(\d{4})_(\d\d)_(\d\d)_(\d\d)_(\d\d)_(\d\d)\.\d+")
_LINK = lazy(r"(?P<path>/.*)/\.\.data -> (?P<target>\.\.[\w.]+)$")


class _Stat(Struct, frozen=True):
    mode: str
    uid: int | None
    gid: int | None
    size: int | None
    modified_at: str | None


def observed_files(
    sealer: Sealer,
    pod: Json,
    container: ContainerEntry,
    frames: Frames,
    root: str,
    objects: Mapping[str, StoredObject],
) -> tuple[list[ObservedFile], int]:
    """Every file below a config mount, and 1 if there were more than the script lists."""
    listed = [text_of(name) for name in (frames.get("files") or b"").split(b"\0") if name.strip()]
    digests = _digests(frames.get("digests"))
    stats = _stats(frames.get("stats"))
    plain = _plain(pod, container, frames)
    mounted = [mount.path for mount in procfs.mountinfo(frames.get("mountinfo") or b"")]
    scopes = _Scopes(sealer, pod, container, objects, mounted)
    found: list[ObservedFile] = []
    for name in listed[:_MOST_FILES]:
        path = name.removeprefix(root)
        mount = scopes.mount_of(path)
        if mount is None:
            continue
        digest = plain.get(path) or digests.get(name)
        stat = stats.get(name)
        base = ObservedFile(
            path=path,
            mount=mount.path,
            state="read" if digest else "unreadable" if digests else "notRead",
            reason="" if digest else "it could not be read in the exec session",
        )
        if stat is not None:
            base = msgspec.structs.replace(
                base,
                size=stat.size,
                mode=stat.mode,
                uid=stat.uid,
                gid=stat.gid,
                modified_at=stat.modified_at,
            )
        found.append(scopes.sealed(base, mount, digest))
    skipped = whole(pairs(frames.get("folders")).get("left_out")) or 0
    return found, skipped or int(len(listed) >= _MOST_FILES)


class _Scopes:
    """Which key of which object a file's digest is to be compared with."""

    def __init__(
        self,
        sealer: Sealer,
        pod: Json,
        container: ContainerEntry,
        objects: Mapping[str, StoredObject],
        mounted: list[str],
    ) -> None:
        self._sealer = sealer
        self._pod = pod
        declared = [text(mount, "mountPath") for mount in items(container.spec, "volumeMounts")]
        self._all_mounts = {_normal(path) for path in (*declared, *mounted)}
        self._namespace = text(pod, "metadata", "namespace")
        self._mounts = list(config_mounts(pod, container.spec))
        reference = Reference("Pod", self._namespace, text(pod, "metadata", "name"))
        self._objects = objects
        self._view = PodView(Capture(objects=dict(objects)), CapturedPod(reference=reference.key))

    def mount_of(self, path: str) -> ConfigMount | None:
        """The innermost config mount that holds the path."""
        holding = [m for m in self._mounts if path == m.path or path.startswith(m.path + "/")]
        return max(holding, key=lambda mount: len(mount.path), default=None)

    def sealed(self, file: ObservedFile, mount: ConfigMount, digest: str | None) -> ObservedFile:
        inside = file.path[len(mount.path) :].strip("/")
        relative = "/".join(part for part in (mount.sub_path.strip("/"), inside) if part)
        declared = declared_content(self._view, mount.volume)
        known = declared.files.get(relative) if declared else None
        if known is not None and known.origin.kind in ("ConfigMap", "Secret"):
            reference = Reference(known.origin.kind, self._namespace, known.origin.name)
            owned = self._owned(file.path, mount)
            return self._of_key(file, reference, known.origin.key, digest, known.key, owned=owned)
        item = self._downward_item(mount, relative)
        if item is not None:
            return self._downward(file, item, digest)
        whole_source = self._whole(mount)
        if known is None and whole_source is not None:
            return self._of_key(file, whole_source, relative, digest, None, owned=False)
        scope = ("file", mount.path, relative)
        sealed = self._sealer.digest(scope, digest) if digest else None
        return msgspec.structs.replace(file, digest=sealed, not_after=None, size=None)

    def _owned(self, path: str, mount: ConfigMount) -> bool:
        """Whether no other mount stands between the config mount and this file."""
        place, top = _normal(path), _normal(mount.path)
        if top not in self._all_mounts:
            return True
        while place != top and len(place) > len(top):
            if place in self._all_mounts:
                return False
            place = place.rpartition("/")[0]
        return True

    def _of_key(
        self,
        file: ObservedFile,
        reference: Reference,
        key: str,
        digest: str | None,
        facts: KeyFacts | None,
        *,
        owned: bool,
    ) -> ObservedFile:
        public = owned and self._sealer.is_public(reference, key)
        if digest is None:
            sealed = None if public else self._other_size(file, reference, key)
        else:
            sealed = self._sealer.key_digest(reference, key, digest, belongs=owned)
        size = file.size if owned and self._sealer.tells_size(reference, key) else None
        return self._with(msgspec.structs.replace(file, size=size), sealed, facts)

    def _other_size(self, file: ObservedFile, reference: Reference, key: str) -> str | None:
        """A digest that no value has, if the size alone shows that the file is another one.

        The sizes themselves tell the length of a password.
        """
        value = self._sealer.value(reference.kind, reference.namespace, reference.name, key)
        if value is None or file.size is None or file.size == len(value):
            return None
        return self._sealer.digest((reference.key, key, "another size"), "")

    def _with(self, file: ObservedFile, digest: str | None, key: KeyFacts | None) -> ObservedFile:
        # An end of validity is known without reading the bytes where they equal the key's.
        if key is None or digest is None or key.digest != digest:
            return msgspec.structs.replace(file, digest=digest, not_after=None)
        return msgspec.structs.replace(file, digest=digest, not_after=key.not_after)

    def _whole(self, mount: ConfigMount) -> Reference | None:
        """The one object that all of the volume comes from, also where it is gone."""
        for field, kind, name in (
            ("configMap", "ConfigMap", "name"),
            ("secret", "Secret", "secretName"),
        ):
            if dig(mount.volume, field) is not None:
                return Reference(kind, self._namespace, text(mount.volume, field, name))
        return None

    def _downward_item(self, mount: ConfigMount, relative: str) -> Json | None:
        parts = [mount.volume, *items(mount.volume, "projected", "sources")]
        for item in (item for part in parts for item in items(part, "downwardAPI", "items")):
            if text(item, "path").strip("/") == relative:
                return item
        return None

    def _downward(self, file: ObservedFile, item: Json, digest: str | None) -> ObservedFile:
        node = self._objects.get(Reference("Node", "", text(self._pod, "spec", "nodeName")).key)
        allocatable = mapping(node.body, "status", "allocatable") if node and node.body else None
        value = item_value(self._pod, item, allocatable)
        scope = ("downward", file.path)
        sealed = self._sealer.digest(scope, digest) if digest else None
        expected = None
        if value is not None:
            raw = value.encode("utf-8", "surrogatepass")
            expected = self._sealer.digest(scope, hashlib.sha256(raw).hexdigest())
        shown = (
            value
            if value is not None and sealed == expected and self._showable(item, value)
            else None
        )
        harmless = value is not None and self._showable(item, value)
        return msgspec.structs.replace(
            file,
            digest=sealed,
            expected_digest=expected,
            text=shown,
            size=file.size if harmless else None,
        )

    def _showable(self, item: Json, value: str) -> bool:
        path = text(item, "fieldRef", "fieldPath")
        if path == "metadata.annotations":
            annotations = mapping(self._pod, "metadata", "annotations")
            hidden = [
                name
                for name, text_ in annotations.items()
                if shown_annotation(str(name), text_) != text_
            ]
            return not hidden and len(value) <= _LONGEST_TEXT
        if "annotations" in path:
            name = path.partition("['")[2].removesuffix("']")
            return shown_annotation(name, value) == value
        return len(value) <= _LONGEST_TEXT and not secret_value(value)


def _normal(path: str) -> str:
    """`/var/run` is a link to `/run` in nearly every image."""
    normal = posixpath.normpath("/" + path.strip("/"))
    return normal.removeprefix("/var") if normal.startswith("/var/run/") else normal


def _digests(content: bytes | None) -> dict[str, str]:
    """`sha256sum`: `HEX  PATH`; a backslash in front says that the path is escaped."""
    found: dict[str, str] = {}
    for line in text_of(content or b"").split("\n"):
        escaped = line.startswith("\\")
        digest, gap, path = line.lstrip("\\").partition("  ")
        if gap and _HEX.fullmatch(digest):
            if escaped:
                path = path.replace("\\n", "\n").replace("\\\\", "\\")
            found[path] = digest
    return found


def _stats(content: bytes | None) -> dict[str, _Stat]:
    """`stat -c '%a %u %g %s %Y %n'`."""
    found: dict[str, _Stat] = {}
    for line in text_of(content or b"").split("\n"):
        fields = line.split(" ", 5)
        if len(fields) != 6 or not re.fullmatch(r"[0-7]{1,4}", fields[0]):
            continue
        seconds = whole(fields[4])
        found[fields[5]] = _Stat(
            fields[0].rjust(4, "0"),
            whole(fields[1]),
            whole(fields[2]),
            whole(fields[3]),
            format_time(from_epoch(seconds)) if seconds is not None and seconds < 1 << 36 else None,
        )
    return found


def _plain(pod: Json, container: ContainerEntry, frames: Frames) -> dict[str, str]:
    """Path -> sha256 of an annotations file without the kubelet's own lines."""
    found: dict[str, str] = {}
    texts = frames.with_prefix("plain ")
    for index, path in enumerate(annotation_files(pod, container.spec)):
        content = texts.get(str(index))
        if content is not None:
            found[path] = hashlib.sha256(without_kubelets_own(content)).hexdigest()
    return found


def observed_volumes(
    pod: Json, container: ContainerEntry, frames: Frames, root: str
) -> list[ObservedVolume]:
    """The config mounts with the generation that `..data` points to."""
    targets = {
        match["path"].removeprefix(root): match["target"]
        for line in text_of(frames.get("links") or b"").splitlines()
        if (match := _LINK.search(line))
    }
    return [
        ObservedVolume(
            mount=mount.path,
            data_target=targets.get(mount.path),
            written_at=_written(targets.get(mount.path, "")),
        )
        for mount in config_mounts(pod, container.spec)
    ]


def _written(target: str) -> str | None:
    match = _WRITTEN.fullmatch(target)
    if match is None:
        return None
    year, month, day, hour, minute, second = match.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}Z"


def observed_tokens(content: bytes) -> list[ObservedToken]:
    """The claims of each token file; the signature never left the container."""
    return [token for line in text_of(content).split("\n") if (token := _token(line))]


def _token(line: str) -> ObservedToken | None:
    fields = line.split(" ", 3)
    if len(fields) != 4:
        return None
    state, _, middle, path = fields
    if state == "missing":
        return ObservedToken(path=path, state="unreadable", reason="the file is not there")
    if state != "read":
        return ObservedToken(
            path=path, state="unreadable", reason="the exec session may not read it"
        )
    claims = token_claims(middle)
    if claims is None:
        return ObservedToken(path=path, state="invalid", reason="it is not a JSON web token")
    bound = mapping(claims, "kubernetes.io")
    return ObservedToken(
        path=path,
        audiences=list(_words(claims.get("aud"))),
        subject=text(claims, "sub"),
        issuer=text(claims, "iss"),
        issued_at=_moment(claims, "iat"),
        expires_at=_moment(claims, "exp"),
        warn_after=_moment(bound, "warnafter"),
        namespace=text(bound, "namespace") or None,
        pod_name=text(bound, "pod", "name") or None,
        pod_uid=text(bound, "pod", "uid") or None,
        service_account=text(bound, "serviceaccount", "name") or None,
        service_account_uid=text(bound, "serviceaccount", "uid") or None,
        node_name=text(bound, "node", "name") or None,
        node_uid=text(bound, "node", "uid") or None,
    )


def _words(value: object) -> Iterator[str]:
    found = value if isinstance(value, list) else [value]
    return (word for word in found if isinstance(word, str))


def _moment(claims: Mapping[str, Any], name: str) -> str | None:
    seconds = number(claims, name)
    if seconds is None or not 0 <= seconds < 1 << 36:
        return None
    return format_time(from_epoch(seconds))
